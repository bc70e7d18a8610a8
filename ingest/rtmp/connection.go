package rtmp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"shoal/ingest"
	"shoal/ingest/flv"
	"shoal/ingest/guard"
	"shoal/internal/broadcast"
)

// maxEncoder is how much of an encoder's name is kept, in bytes.
const maxEncoder = 200

// maxMalformed is how many malformed tags may follow each other: about two seconds of a stream.
const maxMalformed = 100

// connection is one encoder, from the first byte to the last. It is the library's handler and the guard's watcher; all
// its state belongs to the goroutine that reads.
type connection struct {
	server *Server
	guard  *guard.Conn
	remote netip.AddrPort
	born   time.Time

	app, encoder string
	parser       flv.Parser
	meter        meter
	malformed    int // tags in a row
	ended        error

	session Session       // nil until it is open
	over    chan struct{} // closed when the session is
	watched chan struct{} // closed when nobody waits for the session's end any more
}

func newConnection(s *Server, conn net.Conn, remote netip.AddrPort) *connection {
	c := &connection{server: s, remote: remote, born: time.Now()}
	c.guard = guard.New(conn, guard.Config{PublishTimeout: s.cfg.PublishTimeout, IdleTimeout: s.cfg.IdleTimeout, Tick: tick}, c)
	return c
}

// Read and Write are what the library reads and writes.
func (c *connection) Read(p []byte) (int, error)  { return c.guard.Read(p) }
func (c *connection) Write(p []byte) (int, error) { return c.guard.Write(p) }

// Close is the last that the library calls.
func (c *connection) Close() error {
	err := c.guard.Close()
	c.server.left(c)
	return err
}

// connect is called for the command connect.
func (c *connection) connect(app, encoder string) error {
	if !knownApplication(app) {
		return c.refuse(&refusal{"application", codeInvalidApp, errApplication})
	}
	c.app, c.encoder = app, strings.ToValidUTF8(encoder[:min(len(encoder), maxEncoder)], "")
	return nil
}

// publish is called for the command publish, once.
func (c *connection) publish(name string) (err error) {
	defer c.rescue(&err)
	key, ok := streamKey(c.app, name)
	if !ok {
		return c.refuse(&refusal{"application", codeDenied, errApplication})
	}
	ctx, cancel := context.WithDeadline(c.server.ctx, c.born.Add(c.server.cfg.PublishTimeout))
	defer cancel()
	session, err := c.server.open(ctx, broadcast.Request{
		Key: key, Protocol: "rtmp", Remote: c.remote, Encoder: c.encoder,
	})
	if err != nil {
		return c.refuse(refusedKey(err))
	}
	c.session = session
	c.meter = meter{rate: float64(c.server.cfg.MaxBitRate) / 8, at: time.Now()}
	c.guard.Accept()
	c.server.published(c)
	c.server.metrics.sessions.Inc()
	c.server.log.Info("encoder publishes", "remote", c.remote, "encoder", c.encoder)
	c.watch()
	return nil
}

// watch starts to wait for the end of the session.
func (c *connection) watch() {
	c.over, c.watched = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(c.watched)
		select {
		case <-c.session.Done():
			r := &refusal{"superseded", codeFailed, errSuperseded}
			c.guard.Expel(r, r.code, r.description())
		case <-c.over:
		}
	}()
}

// goodbye is called when the encoder says that it ends; some say so twice.
func (c *connection) goodbye() {
	if c.session != nil {
		c.guard.Goodbye()
		c.leave(broadcast.Goodbye, nil)
	}
}

// closing is called when the conversation is over. The socket is closed here unless the encoder is to read why, so that
// nothing waits for it.
func (c *connection) closing() {
	cause := c.ended
	if cause == nil {
		cause = c.guard.Err()
	}
	if cause == nil {
		cause = errConversation
	}
	departure := broadcast.Lost
	reason := reasonOf(cause)
	if reason != "" {
		departure = broadcast.Expelled
		c.server.metrics.refused.WithLabelValues(reason).Inc()
	}
	if c.session != nil {
		c.leave(departure, cause)
	} else if reason != "" {
		c.server.quiet.warn("encoder refused", "reason", reason, "why", cause, "remote", c.remote, "encoder", c.encoder)
	}
	if !c.guard.Refused() {
		c.guard.Abort(cause)
	}
}

