package library

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"shoal/internal/catalog"
	"shoal/internal/media"
)

const id = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"

// shelf is a catalog with one video, and the tokens for it.
type shelf struct {
	index uint64
	video catalog.Video
	asked int
}

func (s *shelf) Index() uint64 { return s.index }

func (s *shelf) Video(_ context.Context, ref string) (catalog.Video, error) {
	s.asked++
	if ref != s.video.UUID && ref != s.video.Alias {
		return catalog.Video{}, fmt.Errorf("look: %w", catalog.ErrNotFound)
	}
	return s.video, nil
}

func (s *shelf) CheckMediaToken(_ context.Context, v *catalog.Video, token string) error {
	if token != fmt.Sprintf("good-%d", v.Access) {
		return errors.New("no")
	}
	return nil
}

func TestAdmit(t *testing.T) {
	for _, tc := range []struct {
		privacy catalog.Privacy
		token   string
		want    Access
	}{
		{catalog.Public, "", Open},
		{catalog.Unlisted, "bad", Open},
		{catalog.Private, "", Forbidden},
		{catalog.Private, "good-3", Admitted},
		{catalog.Internal, "good-3", Admitted},
		{catalog.Protected, "good-2", Forbidden},
	} {
		s := &shelf{video: catalog.Video{UUID: id, Privacy: tc.privacy, Access: 3}}
		if got := New(s, s, slog.New(slog.DiscardHandler)).Admit(id, tc.token); got != tc.want {
			t.Errorf("privacy %d, token %q: %d, want %d", tc.privacy, tc.token, got, tc.want)
		}
	}
}

func TestLookUps(t *testing.T) {
	s := &shelf{index: 1, video: catalog.Video{UUID: id, Alias: "stage", Privacy: catalog.Public}}
	l := New(s, s, slog.New(slog.DiscardHandler))
	for range 3 {
		l.Admit(id, "")
	}
	if s.asked != 1 {
		t.Errorf("asked %d times for one state", s.asked)
	}
	s.index, s.video.Privacy = 2, catalog.Private
	if a := l.Admit(id, ""); a != Forbidden {
		t.Errorf("after the change: %d", a)
	}
	if a := l.Admit("stage", ""); a != Unknown {
		t.Errorf("by another name: %d", a)
	}
	if a := l.Admit(media.LiveID("7b1f3a52-9c1d-4e0a-8f5e-000000000000"), ""); a != Unknown {
		t.Errorf("unknown: %d", a)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := &shelf{index: 1}
	l := New(s, s, slog.New(slog.DiscardHandler))
	for i := range 3 * most {
		s.video.UUID = fmt.Sprint(i)
		l.Video(s.video.UUID)
	}
	if n := len(l.known); n > most {
		t.Errorf("%d videos are remembered", n)
	}
}

func BenchmarkAdmit(b *testing.B) {
	s := &shelf{index: 1, video: catalog.Video{UUID: id, Privacy: catalog.Public}}
	l := New(s, s, slog.New(slog.DiscardHandler))
	b.ReportAllocs()
	for b.Loop() {
		l.Admit(id, "")
	}
}
