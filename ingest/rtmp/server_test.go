package rtmp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"shoal/ingest"
	"shoal/internal/broadcast"
)

func TestMain(m *testing.M) {
	if os.Getenv(envPublish) != "" {
		publishForBenchmark()
	}
	goleak.VerifyTestMain(m)
}

func TestPublish(t *testing.T) {
	h := start(t, nil)
	h.works(t)
	h.works(t) // the key is free again
	eventually(t, "no connection", func() bool { return h.metric(t, "shoal_ingest_connections", "") == 0 })
	if n := h.metric(t, "shoal_ingest_packets_total", "video"); n != 4 {
		t.Errorf("%v video packets were counted; want 4", n)
	}
	if n := h.metric(t, "shoal_ingest_departures_total", "goodbye"); n != 2 {
		t.Errorf("%v goodbyes were counted; want 2", n)
	}
	if n := h.metric(t, "shoal_ingest_received_bytes_total", ""); n < 2*(3073+300) {
		t.Errorf("%v bytes were counted", n)
	}
}

func TestRequest(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.createStream("live")
	c.command(1, "publish", 3.0, nil, goodKey+"?user=x", "live")
	r := h.session(t).request
	if r.Key != goodKey || r.Protocol != "rtmp" || r.Encoder != "raw" || r.Remote.String() != c.conn.LocalAddr().String() {
		t.Fatalf("got %+v", r)
	}
}

func TestAnnounce(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.publish(goodKey)
	s := h.session(t)
	for _, kind := range []byte{18, 15} {
		body := metadata()
		if kind == 15 {
			body = append([]byte{0}, body...)
		}
		c.send(4, 0, kind, 1, body)
	}
	c.send(4, 0, 18, 1, []byte{0xff}) // is dropped
	c.media()
	s.expectMedia(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	want := ingest.Announcement{Video: true, Audio: true, Width: 640, Height: 360, FrameRate: 25, VideoBitrate: 600_000, Encoder: "raw 1.0"}
	if len(s.announcements) != 2 || s.announcements[0] != want || s.announcements[1] != want {
		t.Fatalf("got %+v", s.announcements)
	}
}

func TestRefusedKeys(t *testing.T) {
	h := start(t, nil)
	first := dial(t, h.addr)
	first.publish(goodKey)
	tests := []struct {
		name, app, key string
		err            error
		code, reason   string
	}{
		{"wrong key", "live", "bad", nil, "NetStream.Publish.Denied", "unknown_key"},
		{"no key", "live", "", nil, "NetStream.Publish.Denied", "application"},
		{"too long a path", "live/a", "b", nil, "NetStream.Publish.Denied", "application"},
		{"key in use", "live", goodKey, nil, "NetStream.Publish.BadName", "key_in_use"},
		{"stopping", "live", goodKey, broadcast.ErrStopping, "NetStream.Publish.Failed", "stopping"},
		{"gate fails", "live", goodKey, errors.New("disk is gone"), "NetStream.Publish.Failed", "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.gate.mu.Lock()
			h.gate.err = tt.err
			h.gate.mu.Unlock()
			before := h.metric(t, "shoal_ingest_refused_total", tt.reason)
			c := dial(t, h.addr)
			c.createStream(tt.app)
			c.command(1, "publish", 3.0, nil, tt.key, "live")
			if code := c.code("onStatus"); code != tt.code {
				t.Errorf("the answer was %q; want %q", code, tt.code)
			}
			if rest, err := io.ReadAll(c.conn); err != nil || len(rest) != 0 {
				t.Errorf("after the answer came %d bytes, %v", len(rest), err)
			}
			h.refused(t, tt.reason, before+1)
			eventually(t, "line in the log", func() bool { return strings.Contains(h.log.String(), "reason="+tt.reason) })
		})
	}
	first.media()
	h.session(t).expectMedia(t)
}

func TestApplication(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.handshake()
	c.connect("vod")
	if code := c.code("_error"); code != "NetConnection.Connect.InvalidApp" {
		t.Fatalf("the answer was %q", code)
	}
	c.closed()
	h.refused(t, "application", 1)

	for n, app := range []string{"live/", "/live?x=y"} {
		c := dial(t, h.addr)
		c.createStream(app)
		key := goodKey + string(rune('a'+n))
		c.command(1, "publish", 3.0, nil, key, "live")
		if r := h.session(t).request; r.Key != key {
			t.Fatalf("application %q gave key %q", app, r.Key)
		}
	}
	c = dial(t, h.addr) // the whole path is the application
	c.createStream("live/" + goodKey)
	c.command(1, "publish", 3.0, nil, "", "live")
	if r := h.session(t).request; r.Key != goodKey {
		t.Fatalf("got key %q", r.Key)
	}
}

