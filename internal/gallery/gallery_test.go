package gallery

import (
	"bytes"
	"context"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os/exec"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/blob"
	"shoal/internal/catalog"
	"shoal/internal/live"
	"shoal/internal/poster"
)

const id = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"

// shelf is a catalog with one replay, and its clip.
type shelf struct {
	video catalog.Video
	clip  Clip
	meet  func() // called between the making of a picture and its keeping
}

func (s *shelf) Video(context.Context, string) (catalog.Video, error) {
	v := s.video
	if s.meet != nil {
		s.meet()
	}
	return v, nil
}

func (s *shelf) UpdateVideo(_ context.Context, _ string, c catalog.VideoChange) (catalog.Video, error) {
	s.video.Poster = *c.Poster
	return s.video, nil
}

func (s *shelf) Clip(*catalog.Video) (Clip, error) { return s.clip, nil }

func newGallery(t *testing.T, s *shelf) *Gallery {
	t.Helper()
	store, err := blob.Open(t.TempDir(), blob.Config{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return New(s, store, live.NewHub(live.DefaultConfig()), s, slog.New(slog.DiscardHandler))
}

// filmed is a second of a test picture: all of it as the init segment's follow-up.
func filmed(t *testing.T) Clip {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=5", "-t", "1", "-c:v", "libx264",
		"-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "-").Output()
	at := bytes.Index(out, []byte("moof"))
	if err != nil || at < 4 {
		t.Fatalf("film a test picture (ffmpeg is needed): %v", err)
	}
	return Clip{out[:at-4], out[at-4:]}
}

func size(t *testing.T, g *Gallery, v *catalog.Video, preview bool) (width, height int) {
	t.Helper()
	b, err := g.Get(v, v.Poster, preview)
	if err != nil {
		t.Fatal(err)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return c.Width, c.Height
}

func TestPictureOfAReplay(t *testing.T) {
	s := &shelf{video: catalog.Video{UUID: id, Name: "An evening"}, clip: filmed(t)}
	g := newGallery(t, s)
	card, err := g.Get(&s.video, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.make(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if s.video.Poster == 0 {
		t.Fatal("it has no picture")
	}
	picture, err := g.Get(&s.video, s.video.Poster, true)
	if err != nil || bytes.Equal(picture, card) {
		t.Errorf("its picture is the card: %v", err)
	}
	for preview, want := range map[bool][2]int{false: {poster.MiniatureWidth, poster.MiniatureHeight}, true: {poster.PreviewWidth, poster.PreviewHeight}} {
		if w, h := size(t, g, &s.video, preview); w != want[0] || h != want[1] {
			t.Errorf("preview %v: %d x %d, want %v", preview, w, h, want)
		}
	}
	before := s.video.Poster
	if err := g.make(t.Context(), id); err != nil || s.video.Poster != before {
		t.Errorf("a second one was made: %v", err)
	}
}

func TestChosenPictureStays(t *testing.T) {
	s := &shelf{video: catalog.Video{UUID: id, Name: "An evening"}, clip: filmed(t)}
	g := newGallery(t, s)
	set, err := poster.Card("chosen", "")
	if err != nil {
		t.Fatal(err)
	}
	i, err := jpeg.Decode(bytes.NewReader(set.Preview))
	if err != nil {
		t.Fatal(err)
	}
	var sent bytes.Buffer
	if err := png.Encode(&sent, i); err != nil {
		t.Fatal(err)
	}
	// Somebody sends a picture while ours is made.
	var chosen int64
	s.meet = func() {
		s.meet = nil
		if chosen, err = g.Put(id, &sent); err != nil {
			t.Fatal(err)
		}
		s.video.Poster = chosen
	}
	if err := g.make(t.Context(), id); err != nil || s.video.Poster != chosen {
		t.Errorf("the chosen picture %d was replaced by %d: %v", chosen, s.video.Poster, err)
	}
}

func TestCardsAreBounded(t *testing.T) {
	g := newGallery(t, &shelf{})
	for i := range cards + 5 {
		g.drawn[string(rune('a'+i))] = poster.Set{Miniature: []byte{1}}
	}
	if _, err := g.Get(&catalog.Video{UUID: id, Name: "One more"}, 0, false); err != nil || len(g.drawn) > cards {
		t.Errorf("%d cards are kept: %v", len(g.drawn), err)
	}
}
