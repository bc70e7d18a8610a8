package rtmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/broadcast"
)

// Server takes RTMP encoders.
type Server struct {
	cfg     Config
	open    Open
	log     *slog.Logger
	quiet   *quiet
	metrics *metrics
	library library

	// ctx ends with Shutdown; contexts of Open derive from it.
	ctx  context.Context
	stop context.CancelFunc

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	visitors  visitors
	running   sync.WaitGroup // connections
}

// New makes a server. The configuration must be valid. The metrics are registered on reg, which may be nil.
func New(cfg Config, open Open, log *slog.Logger, reg prometheus.Registerer) *Server {
	ctx, stop := context.WithCancel(context.Background())
	return &Server{
		cfg:       cfg,
		open:      open,
		log:       log,
		quiet:     newQuiet(log),
		metrics:   newMetrics(reg),
		library:   newLibrary(log),
		ctx:       ctx,
		stop:      stop,
		listeners: make(map[net.Listener]struct{}),
		visitors:  newVisitors(cfg),
	}
}

const (
	firstPause = 5 * time.Millisecond // after a failed Accept
	lastPause  = time.Second
)

// Serve takes connections from a listener until Shutdown, and then returns nil. It closes the listener. Errors of
// Accept that may pass, such as too many open files, are waited out; it returns an error if the listener was closed by
// somebody else. It may be called for several listeners, TLS ones too.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if !s.listen(l) {
		return nil
	}
	defer s.unlisten(l)
	pause := firstPause
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = firstPause
			s.take(conn)
		case s.ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("take RTMP connections: %w", err)
		default:
			s.quiet.warn("an RTMP connection could not be taken; trying again", "err", err, "pause", pause)
			timer := time.NewTimer(pause)
			select {
			case <-s.ctx.Done():
				timer.Stop()
				return nil
			case <-timer.C:
			}
			pause = min(2*pause, lastPause)
		}
	}
}

// Shutdown stops listening and closes all connections; sessions are closed as expelled. It returns when all goroutines
// have ended, or the error of the context if that ends before.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stop()
	listeners := make([]net.Listener, 0, len(s.listeners))
	for l := range s.listeners {
		listeners = append(listeners, l)
	}
	connections := s.visitors.all()
	s.mu.Unlock()

	for _, l := range listeners {
		_ = l.Close()
	}
	for _, c := range connections {
		c.guard.Abort(&refusal{"stopping", codeFailed, broadcast.ErrStopping})
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for RTMP connections to end: %w", ctx.Err())
	}
}

// listen notes a listener, false after Shutdown.
func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) unlisten(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// take begins a connection, or closes it if there are too many.
func (s *Server) take(conn net.Conn) {
	remote := remoteOf(conn)
	c := newConnection(s, conn, remote)
	s.mu.Lock()
	var out *connection
	reason := "stopping"
	if s.ctx.Err() == nil {
		out, reason = s.visitors.enter(c)
	}
	if reason == "" {
		s.running.Add(1)
	}
	s.mu.Unlock()
	if out != nil {
		out.guard.Abort(&refusal{"evicted", codeFailed, errEvicted})
	}
	if reason != "" {
		_ = conn.Close()
		s.metrics.refused.WithLabelValues(reason).Inc()
		s.quiet.warn("RTMP connection refused", "reason", reason, "remote", remote)
		return
	}
	s.metrics.connections.Inc()
	s.library.start(c, c)
}

// published notes that a connection is no stranger any more.
func (s *Server) published(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visitors.publish(c)
}

// left forgets a connection. It is the last thing that a connection does.
func (s *Server) left(c *connection) {
	s.mu.Lock()
	s.visitors.leave(c)
	s.mu.Unlock()
	s.metrics.connections.Dec()
	s.running.Done()
}

// remoteOf is where a connection comes from, the zero value if it is not TCP.
func remoteOf(conn net.Conn) netip.AddrPort {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}
