package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// keepIdle, keepEvery and keepCount find a peer that vanished in silence after 30 to 45 s.
	keepIdle  = 30 * time.Second
	keepEvery = 5 * time.Second
	keepCount = 3
	// unacked is how long sent bytes may wait for their acknowledgement: the kernel's own limit is some 15 minutes, in
	// which each vanished viewer would hold a full send buffer.
	unacked = 30 * time.Second
)

// Metrics count the connections of all TCP listeners of a node, by the listener's name.
type Metrics struct {
	open     *prometheus.GaugeVec
	accepted *prometheus.CounterVec
	refused  *prometheus.CounterVec
}

// NewMetrics makes and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	label := []string{"listener"}
	m := &Metrics{
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "shoal_listen_connections", Help: "Open connections.",
		}, label),
		accepted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_listen_accepted_connections_total", Help: "Connections taken.",
		}, label),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_listen_refused_connections_total", Help: "Connections closed at once because the limit was reached.",
		}, label),
	}
	reg.MustRegister(m.open, m.accepted, m.refused)
	return m
}

// TCP is a listener with a limit. Its connections have TCP_NODELAY (a part must leave when it is written), keep-alive
// probes, and a limit on how long sent bytes may stay unacknowledged.
type TCP struct {
	inner net.Listener
	limit chan struct{} // holds one token for each open connection

	open              prometheus.Gauge
	accepted, refused prometheus.Counter
}

// ListenTCP listens on address, "host:port"; port 0 is the kernel's choice, and an empty host means every address.
// limit is how many connections may be open at once, at least 1: one more is closed as soon as it is taken, so that its
// peer knows at once and need not wait in the kernel's queue.
func ListenTCP(ctx context.Context, name, address string, limit int, m *Metrics) (*TCP, error) {
	if limit < 1 {
		return nil, fmt.Errorf("listen for %s: a limit of %d connections lets nobody in", name, limit)
	}
	lc := net.ListenConfig{
		Control: control,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: keepIdle, Interval: keepEvery, Count: keepCount,
		},
	}
	inner, err := lc.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen for %s: another program uses %s; stop it or configure another address: %w", name, address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen for %s: %s needs the right to use low ports; use a port above 1023 or grant CAP_NET_BIND_SERVICE: %w", name, address, err)
	case err != nil:
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	return &TCP{
		inner: inner, limit: make(chan struct{}, limit),
		open: m.open.WithLabelValues(name), accepted: m.accepted.WithLabelValues(name), refused: m.refused.WithLabelValues(name),
	}, nil
}

// Accept waits for a connection that is within the limit.
func (l *TCP) Accept() (net.Conn, error) {
	for {
		c, err := l.inner.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.limit <- struct{}{}:
		default:
			l.refused.Inc()
			_ = c.Close()
			continue
		}
		l.accepted.Inc()
		l.open.Inc()
		return &conn{TCPConn: c.(*net.TCPConn), closed: l.closed}, nil
	}
}

func (l *TCP) closed() {
	l.open.Dec()
	<-l.limit
}

// Close stops listening. Connections that were taken stay open.
func (l *TCP) Close() error { return l.inner.Close() }

// Addr is where it listens, with the port that the kernel chose.
func (l *TCP) Addr() net.Addr { return l.inner.Addr() }

// conn tells its listener when it is closed. It embeds the TCP connection, so that what it can do besides reading and
// writing (ReadFrom for files, writev for net.Buffers, CloseWrite) is not lost.
type conn struct {
	*net.TCPConn
	once   sync.Once
	closed func()
}

// Close closes the connection; its place is free for another.
func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(c.closed)
	return err
}
