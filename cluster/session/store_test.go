package session

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"shoal/cluster/fsm/fsmtest"
	"shoal/cluster/state"
	"shoal/internal/media"
)

const (
	live  = media.LiveID("7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11")
	other = media.LiveID("1c7d2f7e-52f5-4f3b-a1c0-0f4b7a9d3e22")
)

var (
	update = flag.Bool("update", false, "record scripts that have no recording")
	soak   = flag.Bool("soak", false, "run the long tests in full")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if data := os.Getenv(ownerVariable); data != "" {
		fmt.Fprintln(os.Stderr, own(data))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func take(t *testing.T, s *Store, l media.LiveID) (media.Epoch, media.Position) {
	t.Helper()
	e, at, err := s.Claim(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return e, at
}

func TestEpochsCountUpOverRestarts(t *testing.T) {
	st := fsmtest.New(t, Register)
	s := New(st)
	for want := uint64(1); want <= 3; want++ {
		if e, _ := take(t, s, live); e != (media.Epoch{N: want}) {
			t.Fatalf("got %v, want %d", e, want)
		}
		if want == 2 {
			s = New(st) // as after a crash
		}
	}
	if e, _ := take(t, s, other); e != (media.Epoch{N: 1}) {
		t.Errorf("another live: %v", e)
	}
}

func TestNumbersBeginAtOne(t *testing.T) {
	if _, at := take(t, New(fsmtest.New(t, Register)), live); at != (media.Position{Segment: 1}) {
		t.Errorf("a new live begins at %+v", at)
	}
}

func TestAnEncoderThatComesBackGoesOnExactly(t *testing.T) {
	s := New(fsmtest.New(t, Register))
	take(t, s, live)
	used := media.Position{
		Segment: 9, Discontinuity: true, DiscontinuitySequence: 2, PartTarget: 210 * time.Millisecond, AudioPartTarget: 1050 * time.Millisecond,
	}
	s.Reached(live, used)
	s.Reached(live, media.Position{Segment: 4}) // never back
	if _, at := take(t, s, live); at != used {
		t.Errorf("goes on at %+v, want %+v", at, used)
	}
}

func TestNumbersAfterACrashAreAboveAllThatWereUsed(t *testing.T) {
	st := fsmtest.New(t, Register)
	s := New(st)
	take(t, s, live)
	used := media.Position{Segment: firstSegment + spare - 1, Discontinuity: true, DiscontinuitySequence: 2, PartTarget: 210 * time.Millisecond}
	s.Reached(live, used)
	if _, at := take(t, New(st), live); at.Segment <= used.Segment || at.DiscontinuitySequence <= used.DiscontinuitySequence || !at.Discontinuity {
		t.Errorf("goes on at %+v after %+v", at, used)
	}
}

func TestNumbersOfAnotherNodeAreNotReused(t *testing.T) {
	st := fsmtest.New(t, Register)
	a, b := New(st), New(st)
	take(t, a, live)
	a.Reached(live, media.Position{Segment: 100})
	_, at := take(t, b, live)
	if at.Segment < 100 {
		t.Fatalf("the second node begins at %d", at.Segment)
	}
	b.Reached(live, media.Position{Segment: at.Segment + 10})
	// The first one's knowledge is old now.
	e, at2 := take(t, a, live)
	if e.N != 3 || at2.Segment < at.Segment+10 {
		t.Errorf("the first node goes on at %d, epoch %v, after %d", at2.Segment, e, at.Segment+10)
	}
}

func TestTheReserveIsExtendedInTimeAndGivenBackAtTheEnd(t *testing.T) {
	st := fsmtest.New(t, Register)
	s := New(st)
	for _, l := range []media.LiveID{live, other} {
		take(t, s, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, slog.New(slog.DiscardHandler)) }()
	before := st.Index()
	s.Reached(live, media.Position{Segment: firstSegment + spare - near - 1})
	if st.Index() != before {
		t.Error("a write that was not needed")
	}
	far := media.Position{Segment: firstSegment + spare - near, Discontinuity: true, DiscontinuitySequence: 1}
	s.Reached(live, far)
	waitFor(t, func() bool { return st.Index() > before })
	if _, at := take(t, New(st), live); at.Segment != far.Segment+spare || at.DiscontinuitySequence != 1+spare {
		t.Errorf("after a crash it goes on at %+v", at)
	}
	// The crash's node has claimed it: it is not this one's to give back.
	s.Reached(other, media.Position{Segment: 77, Discontinuity: true})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, at := take(t, New(st), other); at != (media.Position{Segment: 77, Discontinuity: true}) {
		t.Errorf("after a clean stop it goes on at %+v, want exactly 77", at)
	}
	if _, at := take(t, New(st), live); at.Segment < far.Segment+2*spare {
		t.Errorf("numbers of a claim since are used again: %+v", at)
	}
}

// waitFor waits until a condition holds that another goroutine brings about.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestACleanStopOfAnIdleStoreWritesNothing(t *testing.T) {
	st := fsmtest.New(t, Register)
	before := st.Index()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(st).Run(ctx, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if st.Index() != before {
		t.Error("it wrote")
	}
}

// failing is a cluster whose disk is full.
type failing struct {
	state.Proposer
	full  atomic.Bool
	tried atomic.Int64
	kinds []string
}

func (f *failing) Propose(ctx context.Context, c state.Command) (any, error) {
	f.tried.Add(1)
	if f.full.Load() {
		return nil, state.ErrUnavailable
	}
	f.kinds = append(f.kinds, c.Kind())
	if c, ok := c.(claim); ok {
		return mark{Live: c.Live, Epoch: 1, Segment: firstSegment}, nil
	}
	return 1, nil
}

func TestWritesAreTriedAgainUntilTheySucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{}
		s := New(f)
		take(t, s, live)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx, slog.New(slog.DiscardHandler)) }()
		f.full.Store(true)
		s.Reached(live, media.Position{Segment: spare})
		time.Sleep(10*again + again/2)
		if n := f.tried.Load(); n != 12 { // the claim, at once, and ten times more
			t.Errorf("tried %d times", n)
		}
		f.full.Store(false)
		time.Sleep(2 * again)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if want := []string{"session.live.claim/1", "session.live.reserve/1", "session.live.release/1"}; !slices.Equal(f.kinds, want) {
			t.Errorf("wrote %v, want %v", f.kinds, want)
		}
	})
}

