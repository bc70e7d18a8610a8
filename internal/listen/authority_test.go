package listen

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func testAuthority(t *testing.T, c *clock, hosts ...string) *authority {
	t.Helper()
	return &authority{
		dir: filepath.Join(t.TempDir(), "tls"), hosts: hosts, now: c.now, log: slog.New(slog.DiscardHandler),
		addrs: func() ([]net.Addr, error) {
			return []net.Addr{
				&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
				&net.IPNet{IP: net.IPv4(192, 168, 7, 9), Mask: net.CIDRMask(24, 32)},
				&net.IPNet{IP: net.IPv4(203, 0, 113, 5), Mask: net.CIDRMask(24, 32)},
			}, nil
		},
	}
}

func mustLeaf(t *testing.T, c *clock) *x509.Certificate {
	t.Helper()
	l, err := testAuthority(t, c).load()
	if err != nil {
		t.Fatal(err)
	}
	return l.cert.Leaf
}

func trust(t *testing.T, a *authority) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(a.path("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("ca.pem holds no certificate")
	}
	return pool
}

func TestAuthority(t *testing.T) {
	c := newClock()
	a := testAuthority(t, c, "live.example.org", "198.51.100.7", "localhost")
	l, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	roots := trust(t, a)
	verify := func(leaf *x509.Certificate, name string, at time.Time) error {
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: at})
		return err
	}
	for _, tc := range []struct {
		name string
		ok   bool
	}{
		{"localhost", true},
		{"127.0.0.1", true},
		{"192.168.7.9", true},
		{"live.example.org", true},
		{"198.51.100.7", true},
		{"203.0.113.5", false}, // a public address that nobody configured
		{"bank.example", false},
	} {
		if err := verify(l.cert.Leaf, tc.name, c.now()); (err == nil) != tc.ok {
			t.Errorf("as %s: %v", tc.name, err)
		}
	}
	for _, name := range []string{"ca-key.pem", "server-key.pem"} {
		if info, err := os.Stat(a.path(name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}

	t.Run("a stolen key is of no use elsewhere", func(t *testing.T) {
		ca, err := a.authority()
		if err != nil {
			t.Fatal(err)
		}
		for _, forged := range []names{
			{dns: []string{"bank.example"}}, {ips: []net.IP{net.IPv4(8, 8, 8, 8)}}, {dns: []string{"notlive.example.org"}},
		} {
			thief := testAuthority(t, c)
			if err := os.MkdirAll(thief.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			leaf, err := thief.issue(ca, forged)
			if err != nil {
				t.Fatal(err)
			}
			invalid := x509.CertificateInvalidError{}
			if err := verify(leaf.Leaf, "", c.now()); !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
				t.Errorf("%v: %v; want it refused by the constraints", forged, err)
			}
		}
	})
	t.Run("a start finds what the last one left", func(t *testing.T) {
		again, err := a.load()
		if err != nil || !again.cert.Leaf.Equal(l.cert.Leaf) {
			t.Errorf("another certificate: %v", err)
		}
		if l.stale() {
			t.Error("stale at once")
		}
	})
	t.Run("half its life later there is a new one", func(t *testing.T) {
		old := c.now()
		defer func() { c.pass(old.Sub(c.now())) }()
		c.pass(leafLife / 2)
		if !l.stale() {
			t.Error("not stale")
		}
		fresh, err := a.load()
		if err != nil || fresh.cert.Leaf.Equal(l.cert.Leaf) {
			t.Errorf("the same certificate: %v", err)
		}
		if err := verify(fresh.cert.Leaf, "localhost", c.now().Add(leafLife-time.Hour)); err != nil {
			t.Error(err)
		}
	})
	t.Run("a new address is taken up, one that went away stays", func(t *testing.T) {
		a := testAuthority(t, c)
		l, err := a.load()
		if err != nil {
			t.Fatal(err)
		}
		a.addrs = func() ([]net.Addr, error) { return nil, nil }
		if l.stale() {
			t.Error("stale when an address went away")
		}
		a.addrs = func() ([]net.Addr, error) {
			return []net.Addr{&net.IPNet{IP: net.IPv4(10, 1, 2, 3), Mask: net.CIDRMask(8, 32)}}, nil
		}
		if !l.stale() {
			t.Error("not stale with a new address")
		}
		l, err = a.load()
		if err != nil || l.cert.Leaf.VerifyHostname("10.1.2.3") != nil || l.stale() {
			t.Errorf("with the new address: %v", err)
		}
		a.addrs = func() ([]net.Addr, error) { return nil, errors.New("no netlink") }
		if l.stale() {
			t.Error("stale when the addresses cannot be known")
		}
	})
}

func TestAuthorityOnABoardWithoutAClock(t *testing.T) {
	c := &clock{at: time.Unix(100, 0)}
	a := testAuthority(t, c)
	l, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.cert.Leaf.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: trust(t, a), CurrentTime: epoch.AddDate(0, 1, 0)}); err != nil {
		t.Error(err)
	}
	c.pass(time.Since(time.Unix(0, 0))) // the clock is set: years after the certificate's end
	if !l.stale() {
		t.Error("the certificate of 1970 is still served")
	}
}

