package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"shoal/internal/amf0"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// client is a raw RTMP client that can send any bytes.
type client struct {
	t     testing.TB
	conn  net.Conn
	chunk int // of what it sends

	// What it receives.
	peerChunk int
	streams   map[int]*incoming
}

// incoming is a chunk stream of the server's.
type incoming struct {
	length, kind int
	stream       uint32
	body         []byte
}

func dial(t testing.TB, addr net.Addr) *client { return dialFrom(t, addr, nil) }

func dialFrom(t testing.TB, addr net.Addr, from net.Addr) *client {
	t.Helper()
	d := net.Dialer{Timeout: patience, LocalAddr: from}
	conn, err := d.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &client{t: t, conn: conn, chunk: 128, peerChunk: 128, streams: map[int]*incoming{}}
}

func (c *client) write(b ...byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// tryWrite writes what the server may not want to read to its end.
func (c *client) tryWrite(b []byte) error {
	_, err := c.conn.Write(b)
	return err
}

func (c *client) handshake() {
	c.t.Helper()
	if err := c.tryHandshake(); err != nil {
		c.t.Fatalf("handshake: %v", err)
	}
}

func (c *client) tryHandshake() error {
	if err := c.tryWrite(append([]byte{3}, make([]byte, 1536)...)); err != nil {
		return err
	}
	s := make([]byte, 1+2*1536)
	if _, err := io.ReadFull(c.conn, s); err != nil {
		return err
	}
	return c.tryWrite(s[1 : 1+1536])
}

// header is the header of a first chunk, with an extended timestamp if it needs one.
func header(id byte, timestamp uint32, length int, kind byte, stream uint32) []byte {
	short := min(timestamp, 0xffffff)
	b := []byte{
		id, byte(short >> 16), byte(short >> 8), byte(short), byte(length >> 16), byte(length >> 8), byte(length), kind,
	}
	b = binary.LittleEndian.AppendUint32(b, stream)
	if timestamp >= 0xffffff {
		b = binary.BigEndian.AppendUint32(b, timestamp)
	}
	return b
}

// inChunks is a message in chunks; repeat says whether chunks after the first repeat an extended timestamp.
func inChunks(size int, id byte, timestamp uint32, kind byte, stream uint32, body []byte, repeat bool) []byte {
	b := header(id, timestamp, len(body), kind, stream)
	for n := 0; ; {
		k := min(size, len(body)-n)
		b = append(b, body[n:n+k]...)
		if n += k; n == len(body) {
			return b
		}
		b = append(b, 3<<6|id)
		if timestamp >= 0xffffff && repeat {
			b = binary.BigEndian.AppendUint32(b, timestamp)
		}
	}
}

func (c *client) send(id byte, timestamp uint32, kind byte, stream uint32, body []byte) {
	c.t.Helper()
	c.write(inChunks(c.chunk, id, timestamp, kind, stream, body, true)...)
}

func (c *client) setChunk(size int) {
	c.send(2, 0, 1, 0, binary.BigEndian.AppendUint32(nil, uint32(size)))
	c.chunk = size
}

func (c *client) command(stream uint32, values ...any) {
	c.t.Helper()
	c.send(3, 0, 20, stream, amf0.Append(nil, values...))
}

func (c *client) connect(app string) {
	c.t.Helper()
	c.command(0, "connect", 1.0, amf0.Object{{Name: "app", Value: app}, {Name: "flashVer", Value: "raw"}})
}

// read reads one message.
func (c *client) read() (kind int, stream uint32, body []byte, err error) {
	for {
		var b [11]byte
		if _, err := io.ReadFull(c.conn, b[:1]); err != nil {
			return 0, 0, nil, err
		}
		format, id := b[0]>>6, int(b[0]&0x3f)
		if _, err := io.ReadFull(c.conn, b[:[]int{11, 7, 3, 0}[format]]); err != nil {
			return 0, 0, nil, err
		}
		s := c.streams[id]
		if s == nil {
			s = &incoming{}
			c.streams[id] = s
		}
		if format < 2 {
			s.length, s.kind = int(b[3])<<16|int(b[4])<<8|int(b[5]), int(b[6])
		}
		if format == 0 {
			s.stream = binary.LittleEndian.Uint32(b[7:])
		}
		n := min(s.length-len(s.body), c.peerChunk)
		part := make([]byte, n)
		if _, err := io.ReadFull(c.conn, part); err != nil {
			return 0, 0, nil, err
		}
		s.body = append(s.body, part...)
		if len(s.body) == s.length {
			body, s.body = s.body, nil
			return s.kind, s.stream, body, nil
		}
	}
}

// answer reads up to the next command of a name.
func (c *client) answer(name string) []any {
	c.t.Helper()
	for {
		kind, _, body, err := c.read()
		if err != nil {
			c.t.Fatalf("wait for %s: %v", name, err)
		}
		if kind != 20 {
			continue
		}
		values, err := amf0.Decode(body)
		if err != nil {
			c.t.Fatal(err)
		}
		if values[0] == name {
			return values
		}
	}
}

// code is the status code of the next answer of a name.
func (c *client) code(name string) string {
	c.t.Helper()
	values := c.answer(name)
	o, _ := values[len(values)-1].(amf0.Object)
	return o.String("code")
}

// createStream goes as far as publish.
func (c *client) createStream(app string) {
	c.t.Helper()
	c.handshake()
	c.createStreamNow(app)
}

// createStreamNow is createStream after the handshake.
func (c *client) createStreamNow(app string) {
	c.t.Helper()
	c.connect(app)
	if code := c.code("_result"); code != "NetConnection.Connect.Success" {
		c.t.Fatalf("connect was answered with %q", code)
	}
	c.command(0, "createStream", 2.0, nil)
	if v := c.answer("_result"); v[len(v)-1] != 1.0 {
		c.t.Fatalf("createStream was answered with %v", v)
	}
}

// publish publishes.
func (c *client) publish(key string) {
	c.t.Helper()
	c.createStream("live")
	c.command(1, "publish", 3.0, nil, key, "live")
	if code := c.code("onStatus"); code != "NetStream.Publish.Start" {
		c.t.Fatalf("publish was answered with %q", code)
	}
}

// media sends a small stream: parameters and one frame of each kind.
func (c *client) media() {
	c.send(4, 0, 8, 1, aacParameters)
	c.send(6, 0, 9, 1, avcParameters)
	c.send(6, 0, 9, 1, avcFrame(200))
	c.send(4, 0, 8, 1, aacFrame(100))
}

// closed waits until the server closes the connection.
func (c *client) closed() {
	c.t.Helper()
	if _, err := io.Copy(io.Discard, c.conn); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the server did not close the connection")
	}
}