func TestBitRate(t *testing.T) {
	h := start(t, func(c *Config) { c.MaxBitRate = 64_000 }) // 80 KB may come ahead of time
	c := dial(t, h.addr)
	c.publish(goodKey)
	s := h.session(t)
	c.setChunk(60000)
	c.send(6, 0, 9, 1, avcParameters)
	c.send(6, 0, 9, 1, avcFrame(50_000)) // a keyframe is forgiven
	s.next(t)
	s.next(t)
	for c.tryWrite(inChunks(c.chunk, 6, 0, 9, 1, avcFrame(10_000), true)) == nil {
		if h.metric(t, "shoal_ingest_refused_total", "bit_rate") == 1 {
			break
		}
	}
	s.left(t, broadcast.Expelled)
	h.works(t)
}

func TestTooMany(t *testing.T) {
	h := start(t, func(c *Config) { c.MaxConnections, c.MaxPending, c.MaxPendingPerAddress = 4, 3, 2 })
	from := func(ip string) *client { return dialFrom(t, h.addr, &net.TCPAddr{IP: net.ParseIP(ip)}) }
	a := from("127.0.0.1")
	a.handshake()
	b := from("127.0.0.1")
	b.handshake()
	from("127.0.0.1").closed()
	h.refused(t, "too_many_from_address", 1)

	d := from("127.0.0.2")
	d.handshake()
	from("127.0.0.3").closed()
	h.refused(t, "too_many_pending", 1)

	a.conn.Close() // makes room
	eventually(t, "room", func() bool { return h.metric(t, "shoal_ingest_connections", "") == 2 })
	e := from("127.0.0.1")
	e.publish(goodKey) // an encoder that publishes does not count
	f := from("127.0.0.1")
	f.handshake()
	from("127.0.0.4").closed()
	h.refused(t, "too_many", 1)
}

// TestEviction fills the server with strangers: an encoder comes in as soon as they had their time.
func TestEviction(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "127.0.0.2"} {
		h := start(t, func(c *Config) { c.MaxPending, c.MaxPendingPerAddress = 2, 2 })
		first := dial(t, h.addr)
		first.handshake()
		second := dial(t, h.addr)
		second.handshake()
		var c *client
		eventually(t, "a place", func() bool {
			c = dialFrom(t, h.addr, &net.TCPAddr{IP: net.ParseIP(address)})
			return c.tryHandshake() == nil
		})
		first.closed()
		h.refused(t, "evicted", 1)
		c.createStreamNow("live")
		c.command(1, "publish", 3.0, nil, goodKey, "live")
		h.session(t)
	}
}

// flaky is a listener whose Accept fails some times.
type flaky struct {
	net.Listener
	failures int
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.failures > 0 {
		f.failures--
		return nil, errors.New("too many open files")
	}
	return f.Listener.Accept()
}

func TestAcceptErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := serve(t, &flaky{Listener: l, failures: 3}, nil)
	h.works(t)
	if n := strings.Count(h.log.String(), "too many open files"); n != 3 {
		t.Errorf("the log tells of %d failures; want 3", n)
	}
}

func TestServeEnds(t *testing.T) {
	s := New(DefaultConfig(), newGate().open, slog.New(slog.DiscardHandler), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := s.Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve of a closed listener gave %v", err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := s.Serve(l); err != nil {
		t.Errorf("Serve after Shutdown gave %v", err)
	}
}

func TestShutdownGivesUp(t *testing.T) {
	h := start(t, nil)
	c := dial(t, h.addr)
	c.publish(goodKey)
	s := h.session(t)
	busy, release := make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	s.hold = func(ingest.Packet) error { close(busy); <-release; return nil }
	s.mu.Unlock()
	c.send(6, 0, 9, 1, avcParameters)
	<-busy
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown gave %v", err)
	}
	close(release)
	s.left(t, broadcast.Expelled)
}

// TestTLS publishes over rtmps.
func TestTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil) // has a certificate for tests
	web.StartTLS()
	defer web.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := serve(t, tls.NewListener(l, &tls.Config{Certificates: web.TLS.Certificates}), nil)
	c := dial(t, h.addr)
	c.conn = tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
	c.publish(goodKey)
	s := h.session(t)
	c.media()
	s.expectMedia(t)
	refused := dial(t, h.addr)
	refused.conn = tls.Client(refused.conn, &tls.Config{InsecureSkipVerify: true})
	refused.createStream("live")
	refused.command(1, "publish", 3.0, nil, "bad", "live")
	if code := refused.code("onStatus"); code != "NetStream.Publish.Denied" {
		t.Errorf("the answer was %q", code)
	}
	refused.closed()
}
