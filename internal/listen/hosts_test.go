package listen

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
)

func TestOrder(t *testing.T) {
	var addrs []net.Addr
	for _, s := range []string{"127.0.0.1/8", "::1/128", "fd00::7/64", "172.17.0.1/16", "fe80::1/64", "192.168.1.20/24", "169.254.3.4/16"} {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, &net.IPNet{IP: ip, Mask: n.Mask})
	}
	addrs = append(addrs, &net.UnixAddr{Name: "no address"})
	for first, want := range map[string]string{
		"192.168.1.20": "[192.168.1.20 172.17.0.1 fd00::7]",
		"172.17.0.1":   "[172.17.0.1 192.168.1.20 fd00::7]",
		"127.0.0.1":    "[172.17.0.1 192.168.1.20 fd00::7]",
	} {
		if got := fmt.Sprint(order(addrs, netip.MustParseAddr(first))); got != want {
			t.Errorf("first %s: %s, want %s", first, got, want)
		}
	}
	if got := order(nil, netip.Addr{}); len(got) != 0 {
		t.Errorf("without a network: %v", got)
	}
}

func TestHosts(t *testing.T) {
	for _, h := range Hosts() {
		if a, err := netip.ParseAddr(h); err != nil || a.IsLoopback() {
			t.Errorf("%q: %v", h, err)
		}
	}
}
