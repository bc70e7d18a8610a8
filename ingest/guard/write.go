package guard

import (
	"encoding/binary"
	"fmt"
	"time"

	"shoal/internal/amf0"
)

const (
	// The library writes in chunks of the default size and never says otherwise, each in one call of Write. So
	// messages of ours may stand between any two of its calls, on chunk streams that it does not use then: 5 it never
	// uses, and 2 only while it answers connect.
	protocolChunks = 2
	statusChunks   = 5

	minWindow = 64 << 10 // bytes; one acknowledgement of 16 bytes for less than this is waste
	maxWindow = 1 << 30
)

// Write passes on what the library says, unless the connection was refused: then we said it better. It never fails: a
// failure ends the connection where it is read. The library, when its goroutine that writes fails with more to write,
// waits three seconds for the rest.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.sealed.Load() {
		if _, err := c.write(p); err != nil {
			c.Abort(fmt.Errorf("answer the encoder: %w", err))
		}
	}
	return len(p), nil
}

// write writes to the socket in one call, which does not mix with others.
func (c *Conn) write(p []byte) (int, error) {
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.conn.Write(p)
}

// Refuse answers what the client asked for last, connect or publish, with an error that its user may see. What the
// library answers after it is thrown away. The caller then returns an error to the library, which closes the
// connection. Codes are such as NetStream.Publish.BadName.
func (c *Conn) Refuse(code, description string) {
	if c.publish != 0 {
		c.status(c.publish, code, description)
	} else {
		// The answer to connect always has transaction 1 (RTMP, section 7.2.1.1).
		c.say(controlStream, "_error", 1.0, nil, information(code, description))
	}
	c.sealed.Store(true)
}

// status sends onStatus (RTMP, section 7.2.2) with level "error".
func (c *Conn) status(stream uint32, code, description string) {
	c.say(stream, "onStatus", 0.0, nil, information(code, description))
}

func information(code, description string) amf0.Object {
	return amf0.Object{
		{Name: "level", Value: "error"},
		{Name: "code", Value: code},
		{Name: "description", Value: description},
	}
}

// say sends a command. An error is not looked at: the connection that cannot be written to fails when it is read.
func (c *Conn) say(stream uint32, values ...any) {
	_, _ = c.write(Chunked(statusChunks, typeCommand, stream, amf0.Append(nil, values...)))
}

// Chunked is a message in chunks of the default size on chunk stream id (2 to 63), the first with a full header and
// time 0: how a server says something.
func Chunked(id, kind byte, stream uint32, body []byte) []byte {
	n := len(body)
	b := append(make([]byte, 0, 12+n+n/defaultChunk), id, 0, 0, 0, byte(n>>16), byte(n>>8), byte(n), kind)
	b = binary.LittleEndian.AppendUint32(b, stream)
	for len(body) > defaultChunk {
		b = append(b, body[:defaultChunk]...)
		b = append(b, 3<<6|id)
		body = body[defaultChunk:]
	}
	return append(b, body...)
}

// setWindow takes the number of bytes after which the client waits for an acknowledgement (RTMP, section 5.4.4).
func (c *Conn) setWindow(size uint32) {
	c.window = uint64(min(max(size, minWindow), maxWindow))
}

// acknowledge tells the client how many bytes came (RTMP, section 5.4.3), twice per window as other servers do, so that
// it never waits. Strangers are not acknowledged: they send less than a window of any size.
func (c *Conn) acknowledge() error {
	if c.window == 0 || !c.accepted || c.wire.total-c.acked < c.window/2 {
		return nil
	}
	c.acked = c.wire.total
	body := binary.BigEndian.AppendUint32(nil, uint32(c.wire.total)) // wraps, as the specification has it
	_, err := c.write(Chunked(protocolChunks, typeAck, controlStream, body))
	return err
}
