package guard

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is the kind of a media message: its RTMP message type.
type Kind byte

// The kinds of media messages (RTMP, section 7.1).
const (
	Audio Kind = typeAudio
	Video Kind = typeVideo
	Data  Kind = typeData // AMF0, not checked
)

// Message is a whole media message.
type Message struct {
	Kind      Kind
	Timestamp uint32    // in milliseconds, on the encoder's clock
	Payload   []byte    // belongs to whoever is given the message
	Arrival   time.Time // when its last byte came in
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// Watcher is told what happens on a connection. It is called by the goroutine that reads, and not concurrently.
type Watcher interface {
	// Received is told of n bytes after each read of the socket. An error ends the connection.
	Received(n int, at time.Time) error
	// Media takes a message of the stream that was accepted. An error ends the connection.
	Media(Message) error
	// Dropped is told of a message that was left out.
	Dropped(Drop)
}

// Conn is what an RTMP library is given instead of a socket. Read, Accept, Refuse and Goodbye belong to one goroutine:
// the library calls its handlers in the one that reads. Write, Close, Abort and Expel are safe everywhere; Expel only
// after Accept.
type Conn struct {
	cfg   Config
	conn  net.Conn
	watch Watcher

	// State of the goroutine that reads.
	wire      wire
	chunks    assembler
	handshake int    // bytes of it that are still to come
	out       []byte // for the library
	outRead   int
	told      bool   // the library knows that chunks are as long as their message
	publish   uint32 // the stream that publish was said on; 0 is none
	accepted  bool
	goodbye   bool
	deleted   bool      // the stream was deleted
	last      time.Time // of the last media
	deadline  time.Time // as set on the socket
	err       error

	// Acknowledgements.
	window uint64 // bytes between two; 0 is none
	acked  uint64

	sealed atomic.Bool // what the library writes is thrown away
	cause  atomic.Pointer[error]
	close  sync.Once
}

// New guards a socket. The publish timeout starts.
func New(conn net.Conn, cfg Config, watch Watcher) *Conn {
	c := &Conn{cfg: cfg, conn: conn, watch: watch, handshake: handshakeSize}
	c.wire = wire{conn: conn, before: c.arm, failed: c.failed, after: c.received, buf: make([]byte, strangerBuffer)}
	c.chunks = assembler{wire: &c.wire, limits: strangerLimits, keep: c.wanted, chunk: defaultChunk}
	c.deadline = time.Now().Add(cfg.PublishTimeout)
	if err := conn.SetReadDeadline(c.deadline); err != nil {
		c.Abort(err)
	}
	return c
}

// Read gives the library the handshake as it came, then commands only. Media goes to the Watcher meanwhile. Errors that
// are ours are an *Error; all are repeated by Err.
func (c *Conn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.read(p)
	if err != nil {
		if cause := c.cause.Load(); cause != nil {
			err = *cause
		}
		c.err = err
	}
	return n, err
}

func (c *Conn) read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.handshake > 0 {
		return c.readHandshake(p)
	}
	for c.outRead == len(c.out) {
		c.out, c.outRead = c.out[:0], 0
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.out[c.outRead:])
	c.outRead += n
	return n, nil
}

func (c *Conn) readHandshake(p []byte) (int, error) {
	b, err := c.wire.peek(1)
	if err != nil {
		return 0, err
	}
	if c.handshake == handshakeSize && b[0] != 3 {
		return 0, notRTMP(b[0])
	}
	n := min(len(p), c.handshake, c.wire.w-c.wire.r)
	copy(p, c.wire.buf[c.wire.r:c.wire.r+n])
	c.wire.discard(n)
	c.handshake -= n
	return n, nil
}

// next reads one chunk and deals with the message that it completes, if any.
func (c *Conn) next() error {
	if c.accepted && c.cfg.Tick > 0 && c.wire.drained() {
		time.Sleep(c.cfg.Tick - time.Duration(time.Now().UnixNano())%c.cfg.Tick)
	}
	s, err := c.chunks.next()
	for ; c.chunks.aborted > 0; c.chunks.aborted-- {
		c.watch.Dropped(DropAborted)
	}
	if err != nil || s == nil {
		return err
	}
	if !s.keep {
		c.watch.Dropped(c.unwanted(s.kind))
		return nil
	}
	return c.message(s.kind, s.stream, s.timestamp, c.chunks.release(s))
}

