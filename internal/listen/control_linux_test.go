package listen

import (
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestSocketOptions(t *testing.T) {
	l, err := ListenTCP(t.Context(), "http", "127.0.0.1:0", 1, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial(t, l)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name           string
		level, opt, is int
	}{
		{"TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
		{"TCP_USER_TIMEOUT", syscall.IPPROTO_TCP, tcpUserTimeout, 30_000},
		{"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 30},
		{"TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 5},
		{"TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3},
	} {
		var got int
		var opt error
		if err := raw.Control(func(fd uintptr) { got, opt = syscall.GetsockoptInt(int(fd), tc.level, tc.opt) }); err != nil || opt != nil {
			t.Fatal(err, opt)
		}
		if got != tc.is {
			t.Errorf("%s is %d, want %d", tc.name, got, tc.is)
		}
	}
}
