package rtmp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"shoal/internal/amf0"
)

// Client is a connection that publishes. Send, Close and Abort are for one goroutine.
type Client struct {
	opt    Options
	target Target

	conn   net.Conn
	in     *reader
	out    *writer
	buf    []byte
	stream uint32 // message stream ID that createStream gave

	hurried atomic.Bool
	closing sync.Once
	done    chan struct{} // closed when the server's side has ended
	err     error         // why; read it after done is closed
}

// Dial connects, and publishes when the server agrees. The error wraps ErrURL, ErrProtocol, a *Refused, or what the
// network said.
func Dial(ctx context.Context, address string, opt Options) (*Client, error) {
	target, err := ParseURL(address)
	if err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, opt.Timeout)
	defer cancel()
	conn, err := opt.Dialer.DialContext(ctx, "tcp", target.Addr)
	if err != nil {
		return nil, fmt.Errorf("reach the RTMP server: %w", err)
	}
	c := &Client{opt: opt, target: target, conn: conn, in: newReader(conn), out: newWriter(opt), done: make(chan struct{})}
	// A context that ends early or too late breaks the exchange by the deadline.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = c.open()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return nil, fmt.Errorf("publish to %s: %w", target.Addr, err)
	}
	go c.drain()
	return c, nil
}

// open does all that comes before media.
func (c *Client) open() error {
	if err := c.shake(); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	// The size is in force from the next message on; until then it is 128, and this one is smaller.
	size := message{typ: SetChunkSize, body: binary.BigEndian.AppendUint32(nil, uint32(c.opt.ChunkSize))}
	if err := c.write(size); err != nil {
		return err
	}
	err := c.command(0, "connect", 1, amf0.Object{
		{Name: "app", Value: c.target.App},
		{Name: "type", Value: "nonprivate"},
		{Name: "flashVer", Value: c.opt.FlashVer},
		{Name: "tcUrl", Value: "rtmp://" + c.target.Addr + "/" + c.target.App},
	})
	if err != nil {
		return err
	}
	if _, err := c.answer("connect", 1); err != nil {
		return err
	}
	err = errors.Join(
		c.command(0, "releaseStream", 2, nil, c.target.Key),
		c.command(0, "FCPublish", 3, nil, c.target.Key),
		c.command(0, "createStream", 4, nil))
	if err != nil {
		return err
	}
	values, err := c.answer("createStream", 4)
	if err != nil {
		return err
	}
	id, ok := values[len(values)-1].(float64)
	if !ok || id < 0 || id > 1<<32-1 {
		return fmt.Errorf("%w: createStream gave no stream", ErrProtocol)
	}
	c.stream = uint32(id)
	if err := c.command(c.stream, "publish", 5, nil, c.target.Key, "live"); err != nil {
		return err
	}
	return c.started()
}

// shake does the simple handshake (section 5.2): C0 and C1, then C2 with what the server sent.
func (c *Client) shake() error {
	const version, size = 3, 1536
	hello := make([]byte, 1+size)
	hello[0] = version
	for i := 9; i < len(hello); i++ { // random in name only: a server may not depend on it
		hello[i] = byte(i * 7)
	}
	if _, err := c.conn.Write(hello); err != nil {
		return err
	}
	reply := make([]byte, 1+size)
	if err := c.in.read(reply); err != nil {
		return err
	}
	if reply[0] != version {
		return fmt.Errorf("%w: version %d", ErrProtocol, reply[0])
	}
	if _, err := c.conn.Write(reply[1:]); err != nil {
		return err
	}
	return c.in.read(reply[1:])
}

func (c *Client) command(stream uint32, name string, transaction float64, args ...any) error {
	body := amf0.Append(nil, name, transaction)
	return c.write(message{typ: Command, stream: stream, body: amf0.Append(body, args...)})
}

// answer waits for the _result of a transaction.
func (c *Client) answer(command string, transaction float64) ([]any, error) {
	for {
		name, id, values, err := c.nextCommand()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", command, err)
		}
		switch {
		case name == "_result" && id == transaction:
			return values, nil
		case name == "_error" && id == transaction:
			return nil, refusal(command, values)
		}
	}
}

// started waits for the status that says that media may come.
func (c *Client) started() error {
	for {
		name, id, values, err := c.nextCommand()
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if name == "_error" && id == 5 {
			return refusal("publish", values)
		}
		if name != "onStatus" {
			continue
		}
		info, _ := values[len(values)-1].(amf0.Object)
		if info.Get("code") == "NetStream.Publish.Start" {
			return nil
		}
		if info.Get("level") == "error" {
			return refusal("publish", values)
		}
	}
}

func refusal(command string, values []any) error {
	r := &Refused{Command: command}
	if info, ok := values[len(values)-1].(amf0.Object); ok {
		r.Code, _ = info.Get("code").(string)
		r.Description, _ = info.Get("description").(string)
	}
	return r
}

