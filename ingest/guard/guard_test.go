package guard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"shoal/internal/amf0"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a Watcher that remembers.
type recorder struct {
	media    []Message
	dropped  []Drop
	received int
	err      error
}

func (r *recorder) Received(n int, _ time.Time) error { r.received += n; return nil }
func (r *recorder) Media(m Message) error             { r.media = append(r.media, m); return r.err }
func (r *recorder) Dropped(d Drop)                    { r.dropped = append(r.dropped, d) }

// pair is a guard with a client at the other end, within a bubble of virtual time.
type pair struct {
	*Conn
	seen   recorder
	client net.Conn
	failed chan error // why Read failed
	ended  time.Time  // when
	read   chan []byte
	toldUs chan []byte // what the client was told
}

var testConfig = Config{PublishTimeout: 10 * time.Second, IdleTimeout: 20 * time.Second}

// newPair makes a guard and a goroutine that reads it as the library does, and accepts the publish that it reads.
func newPair(t *testing.T) *pair {
	t.Helper()
	server, client := net.Pipe()
	p := &pair{client: client, failed: make(chan error, 1), read: make(chan []byte, 1000), toldUs: make(chan []byte, 1000)}
	p.Conn = New(server, testConfig, &p.seen)
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := p.Read(b)
			if err != nil {
				_ = p.Close()
				p.ended = time.Now()
				p.failed <- err
				return
			}
			p.read <- bytes.Clone(b[:n])
			if bytes.Contains(b[:n], []byte("publish")) {
				p.Accept()
			}
		}
	}()
	go func() {
		defer close(p.toldUs)
		b := make([]byte, 4096)
		for {
			n, err := client.Read(b)
			if err != nil {
				return
			}
			p.toldUs <- bytes.Clone(b[:n])
		}
	}()
	t.Cleanup(func() { client.Close() })
	return p
}

func (p *pair) send(t *testing.T, b ...byte) {
	t.Helper()
	if _, err := p.client.Write(b); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func (p *pair) handshake(t *testing.T) {
	t.Helper()
	p.send(t, append([]byte{3}, make([]byte, handshakeSize-1)...)...)
}

// publish goes as far as Accept.
func (p *pair) publish(t *testing.T) {
	t.Helper()
	p.handshake(t)
	p.send(t, Chunked(3, typeCommand, 1, amf0.Append(nil, "publish", 1.0, nil, "key"))...)
	synctest.Wait()
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Reason != want {
		t.Fatalf("got %v; want reason %q", err, want)
	}
	if e.Error() == "" {
		t.Fatal("the error says nothing")
	}
}

// after fails unless the guard ends at d after start.
func (p *pair) after(t *testing.T, start time.Time, d time.Duration, want Reason) {
	t.Helper()
	err := <-p.failed
	if got := p.ended.Sub(start); got != d {
		t.Errorf("ended after %v; want %v", got, d)
	}
	wantReason(t, err, want)
	if !errors.Is(p.Err(), err) {
		t.Errorf("Err says %v", p.Err())
	}
	if _, again := p.Read(make([]byte, 1)); !errors.Is(again, err) {
		t.Errorf("the next Read says %v", again)
	}
}

func TestPublishTimeout(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, p *pair)
	}{
		{"silence", func(*testing.T, *pair) {}},
		{"a byte of the handshake each second", func(_ *testing.T, p *pair) {
			for {
				if _, err := p.client.Write([]byte{3}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}},
		{"a command each second", func(t *testing.T, p *pair) {
			p.handshake(t)
			for {
				if _, err := p.client.Write(Chunked(3, typeCommand, 0, amf0.Append(nil, "createStream", 1.0, nil))); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				p := newPair(t)
				tt.do(t, p)
				p.after(t, start, testConfig.PublishTimeout, ReasonDeadline)
			})
		})
	}
}

