package httpd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits of every server. They are not configurable: nothing that speaks to the node needs others.
const (
	headerTimeout  = 5 * time.Second // to send a request's header: slow ones hold a goroutine each
	idleTimeout    = 90 * time.Second
	maxHeaderBytes = 16 << 10
	// streams is how many requests one HTTP/2 connection may have open. A player holds a handful; a proxy in front of
	// many players spreads them over connections.
	streams = 250
	// pingAfter is how long an HTTP/2 connection may be silent before it is asked whether it lives: a held request is
	// silence, and IdleTimeout does not count it.
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second
)

// Options of a Server. Handler, Log and Metrics must be given.
type Options struct {
	Handler http.Handler
	Log     *slog.Logger
	Metrics prometheus.Registerer

	WriteTimeout time.Duration // what a reader has for each 256 KiB; 0 means 30 s
	BodyTimeout  time.Duration // what a client has to send a body, and the node to answer it; 0 means 30 s
	MaxBody      int64         // bytes that a request's body may have; 0 means 64 KiB

	// Direct, if set, answers plain requests for paths that begin with DirectPrefix on listeners without TLS. The
	// Handler must answer them too: over TLS, and whenever a request is not plain.
	Direct       Direct
	DirectPrefix string
}

// Server answers HTTP/1.1, and HTTP/2 over TLS, on any number of listeners.
type Server struct {
	http     *http.Server
	front    *front             // nil without a Direct
	stop     context.CancelFunc // of the context that Stopping finds
	cancel   context.CancelFunc // of the context of every request
	mu       sync.Mutex
	silent   map[net.Conn]struct{} // accepted, and nothing was asked yet; guarded by mu
	stopping bool                  // guarded by mu
}

// stoppingKey finds, in a request's context, the channel that Stopping gives.
type stoppingKey struct{}

// Stopping gives a channel that is closed when the server that sent the request stops. A handler that holds a request
// answers then: Shutdown waits for it. Outside a Server the channel is never closed.
func Stopping(ctx context.Context) <-chan struct{} {
	ch, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return ch
}

// New makes a Server, with its metrics registered.
func New(o Options) *Server {
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 30 * time.Second
	}
	if o.BodyTimeout == 0 {
		o.BodyTimeout = 30 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 64 << 10
	}
	faults := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shoal_httpd_connection_faults_total",
		Help: "Connections that broke the protocol, such as failed TLS handshakes.",
	})
	o.Metrics.MustRegister(faults)

	base, cancel := context.WithCancel(context.Background())
	stopping, stop := context.WithCancel(base)
	base = context.WithValue(base, stoppingKey{}, stopping.Done())
	s := &Server{stop: stop, cancel: cancel, silent: map[net.Conn]struct{}{}}
	around := newMiddleware(o)
	if o.Direct != nil {
		s.front = newFront(base, o, around)
	}
	s.http = &http.Server{
		Handler:           around,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnState:         s.track,
		ErrorLog:          log.New(&complaints{log: o.Log, faults: faults}, "", 0),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: streams,
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingTimeout,
			WriteByteTimeout:     o.WriteTimeout,
		},
	}
	return s
}

// Serve answers what comes from ln until Shutdown, and closes ln. It returns nil after Shutdown.
func (s *Server) Serve(ln net.Listener) error {
	if s.front != nil {
		ln = s.front.wrap(ln)
	}
	return served(s.http.Serve(ln), ln)
}

// ServeTLS answers what comes from ln over TLS, with HTTP/2 for clients that know it, until Shutdown, and closes ln. It
// returns nil after Shutdown.
func (s *Server) ServeTLS(ln net.Listener, cfg *tls.Config) error {
	ln = tls.NewListener(ln, cfg)
	return served(s.http.Serve(ln), ln)
}

func served(err error, ln net.Listener) error {
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP on %s: %w", ln.Addr(), err)
}

// Shutdown stops in order: no new connection is taken, handlers that hold a request are told (see Stopping), those that
// answer may finish, and when ctx ends the rest is cut off. It returns ctx's error if something was cut off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	s.dropSilent()
	if s.front != nil {
		s.front.stop()
	}
	err := s.http.Shutdown(ctx)
	if s.front != nil {
		err = errors.Join(err, s.front.wait(ctx))
	}
	s.cancel()
	if err != nil {
		err = fmt.Errorf("wait for HTTP requests to end: %w", err)
		return errors.Join(err, s.http.Close())
	}
	return nil
}

// track keeps the connections on which nothing was asked yet. Browsers open some ahead of need; net/http would wait five
// seconds for each before it believes that nothing comes.
func (s *Server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	drop := state == http.StateNew && s.stopping
	if state == http.StateNew {
		s.silent[c] = struct{}{}
	} else {
		delete(s.silent, c)
	}
	s.mu.Unlock()
	if drop {
		_ = c.Close()
	}
}

func (s *Server) dropSilent() {
	s.mu.Lock()
	s.stopping = true
	drop := make([]net.Conn, 0, len(s.silent))
	for c := range s.silent {
		drop = append(drop, c)
	}
	s.mu.Unlock()
	for _, c := range drop {
		_ = c.Close()
	}
}

// complaints takes what net/http has to say. Nearly all of it is about what a stranger did, with his address: it is
// counted. What the node itself lacks is logged.
type complaints struct {
	log    *slog.Logger
	faults prometheus.Counter
}

func (c *complaints) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("Accept error")) {
		c.log.Warn("a connection could not be taken; trying again", "error", string(bytes.TrimSpace(line)))
	} else {
		c.faults.Inc()
	}
	return len(line), nil
}
