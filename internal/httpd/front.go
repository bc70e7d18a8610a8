package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// headBuffer is what a connection of the front reads into. A longer head is net/http's, which has a limit of its
	// own; browsers send some 600 bytes.
	headBuffer = 2 << 10
	// rearm is how old a read deadline may be before it is set again: setting one costs a lock in the runtime.
	rearm = 10 * time.Second
)

// front takes the connections of plain HTTP/1.1 listeners: it answers what a Direct answers and hands the rest to
// net/http. It starts a goroutine for each connection that it has.
type front struct {
	direct       Direct
	prefix       string
	ctx          context.Context // of every request
	log          *slog.Logger
	writeTimeout time.Duration
	metrics      *middleware
	counters     [600]atomic.Pointer[prometheus.Counter] // by status, for GET

	mu       sync.Mutex
	conns    map[*frontConn]struct{} // guarded by mu
	stopping bool                    // guarded by mu
	running  sync.WaitGroup
}

func newFront(ctx context.Context, o Options, m *middleware) *front {
	return &front{
		direct: o.Direct, prefix: o.DirectPrefix, ctx: ctx, log: o.Log, writeTimeout: o.WriteTimeout, metrics: m,
		conns: map[*frontConn]struct{}{},
	}
}

// wrap makes a listener for net/http of one that takes connections: it gives those that the front does not keep.
func (f *front) wrap(ln net.Listener) net.Listener {
	h := &handover{Listener: ln, conns: make(chan net.Conn), failed: make(chan error, 1), closed: make(chan struct{})}
	f.running.Go(func() { f.accept(ln, h) })
	return h
}

// accept runs until the listener is closed. What Accept says beyond that is net/http's to judge: it waits and tries again.
func (f *front) accept(ln net.Listener, h *handover) {
	for {
		c, err := ln.Accept()
		if err != nil {
			select {
			case h.failed <- err:
				if errors.Is(err, net.ErrClosed) {
					return
				}
				continue
			case <-h.closed:
				return
			}
		}
		fc := &frontConn{front: f, Conn: c}
		if !f.add(fc) {
			_ = c.Close()
			continue
		}
		f.running.Go(func() {
			if fc.serve() {
				f.remove(fc)
				_ = c.SetDeadline(time.Time{}) // net/http sets its own
				h.give(&readConn{Conn: c, unread: fc.buf[:fc.have]})
				return
			}
			_ = c.Close()
			f.remove(fc)
		})
	}
}

func (f *front) add(c *frontConn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.stopping {
		f.conns[c] = struct{}{}
	}
	return !f.stopping
}

func (f *front) remove(c *frontConn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}

// stop closes the connections that wait for a request, now; the others close behind their answers.
func (f *front) stop() {
	f.mu.Lock()
	f.stopping = true
	var idle []*frontConn
	for c := range f.conns {
		if !c.busy {
			idle = append(idle, c)
		}
	}
	f.mu.Unlock()
	for _, c := range idle {
		_ = c.Close()
	}
}

// wait returns when all connections have ended. When ctx ends before, they are cut off, and its error is returned.
func (f *front) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { f.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	f.mu.Lock()
	for c := range f.conns {
		_ = c.Conn.Close() // does not wait
	}
	f.mu.Unlock()
	<-done
	return ctx.Err()
}

// begin marks a connection as busy with a request; false if the server stops.
func (f *front) begin(c *frontConn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.busy = !f.stopping
	return c.busy
}

// finish says whether the connection may wait for another request.
func (f *front) finish(c *frontConn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.busy = false
	return !f.stopping
}

// count accounts an answer as the middleware does for net/http's.
func (f *front) count(method string, status int, size int64) {
	f.metrics.bytes.Add(float64(size))
	if method != http.MethodGet || status < 0 || status >= len(f.counters) {
		f.metrics.requests.WithLabelValues(f.prefix, method, strconv.Itoa(status)).Inc()
		return
	}
	p := f.counters[status].Load()
	if p == nil {
		c := f.metrics.requests.WithLabelValues(f.prefix, method, strconv.Itoa(status))
		p = &c
		f.counters[status].Store(p)
	}
	(*p).Inc()
}

// frontConn is a connection of the front. Its goroutine owns all but busy.
type frontConn struct {
	net.Conn
	front *front
	busy  bool // guarded by front.mu

	buf    []byte
	have   int      // bytes of buf that were read and not used
	header []byte   // of the answer; this and what follows is kept for the next
	pieces [][]byte // header and body
	raw    Raw

	readArmed, writeArmed time.Time
}

