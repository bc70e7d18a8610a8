package normalize

import (
	"encoding/hex"
	"math"
	"slices"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/internal/codec"
	"shoal/internal/media"
)

// Parameters that x264 and ffmpeg made.
const (
	avcC320 = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000468efbcb0fdf8f800"        // 320x180, 30 frames/s
	avcC640 = "0142c01fffe100176742c01fda0280bfe5c04400000fa4000753003c60ca8001000468ce0fc8"                      // 640x360, 59.94 frames/s
	avcC444 = "01f4000cffe1001a67f4000c919681419f8dc044000003000400000300c83c50aa800100" + "0568ce0f1920fff8f800" // 4:4:4
)

var day = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func h264(t testing.TB, record string) *codec.H264 {
	t.Helper()
	b, err := hex.DecodeString(record)
	if err != nil {
		t.Fatal(err)
	}
	c, err := codec.ParseH264(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func aac(t testing.TB, rate int) *codec.AAC {
	t.Helper()
	asc, ok := map[int][]byte{48000: {0x11, 0x90}, 44100: {0x12, 0x10}, 24000: {0x13, 0x10}}[rate]
	if !ok {
		t.Fatalf("no parameters for %d Hz", rate)
	}
	c, err := codec.ParseAAC(asc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Access units. The last byte of a payload tells real from silence, and pictures from each other.
func picture(key bool, n int) []byte {
	head := byte(0x41)
	if key {
		head = 0x65
	}
	return []byte{0, 0, 0, 5, head, 0x88, byte(n >> 8), byte(n), 1}
}

func frame(n int) []byte { return []byte{0x21, 0x10, byte(n >> 8), byte(n), 7} }

// source is what a synthetic encoder sends.
type source struct {
	fps    float64 // 0: no video
	rate   int     // of audio; 0: no audio
	gop    int     // pictures from key to key; 0: 2 s
	record string  // avcC320 if empty
	base   uint32  // time of the first frame
	length time.Duration
}

// packets are the headers and frames of a source, times rounded to milliseconds, by time. They arrive when they are due.
func (c source) packets(t testing.TB) []ingest.Packet {
	t.Helper()
	var out []ingest.Packet
	add := func(ms float64, p ingest.Packet) {
		p.Time = c.base + uint32(int64(math.Round(ms)))
		p.Arrival = day.Add(time.Duration(ms * float64(time.Millisecond)))
		out = append(out, p)
	}
	length := float64(c.length.Milliseconds())
	if c.fps > 0 {
		record, gop := c.record, c.gop
		if record == "" {
			record = avcC320
		}
		if gop == 0 {
			gop = int(math.Round(2 * c.fps))
		}
		add(0, ingest.Packet{Kind: media.Video, Codec: h264(t, record)})
		for i := 0; float64(i)*1000/c.fps < length; i++ {
			add(float64(i)*1000/c.fps, ingest.Packet{Kind: media.Video, Data: picture(i%gop == 0, i)})
		}
	}
	if c.rate > 0 {
		add(0, ingest.Packet{Kind: media.Audio, Codec: aac(t, c.rate)})
		for i := 0; float64(i)*1024000/float64(c.rate) < length; i++ {
			add(float64(i)*1024000/float64(c.rate), ingest.Packet{Kind: media.Audio, Data: frame(i)})
		}
	}
	byArrival(out)
	return out
}

// byArrival sorts packets, parameters first.
func byArrival(ps []ingest.Packet) {
	slices.SortStableFunc(ps, func(a, b ingest.Packet) int {
		switch c := a.Arrival.Compare(b.Arrival); {
		case c != 0:
			return c
		case a.Codec != nil && b.Codec == nil:
			return -1
		case a.Codec == nil && b.Codec != nil:
			return 1
		}
		return 0
	})
}

// at is when a packet arrives, since the first.
func at(p *ingest.Packet) time.Duration { return p.Arrival.Sub(day) }

// edit changes each packet that is data, or leaves it out.
func edit(ps []ingest.Packet, f func(p *ingest.Packet) (keep bool)) []ingest.Packet {
	var out []ingest.Packet
	for _, p := range ps {
		if p.Codec != nil || f(&p) {
			out = append(out, p)
		}
	}
	byArrival(out)
	return out
}

// without leaves a kind out for a while.
func without(ps []ingest.Packet, k media.Kind, from, to time.Duration) []ingest.Packet {
	return edit(ps, func(p *ingest.Packet) bool { return p.Kind != k || at(p) < from || at(p) >= to })
}

// later adds to the times of the packets that arrive from a moment on.
func later(ps []ingest.Packet, from time.Duration, ms int, kinds ...media.Kind) []ingest.Packet {
	return edit(ps, func(p *ingest.Packet) bool {
		if at(p) >= from && slices.Contains(kinds, p.Kind) {
			p.Time += uint32(ms)
		}
		return true
	})
}

// delayed lets the packets of a kind arrive later, or earlier, than their time says.
func delayed(ps []ingest.Packet, k media.Kind, from, by time.Duration) []ingest.Packet {
	return edit(ps, func(p *ingest.Packet) bool {
		if p.Kind == k && at(p) >= from {
			p.Arrival = p.Arrival.Add(by)
		}
		return true
	})
}

// recorder is a sink that holds the promises of a normalizer against it.
type recorder struct {
	t    testing.TB
	runs []recorded
	err  error
}

type recorded struct {
	media.Begin
	video, audio []media.Unit
}

func (r *recorder) Begin(b media.Begin) error {
	if len(b.Tracks) == 0 {
		r.t.Fatal("a run has no tracks")
	}
	r.runs = append(r.runs, recorded{Begin: b})
	return r.err
}

func (r *recorder) Unit(u media.Unit) error {
	if len(r.runs) == 0 {
		r.t.Fatal("a unit comes before any run")
	}
	run := &r.runs[len(r.runs)-1]
	i := slices.IndexFunc(run.Tracks, func(t media.Track) bool { return t.ID == u.Track })
	if i < 0 {
		r.t.Fatalf("a unit belongs to track %d of a run without it", u.Track)
	}
	units := &run.video
	if run.Tracks[i].Kind() == media.Audio {
		units = &run.audio
	}
	if u.DTS < 0 || u.Duration <= 0 || len(u.Payload) == 0 {
		r.t.Fatalf("a unit makes no sense: %+v", u)
	}
	if n := len(*units); n > 0 && u.DTS <= (*units)[n-1].DTS {
		r.t.Fatalf("track %d goes from %d to %d", u.Track, (*units)[n-1].DTS, u.DTS)
	}
	if d := u.PTS - u.DTS; d > 10*videoTimescale || d < -10*videoTimescale {
		r.t.Fatalf("a picture is shown %d ticks after it is decoded", d)
	}
	*units = append(*units, u)
	return r.err
}

func (r *recorder) reasons() []string {
	var out []string
	for _, run := range r.runs {
		out = append(out, run.Reason)
	}
	return out
}

// play sends packets through a normalizer.
func play(t testing.TB, a *ingest.Announcement, ps []ingest.Packet) (*recorder, *Normalizer) {
	t.Helper()
	r := &recorder{t: t}
	n := New(r, Config{})
	if a != nil {
		n.Announce(*a)
	}
	for _, p := range ps {
		if err := n.Packet(p); err != nil {
			t.Fatal(err)
		}
	}
	return r, n
}

// silent says whether a unit is silence that was filled in.
func silent(u *media.Unit) bool { return u.Payload[len(u.Payload)-1] == 0x1c }

func count[T any](s []T, f func(*T) bool) (n int) {
	for i := range s {
		if f(&s[i]) {
			n++
		}
	}
	return n
}

// seamless fails unless each audio unit begins where the one before ends, but for one tick of drift.
func seamless(t *testing.T, units []media.Unit) {
	t.Helper()
	for i := 1; i < len(units); i++ {
		if step := units[i].DTS - units[i-1].DTS; step < 1023 || step > 1025 {
			t.Fatalf("audio unit %d comes %d ticks after the one before", i, step)
		}
	}
}

// apartBy is the worst error of a track's units against the time that the number in the payload says, in milliseconds,
// from a decode time on. zero is the time of the run's start, in milliseconds of the source.
func apartBy(units []media.Unit, from int64, perFrame, timescale, zero float64) (worst float64) {
	for i := range units {
		u := &units[i]
		p := u.Payload
		if u.DTS < from || silent(u) {
			continue
		}
		n := float64(int(p[len(p)-3])<<8 | int(p[len(p)-2]))
		worst = max(worst, math.Abs(n*perFrame-zero-float64(u.DTS)*1000/timescale))
	}
	return worst
}
