package guard

import (
	"net"
	"time"
)

// wire reads a socket through one buffer. It is not bufio.Reader, because each read of the socket sets the deadline
// before and is counted and dated after, and because the buffer is small until a stranger has become a publisher.
type wire struct {
	conn   net.Conn
	before func() error      // called before each read of the socket
	failed func(error) error // may forgive an error of the socket (nil: read again)
	after  func(n int) error // called after each read of the socket

	buf  []byte
	r, w int // buf[r:w] is not consumed yet

	full  bool      // the last read of the socket took all that it could: there may be more
	total uint64    // bytes received
	at    time.Time // when the last of them came
}

// grow makes the buffer larger and keeps what is in it.
func (w *wire) grow(size int) {
	if size <= len(w.buf) {
		return
	}
	buf := make([]byte, size)
	w.w = copy(buf, w.buf[w.r:w.w])
	w.r = 0
	w.buf = buf
}

// receive reads the socket once, at least one byte, into p.
func (w *wire) receive(p []byte) (int, error) {
	for {
		if err := w.before(); err != nil {
			return 0, err
		}
		n, err := w.conn.Read(p)
		if n > 0 { // an error, if there is one too, comes again
			w.full = n == len(p)
			w.total += uint64(n)
			w.at = time.Now()
			return n, w.after(n)
		}
		if err != nil {
			if err = w.failed(err); err != nil {
				return 0, err
			}
		}
	}
}

// fill adds bytes to a buffer that has room.
func (w *wire) fill() error {
	if w.r == w.w {
		w.r, w.w = 0, 0
	} else if w.w == len(w.buf) {
		w.w = copy(w.buf, w.buf[w.r:w.w])
		w.r = 0
	}
	n, err := w.receive(w.buf[w.w:])
	w.w += n
	return err
}

// drained says that all that was received is consumed, and that there was no more when it was received.
func (w *wire) drained() bool { return w.r == w.w && !w.full }

// peek returns the next n bytes without consuming them; n is at most len(buf). They are valid until the next call.
func (w *wire) peek(n int) ([]byte, error) {
	for w.w-w.r < n {
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
	return w.buf[w.r : w.r+n], nil
}

// discard consumes n bytes that were peeked.
func (w *wire) discard(n int) { w.r += n }

// read fills p. What does not fit the buffer goes from the socket to p directly.
func (w *wire) read(p []byte) error {
	for {
		n := copy(p, w.buf[w.r:w.w])
		w.r += n
		p = p[n:]
		if len(p) == 0 {
			return nil
		}
		if len(p) < len(w.buf) {
			if err := w.fill(); err != nil {
				return err
			}
			continue
		}
		n, err := w.receive(p)
		if err != nil {
			return err
		}
		p = p[n:]
		if len(p) == 0 {
			return nil
		}
	}
}

// skip consumes n bytes.
func (w *wire) skip(n int) error {
	for {
		k := min(n, w.w-w.r)
		w.r += k
		if n -= k; n == 0 {
			return nil
		}
		if err := w.fill(); err != nil {
			return err
		}
	}
}