// serve answers requests until the connection ends, or until one comes that is not for a Direct, or that it declines: then
// it is true, and the bytes of that request lie in buf.
func (c *frontConn) serve() (handOver bool) {
	defer func() {
		if p := recover(); p != nil {
			c.front.metrics.panics.Inc()
			c.front.log.Error("a handler panicked", "route", c.front.prefix, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	c.buf = make([]byte, headBuffer)
	timeout := headerTimeout // a connection that was just made is about to ask
	for {
		n := c.read(timeout)
		if n <= 0 {
			return n < 0
		}
		r, plain := parseHead(c.buf[:n], c.front.prefix)
		if !plain {
			return true
		}
		if !c.front.begin(c) {
			return false
		}
		answered, err := c.answer(&r)
		open := c.front.finish(c)
		if !answered {
			return open
		}
		if !open || err != nil || r.close {
			return false
		}
		c.have = copy(c.buf, c.buf[n:c.have])
		timeout = idleTimeout
	}
}

// read waits for a request's head and gives its length: 0 when the connection is over, -1 when it is longer than what the
// front reads.
func (c *frontConn) read(timeout time.Duration) int {
	looked := 0
	started := c.have > 0
	if started {
		timeout = headerTimeout
	}
	c.armRead(timeout)
	for {
		if n := headLength(c.buf[:c.have], looked); n > 0 {
			return n
		}
		looked = c.have
		if c.have == len(c.buf) {
			return -1
		}
		if c.have > 0 && !started { // slow senders of heads hold a goroutine each
			started = true
			c.armRead(headerTimeout)
		}
		n, err := c.Conn.Read(c.buf[c.have:])
		c.have += n
		if err != nil && n == 0 {
			return 0
		}
	}
}

// armRead sets the read deadline. The long one of a connection in use is left to run on for a while.
func (c *frontConn) armRead(timeout time.Duration) {
	now := time.Now()
	if timeout == idleTimeout && now.Sub(c.readArmed) < rearm {
		return
	}
	c.readArmed = time.Time{}
	if timeout == idleTimeout {
		c.readArmed = now
	}
	_ = c.Conn.SetReadDeadline(now.Add(timeout))
}

// answer sends an answer: one system call, whatever its pieces. It is false, and nothing was sent, if the Direct declines.
func (c *frontConn) answer(r *plainRequest) (answered bool, err error) {
	f, raw := c.front, &c.raw
	f.metrics.inFlight.Inc()
	defer f.metrics.inFlight.Dec()
	raw.Status, raw.Fields, raw.Body, raw.Size = 0, raw.Fields[:0], raw.Body[:0], 0
	if !f.direct.AnswerDirect(f.ctx, &r.Head, raw) {
		clear(raw.Body)
		return false, nil
	}
	if r.Method == http.MethodHead {
		clear(raw.Body) // what is cut off is not sent, and must not be held on to
		raw.Body, raw.Size = raw.Body[:0], 0
	}
	h := append(c.header[:0], "HTTP/1.1 "...)
	h = strconv.AppendInt(h, int64(raw.Status), 10)
	h = append(append(append(h, ' '), http.StatusText(raw.Status)...), "\r\n"...)
	h = append(h, raw.Fields...)
	h = append(h, "X-Content-Type-Options: nosniff\r\n"...)
	if r.close {
		h = append(h, "Connection: close\r\n"...)
	}
	h = append(append(append(h, "Date: "...), date()...), "\r\n\r\n"...)

	c.armWrite(raw.Size)
	if len(raw.Body) == 1 && raw.Size <= headBuffer {
		h = append(h, raw.Body[0]...)
		_, err = c.Conn.Write(h)
	} else {
		c.pieces = append(append(c.pieces[:0], h), raw.Body...)
		rest := net.Buffers(c.pieces)
		_, err = rest.WriteTo(c.Conn) // it moves rest, and clears what it has sent
		clear(c.pieces)               // a connection that waits must not hold on to media
	}
	clear(raw.Body)
	c.header = h
	f.count(r.Method, raw.Status, raw.Size)
	return true, err
}

// armWrite gives the reader the write timeout for each 256 KiB, less at most an eighth (see response.arm).
func (c *frontConn) armWrite(size int64) {
	timeout := c.front.writeTimeout
	now := time.Now()
	if size <= piece && now.Sub(c.writeArmed) < timeout/8 {
		return
	}
	c.writeArmed = now
	if size > piece {
		c.writeArmed = time.Time{}
		timeout += timeout * time.Duration(size/piece)
	}
	_ = c.Conn.SetWriteDeadline(now.Add(timeout))
}

// stamp is a Date field's value, good for one second.
type stamp struct {
	second int64
	text   []byte
}

var lastStamp atomic.Pointer[stamp]

// date is the value of the Date field now (RFC 9110, section 6.6.1).
func date() []byte {
	now := time.Now()
	s := lastStamp.Load()
	if s == nil || s.second != now.Unix() {
		s = &stamp{now.Unix(), now.UTC().AppendFormat(nil, http.TimeFormat)}
		lastStamp.Store(s)
	}
	return s.text
}

// handover is the listener that net/http sees behind a front.
type handover struct {
	net.Listener
	conns  chan net.Conn
	failed chan error
	once   sync.Once
	closed chan struct{}
}

// give hands a connection to net/http, or closes it if that takes none any more.
func (h *handover) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.closed:
		_ = c.Close()
	}
}

// Accept gives the next connection that the front does not keep.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case err := <-h.failed:
		return nil, err
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close closes the listener below too.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return h.Listener.Close()
}

// readConn is a connection of which some bytes were read already: they come first.
type readConn struct {
	net.Conn
	unread []byte
}

func (c *readConn) Read(p []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(p, c.unread)
		if c.unread = c.unread[n:]; len(c.unread) == 0 {
			c.unread = nil // the buffer is free
		}
		return n, nil
	}
	return c.Conn.Read(p)
}

// CloseWrite is what net/http does before it closes behind a refusal, so that the client can read it.
func (c *readConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Conn.Close()
}

// ReadFrom keeps what the connection below can do better than copying.
func (c *readConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }
