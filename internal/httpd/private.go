package httpd

import (
	"net/http"
	"net/netip"
)

// Private gives a handler's answers to the given networks only; others get 403. A request that came through a proxy is
// refused too: behind one, everybody seems to come from the proxy's own address.
func Private(networks []netip.Prefix, h http.Handler) http.Handler {
	return HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if !within(networks, r.RemoteAddr) || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "" {
			return &Error{
				Status:  http.StatusForbidden,
				Message: "only the networks in the node's configuration (metrics.allow) may read this, and not through a proxy",
			}
		}
		h.ServeHTTP(w, r)
		return nil
	})
}

func within(networks []netip.Prefix, remote string) bool {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	addr := from.Addr().Unmap().WithZone("")
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