// nextCommand returns the next command with its transaction and all its values, of which there are at least two.
func (c *Client) nextCommand() (name string, transaction float64, values []any, err error) {
	for {
		m, err := c.receive()
		if err != nil {
			return "", 0, nil, err
		}
		if m.typ != Command {
			continue
		}
		if values, err = amf0.Decode(m.body); err != nil {
			return "", 0, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		if len(values) < 2 {
			return "", 0, nil, fmt.Errorf("%w: a command without a transaction", ErrProtocol)
		}
		name, _ = values[0].(string)
		transaction, _ = values[1].(float64)
		return name, transaction, values, nil
	}
}

// receive returns the next message and answers what a peer must answer at once: a ping (section 7.1.7). Servers send
// far less than a window, so acknowledgements are never due.
func (c *Client) receive() (message, error) {
	m, err := c.in.next()
	if err != nil {
		return m, err
	}
	const pingRequest, pingResponse = 6, 7
	if m.typ == UserControl && len(m.body) >= 6 && binary.BigEndian.Uint16(m.body) == pingRequest {
		pong := append([]byte{0, pingResponse}, m.body[2:6]...)
		// A writer of its own: control messages have full headers, and one Write is one whole message, which the
		// connection never mixes with another.
		w := newWriter(Options{ChunkSize: 128, FullHeaders: true})
		_, err = c.conn.Write(w.append(nil, message{typ: UserControl, body: pong}))
	}
	return m, err
}

// drain reads until the server's side ends.
func (c *Client) drain() {
	defer close(c.done)
	for {
		m, err := c.receive()
		if err == nil && m.typ == Command {
			err = statusError(m.body)
		}
		if err != nil {
			c.err = err
			return
		}
	}
}

// statusError is the refusal in an onStatus that comes while media flows, nil if there is none.
func statusError(body []byte) error {
	values, err := amf0.Decode(body)
	if err != nil || len(values) < 3 || values[0] != "onStatus" {
		return nil
	}
	if info, ok := values[len(values)-1].(amf0.Object); ok && info.Get("level") == "error" {
		return refusal("publish", values)
	}
	return nil
}

// Send writes one message of type Audio, Video or Data with its time in milliseconds modulo 2^32. It returns when the
// kernel has the bytes. When the server has closed, the error says why, as far as the server told.
func (c *Client) Send(t Type, ms uint32, body []byte) error {
	select {
	case <-c.done:
		return fmt.Errorf("the server ended the connection: %w", c.err)
	default:
	}
	return c.write(message{typ: t, stream: c.stream, time: ms, body: body})
}

func (c *Client) write(m message) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.opt.WriteTimeout))
	if c.hurried.Load() {
		_ = c.conn.SetWriteDeadline(time.Now().Add(hurry))
	}
	return c.writeWithin(m)
}

// hurry is how long a server has to take a goodbye.
const hurry = time.Second

// Hurry gives a Send that is under way, and those that follow, no more than a second each. Unlike the other methods it
// may be called from any goroutine: it is for who wants to end.
func (c *Client) Hurry() {
	c.hurried.Store(true)
	_ = c.conn.SetWriteDeadline(time.Now().Add(hurry))
}

func (c *Client) writeWithin(m message) error {
	c.buf = c.out.append(c.buf[:0], m)
	if _, err := c.conn.Write(c.buf); err != nil {
		return fmt.Errorf("send to the RTMP server: %w", err)
	}
	return nil
}

// Done is closed when the server has ended the connection, or sent an error.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err says why Done is closed: io.EOF, a *Refused, or what the network said. It is nil before.
func (c *Client) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Close says goodbye as encoders do (FCUnpublish, deleteStream), and waits up to a second for the server to end the
// connection. It is safe to call it again, and after Abort.
func (c *Client) Close() error {
	var err error
	c.closing.Do(func() {
		_ = c.conn.SetWriteDeadline(time.Now().Add(hurry))
		err = errors.Join(c.goodbye("FCUnpublish", 6, nil, c.target.Key), c.goodbye("deleteStream", 7, nil, float64(c.stream)))
		if half, ok := c.conn.(*net.TCPConn); ok && err == nil {
			err = half.CloseWrite()
		}
		_ = c.conn.SetReadDeadline(time.Now().Add(hurry))
		<-c.done
		_ = c.conn.Close()
		if err != nil && c.err != nil && !errors.Is(c.err, io.EOF) {
			err = c.err // why the goodbye could not be said
		}
	})
	return err
}

func (c *Client) goodbye(name string, transaction float64, args ...any) error {
	body := amf0.Append(nil, name, transaction)
	return c.writeWithin(message{typ: Command, body: amf0.Append(body, args...)})
}

// Abort ends the connection without a word, by a TCP reset: what the server sees when an encoder is lost.
func (c *Client) Abort() error {
	var err error
	c.closing.Do(func() {
		if tcp, ok := c.conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		err = c.conn.Close()
		<-c.done
	})
	return err
}
