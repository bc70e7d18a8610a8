package listen

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestLimit(t *testing.T) {
	l, err := ListenTCP(t.Context(), "http", "127.0.0.1:0", 1, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	dial(t, l)
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	if n, err := dial(t, l).Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("one over the limit reads %d, %v; want to be closed", n, err)
	}
	for range 2 { // a second Close frees no second place
		first.Close()
	}
	dial(t, l)
	second := <-accepted

	compare := func(open, accepted, refused float64) {
		t.Helper()
		if o, a, r := testutil.ToFloat64(l.open), testutil.ToFloat64(l.accepted), testutil.ToFloat64(l.refused); o != open || a != accepted || r != refused {
			t.Errorf("open %v, accepted %v, refused %v; want %v, %v, %v", o, a, r, open, accepted, refused)
		}
	}
	compare(1, 2, 1)
	second.Close()
	compare(0, 2, 1)
}

func TestListenErrors(t *testing.T) {
	m := NewMetrics(prometheus.NewRegistry())
	taken, err := ListenTCP(t.Context(), "rtmp", "127.0.0.1:0", 1, m)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tc := range []struct {
		address string
		limit   int
		want    string
	}{
		{taken.Addr().String(), 1, "another program uses " + taken.Addr().String()},
		{"127.0.0.1:99999", 1, "invalid port"},
		{"127.0.0.1", 1, "missing port"},
		{"127.0.0.1:0", 0, "lets nobody in"},
	} {
		l, err := ListenTCP(t.Context(), "rtmp", tc.address, tc.limit, m)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s, limit %d: %v; want %q in it", tc.address, tc.limit, err, tc.want)
		}
	}
}

func TestAddressesFile(t *testing.T) {
	dir := t.TempDir()
	addr := func(s string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for range 2 { // the second replaces the first
		if err := WriteAddresses(dir, map[string]net.Addr{
			"http": addr("[::]:8080"), "https": addr("0.0.0.0:8443"), "rtmp": addr("192.0.2.1:1935"), "api": addr("[::1]:1"),
		}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "addresses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"http": "127.0.0.1:8080", "https": "127.0.0.1:8443", "rtmp": "192.0.2.1:1935", "api": "[::1]:1",
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	for range 2 { // the second finds none
		if err := RemoveAddresses(dir); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := WriteAddresses(filepath.Join(dir, "nowhere"), nil); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}
