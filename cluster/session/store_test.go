package session

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shoal/internal/media"
)

const live = media.LiveID("7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11")

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func claim(t *testing.T, s *Store) (media.Epoch, media.Position) {
	t.Helper()
	e, at, err := s.Claim(t.Context(), live)
	if err != nil {
		t.Fatal(err)
	}
	return e, at
}

func TestEpochsCountUpOverRestarts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for want := uint64(1); want <= 3; want++ {
		if e, _ := claim(t, s); e != (media.Epoch{N: want}) {
			t.Fatalf("got %v, want %d", e, want)
		}
		if want == 2 {
			s = open(t, dir) // as after a crash
		}
	}
}

func TestNumbersAfterACrashAreAboveAllThatWereUsed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	claim(t, s)
	used := media.Position{Segment: firstSegment + reserve - 1, Discontinuity: true, DiscontinuitySequence: 2, PartTarget: 210 * time.Millisecond}
	s.Reached(live, used)
	_, at := claim(t, open(t, dir))
	if at.Segment < used.Segment || !at.Discontinuity {
		t.Errorf("goes on at %+v after %+v", at, used)
	}
}

func TestReserveIsExtendedBeforeItRunsOut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	claim(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, slog.New(slog.DiscardHandler)) }()
	far := media.Position{Segment: firstSegment + reserve - ahead, Discontinuity: true}
	s.Reached(live, far)
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, at := func() (media.Epoch, media.Position) { o := open(t, dir); return media.Epoch{}, o.lives[live].at }(); at.Segment >= far.Segment+reserve {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the reserve was not extended")
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, at := claim(t, open(t, dir)); at.Segment != far.Segment {
		t.Errorf("after a clean stop it goes on at %d, want exactly %d", at.Segment, far.Segment)
	}
}

func TestReachedNeverGoesBack(t *testing.T) {
	s := open(t, t.TempDir())
	claim(t, s)
	s.Reached(live, media.Position{Segment: 9})
	s.Reached(live, media.Position{Segment: 4})
	if _, at := claim(t, s); at.Segment != 9 {
		t.Errorf("goes on at %d", at.Segment)
	}
}

func TestDamageIsRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty":       "",
		"cut off":     `{"version":1,"lives":{`,
		"new version": `{"version":2,"lives":{}}`,
		"no uuid":     `{"version":1,"lives":{"../x":{"epoch":1}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, fileName), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestClaimThatCannotBeWrittenIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Claim(t.Context(), live); err == nil {
		t.Error("a claim that is not on disk was given")
	}
}

func TestNumbersBeginAtOne(t *testing.T) {
	s := open(t, t.TempDir())
	if _, at := claim(t, s); at.Segment != 1 || at.Discontinuity {
		t.Errorf("a new live begins at %+v", at)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("a second node: %v", err)
	}
	unlock()
	again, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
