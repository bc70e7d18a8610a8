package rest

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"shoal/internal/httpd"
)

// origin is where a client reaches this instance. It is made for each answer and never kept: a client may name any host.
type origin struct {
	scheme string
	host   string // with the port, where there is one
}

// String is the origin as it begins a URL.
func (o origin) String() string { return o.scheme + "://" + o.host }

// name is the host without the port; of an IPv6 address, without brackets.
func (o origin) name() string {
	if host, _, err := net.SplitHostPort(o.host); err == nil {
		return host
	}
	return strings.Trim(o.host, "[]")
}

// parsePublicURL takes the instance's own address, as an admin has set it: scheme and host, nothing else.
func parsePublicURL(text string) (origin, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !httpd.IsHost(u.Host) || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return origin{}, fmt.Errorf("the public URL is %q: give one such as https://live.example.org, without a path", text)
	}
	return origin{u.Scheme, strings.ToLower(u.Host)}, nil
}

// originOf says where the client of a request reaches this instance.
func (a *API) originOf(r *http.Request) (origin, error) {
	if a.public.host != "" {
		return a.public, nil
	}
	if !httpd.IsHost(r.Host) {
		return origin{}, refuse(http.StatusBadRequest, "The Host header is missing, or no host.")
	}
	o := origin{"http", strings.ToLower(r.Host)}
	if r.TLS != nil {
		o.scheme = "https"
	}
	return o, nil
}

// fromLoopback says that a page was opened on the node itself, by a name that means nothing elsewhere. The connection
// counts beside the name, because anybody can write a Host header.
func fromLoopback(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() {
		return false
	}
	return isLoopback(origin{host: r.Host}.name())
}

func isLoopback(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}

// remoteAddr is where a request comes from; the zero Addr if that cannot be told.
func remoteAddr(r *http.Request) netip.Addr {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return remote.Addr().Unmap().WithZone("")
}