func TestIdle(t *testing.T) {
	video := Chunked(6, typeVideo, 1, []byte{1, 2, 3})
	tests := []struct {
		name string
		do   func(t *testing.T, p *pair)
		want time.Duration // after publish
	}{
		{"silence", func(*testing.T, *pair) {}, 20 * time.Second},
		{"media each 15 s", func(t *testing.T, p *pair) {
			for range 3 {
				time.Sleep(15 * time.Second)
				p.send(t, video...)
			}
		}, 65 * time.Second},
		{"dropped messages each second", func(_ *testing.T, p *pair) {
			for {
				if _, err := p.client.Write(Chunked(6, 99, 1, []byte{1})); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, 20 * time.Second},
		{"a message of a byte per second", func(_ *testing.T, p *pair) {
			_, _ = p.client.Write([]byte{6, 0, 0, 0, 0, 0, 100, typeVideo, 1, 0, 0, 0})
			for {
				if _, err := p.client.Write([]byte{0}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, 20 * time.Second},
		{"a message of 3 MiB at 32 KiB per second", func(t *testing.T, p *pair) {
			p.send(t, Chunked(2, typeSetChunkSize, 0, []byte{0, 0x40, 0, 0})...)
			p.send(t, 6, 0, 0, 0, 0x30, 0, 0, typeVideo, 1, 0, 0, 0)
			for range 96 {
				p.send(t, make([]byte, 32<<10)...)
				time.Sleep(time.Second)
			}
			synctest.Wait()
			if len(p.seen.media) != 1 || len(p.seen.media[0].Payload) != 3<<20 {
				t.Errorf("%d messages came", len(p.seen.media))
			}
		}, (95 + 20) * time.Second},
		{"a goodbye", func(t *testing.T, p *pair) {
			time.Sleep(time.Second)
			p.Goodbye()
			p.send(t, video...)
		}, 6 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.publish(t)
				start := time.Now()
				tt.do(t, p)
				p.after(t, start, tt.want, ReasonIdle)
			})
		})
	}
}

func TestExpel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.publish(t)
		cause := errors.New("superseded")
		go p.Expel(cause, "NetStream.Publish.Failed", "go away")
		if err := <-p.failed; !errors.Is(err, cause) {
			t.Fatalf("Read failed with %v", err)
		}
		var told []byte
		for b := range p.toldUs {
			told = append(told, b...)
		}
		if !p.Refused() || !bytes.Contains(told, []byte("go away")) || !bytes.Contains(told, []byte("NetStream.Publish.Failed")) {
			t.Fatalf("the client was told %q", told)
		}
		if n, err := p.Write([]byte("library")); n != 7 || err != nil {
			t.Fatalf("Write gave %d, %v", n, err)
		}
	})
}

func TestAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.publish(t)
		cause := errors.New("stopping")
		p.Abort(cause)
		p.Abort(errors.New("too late"))
		if err := <-p.failed; !errors.Is(err, cause) {
			t.Fatalf("Read failed with %v", err)
		}
	})
}

// TestWriteTimeout holds that a client that does not read does not hold the library.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		defer client.Close()
		c := New(server, testConfig, &recorder{})
		start := time.Now()
		if n, err := c.Write([]byte("hello")); n != 5 || err != nil {
			t.Fatalf("Write gave %d, %v", n, err)
		}
		if d := time.Since(start); d != writeTimeout {
			t.Errorf("Write took %v", d)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("Read did not fail")
		}
	})
}

