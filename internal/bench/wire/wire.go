// Package wire owns a lean HTTP/1.1 client: one connection, one request at a time, one goroutine (the caller's) and
// little work per request, so that a thousand viewers fit on one core beside the server that they measure.
//
// It starts no goroutine. It never follows redirects, keeps cookies, asks for compression or speaks to anything but a
// loopback address: it measures nodes, it does not browse.
package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Errors of answers and addresses.
var (
	ErrLoopback = errors.New("not a loopback address")
	ErrHTTP     = errors.New("not an HTTP answer")
)

// Response is an answer whose body has gone to the sink.
type Response struct {
	Status int
	Bytes  int64 // of the body
}

// Client is one connection to one server. It belongs to one goroutine.
type Client struct {
	ctx  context.Context
	addr string

	conn    net.Conn
	release func() bool // takes conn off the context
	r       *bufio.Reader
	out     []byte
}

// New returns a client that connects when it is first used. addr is host:port with a loopback host, else the error wraps
// ErrLoopback. When ctx ends, a request under way fails at once, and so does every other.
func New(ctx context.Context, addr string) (*Client, error) {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%w: %q", ErrLoopback, addr)
	}
	return &Client{ctx: ctx, addr: addr}, nil
}

// Close ends the connection. The client may be used again.
func (c *Client) Close() {
	if c.conn != nil {
		c.release()
		_ = c.conn.Close()
		c.conn = nil
	}
}

// Get fetches a request target ("/path?query") within the timeout. The body goes to sink as it comes, in pieces that are
// only valid during the call; a nil sink throws it away. A status is no error.
func (c *Client) Get(target string, timeout time.Duration, sink func([]byte)) (Response, error) {
	deadline := time.Now().Add(timeout)
	for {
		reused := c.conn != nil
		if !reused {
			if err := c.dial(deadline); err != nil {
				return Response{}, err
			}
		}
		res, begun, err := c.exchange(target, deadline, sink)
		if err == nil {
			return res, nil
		}
		c.Close()
		if !reused || begun || c.ctx.Err() != nil || !time.Now().Before(deadline) {
			return res, fmt.Errorf("get %s: %w", target, err)
		}
		// The server ended a connection that was idle: once more on a new one.
	}
}

func (c *Client) dial(deadline time.Time) error {
	d := net.Dialer{Deadline: deadline}
	conn, err := d.DialContext(c.ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("reach the server: %w", err)
	}
	c.conn = conn
	c.release = context.AfterFunc(c.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if c.r == nil {
		c.r = bufio.NewReaderSize(conn, 16<<10)
	} else {
		c.r.Reset(conn)
	}
	return nil
}

// exchange sends one request and reads its answer. begun says that the server has answered something.
func (c *Client) exchange(target string, deadline time.Time, sink func([]byte)) (res Response, begun bool, err error) {
	_ = c.conn.SetDeadline(deadline)
	if err := c.ctx.Err(); err != nil { // it ended before the deadline was set: nothing else would break the wait
		return res, false, err
	}
	b := append(c.out[:0], "GET "...)
	b = append(b, target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, c.addr...)
	b = append(b, "\r\nUser-Agent: shoal-bench\r\nAccept: */*\r\n\r\n"...)
	c.out = b
	if _, err := c.conn.Write(b); err != nil {
		return res, false, err
	}
	if _, err := c.r.Peek(1); err != nil {
		return res, false, err
	}
	h, err := readHead(c.r)
	if err != nil {
		return res, true, err
	}
	res.Status = h.status
	switch {
	case h.status == 204 || h.status == 304:
	case h.chunked:
		err = chunks(c.r, &res, sink)
	case h.length >= 0:
		err = copyBody(c.r, &res, sink, h.length)
	default: // until the connection ends
		h.closing = true
		if err = copyBody(c.r, &res, sink, 1<<62); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if h.closing {
		c.Close()
	}
	return res, true, err
}

// head is what a client must know of an answer's head.
type head struct {
	status  int
	length  int64 // -1 if not said
	chunked bool
	closing bool
}

func readHead(r *bufio.Reader) (head, error) {
	h := head{length: -1}
	line, err := r.ReadSlice('\n')
	if err != nil {
		return h, err
	}
	if len(line) < len("HTTP/1.1 200\n") || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return h, fmt.Errorf("%w: it begins with %.40q", ErrHTTP, line)
	}
	if h.status, err = strconv.Atoi(string(line[9:12])); err != nil || h.status < 100 {
		return h, fmt.Errorf("%w: it begins with %.40q", ErrHTTP, line)
	}
	h.closing = line[7] == '0'
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return h, nil
		}
		key, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(key, []byte("Content-Length")):
			if h.length, err = strconv.ParseInt(string(value), 10, 64); err != nil || h.length < 0 {
				return h, fmt.Errorf("%w: a length of %.20q", ErrHTTP, value)
			}
		case bytes.EqualFold(key, []byte("Transfer-Encoding")):
			h.chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(key, []byte("Connection")):
			h.closing = h.closing || bytes.EqualFold(value, []byte("close"))
		}
	}
}

// copyBody hands on n bytes of a body as they come.
func copyBody(r *bufio.Reader, res *Response, sink func([]byte), n int64) error {
	for n > 0 {
		if _, err := r.Peek(1); err != nil { // wait for more
			return err
		}
		b, _ := r.Peek(int(min(int64(r.Buffered()), n)))
		if sink != nil {
			sink(b)
		}
		_, _ = r.Discard(len(b))
		n -= int64(len(b))
		res.Bytes += int64(len(b))
	}
	return nil
}

// chunks reads a chunked body (RFC 9112, section 7.1).
func chunks(r *bufio.Reader, res *Response, sink func([]byte)) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(";"))
		n, err := strconv.ParseInt(string(size), 16, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: a chunk of size %.20q", ErrHTTP, size)
		}
		if err := copyBody(r, res, sink, n); err != nil {
			return err
		}
		for { // the end of the line behind a chunk, or the trailer behind the last one
			if line, err = r.ReadSlice('\n'); err != nil {
				return err
			}
			if n > 0 || len(bytes.TrimRight(line, "\r\n")) == 0 {
				break
			}
		}
		if n == 0 {
			return nil
		}
	}
}
