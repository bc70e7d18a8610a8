package listen

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
)

// local are the networks whose addresses a local authority may vouch for: those that are not routed in the Internet.
var local = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"),    // RFC 1122, section 3.2.1.3
	netip.MustParsePrefix("10.0.0.0/8"),     // RFC 1918
	netip.MustParsePrefix("172.16.0.0/12"),  // RFC 1918
	netip.MustParsePrefix("192.168.0.0/16"), // RFC 1918
	netip.MustParsePrefix("169.254.0.0/16"), // RFC 3927
	netip.MustParsePrefix("100.64.0.0/10"),  // RFC 6598, also used by private overlays
	netip.MustParsePrefix("::1/128"),        // RFC 4291, section 2.5.3
	netip.MustParsePrefix("fc00::/7"),       // RFC 4193
}

// localDomains are the domains that are not delegated in the Internet: localhost and local (RFC 6761, RFC 6762), home.arpa
// (RFC 8375), internal (reserved for private use by ICANN's board in 2024).
var localDomains = []string{"localhost", "local", "home.arpa", "internal"}

// dnsName is a host name of the preferred syntax (RFC 1123, section 2.1), in lower case as certificates have it.
var dnsName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// checkHost says what is wrong with an entry of tls.hosts.
func checkHost(h string) error {
	if _, err := netip.ParseAddr(h); err == nil && !strings.Contains(h, "%") {
		return nil
	}
	if len(h) > 253 || !dnsName.MatchString(h) {
		return fmt.Errorf("hosts has %q: give host names in lower case or IP addresses, without scheme and port", h)
	}
	return nil
}

// names are what a certificate vouches for.
type names struct {
	dns []string
	ips []net.IP
}

// names gives what the node is called now: localhost, its name under .local, its local addresses, and what is configured.
func (a *authority) names() (names, error) {
	host, err := os.Hostname()
	if err != nil {
		return names{}, fmt.Errorf("look up the machine's name: %w", err)
	}
	n := names{dns: []string{"localhost"}}
	if host, _, _ = strings.Cut(strings.ToLower(host), "."); checkHost(host+".local") == nil {
		n.dns = append(n.dns, host+".local")
	}
	for _, h := range a.hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			n.addIP(ip)
		} else if !slices.Contains(n.dns, h) {
			n.dns = append(n.dns, h)
		}
	}
	addrs, err := a.addrs()
	if err != nil {
		return names{}, fmt.Errorf("look up the machine's addresses: %w", err)
	}
	for _, addr := range addrs {
		p, err := netip.ParsePrefix(addr.String())
		if err == nil && slices.ContainsFunc(local, func(n netip.Prefix) bool { return n.Contains(p.Addr().Unmap()) }) {
			n.addIP(p.Addr())
		}
	}
	return n, nil
}

func (n *names) addIP(addr netip.Addr) {
	ip := net.IP(addr.Unmap().AsSlice())
	if !slices.ContainsFunc(n.ips, ip.Equal) {
		n.ips = append(n.ips, ip)
	}
}

// within says whether a certificate has all the names. It may have more: an address that went away can come back.
func (n names) within(leaf *x509.Certificate) bool {
	for _, d := range n.dns {
		if !slices.Contains(leaf.DNSNames, d) {
			return false
		}
	}
	for _, ip := range n.ips {
		if !slices.ContainsFunc(leaf.IPAddresses, ip.Equal) {
			return false
		}
	}
	return true
}

// outside gives the names that an authority's constraints forbid.
func (n names) outside(ca *x509.Certificate) (forbidden []string) {
	for _, d := range n.dns {
		if !slices.ContainsFunc(ca.PermittedDNSDomains, func(p string) bool { return d == p || strings.HasSuffix(d, "."+p) }) {
			forbidden = append(forbidden, d)
		}
	}
	for _, ip := range n.ips {
		if !slices.ContainsFunc(ca.PermittedIPRanges, func(p *net.IPNet) bool { return p.Contains(ip) }) {
			forbidden = append(forbidden, ip.String())
		}
	}
	return forbidden
}

// constraints gives what an authority for these hosts may vouch for.
func constraints(hosts []string) (dns []string, ips []*net.IPNet) {
	dns = slices.Clone(localDomains)
	nets := slices.Clone(local)
	for _, h := range hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			nets = append(nets, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
		} else {
			dns = append(dns, h)
		}
	}
	for _, p := range nets {
		ips = append(ips, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
	return dns, ips
}