// TestCommands holds what the library is told for what encoders say.
func TestCommands(t *testing.T) {
	connect := func(properties ...amf0.Member) []any {
		return []any{"connect", 1.0, amf0.Object(properties)}
	}
	told := func(app, version, url string) []any {
		return connect(amf0.Member{Name: "app", Value: app}, amf0.Member{Name: "flashVer", Value: version}, amf0.Member{Name: "tcUrl", Value: url})
	}
	type command struct {
		stream uint32
		values []any
	}
	publish := command{1, []any{"publish", 5.0, nil, "key", "live"}}
	tests := []struct {
		name string
		in   []command
		want []command
		drop []Drop
	}{
		{"connect", []command{{0, connect(amf0.Member{Name: "app", Value: "live"}, amf0.Member{Name: "videoCodecs", Value: 252.0})}}, []command{{0, told("live", "", "")}}, nil},
		{"connect with wrong types", []command{{3, connect(amf0.Member{Name: "app", Value: 7.0}, amf0.Member{Name: "tcUrl", Value: "u"}, amf0.Member{Name: "flashVer", Value: nil})}}, []command{{0, told("", "", "u")}}, nil},
		{"connect without an object", []command{{0, []any{"connect", "x"}}}, []command{{0, append([]any{"connect", 0.0}, told("", "", "")[2:]...)}}, nil},
		{"createStream", []command{{7, []any{"createStream", 2.0, amf0.Object{}, 1.0, 2.0}}}, []command{{0, []any{"createStream", 2.0, nil}}}, nil},
		{"a transaction that is no whole number", []command{{0, []any{"createStream", 2.5}}, {0, []any{"createStream", 1e300}}}, []command{{0, []any{"createStream", 0.0, nil}}, {0, []any{"createStream", 0.0, nil}}}, nil},
		{"names", []command{{0, []any{"releaseStream", 2.0, nil, "a"}}, {1, []any{"FCPublish", 3.0, nil}}, {1, []any{"FCUnpublish", 4.0, "x", amf0.Object{}}}}, []command{{0, []any{"releaseStream", 2.0, nil, "a"}}, {0, []any{"FCPublish", 3.0, nil, ""}}, {0, []any{"FCUnpublish", 4.0, nil, ""}}}, nil},
		{"publish as record", []command{{1, []any{"publish", 5.0, nil, "key", "record"}}}, []command{publish}, nil},
		{"publish of a number", []command{{1, []any{"publish", 5.0, nil, 12345678.0}}}, []command{{1, []any{"publish", 5.0, nil, "12345678", "live"}}}, nil},
		{"publish twice", []command{publish, {2, []any{"publish", 6.0, nil, "key2"}}}, []command{publish}, []Drop{DropPublish}},
		{"deleteStream", []command{publish, {0, []any{"deleteStream", 6.0, nil, 1.0}}, {0, []any{"deleteStream", 7.0, nil, 1.0}}}, []command{publish, {0, []any{"deleteStream", 6.0, nil, 1.0}}}, []Drop{DropCommand}},
		{"deleteStream with a string", []command{publish, {1, []any{"deleteStream", 6.0, nil, "s"}}}, []command{publish, {0, []any{"deleteStream", 6.0, nil, 1.0}}}, nil},
		{"deleteStream of others", []command{{0, []any{"deleteStream", 6.0, nil, "s"}}, publish, {0, []any{"deleteStream", 6.0, nil, 2.0}}}, []command{publish}, []Drop{DropCommand, DropCommand}},
		{"closeStream", []command{{1, []any{"closeStream", 1.0}}, publish, {1, []any{"closeStream", 1.0, 3.0}}}, []command{publish, {0, []any{"closeStream", 1.0, nil}}}, nil},
		{"answers and unknown ones", []command{{0, []any{"_result", 1.0}}, {0, []any{"_error"}}, {0, []any{"onStatus"}}, {0, []any{"x"}}, {0, []any{1.0}}, {0, nil}}, nil, []Drop{DropCommand, DropCommand, DropCommand, DropCommand, DropCommand, DropCommand}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.handshake(t)
				for _, c := range tt.in {
					p.send(t, Chunked(3, typeCommand, c.stream, amf0.Append(nil, c.values...))...)
				}
				synctest.Wait()
				p.client.Close()
				<-p.failed
				close(p.read)
				var out []byte
				for b := range p.read {
					out = append(out, b...)
				}
				out = out[handshakeSize:]
				if len(tt.want) > 0 {
					if !bytes.HasPrefix(out, unhex("020000000000040100000000"+"00ffffff")) {
						t.Fatalf("the library is not told the chunk size first: %x", out)
					}
					out = out[16:]
				}
				for n, want := range tt.want {
					size := int(out[4])<<16 | int(out[5])<<8 | int(out[6])
					stream := binary.LittleEndian.Uint32(out[8:])
					values, err := amf0.Decode(out[12 : 12+size])
					if err != nil || out[0] != 3 || out[7] != typeCommand || stream != want.stream || !reflect.DeepEqual(values, want.values) {
						t.Fatalf("command %d is %v on stream %d, %v; want %v", n, values, stream, err, want)
					}
					out = out[12+size:]
				}
				if len(out) > 0 || !reflect.DeepEqual(p.seen.dropped, tt.drop) {
					t.Fatalf("%d bytes are left, %v was dropped; want %v", len(out), p.seen.dropped, tt.drop)
				}
			})
		})
	}
}

func unhex(s string) []byte {
	b := make([]byte, len(s)/2)
	for n := range b {
		for _, c := range []byte(s[2*n : 2*n+2]) {
			b[n] <<= 4
			if c >= 'a' {
				b[n] |= c - 'a' + 10
			} else {
				b[n] |= c - '0'
			}
		}
	}
	return b
}

// stream is a net.Conn that has bytes to give and takes all.
type stream struct {
	net.Conn
	r io.Reader
}

func (s *stream) Read(p []byte) (int, error)       { return s.r.Read(p) }
func (s *stream) Write(p []byte) (int, error)      { return len(p), nil }
func (s *stream) Close() error                     { return nil }
func (s *stream) SetReadDeadline(time.Time) error  { return nil }
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

