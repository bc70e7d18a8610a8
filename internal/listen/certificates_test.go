package listen

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/atomicfile"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2027, time.March, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func serial(t *testing.T, cert *tls.Certificate, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return cert.Leaf.SerialNumber.String()
}

// TestFilesAreReadAgain puts new certificates where the old ones were, as a renewing program does.
func TestFilesAreReadAgain(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	f := files{cert: filepath.Join(dir, "site.pem"), key: filepath.Join(dir, "site-key.pem")}
	put := func() string {
		t.Helper()
		a := testAuthority(t, c)
		l, err := a.load()
		if err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{"server.pem": f.cert, "server-key.pem": f.key} {
			text, err := os.ReadFile(a.path(from))
			if err != nil {
				t.Fatal(err)
			}
			if err := atomicfile.Write(to, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return l.cert.Leaf.SerialNumber.String()
	}

	var out bytes.Buffer
	first := put()
	certs, err := newCertificates(f.load, c.now, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what, want string) {
		t.Helper()
		cert, err := certs.get(nil)
		if got := serial(t, cert, err); got != want {
			t.Errorf("%s: serves %s, want %s", what, got, want)
		}
	}
	expect("at first", first)

	second := put()
	expect("before ten seconds are over", first)
	c.pass(lookAgain)
	expect("after ten seconds", second)

	if err := os.WriteFile(f.key, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.pass(lookAgain)
	expect("with a broken file", second)
	if !strings.Contains(out.String(), "the old one stays") {
		t.Errorf("the log does not say it: %s", out.String())
	}
	if err := os.Remove(f.key); err != nil {
		t.Fatal(err)
	}
	c.pass(lookAgain)
	expect("without the file", second)

	third := put()
	c.pass(lookAgain)
	expect("when it is whole again", third)
}

func TestHandshakesTogether(t *testing.T) {
	c := newClock()
	cert := &tls.Certificate{Leaf: mustLeaf(t, c)}
	var loads int // by the one that looks, or the race detector finds it
	certs, err := newCertificates(func() (*loaded, error) {
		loads++
		return &loaded{cert, func() bool { return true }}, nil
	}, c.now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.pass(lookAgain)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got, err := certs.get(nil); err != nil || got != cert {
				t.Error(got, err)
			}
		})
	}
	wg.Wait()
	if loads != 2 {
		t.Errorf("loaded %d times, want once at first and once for all the handshakes", loads)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []files{{cert: filepath.Join(dir, "none.pem"), key: junk}, {cert: junk, key: junk}} {
		cfg := TLSConfig{Cert: f.cert, Key: f.key}
		if _, err := cfg.ServerTLS(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), f.cert) {
			t.Errorf("%v: %v; want an error that names the file", f, err)
		}
	}
}