// Accept lifts the limits: what the encoder wants to publish is welcome. From now on its media goes to the Watcher.
func (c *Conn) Accept() {
	c.accepted = true
	c.chunks.limits = publisherLimits
	c.wire.grow(publisherBuffer)
	c.last = time.Now()
}

// Goodbye says that the encoder ended what it published. Its media is dropped from now on, and it has some seconds to
// close the connection.
func (c *Conn) Goodbye() {
	if !c.goodbye {
		c.goodbye = true
		c.last = time.Now()
	}
}

// Refused reports whether the client was told that it has to go, so that Close gives it time to read.
func (c *Conn) Refused() bool { return c.sealed.Load() }

// Err is why Read failed, nil if it did not yet.
func (c *Conn) Err() error { return c.err }

// Abort ends the connection at once; cause is what Read and Err then say, unless they said something before.
func (c *Conn) Abort(cause error) {
	c.cause.CompareAndSwap(nil, &cause)
	_ = c.shut()
}

// Expel tells the client of an accepted connection why it has to go, as Refuse does, and makes Read fail with cause.
func (c *Conn) Expel(cause error, code, description string) {
	c.Refuse(code, description)
	c.cause.CompareAndSwap(nil, &cause)
	_ = c.conn.SetReadDeadline(longAgo) // wakes the goroutine that reads
}

// Close ends the connection. If it was refused, the client gets some time to read why: were the socket closed with
// bytes in it that nobody read, the kernel would reset the connection and what we wrote might be lost.
func (c *Conn) Close() error {
	if c.sealed.Load() {
		c.linger()
	}
	return c.shut()
}

func (c *Conn) shut() (err error) {
	c.close.Do(func() { err = c.conn.Close() })
	return err
}

func (c *Conn) linger() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.conn.SetReadDeadline(time.Now().Add(lingerTimeout)) != nil {
		return
	}
	buf := make([]byte, strangerBuffer)
	for seen := 0; seen < maxLinger; {
		n, err := c.conn.Read(buf)
		if err != nil {
			return
		}
		seen += n
	}
}

// received is called after each read of the socket.
func (c *Conn) received(n int) error {
	if !c.accepted && c.wire.total > maxPreamble {
		return broken(ReasonPreamble, "more than %d bytes came before anything was published", maxPreamble)
	}
	if err := c.watch.Received(n, c.wire.at); err != nil {
		return err
	}
	return c.acknowledge()
}

// due is when the connection has been silent for too long.
func (c *Conn) due() time.Time {
	if c.goodbye {
		return c.last.Add(goodbyeTimeout)
	}
	return c.last.Add(c.cfg.IdleTimeout + time.Duration(c.chunks.partial)*time.Second/floorRate)
}

// arm sets the deadline of the socket before it is read. A stranger's was set once. That of a publisher moves with each
// message, so it is set only when it is off by a second, and checked when it strikes (see failed).
func (c *Conn) arm() error {
	if !c.accepted {
		return nil
	}
	due := c.due()
	if off := due.Sub(c.deadline); off < time.Second && off > -time.Second {
		return nil
	}
	return c.setDeadline(due)
}

// setDeadline sets the deadline of the socket, but not over that of Expel.
func (c *Conn) setDeadline(t time.Time) error {
	c.deadline = t
	if err := c.conn.SetReadDeadline(t); err != nil {
		return err
	}
	if cause := c.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// failed says what an error of the socket means; nil is to read again.
func (c *Conn) failed(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if cause := c.cause.Load(); cause != nil {
		return *cause
	}
	if !c.accepted {
		return tooLate(c.cfg.PublishTimeout)
	}
	due := c.due()
	if !time.Now().Before(due) {
		return silent(c.cfg.IdleTimeout)
	}
	return c.setDeadline(due)
}
