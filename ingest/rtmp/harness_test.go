package rtmp

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/ingest"
	"shoal/internal/broadcast"
	"shoal/internal/media"
)

const goodKey = "good-key"

// gate is what stands behind the server in tests: it knows the keys that start with goodKey, each for one at a time.
type gate struct {
	mu       sync.Mutex
	sessions []*session
	keys     map[string]*session
	err      error
	opened   chan *session
}

func newGate() *gate {
	return &gate{keys: map[string]*session{}, opened: make(chan *session, 256)}
}

func (g *gate) open(_ context.Context, r broadcast.Request) (Session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.err != nil:
		return nil, g.err
	case !strings.HasPrefix(r.Key, goodKey):
		return nil, broadcast.ErrUnknownKey
	case g.keys[r.Key] != nil:
		return nil, broadcast.ErrKeyInUse
	}
	s := &session{gate: g, request: r, done: make(chan struct{}), packets: make(chan ingest.Packet, 4096), gone: make(chan struct{})}
	g.keys[r.Key] = s
	g.sessions = append(g.sessions, s)
	g.opened <- s
	return s, nil
}

// session records what it gets.
type session struct {
	gate    *gate
	request broadcast.Request
	done    chan struct{}
	packets chan ingest.Packet // closed when the session is
	gone    chan struct{}      // closed when the session is
	hold    func(ingest.Packet) error

	mu            sync.Mutex
	announcements []ingest.Announcement
	departure     broadcast.Departure
	bytes, count  int
}

func (s *session) Announce(a ingest.Announcement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announcements = append(s.announcements, a)
}

func (s *session) Packet(p ingest.Packet) error {
	s.mu.Lock()
	hold := s.hold
	s.bytes += len(p.Data)
	s.count++
	s.mu.Unlock()
	if hold != nil {
		return hold(p)
	}
	select {
	case s.packets <- p:
	default: // nobody looks
	}
	return nil
}

func (s *session) Close(d broadcast.Departure) {
	s.mu.Lock()
	s.departure = d
	s.mu.Unlock()
	s.gate.mu.Lock()
	delete(s.gate.keys, s.request.Key)
	s.gate.mu.Unlock()
	close(s.packets)
	close(s.gone)
}

func (s *session) Done() <-chan struct{} { return s.done }

// next is the next packet.
func (s *session) next(t testing.TB) ingest.Packet {
	t.Helper()
	select {
	case p, ok := <-s.packets:
		if !ok {
			t.Fatal("the session is closed")
		}
		return p
	case <-time.After(patience):
		t.Fatal("no packet came")
	}
	return ingest.Packet{}
}

// expectMedia takes what client.media sends.
func (s *session) expectMedia(t testing.TB) {
	t.Helper()
	for _, want := range []struct {
		kind   media.Kind
		params bool
		size   int
	}{{media.Audio, true, 0}, {media.Video, true, 0}, {media.Video, false, 204}, {media.Audio, false, 100}} {
		p := s.next(t)
		if p.Kind != want.kind || (p.Codec != nil) != want.params || len(p.Data) != want.size {
			t.Fatalf("got a packet of %v, codec %v, %d bytes; want %v", p.Kind, p.Codec, len(p.Data), want)
		}
	}
}

// left waits for the end of the session.
func (s *session) left(t testing.TB, want broadcast.Departure) {
	t.Helper()
	select {
	case <-s.gone:
	case <-time.After(patience):
		t.Fatal("the session was not closed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.departure != want {
		t.Fatalf("the encoder was %v; want %v", s.departure, want)
	}
}

// harness is a running server.
type harness struct {
	*Server
	gate *gate
	addr net.Addr
	reg  *prometheus.Registry
	log  *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.String()
}

// usePlain makes servers use plain instead of the library of the platform.
var usePlain bool

func start(t testing.TB, change func(*Config)) *harness { return startAt(t, "127.0.0.1:0", change) }

func startAt(t testing.TB, addr string, change func(*Config)) *harness {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", addr, err)
	}
	return serve(t, l, change)
}

func serve(t testing.TB, l net.Listener, change func(*Config)) *harness {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	h := &harness{gate: newGate(), addr: l.Addr(), reg: prometheus.NewRegistry(), log: &logBuffer{}}
	h.Server = New(cfg, h.gate.open, slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), h.reg)
	if usePlain {
		h.library = plain{}
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if strings.Contains(h.log.String(), goodKey) {
			t.Error("the log has a stream key")
		}
	})
	return h
}

// session is the next session that was opened.
func (h *harness) session(t testing.TB) *session {
	t.Helper()
	select {
	case s := <-h.gate.opened:
		return s
	case <-time.After(patience):
		t.Fatal("nothing was published")
	}
	return nil
}

// metric is the sum of a metric, of all its labels or of those with a value.
func (h *harness) metric(t testing.TB, name, label string) float64 {
	t.Helper()
	families, err := h.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			match := label == ""
			for _, l := range m.GetLabel() {
				match = match || l.GetValue() == label
			}
			if match {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// eventually waits for a condition that another goroutine makes true.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come true", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (h *harness) refused(t testing.TB, reason string, n float64) {
	t.Helper()
	eventually(t, "refused for "+reason, func() bool { return h.metric(t, "shoal_ingest_refused_total", reason) == n })
}

// works publishes as an ordinary encoder does and says goodbye.
func (h *harness) works(t testing.TB) {
	t.Helper()
	c := dial(t, h.addr)
	c.publish(goodKey + "-works")
	s := h.session(t)
	c.media()
	s.expectMedia(t)
	c.command(0, "FCUnpublish", 4.0, nil, goodKey)
	c.command(0, "deleteStream", 5.0, nil, 1.0)
	s.left(t, broadcast.Goodbye)
	c.conn.Close()
}
