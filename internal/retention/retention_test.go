package retention

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/blob"
	"shoal/internal/catalog"
)

var now = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// shelf is a catalog and a store.
type shelf struct {
	mu       sync.Mutex // one call at a time: the keeper's goroutine and the test's
	settings catalog.Settings
	videos   []catalog.Video
	removed  []string
	pictures []string
	err      error
	sessions map[string]catalog.Session
	folders  []string
}

func (s *shelf) Session(_ context.Context, uuid string) (catalog.Session, error) {
	if found, ok := s.sessions[uuid]; ok {
		return found, nil
	}
	return catalog.Session{}, catalog.ErrNotFound
}

func (s *shelf) Orphans(known func(string) bool) (all []blob.Orphan, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.folders {
		if !known(f) {
			all = append(all, blob.Orphan{Session: f, Bytes: 10})
		}
	}
	return all, nil
}

func (s *shelf) RemovePosters(video string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pictures = append(s.pictures, video)
	return nil
}

func (s *shelf) Settings(context.Context) (catalog.Settings, error) { return s.settings, nil }

// gone are the recordings that were removed so far.
func (s *shelf) gone() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.removed)
}

func (s *shelf) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *shelf) Stored(context.Context) (bytes int64, oldest []catalog.Video, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.videos {
		bytes += v.Recordings[0].Bytes
	}
	return bytes, slices.Clone(s.videos[:min(2, len(s.videos))]), s.err
}

func (s *shelf) DropRecording(_ context.Context, video, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.videos = slices.DeleteFunc(s.videos, func(v catalog.Video) bool { return v.UUID == video })
	return nil
}

func (s *shelf) Remove(session string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removed = append(s.removed, session)
	return nil
}

func TestTrim(t *testing.T) {
	for _, tc := range []struct {
		name string
		most int64
		age  time.Duration
		want []string
	}{
		{"no bounds", catalog.Unlimited, 0, nil},
		{"room enough", 500, 0, nil},
		{"too much", 250, 0, []string{"a", "b", "c"}},
		{"too old", catalog.Unlimited, 36 * time.Hour, []string{"a", "b", "c"}},
		{"both", 399, 84 * time.Hour, []string{"a", "b"}},
		{"nothing may stay", 0, 0, []string{"a", "b", "c", "d", "e"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &shelf{settings: catalog.Settings{Replays: catalog.ReplayLimits{MaxBytes: tc.most, MaxAge: tc.age}}}
			for i, name := range []string{"a", "b", "c", "d", "e"} { // five days' replays of 100 bytes
				s.videos = append(s.videos, catalog.Video{
					UUID: name, Published: now.Add(time.Duration(i-4) * 24 * time.Hour),
					Recordings: []catalog.Recording{{Session: name, Bytes: 100}},
				})
			}
			if err := New(s, s, slog.New(slog.DiscardHandler)).Trim(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.removed, tc.want) || !slices.Equal(s.pictures, tc.want) {
				t.Errorf("removed %v, pictures %v, want %v", s.removed, s.pictures, tc.want)
			}
		})
	}
}

func TestSweep(t *testing.T) {
	s := &shelf{
		sessions: map[string]catalog.Session{
			"on air": {}, "replayed": {End: now, Replay: "v"}, "in doubt": {End: now, Error: "the card has stumbled"}, "unwanted": {End: now},
		},
		folders: []string{"on air", "replayed", "in doubt", "unwanted", "a stranger's"},
	}
	if err := New(s, s, slog.New(slog.DiscardHandler)).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.removed, []string{"unwanted"}) {
		t.Errorf("removed %v", s.removed)
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{settings: catalog.Settings{Replays: catalog.ReplayLimits{MaxBytes: 0}}, err: errors.New("no disk")}
		s.videos = []catalog.Video{{UUID: "v", Recordings: []catalog.Recording{{Session: "old", Bytes: 1}}}}
		k := New(s, s, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- k.Run(ctx) }()
		k.Discard("unwanted")
		synctest.Wait()
		if !slices.Equal(s.gone(), []string{"unwanted"}) {
			t.Fatalf("removed %v", s.gone())
		}
		time.Sleep(every + time.Second) // fails
		synctest.Wait()
		s.fails(nil)
		time.Sleep(every)
		synctest.Wait()
		if !slices.Equal(s.gone(), []string{"unwanted", "old"}) {
			t.Errorf("removed %v", s.gone())
		}
		k.Discard("last")
		cancel()
		defer func() {
			if !slices.Contains(s.gone(), "last") {
				t.Errorf("what was discarded before the stop stays: %v", s.gone())
			}
		}()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
