package vod

import (
	"path/filepath"
	"testing"
	"time"

	"shoal/internal/media"
	"shoal/internal/recording"
)

// longReplay records three hours of segments that hardly have media.
func longReplay(tb testing.TB) *feed {
	f := newFeed(tb)
	f.begin().seconds(4)
	g := *f.s.Window(media.Main).Segments[0]
	f.stop()
	f.session = second
	g.Parts = []*media.Part{{Duration: 2 * time.Second, Chunks: g.Parts[0].Chunks[:1], Size: len(g.Parts[0].Chunks[0].Data)}}
	g.Size = g.Parts[0].Size
	w, err := recording.Create(filepath.Join(f.dir, second), recording.RunOf(media.Main, &g), g.Init.Data[media.Main])
	if err != nil {
		tb.Fatal(err)
	}
	f.writers[media.Main] = w
	for i := range 5400 {
		w.Part(g.Parts[0])
		g.Date = g.Date.Add(g.Duration)
		g.Duration = 2*time.Second + time.Duration(i%7)*time.Millisecond
		if err := w.End(&g); err != nil {
			tb.Fatal(err)
		}
		g.Number++
	}
	f.stop()
	return f
}

// TestLongReplay is a replay of three hours, first asked for by a viewer with a token.
func TestLongReplay(t *testing.T) {
	f := longReplay(t)
	s := newServer(t, f.replay(second), f.hub, porter{})
	for _, encoding := range []string{"gzip", ""} {
		began := time.Now()
		w := get(s, base+liveID+"-main.m3u8?"+withGood, "Accept-Encoding", encoding)
		t.Logf("%d bytes after %v", w.Body.Len(), time.Since(began))
		if w.Code != 200 || w.Body.Len() < 50_000 {
			t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
		}
	}
	if n := s.shelf.bytes(); n > 250_000 {
		t.Errorf("%d bytes are kept", n)
	}
}

func BenchmarkReplay(b *testing.B) {
	f := longReplay(b)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			s := newServer(b, f.replay(second), f.hub, nil)
			if w := get(s, base+liveID+"-main.m3u8", "Accept-Encoding", "gzip"); w.Code != 200 {
				b.Fatal(w.Code)
			}
		}
	})
	s := newServer(b, f.replay(second), f.hub, nil)
	guarded := newServer(b, f.replay(second), f.hub, porter{})
	for name, do := range map[string]func() int{
		"again":       func() int { return get(s, base+liveID+"-main.m3u8", "Accept-Encoding", "gzip").Code },
		"again plain": func() int { return get(s, base+liveID+"-main.m3u8").Code },
		"master":      func() int { return get(s, base+MasterFile(liveID), "Accept-Encoding", "gzip").Code },
		"token":       func() int { return get(guarded, base+liveID+"-main.m3u8?"+withGood, "Accept-Encoding", "gzip").Code },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if code := do(); code != 200 {
					b.Fatal(code)
				}
			}
		})
	}
}

// BenchmarkPast is what a new segment of a live costs whose viewers may go back for half an hour, once for all of them.
func BenchmarkPast(b *testing.B) {
	f := newFeed(b)
	f.begin().seconds(1800)
	w := f.s.Window(media.Main)
	s := newServer(b, f.onAir(30*time.Minute), f.hub, nil)
	for b.Loop() {
		p := s.look(liveID, w, Live{Session: session, Back: 30 * time.Minute})
		if len(p.Segments) < 900 {
			b.Fatal(len(p.Segments))
		}
		s.shelf = newShelf(func(time.Time) {})
		if w := get(s, base+"dvr-main.m3u8", "Accept-Encoding", "gzip"); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
