package rtmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"shoal/internal/amf0"
	"shoal/internal/broadcast"
)

// TestQuirks publishes with what encoders are known to do, or are allowed to, and expects its media as if they did not.
func TestQuirks(t *testing.T) {
	connect := func(values ...byte) func(*client) {
		return func(c *client) { c.send(3, 0, 20, 0, connectWith("audioCodecs", values)) }
	}
	tests := []struct {
		name    string
		connect func(*client)
		before  func(*client) // once published
	}{
		{"nothing", nil, nil},
		{"undefined in connect", connect(6), nil},
		{"unsupported in connect", connect(13), nil},
		{"long string in connect", connect(12, 0, 0, 0, 2, 'a', 'b'), nil},
		{"audioCodecs is a string", connect(2, 0, 1, 'x'), nil},
		{"audioCodecs is negative and not a number", connect(0, 0xff, 0xf8, 0, 0, 0, 0, 0, 0), nil},
		{"date in connect", connect(11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), nil},
		{"connect as AMF3", func(c *client) {
			c.send(3, 0, 17, 0, append([]byte{0}, connectWith("a", []byte{5})...))
		}, nil},
		{"connect with an ECMA array", func(c *client) {
			b := bytes.Replace(connectWith("a", []byte{5}), []byte{3, 0, 3, 'a', 'p', 'p'}, []byte{8, 0, 0, 0, 9, 0, 3, 'a', 'p', 'p'}, 1)
			c.send(3, 0, 20, 0, b)
		}, nil},
		{"_result and _error that nobody asked for", nil, func(c *client) {
			c.command(0, "_result", 7.0, nil, 1.0)
			c.command(1, "_error", 8.0, nil, 1.0)
		}},
		{"unknown commands", nil, func(c *client) {
			for range 200 {
				c.command(0, "_checkbw", 7.0, nil)
			}
		}},
		{"unknown message type", nil, func(c *client) { c.send(5, 0, 99, 1, make([]byte, 500)) }},
		{"shared objects and AMF3 that is AMF3", nil, func(c *client) {
			c.send(5, 0, 16, 1, make([]byte, 5))
			c.send(5, 0, 19, 1, make([]byte, 5))
			c.send(5, 0, 15, 1, []byte{3, 1, 2})
			c.send(5, 0, 17, 1, []byte{3, 1, 2})
		}},
		{"empty audio and video", nil, func(c *client) {
			c.send(4, 0, 8, 1, nil)
			c.send(6, 0, 9, 1, nil)
			c.send(4, 0, 8, 1, []byte{0xaf, 1})
			c.send(6, 0, 9, 1, []byte{0x17, 1, 0, 0, 0})
		}},
		{"media on unknown streams", nil, func(c *client) {
			for range 200 { // more than the library forgives
				c.send(4, 0, 8, 7, aacParameters)
			}
		}},
		{"media before parameters", nil, func(c *client) {
			c.send(4, 0, 8, 1, aacFrame(10))
			c.send(6, 0, 9, 1, avcFrame(10))
		}},
		{"Abort", nil, func(c *client) {
			c.write(header(4, 0, 1000, 8, 1)...)
			c.write(make([]byte, 128)...)
			c.send(2, 0, 2, 0, []byte{0, 0, 0, 4})
		}},
		{"Abort of nothing, and too short", nil, func(c *client) {
			c.send(2, 0, 2, 0, []byte{0, 0, 0, 99})
			c.send(2, 0, 2, 0, []byte{0})
		}},
		{"unfinished message, then a new header", nil, func(c *client) {
			c.write(header(4, 0, 1000, 8, 1)...)
			c.write(make([]byte, 128)...)
		}},
		{"Window Ack Size 0, then 200 messages", nil, func(c *client) {
			c.send(2, 0, 5, 0, []byte{0, 0, 0, 0})
			for range 200 {
				c.send(5, 0, 99, 1, []byte{0})
			}
		}},
		{"acknowledgements, user control, bandwidth", nil, func(c *client) {
			c.send(2, 0, 3, 0, []byte{0, 0, 0, 1})
			c.send(2, 0, 4, 0, []byte{0, 3, 0, 0, 0, 1, 0, 0, 0, 1})
			c.send(2, 0, 6, 0, []byte{0, 0, 0, 1, 2})
			c.send(2, 0, 6, 0, nil)
		}},
		{"second publish", nil, func(c *client) {
			c.command(0, "createStream", 4.0, nil)
			c.answer("_result")
			c.command(2, "publish", 5.0, nil, goodKey+"2", "live")
			if code := c.code("onStatus"); code != "NetStream.Publish.BadName" {
				c.t.Errorf("the second publish was answered with %q", code)
			}
			c.send(4, 0, 8, 2, aacParameters) // its media does not mix with the first one's
		}},
		{"deleteStream of another stream", nil, func(c *client) {
			c.command(0, "deleteStream", 4.0, nil, 0.0)
			c.command(0, "deleteStream", 4.0, nil, 77.0)
		}},
		{"chunk size of 4 GiB", nil, func(c *client) {
			c.send(2, 0, 1, 0, []byte{0xff, 0xff, 0xff, 0xff})
			c.chunk = 4 << 20
		}},
		{"chunk size of 1", nil, func(c *client) { c.setChunk(1) }},
		{"malformed tags now and then", nil, func(c *client) {
			c.send(6, 0, 9, 1, []byte{0x17})
			c.send(4, 0, 8, 1, []byte{0xaf, 9})
			c.send(6, 0, 22, 1, []byte{9, 0, 0})
			c.send(6, 0, 22, 1, []byte{9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, nil)
			c := dial(t, h.addr)
			if tt.connect == nil {
				c.publish(goodKey)
			} else {
				c.handshake()
				tt.connect(c)
				if code := c.code("_result"); code != "NetConnection.Connect.Success" {
					t.Fatalf("connect was answered with %q", code)
				}
				c.command(0, "createStream", 2.0, nil)
				c.answer("_result")
				c.command(1, "publish", 3.0, nil, goodKey, "live")
				c.code("onStatus")
			}
			s := h.session(t)
			if tt.before != nil {
				tt.before(c)
			}
			c.media()
			s.expectMedia(t)
			c.conn.Close()
			s.left(t, broadcast.Lost)
			h.works(t)
		})
	}
}

// TestLongString holds that a long string as key is a key, and that one which no short string can hold is refused.
func TestLongString(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.createStream("live")
	body := append(amf0.Append(nil, "publish", 3.0, nil), 12, 0, 0, 0, byte(len(goodKey)))
	c.send(3, 0, 20, 1, append(body, goodKey...))
	if r := h.session(t).request; r.Key != goodKey {
		t.Errorf("got key %q", r.Key)
	}

	c = dial(t, h.addr)
	c.handshake()
	c.setChunk(1 << 20)
	long := append([]byte{12, 0, 1, 0, 0}, bytes.Repeat([]byte{'x'}, 1<<16)...) // more than a command may have
	_ = c.tryWrite(inChunks(c.chunk, 3, 0, 20, 0, connectWith("a", long), true))
	c.closed()
	h.refused(t, "message_size", 1)
}

// TestTimestamps holds that large timestamps are understood in both of the ways in which encoders send them.
func TestTimestamps(t *testing.T) {
	for _, repeat := range []bool{true, false} {
		for _, timestamp := range []uint32{0, 0xfffffe, 0xffffff, 17_000_000, 0xffffffff} {
			for _, size := range []int{128, 1 << 20} {
				t.Run(fmt.Sprint(timestamp, size, repeat), func(t *testing.T) {
					h := start(t, nil)
					c := dial(t, h.addr)
					c.publish(goodKey)
					c.setChunk(size)
					s := h.session(t)
					c.write(inChunks(c.chunk, 6, timestamp, 9, 1, avcParameters, repeat)...)
					c.write(inChunks(c.chunk, 6, timestamp, 9, 1, avcFrame(1003), repeat)...)
					c.write(inChunks(c.chunk, 4, timestamp, 8, 1, aacParameters, repeat)...)
					for n, want := range []int{0, 1007, 0} {
						if p := s.next(t); p.Time != timestamp || len(p.Data) != want {
							t.Fatalf("packet %d has time %d and %d bytes", n, p.Time, len(p.Data))
						}
					}
				})
			}
		}
	}
}

func TestAggregate(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.publish(goodKey)
	s := h.session(t)
	tag := func(kind byte, timestamp uint32, body []byte) []byte {
		n := len(body)
		b := []byte{
			kind, byte(n >> 16), byte(n >> 8), byte(n),
			byte(timestamp >> 16), byte(timestamp >> 8), byte(timestamp), byte(timestamp >> 24), 0, 0, 0,
		}
		return binary.BigEndian.AppendUint32(append(b, body...), uint32(11+n))
	}
	body := append(tag(8, 17_000_000, aacParameters), tag(9, 17_000_005, avcParameters)...)
	body = append(body, tag(8, 17_000_010, nil)...)
	body = append(body, tag(9, 17_000_010, avcFrame(20))...)
	body = append(body, tag(8, 17_000_023, aacFrame(30))...)
	c.send(6, 1000, 22, 1, body[:len(body)-4]) // the last size may be missing
	for n, want := range []struct {
		time uint32
		size int
	}{{1000, 0}, {1005, 0}, {1010, 24}, {1023, 30}} {
		p := s.next(t)
		if p.Time != want.time || len(p.Data) != want.size || cap(p.Data) > 64 {
			t.Fatalf("packet %d has time %d, %d bytes in %d; want %v", n, p.Time, len(p.Data), cap(p.Data), want)
		}
	}
}

// TestAcknowledgements holds that an encoder that asks for them gets acknowledgements of what it really sent.
func TestAcknowledgements(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.publish(goodKey)
	c.send(2, 0, 5, 0, binary.BigEndian.AppendUint32(nil, 200_000))
	c.setChunk(60000)
	c.send(6, 0, 9, 1, avcParameters)
	for range 3 {
		c.send(6, 0, 9, 1, avcFrame(90_000))
	}
	var last uint32
	for range 2 {
		kind, stream, body, err := c.read()
		for err == nil && kind != 3 {
			kind, stream, body, err = c.read()
		}
		if err != nil || stream != 0 || len(body) != 4 {
			t.Fatalf("got %v on stream %d, %v", body, stream, err)
		}
		n := binary.BigEndian.Uint32(body)
		if n < last+100_000 || n > 280_000 {
			t.Fatalf("%d bytes are acknowledged, after %d", n, last)
		}
		last = n
	}
}