func TestAStopThatCannotWriteSaysSo(t *testing.T) {
	f := &failing{}
	s := New(f)
	take(t, s, live)
	f.full.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx, slog.New(slog.DiscardHandler)); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if _, _, err := s.Claim(t.Context(), other); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("a claim that is not on disk was given: %v", err)
	}
	s.Reached(other, media.Position{Segment: 5}) // of a claim that there is not
}

func TestCorpus(t *testing.T) {
	fsmtest.Corpus(t, "testdata", *update, Register, fsmtest.Script{Name: "1-claims", Run: func(t *testing.T, s *fsmtest.State) {
		for _, c := range []state.Command{
			claim{Live: live, Spare: 256},
			claim{Live: other, Spare: 256},
			claim{Live: live, Spare: 256, Own: &mark{Epoch: 1, Segment: 40, Listed: true, Discontinuities: 3, PartTarget: 210e6, AudioPartTarget: 1050e6}},
			claim{Live: live, Spare: 256, Own: &mark{Epoch: 1, Segment: 50}},
			reserve{[]mark{{Live: live, Epoch: 3, Segment: 500}, {Live: other, Epoch: 7, Segment: 1}, {Live: "nobody's", Epoch: 1}}, 256},
			claim{Live: live, Spare: 256},
			release{[]mark{{Live: live, Epoch: 4, Segment: 800, Discontinuities: 1 << 40}, {Live: other, Epoch: 1, Segment: 2}}},
			claim{Live: other, Spare: 1},
			claim{Live: live, Spare: 0},
		} {
			if _, err := s.Propose(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		check, err := s.Machine().CheckCommand(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Propose(t.Context(), check); err != nil {
			t.Fatal(err)
		}
	}})
}
