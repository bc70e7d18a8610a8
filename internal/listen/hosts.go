package listen

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
)

// Hosts gives the addresses under which other devices reach this machine, the best first: that from which it would speak
// to a stranger, then IPv4, then IPv6. Loopback and link-local addresses are left out: the first reach nobody, the
// others need the name of the viewer's own interface. It is empty on a machine without a network.
func Hosts() []string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var hosts []string
	for _, h := range order(addrs, outward()) {
		hosts = append(hosts, h.String())
	}
	return hosts
}

// order sorts a machine's addresses for Hosts.
func order(addrs []net.Addr, first netip.Addr) []netip.Addr {
	var hosts []netip.Addr
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if h := p.Addr().Unmap(); err == nil && !h.IsLoopback() && !h.IsLinkLocalUnicast() && !h.IsUnspecified() {
			hosts = append(hosts, h)
		}
	}
	rank := func(h netip.Addr) int {
		switch {
		case h == first:
			return 0
		case h.Is4():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(hosts, func(a, b netip.Addr) int { return cmp.Compare(rank(a), rank(b)) })
	return hosts
}

// outward asks the kernel which address it would send from. Connecting a UDP socket looks up the route and sends nothing;
// the destination is one for documentation (RFC 5737).
func outward() netip.Addr {
	c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9})
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}
