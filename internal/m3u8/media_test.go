package m3u8

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	part  = 210 * time.Millisecond
	audio = 1050 * time.Millisecond
	ms    = time.Millisecond
)

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".m3u8")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s\nwant:\n%s", file, got, want)
	}
}

// windows are those of the golden files.
var windows = map[string]func() *live.Window{
	"first-part": func() *live.Window { return &build(media.Main, 0, part).open(200 * ms).w },
	"steady": func() *live.Window {
		return &build(media.Main, 40, part).steady(15).open(200*ms, 200*ms).w
	},
	"between-segments": func() *live.Window { return &build(media.Main, 5, part).steady(4).w },
	"new-epoch": func() *live.Window {
		b := build(media.Main, 100, part).steady(1).discontinuity(media.Epoch{N: 7, P: 2, Node: "pi-4.local"}, 0)
		return &b.steady(1).open(200 * ms).w
	},
	"discontinuity-is-first": func() *live.Window {
		b := build(media.Main, 100, part)
		b.disc = 3
		return &b.discontinuity(media.Epoch{N: 7}, 4).steady(1).w
	},
	"discontinuity-is-gone": func() *live.Window {
		b := build(media.Main, 100, part)
		b.disc = 3
		return &b.steady(1).w
	},
	"discontinuity-is-skipped": func() *live.Window {
		b := build(media.Main, 100, part).steady(2).discontinuity(media.Epoch{N: 7}, 1).steady(9)
		return &b.open(200 * ms).w
	},
	"gap":   func() *live.Window { return &build(media.AudioOnly, 9, audio).gap(2 * time.Second).open(audio).w },
	"ended": func() *live.Window { return build(media.Main, 0, part).steady(9).segment(200*ms, 80*ms).ended() },
	"audio": func() *live.Window { return &build(media.AudioOnly, 9, audio).segment(audio, 950*ms).open(audio).w },
	"film": func() *live.Window { // 23.976 frames per second: 5 frames
		return &build(media.Main, 0, part).segment(repeat(9, 208541666)...).open(208541666).w
	},
}

func TestMedia(t *testing.T) {
	for name, window := range windows {
		t.Run(name, func(t *testing.T) {
			w := window()
			m := &Media{Window: w}
			switch {
			case w.Rendition == media.AudioOnly:
				m.Reports = []Report{{"main.m3u8", w.Last().Number, 7}}
			case name == "gap":
				m.Reports = []Report{{"audio.m3u8", w.Last().Number, -1}}
			default:
				m.Reports = []Report{{"audio.m3u8", w.Last().Number, 1}}
			}
			golden(t, name, AppendMedia(nil, m))
			if delta, ok := AppendDelta(nil, m); ok {
				golden(t, name+"-delta", delta)
			} else if len(delta) > 0 || exists(name+"-delta") {
				t.Errorf("no delta update, but %q", delta)
			}
			if classic, ok := AppendClassic(nil, w); ok {
				golden(t, name+"-classic", classic)
			} else if len(classic) > 0 || exists(name+"-classic") {
				t.Errorf("no classic playlist, but %q", classic)
			}
		})
	}
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join("testdata", name+".m3u8"))
	return err == nil
}

