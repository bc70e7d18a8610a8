package m3u8

import (
	"math"
	"strings"
	"testing"

	"shoal/internal/media"
)

var names = map[string]Name{
	"main-7-init0.mp4":          {InitFile, media.Main, media.Epoch{N: 7}, 0, 0},
	"audio-7-init12.mp4":        {InitFile, media.AudioOnly, media.Epoch{N: 7}, 12, 0},
	"main-7-123.mp4":            {SegmentFile, media.Main, media.Epoch{N: 7}, 123, 0},
	"main-7-123.4.mp4":          {PartFile, media.Main, media.Epoch{N: 7}, 123, 4},
	"main-0-0.0.mp4":            {PartFile, media.Main, media.Epoch{}, 0, 0},
	"main-7.2.node-123.4.mp4":   {PartFile, media.Main, media.Epoch{N: 7, P: 2, Node: "node"}, 123, 4},
	"main-7.2.a-1.2-3.mp4":      {SegmentFile, media.Main, media.Epoch{N: 7, P: 2, Node: "a-1.2"}, 3, 0},
	"main-7.1.x_~-init1.mp4":    {InitFile, media.Main, media.Epoch{N: 7, P: 1, Node: "x_~"}, 1, 0},
	"v720-7-123.4294967295.mp4": {PartFile, "v720", media.Epoch{N: 7}, 123, math.MaxUint32},
	"main-18446744073709551615-18446744073709551615.mp4": {
		SegmentFile, media.Main, media.Epoch{N: math.MaxUint64}, math.MaxUint64, 0,
	},
}

func TestName(t *testing.T) {
	for text, want := range names {
		got, ok := ParseName(text)
		if !ok || got != want {
			t.Errorf("ParseName(%q) = %+v, %v; want %+v", text, got, ok, want)
		}
		if s := want.String(); s != text {
			t.Errorf("%+v prints %q, want %q", want, s, text)
		}
		if !strings.Contains(text, "-"+want.Epoch.String()+"-") {
			t.Errorf("%q does not hold the epoch's own form %q", text, want.Epoch)
		}
	}
}

var noNames = []string{
	"", ".mp4", "main", "main.mp4", "main-7.mp4", "main-7-.mp4", "main-7-1", "main-7-1.m4s", "-7-1.mp4", "main--1.mp4",
	"main-7-01.mp4", "main-07-1.mp4", "main-7-+1.mp4", "main-7--1.mp4", "main-7-1.mp4.mp4", "main-7-1..mp4", "main-7-1.01.mp4",
	"main-7-1.4294967296.mp4", "main-7-18446744073709551616.mp4", "main-99999999999999999999-1.mp4", "main-7-init.mp4",
	"main-7-init4294967296.mp4", "main-7-init00.mp4", "main-7-init0.1.mp4", "main-7.2-1.mp4", "main-7.0.node-1.mp4", "main-7.2.-1.mp4",
	"main-7.2.no de-1.mp4", "main-7.2.n/e-1.mp4", "ma/in-7-1.mp4", "../main-7-1.mp4", "main-7-1.mp4 ", "main-7-0x1.mp4",
}

func TestParseNameRefuses(t *testing.T) {
	for _, text := range noNames {
		if n, ok := ParseName(text); ok {
			t.Errorf("ParseName(%q) = %+v", text, n)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for text := range names {
		f.Add(text)
	}
	for _, text := range noNames {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := ParseName(text)
		if !ok {
			return
		}
		if s := n.String(); s != text {
			t.Errorf("%q is read as %+v, which prints %q", text, n, s)
		}
	})
}

func BenchmarkParseName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseName("main-7-123456.4.mp4")
	}
}