var (
	avcParameters = append([]byte{0x17, 0, 0, 0, 0}, unhex("0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f1429960"+"01000468efbcb0fdf8f800")...)
	aacParameters = []byte{0xaf, 0, 0x11, 0x90}
)

func unhex(s string) []byte {
	b := make([]byte, len(s)/2)
	for n := range b {
		b[n] = nibble(s[2*n])<<4 | nibble(s[2*n+1])
	}
	return b
}

func nibble(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

// avcFrame is a keyframe of one NAL unit of n bytes.
func avcFrame(n int) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0x17, 1, 0, 0, 0}, uint32(n))
	return append(append(b, 0x65), bytes.Repeat([]byte{0xab}, n-1)...)
}

func aacFrame(n int) []byte { return append([]byte{0xaf, 1}, bytes.Repeat([]byte{0x21}, n)...) }

func metadata() []byte {
	return amf0.Append(nil, "@setDataFrame", "onMetaData", amf0.Object{
		{Name: "width", Value: 640.0},
		{Name: "height", Value: 360.0},
		{Name: "framerate", Value: 25.0},
		{Name: "videodatarate", Value: 600.0},
		{Name: "videocodecid", Value: 7.0},
		{Name: "audiocodecid", Value: "mp4a"},
		{Name: "encoder", Value: "raw 1.0"},
	})
}