// through reads all of b, after the handshake and publish on stream 1, and returns what the watcher saw.
func through(b []byte, chunk io.Reader) (*recorder, *Conn, error) {
	head := append([]byte{3}, make([]byte, handshakeSize-1)...)
	head = append(head, Chunked(3, typeCommand, 1, amf0.Append(nil, "publish", 1.0, nil, "key"))...)
	r := &recorder{}
	if chunk == nil {
		chunk = bytes.NewReader(b)
	}
	c := New(&stream{r: io.MultiReader(bytes.NewReader(head), chunk)}, testConfig, r)
	p := make([]byte, 4096)
	for {
		n, err := c.Read(p)
		if err != nil {
			return r, c, err
		}
		if bytes.Contains(p[:n], []byte("publish")) {
			c.Accept()
		}
	}
}

func TestChunks(t *testing.T) {
	full := func(id byte, stamp, length int, kind byte) []byte {
		return []byte{id, byte(stamp >> 16), byte(stamp >> 8), byte(stamp), byte(length >> 16), byte(length >> 8), byte(length), kind, 1, 0, 0, 0}
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	type got struct {
		time uint32
		text string
	}
	ext := func(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
	long := bytes.Repeat([]byte("x"), 130)
	tests := []struct {
		name string
		in   []byte
		want []got
		err  Reason
	}{
		{"format 0", join(full(6, 5, 1, 9), []byte("a")), []got{{5, "a"}}, ""},
		{"ids of 2 and 3 bytes", join([]byte{0, 10}, full(0, 5, 1, 9)[1:], []byte("a"), []byte{1, 0, 1}, full(0, 6, 1, 9)[1:], []byte("b"), []byte{2<<6 | 1, 0, 1, 0, 0, 4}, []byte("c"), []byte{3 << 6, 10, 'd'}), []got{{5, "a"}, {6, "b"}, {10, "c"}, {5, "d"}}, ""},
		{"format 1, 2, 3", join(full(6, 5, 1, 9), []byte("a"), []byte{1<<6 | 6, 0, 0, 10, 0, 0, 2, 9, 'b', 'b'}, []byte{2<<6 | 6, 0, 0, 20, 'c', 'c'}, []byte{3<<6 | 6, 'd', 'd'}), []got{{5, "a"}, {15, "bb"}, {35, "cc"}, {55, "dd"}}, ""},
		{"format 3 after format 0", join(full(6, 5, 1, 9), []byte("a"), []byte{3<<6 | 6, 'b'}), []got{{5, "a"}, {5, "b"}}, ""},
		{"extended, whole", join(full(6, 0xffffff, 1, 9), ext(17_000_000), []byte("a")), []got{{17_000_000, "a"}}, ""},
		{"extended, repeated", join(full(6, 0xffffff, 130, 9), ext(17_000_000), long[:128], []byte{3<<6 | 6}, ext(17_000_000), long[:2]), []got{{17_000_000, string(long)}}, ""},
		{"extended, not repeated", join(full(6, 0xffffff, 130, 9), ext(17_000_000), long[:128], []byte{3<<6 | 6}, long[:2]), []got{{17_000_000, string(long)}}, ""},
		{"extended, not repeated, payload alike", join(full(6, 0xffffff, 132, 9), ext(17_000_000), long[:128], []byte{3<<6 | 6, 1, 3, 0x66, 0x41}), []got{{17_000_000, string(long[:128]) + "\x01\x03\x66\x41"}}, ""},
		{"extended delta, repeated", join(full(6, 10, 1, 9), []byte("a"), []byte{2<<6 | 6, 0xff, 0xff, 0xff}, ext(0x1000000), []byte("b"), []byte{3<<6 | 6}, ext(0x1000000), []byte("c")), []got{{10, "a"}, {10 + 0x1000000, "b"}, {10 + 0x2000000, "c"}}, ""},
		{"extended delta, the time repeated", join(full(6, 10, 130, 9), long[:128], []byte{3<<6 | 6}, long[:2], []byte{2<<6 | 6, 0xff, 0xff, 0xff}, ext(0x1000000), long[:128], []byte{3<<6 | 6}, ext(10+0x1000000), long[:2]), []got{{10, string(long)}, {10 + 0x1000000, string(long)}}, ""},
		{"time wraps", join(full(6, 0xffffff, 1, 9), ext(0xfffffff0), []byte("a"), []byte{2<<6 | 6, 0, 0, 32, 'b'}), []got{{0xfffffff0, "a"}, {16, "b"}}, ""},
		{"interleaved", join(full(6, 1, 130, 9), long[:128], full(4, 2, 1, 8), []byte("a"), []byte{3<<6 | 6}, long[:2]), []got{{2, "a"}, {1, string(long)}}, ""},
		{"new header gives up", join(full(6, 1, 130, 9), long[:128], full(6, 2, 1, 9), []byte("a")), []got{{2, "a"}}, ""},
		{"abort", join(full(6, 1, 130, 9), long[:128], Chunked(2, typeAbort, 0, ext(6)), []byte{3<<6 | 6}, long[:128], []byte{3<<6 | 6}, long[:2]), []got{{1, string(long)}}, ""},
		{"empty", join(full(6, 1, 0, 9), full(4, 2, 1, 8), []byte("a")), []got{{2, "a"}}, ""},
		{"compressed header first", []byte{1<<6 | 9, 0, 0, 0, 0, 0, 0, 0}, nil, ReasonChunk},
		{"too large", full(6, 0, 4<<20+1, 9), nil, ReasonMessage},
		{"too large a command", full(6, 0, 64<<10+1, 20), nil, ReasonMessage},
		{"too large together", join(Chunked(2, typeSetChunkSize, 0, ext(2<<20)), full(6, 0, 3<<20, 22), make([]byte, 2<<20), full(7, 0, 3<<20, 9), make([]byte, 2<<20), full(8, 0, 3<<20, 9), make([]byte, 2<<20)), nil, ReasonMemory},
	}
	for _, tt := range tests {
		for _, how := range []string{"at once", "byte by byte"} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				var in io.Reader = bytes.NewReader(tt.in)
				if how != "at once" {
					if len(tt.in) > 1<<20 {
						t.Skip("slow")
					}
					in = iotestOneByte{in}
				}
				r, c, err := through(nil, in)
				if tt.err == "" && !errors.Is(err, io.EOF) {
					t.Fatalf("ended with %v", err)
				}
				if tt.err != "" {
					wantReason(t, err, tt.err)
				}
				if len(r.media) != len(tt.want) {
					t.Fatalf("got %d messages; want %d", len(r.media), len(tt.want))
				}
				for n, m := range r.media {
					if m.Timestamp != tt.want[n].time || string(m.Payload) != tt.want[n].text || m.Arrival.IsZero() || cap(m.Payload) != len(m.Payload) {
						t.Errorf("message %d is %d %q", n, m.Timestamp, m.Payload)
					}
				}
				if tt.err == "" && (c.chunks.memory != 0 || c.chunks.partial != 0) {
					t.Errorf("%d bytes of memory, %d of messages are left", c.chunks.memory, c.chunks.partial)
				}
			})
		}
	}
}

