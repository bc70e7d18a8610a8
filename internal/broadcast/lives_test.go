package broadcast

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"shoal/internal/live"
	"shoal/internal/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id = media.LiveID("7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11")

// claims counts epochs and remembers what it was told.
type claims struct {
	n       uint64
	reached media.Position
	err     error
}

func (c *claims) Claim(context.Context, media.LiveID) (media.Epoch, media.Position, error) {
	c.n++
	return media.Epoch{N: c.n}, media.Position{}, c.err
}

func (c *claims) Reached(_ media.LiveID, at media.Position) { c.reached = at }

// cutter makes one chunk of each unit, five to a part; what is open is flushed by Close as a real one does.
type cutter struct {
	out   Output
	epoch media.Epoch
	at    media.Position
	seq   uint64
}

func newCutter(_ media.LiveID, e media.Epoch, at media.Position, out Output) Cutter {
	return &cutter{out: out, epoch: e, at: at}
}

func (c *cutter) Begin(media.Begin) error {
	return c.out.Begin(&media.Init{
		Epoch: c.epoch, Segment: c.at.Segment, Discontinuity: c.at.Discontinuity, PartTarget: time.Second,
		Data: map[media.RenditionID][]byte{media.Main: nil},
	})
}

func (c *cutter) Unit(u media.Unit) error {
	k := &media.Chunk{
		Epoch: c.epoch, Seq: c.seq, Track: 1, Segment: c.at.Segment, Part: uint32(c.seq / 5), EndsPart: c.seq%5 == 4,
		Duration: 3600, Timescale: 90000, Data: u.Payload,
	}
	c.seq++
	return c.out.Append(k)
}

func (c *cutter) Close() error { return nil }

type fixture struct {
	t        *testing.T
	lives    *Lives
	hub      *live.Hub
	claims   *claims
	book     *book
	recorder *recorder
}

func newFixture(t *testing.T) *fixture {
	return openFixture(t, newBook())
}

// openFixture is a process that begins on what the book holds.
func openFixture(t *testing.T, b *book) *fixture {
	f := &fixture{t: t, hub: live.NewHub(live.DefaultConfig()), claims: &claims{}, book: b, recorder: &recorder{}}
	f.lives = New(Options{
		Config: DefaultConfig(), Hub: f.hub, Register: b, Claims: f.claims, Cut: newCutter, Recorder: f.recorder,
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	return f
}

func (f *fixture) close() { f.lives.Close(f.t.Context()) }

func (f *fixture) publish() *Session {
	f.t.Helper()
	s, err := f.lives.Publish(f.t.Context(), Request{Key: "secret", Protocol: "rtmp"})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := s.Begin(media.Begin{}); err != nil {
		f.t.Fatal(err)
	}
	for range 5 {
		f.unit(s)
	}
	return s
}

func (f *fixture) unit(s *Session) {
	f.t.Helper()
	if err := s.Unit(media.Unit{Payload: []byte("x")}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) want(state State, ended bool) {
	f.t.Helper()
	synctest.Wait()
	s, _ := f.lives.Get(id)
	if s.State != state {
		f.t.Fatalf("state is %v, want %v", s.State, state)
	}
	if s.Info.Ended != ended {
		f.t.Fatalf("stream ended is %v, want %v", s.Info.Ended, ended)
	}
}

func TestLifeOfALive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.want(Waiting, false)

		s := f.publish()
		f.want(Running, false)
		if f.claims.reached.Segment != 1 {
			t.Errorf("claims were told %+v", f.claims.reached)
		}
		s.Close(Lost)
		f.want(Interrupted, false)

		time.Sleep(59 * time.Second)
		f.want(Interrupted, false)
		s = f.publish() // back in time
		time.Sleep(2 * time.Second)
		f.want(Running, false)
		if w := f.hub.Streams()[0].Window(media.Main); len(w.Segments) != 2 || !w.Last().Discontinuity {
			t.Errorf("the return is not behind a discontinuity: %+v", w.Last())
		}

		s.Close(Lost)
		time.Sleep(61 * time.Second)
		f.want(Ended, true)

		s = f.publish() // a new broadcast on the same live
		f.want(Running, false)
		s.Close(Goodbye)
		f.want(Ended, true)
		f.close()
	})
}

func TestRefusals(t *testing.T) { synctest.Test(t, testRefusals) }

func testRefusals(t *testing.T) {
	f := newFixture(t)
	publish := func(key string) error {
		_, err := f.lives.Publish(t.Context(), Request{Key: key})
		return err
	}
	for _, key := range []string{"", "Secret", "secret ", "stage"} {
		if err := publish(key); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("key %q: %v", key, err)
		}
	}
	f.book.refuse = &Refusal{Reason: "limit", Text: "enough"}
	if err := publish("secret"); !errors.Is(err, f.book.refuse) {
		t.Errorf("over a limit: %v", err)
	}
	f.want(Waiting, false)
	f.book.refuse = nil
	f.claims.err = errors.New("disk full")
	if err := publish("secret"); !errors.Is(err, f.claims.err) {
		t.Errorf("got %v", err)
	}
	f.want(Interrupted, false) // its broadcast was opened: it waits for the encoder, or ends
	f.claims.err = nil
	s := f.publish()
	if err := publish("secret"); !errors.Is(err, ErrKeyInUse) {
		t.Errorf("second encoder: %v", err)
	}
	s.Close(Goodbye)
	f.close()
	if err := publish("secret"); !errors.Is(err, ErrStopping) {
		t.Errorf("after Close: %v", err)
	}
}

func TestSilentEncoderIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		old := f.publish()
		time.Sleep(DefaultConfig().Takeover - leaving - time.Millisecond)
		if _, err := f.lives.Publish(t.Context(), Request{Key: "secret"}); !errors.Is(err, ErrKeyInUse) {
			t.Fatalf("too early: %v", err)
		}
		time.Sleep(time.Millisecond) // what is left of it, beside the wait of the one that was refused
		s := f.publish()
		select {
		case <-old.Done():
		default:
			t.Error("the old session was not told")
		}
		if err := old.Unit(media.Unit{}); !errors.Is(err, ErrExpelled) {
			t.Errorf("the old session may still feed: %v", err)
		}
		old.Close(Lost)
		f.want(Running, false) // the late end of the old one changes nothing
		f.unit(s)
		s.Close(Goodbye)
		f.want(Ended, true)
		f.close()
	})
}

func TestCloseExpels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		s := f.publish()
		f.close()
		<-s.Done()
		s.Close(Lost)
		f.want(Interrupted, false)
		time.Sleep(2 * time.Minute)
		f.want(Interrupted, false) // the node is going down; the live is not over
	})
}

func TestBackBeforeTheOldConnectionIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		old := f.publish()
		go func() {
			time.Sleep(leaving / 2)
			old.Close(Lost)
		}()
		s := f.publish()
		f.want(Running, false)
		s.Close(Goodbye)
		f.close()
	})
}