func TestAuthorityThatCannotBeUsed(t *testing.T) {
	c := newClock()
	t.Run("a host that it may not vouch for", func(t *testing.T) {
		a := testAuthority(t, c)
		if _, err := a.load(); err != nil {
			t.Fatal(err)
		}
		a.hosts = []string{"live.example.org", "203.0.113.5"}
		if _, err := a.load(); err == nil || !strings.Contains(err.Error(), "[live.example.org 203.0.113.5]") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("its key is lost", func(t *testing.T) {
		a := testAuthority(t, c)
		if _, err := a.load(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(a.path("ca-key.pem")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.load(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "put ca.pem and ca-key.pem back") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("power was cut before its certificate was written", func(t *testing.T) {
		a := testAuthority(t, c)
		if _, err := a.load(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(a.path("ca.pem")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.load(); err != nil {
			t.Error(err)
		}
	})
	t.Run("the node's own certificate is damaged", func(t *testing.T) {
		a := testAuthority(t, c)
		l, err := a.load()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(a.path("server.pem"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		again, err := a.load()
		if err != nil || again.cert.Leaf.Equal(l.cert.Leaf) {
			t.Errorf("got %v", err)
		}
	})
}

func TestHandshakeWithTheLocalCA(t *testing.T) {
	data := t.TempDir()
	cfg, err := TLSConfig{LocalCA: true}.ServerTLS(data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			err = c.(*tls.Conn).Handshake()
			c.Close()
		}
		served <- err
	}()
	a := &authority{dir: filepath.Join(data, "tls")}
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: trust(t, a), NextProtos: []string{"http/1.1", "h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if s := c.ConnectionState(); s.Version != tls.VersionTLS13 || s.NegotiatedProtocol != "h2" {
		t.Errorf("negotiated %x, %q", s.Version, s.NegotiatedProtocol)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  TLSConfig
		want []string // a part of each mistake
	}{
		{"off", TLSConfig{}, nil},
		{"files", TLSConfig{Cert: "c", Key: "k"}, nil},
		{"local", TLSConfig{LocalCA: true, Hosts: []string{"a-b.example", "x", "10.0.0.1", "2001:db8::1"}}, nil},
		{"both", TLSConfig{LocalCA: true, Cert: "c", Key: "k"}, []string{"not both"}},
		{"half", TLSConfig{Cert: "c"}, []string{"key is missing"}},
		{
			"other half",
			TLSConfig{Key: "k", Hosts: []string{"https://x", "A.example", "a..b", "-a", "x:80", "fe80::1%eth0", "*.x", ""}},
			[]string{"cert is missing", `"https://x"`, `"A.example"`, `"a..b"`, `"-a"`, `"x:80"`, `"fe80::1%eth0"`, `"*.x"`, `""`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			if err := tc.cfg.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			for i, want := range tc.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("got %q, want %q in it", got[i], want)
				}
			}
			if enabled := tc.cfg.Enabled(); enabled == (tc.name == "off" || tc.name == "other half") {
				t.Errorf("enabled: %v", enabled)
			}
		})
	}
}