// leave closes the session, if it is not closed.
func (c *connection) leave(d broadcast.Departure, cause error) {
	if c.over == nil {
		return
	}
	close(c.over)
	<-c.watched
	c.over = nil
	c.session.Close(d)
	c.server.metrics.sessions.Dec()
	c.server.metrics.departures.WithLabelValues(d.String()).Inc()
	log := c.server.log.With("departure", d.String(), "remote", c.remote, "encoder", c.encoder)
	if errors.Is(cause, broadcast.ErrStopping) {
		log.Info("encoder sent away", "why", cause)
	} else if reason := reasonOf(cause); reason != "" {
		log.Warn("encoder expelled", "reason", reason, "why", cause)
	} else if cause != nil && !errors.Is(cause, io.EOF) {
		log.Info("encoder gone", "why", cause)
	} else {
		log.Info("encoder gone")
	}
}

// refuse tells the encoder why it has to go. The error is for the library, which then ends the conversation.
func (c *connection) refuse(r *refusal) error {
	c.guard.Refuse(r.code, r.description())
	c.ended = r
	return r
}

// Received is called by the guard after each read of the socket.
func (c *connection) Received(n int, at time.Time) error {
	c.server.metrics.bytes.Add(float64(n))
	if c.over != nil && !c.meter.add(float64(n), at) {
		return c.refuse(&refusal{"bit_rate", codeRejected, errBitRate})
	}
	return nil
}

// Dropped is called by the guard.
func (c *connection) Dropped(why guard.Drop) { c.drop(string(why)) }

func (c *connection) drop(why string) { c.server.metrics.dropped.WithLabelValues(why).Inc() }

// rescue turns a panic of ours into an error of one encoder's. The library does so too, but only its log would say so.
func (c *connection) rescue(err *error) {
	if p := recover(); p != nil {
		c.server.log.Error("a connection failed", "panic", p, "stack", string(debug.Stack()), "encoder", c.encoder)
		*err = c.refuse(&refusal{"panic", codeFailed, errPanic})
	}
}

// Media is called by the guard.
func (c *connection) Media(m guard.Message) (err error) {
	defer c.rescue(&err)
	if c.over == nil {
		return nil
	}
	if m.Kind == guard.Data {
		c.announce(m.Payload)
		return nil
	}
	p, ok, err := c.parse(m)
	if err != nil {
		return c.leaveOut(err)
	}
	c.malformed = 0
	if !ok {
		return nil
	}
	c.server.metrics.packets[m.Kind].Inc()
	if err := c.session.Packet(p); err != nil {
		return c.refuse(refusedPacket(err))
	}
	return nil
}

func (c *connection) parse(m guard.Message) (ingest.Packet, bool, error) {
	if m.Kind == guard.Video {
		return c.parser.Video(m.Payload, m.Timestamp, m.Arrival)
	}
	return c.parser.Audio(m.Payload, m.Timestamp, m.Arrival)
}

// leaveOut decides what becomes of a tag that gave no packet.
func (c *connection) leaveOut(err error) error {
	if r := refusedMedia(err); r != nil {
		return c.refuse(r)
	}
	if errors.Is(err, flv.ErrNoParameters) {
		c.drop("no_parameters")
		return nil
	}
	c.drop("malformed_tag")
	if c.malformed++; c.malformed > maxMalformed {
		return c.refuse(&refusal{"malformed", codeRejected, errMalformed})
	}
	return nil
}

func (c *connection) announce(b []byte) {
	a, ok, err := flv.Metadata(b)
	if err != nil {
		c.drop("malformed_metadata")
		return
	}
	if ok {
		c.server.metrics.packets[guard.Data].Inc()
		c.session.Announce(a)
	}
}