func TestSkippable(t *testing.T) {
	tests := map[string]struct {
		w    *live.Window
		want int
	}{
		"nothing complete":            {&build(media.Main, 0, part).open(200 * ms).w, 0},
		"the boundary itself":         {&build(media.Main, 0, part).steady(6).w, 0},
		"one beyond it":               {&build(media.Main, 0, part).steady(7).w, 0},
		"one wholly beyond it":        {&build(media.Main, 0, part).steady(8).w, 1},
		"the open one does not count": {&build(media.Main, 0, part).steady(7).open(repeat(9, 200*ms)...).w, 0},
		"thirty seconds":              {&build(media.Main, 0, part).steady(15).open(200 * ms).w, 8},
		"ended":                       {build(media.Main, 0, part).steady(15).ended(), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := skippable(tt.w); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestDurations holds what players compute from the printed text: parts sum to EXTINF within a millisecond, none is
// above PART-TARGET, and PART-HOLD-BACK is at least three times it in floating point too.
func TestDurations(t *testing.T) {
	number := func(text []byte, pattern string) (all []float64) {
		for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
			f, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f)
		}
		return all
	}
	targets := []time.Duration{part, audio, time.Second / 3, time.Second / 7, 1001 * time.Second / 15000}
	for target := 50 * ms; target < 2*time.Second; target += 10 * ms {
		targets = append(targets, target)
	}
	for _, target := range targets {
		for _, d := range []time.Duration{target, target - 1, target * 97 / 100, target * 85 / 100} {
			n := max(1, int(2*time.Second/d))
			b := build(media.Main, 0, target).segment(repeat(n, d)...)
			text := AppendMedia(nil, &Media{Window: &b.w})
			limit := number(text, `PART-TARGET=([0-9.]+)`)[0]
			sum := 0.0
			for _, p := range number(text, `EXT-X-PART:DURATION=([0-9.]+)`) {
				sum += p
				if p > limit {
					t.Errorf("target %v: a part prints %v above %v", target, p, limit)
				}
			}
			if total := number(text, `EXTINF:([0-9.]+)`)[0]; sum-total > 0.001 || total-sum > 0.001 {
				t.Errorf("target %v: parts of %v sum to %v, EXTINF is %v", target, d, sum, total)
			}
			if back := number(text, `PART-HOLD-BACK=([0-9.]+)`)[0]; back < 3*limit || back > 3*limit+0.003 {
				t.Errorf("target %v: PART-HOLD-BACK is %v for %v", target, back, limit)
			}
		}
	}
	text := AppendMedia(nil, &Media{Window: &build(media.Main, 0, part).steady(1).w, PartHoldBack: 1050 * ms})
	if got := number(text, `PART-HOLD-BACK=([0-9.]+)`)[0]; got != 1.05 {
		t.Errorf("PART-HOLD-BACK is %v, want what was asked for", got)
	}
}

func TestMultivariant(t *testing.T) {
	golden(t, "multivariant", AppendMultivariant(nil,
		Variant{
			URI: "main.m3u8", Bandwidth: 2_812_345, Average: 2_612_345, Codecs: "avc1.64001f,mp4a.40.2",
			Width: 1280, Height: 720, FrameRate: 30000.0 / 1001,
		},
		Variant{URI: "audio.m3u8", Bandwidth: 0, Codecs: "mp4a.40.2"},
	))
}

func TestNoAllocation(t *testing.T) {
	w := windows["steady"]()
	m := &Media{Window: w, Reports: []Report{{"audio.m3u8", 55, 1}}}
	v := []Variant{{URI: "main.m3u8", Bandwidth: 1, Codecs: "avc1.64001f", Width: 16, Height: 9, FrameRate: 25}}
	dst := make([]byte, 0, 64<<10)
	for name, f := range map[string]func(){
		"media":        func() { AppendMedia(dst, m) },
		"delta":        func() { AppendDelta(dst, m) },
		"classic":      func() { AppendClassic(dst, w) },
		"multivariant": func() { AppendMultivariant(dst, v...) },
		"name":         func() { ParseName("main-7.2.node-123.4.mp4") },
	} {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkMedia(b *testing.B) {
	m := &Media{Window: windows["steady"](), Reports: []Report{{"audio.m3u8", 55, 1}}}
	dst := make([]byte, 0, 64<<10)
	run := func(name string, f func() []byte) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(f())))
			}
		})
	}
	run("whole", func() []byte { return AppendMedia(dst, m) })
	run("delta", func() []byte { d, _ := AppendDelta(dst, m); return d })
	run("classic", func() []byte { d, _ := AppendClassic(dst, m.Window); return d })
}
