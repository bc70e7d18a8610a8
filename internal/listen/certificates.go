package listen

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// lookAgain is how long a certificate is served without a look at whether it is still the right one.
const lookAgain = 10 * time.Second

// loaded is a certificate and whether it is still the right one to serve.
type loaded struct {
	cert  *tls.Certificate
	stale func() bool // cheap: called every ten seconds
}

// certificates serves what load gave, and loads again when that is stale.
type certificates struct {
	load func() (*loaded, error)
	now  func() time.Time
	log  *slog.Logger

	current atomic.Pointer[loaded]
	looked  atomic.Int64 // when last, in nanoseconds since 1970; who moves it on takes the look
}

func newCertificates(load func() (*loaded, error), now func() time.Time, log *slog.Logger) (*certificates, error) {
	first, err := load()
	if err != nil {
		return nil, err
	}
	c := &certificates{load: load, now: now, log: log}
	c.current.Store(first)
	c.looked.Store(now().UnixNano())
	return c, nil
}

// get is a tls.Config's GetCertificate. One handshake in ten seconds looks whether there is something new; the others do
// not wait for it.
func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	current := c.current.Load()
	now, last := c.now().UnixNano(), c.looked.Load()
	if since := time.Duration(now - last); since >= 0 && since < lookAgain || !c.looked.CompareAndSwap(last, now) {
		return current.cert, nil
	}
	if !current.stale() {
		return current.cert, nil
	}
	fresh, err := c.load()
	if err != nil {
		// Half-written files are usual while somebody copies new ones: the old certificate still serves.
		c.log.Warn("the new TLS certificate cannot be used; the old one stays", "error", err)
		return current.cert, nil
	}
	c.current.Store(fresh)
	c.log.Info("a new TLS certificate is served", "until", fresh.cert.Leaf.NotAfter)
	return fresh.cert, nil
}

// files is a certificate that somebody else keeps up to date.
type files struct{ cert, key string }

// state is what tells that a file was replaced or written to.
type state struct {
	at   time.Time
	size int64
}

func (f *files) load() (*loaded, error) {
	before, err := f.states()
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate: %w", err)
	}
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate from %s and %s: %w", f.cert, f.key, err)
	}
	return &loaded{cert: &cert, stale: func() bool {
		after, err := f.states()
		return err != nil || after != before
	}}, nil
}

func (f *files) states() (both [2]state, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return both, err
		}
		both[i] = state{info.ModTime(), info.Size()}
	}
	return both, nil
}