type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// TestArrival holds that a message is dated when its last byte came, not when it is handed over.
func TestArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.publish(t)
		start := time.Now()
		m := Chunked(6, typeVideo, 1, []byte{1, 2, 3})
		p.send(t, m[:len(m)-1]...)
		time.Sleep(3 * time.Second)
		p.send(t, m[len(m)-1])
		synctest.Wait()
		if d := p.seen.media[0].Arrival.Sub(start); d != 3*time.Second {
			t.Errorf("dated %v after it began", d)
		}
	})
}

func TestNotRTMP(t *testing.T) {
	for _, c := range []byte{0, 1, 6, 0x16, 'G', 255} {
		conn := New(&stream{r: bytes.NewReader([]byte{c, 1, 2, 3})}, testConfig, &recorder{})
		_, err := conn.Read(make([]byte, 1))
		wantReason(t, err, ReasonProtocol)
	}
}

func TestWatcherEnds(t *testing.T) {
	r := &recorder{err: errors.New("full")}
	head := append([]byte{3}, make([]byte, handshakeSize-1)...)
	head = append(head, Chunked(3, typeCommand, 1, amf0.Append(nil, "publish", 1.0, nil, "key"))...)
	head = append(head, Chunked(6, typeVideo, 1, []byte{1})...)
	c := New(&stream{r: bytes.NewReader(head)}, testConfig, r)
	p := make([]byte, 4096)
	var err error
	for err == nil {
		var n int
		if n, err = c.Read(p); bytes.Contains(p[:n], []byte("publish")) {
			c.Accept()
		}
	}
	if !errors.Is(err, r.err) {
		t.Fatalf("Read failed with %v", err)
	}
}

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		defer client.Close()
		cfg := testConfig
		cfg.Tick = 20 * time.Millisecond
		c := New(server, cfg, &recorder{})
		defer c.Close()
		c.Accept()
		c.wire.w, c.handshake = 0, 0 // as after the handshake
		time.Sleep(7 * time.Millisecond)
		go func() { _, _ = c.Read(make([]byte, 100)) }()
		began := time.Now()
		if _, err := client.Write(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if late := time.Since(began); time.Now().UnixNano()%int64(cfg.Tick) != 0 || late >= cfg.Tick {
			t.Errorf("read %v later, not on the grid", late)
		}
	})
}
