package m3u8

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// span makes the segments of a file that lie one behind the other.
func spans(from time.Duration, at int64, all ...Span) []Span {
	date := time.Date(2026, 11, 24, 12, 0, 0, 123_456_789, time.FixedZone("", 3600)).Add(from)
	for i := range all {
		all[i].Offset, all[i].Date = at, date
		at += all[i].Size
		date = date.Add(all[i].Duration)
	}
	return all
}

func TestVOD(t *testing.T) {
	full := Span{Size: 500_000, Duration: 2 * time.Second, Independent: true}
	short := Span{Size: 1000, Duration: 80 * ms, Independent: true}
	forced := Span{Size: 600_000, Duration: 2400 * ms}
	gap := Span{Duration: 2 * time.Second}
	late := Span{Size: 500_000, Duration: 2 * time.Second, Independent: true, Discontinuity: true}
	const a, b = "u-main-7-0-fragmented.mp4", "u-main-8-0-fragmented.mp4"
	for name, files := range map[string][]File{
		"vod":       {{a, 1330, spans(0, 1330, full, full, short)}},
		"vod-files": {{a, 1330, spans(0, 1330, full, forced)}, {"u-main-7-1-fragmented.mp4", 900, nil}, {b, 1200, spans(time.Minute, 1200, late, late)}},
		"vod-gap":   {{a, 700, spans(0, 700, full, gap, full)}},
		"vod-hours": {{a, 1330, spans(0, 5_000_000_000, full)}},
	} {
		t.Run(name, func(t *testing.T) {
			text, ok := AppendVOD([]byte("x"), files)
			if !ok || text[0] != 'x' {
				t.Fatalf("no playlist: %q", text)
			}
			golden(t, name, text[1:])
		})
	}
	for name, files := range map[string][]File{"nothing": nil, "no segments": {{a, 1330, nil}}, "only gaps": {{a, 1330, spans(0, 1330, gap)}}} {
		if text, ok := AppendVOD([]byte("x"), files); ok || string(text) != "x" {
			t.Errorf("%s: %q, %v", name, text, ok)
		}
	}
	tiny, _ := AppendVOD(nil, []File{{a, 1330, spans(0, 1330, short)}})
	round, _ := AppendVOD(nil, []File{{a, 1330, spans(0, 1330, Span{Size: 1, Duration: 3*time.Second + 1})}})
	if !strings.Contains(string(tiny), "TARGETDURATION:1\n") || !strings.Contains(string(round), "TARGETDURATION:3\n") {
		t.Errorf("target durations of\n%s\n%s", tiny, round)
	}
}

// past is what is complete of a window.
func past(w *live.Window) *Past {
	p := &Past{Rendition: w.Rendition, Discontinuities: w.First().DiscontinuitySequence, Ended: w.Ended}
	for _, s := range w.Segments {
		if s.Complete {
			p.Segments = append(p.Segments, PastSegment{
				s.Number, s.Init.Epoch, s.Init.Index, s.Duration, s.Date, s.Discontinuity, isGap(s),
			})
		}
	}
	return p
}

// TestPast holds that a segment is listed in the past as it is in the classic playlist.
func TestPast(t *testing.T) {
	for name, window := range windows {
		w := window()
		want, ok := AppendClassic(nil, w)
		if !ok {
			continue
		}
		if got := AppendPast(nil, past(w)); !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// hours are files of so many segments, as of a long broadcast.
func hours(segments int) []File {
	all := make([]Span, segments)
	for i := range all {
		all[i] = Span{Size: 500_000, Duration: 2*time.Second + time.Duration(i%7)*ms, Independent: i%9 > 0}
	}
	return []File{{"7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11-main-7-0-fragmented.mp4", 1330, spans(0, 1330, all...)}}
}

func BenchmarkVOD(b *testing.B) {
	files := hours(5400)
	dst := make([]byte, 0, 2<<20)
	b.ReportAllocs()
	for b.Loop() {
		text, _ := AppendVOD(dst, files)
		b.SetBytes(int64(len(text)))
	}
}

func BenchmarkPast(b *testing.B) {
	p := &Past{Rendition: media.Main}
	for i := range 900 {
		p.Segments = append(p.Segments, PastSegment{Number: uint64(i), Epoch: media.Epoch{N: 7}, Duration: 2 * time.Second, Date: time.Unix(int64(2*i), 0)})
	}
	dst := make([]byte, 0, 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(AppendPast(dst, p))))
	}
}
