package live

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"shoal/internal/media"
)

// fakeCodec has a kind and nothing else: the package must not look further.
type fakeCodec struct{ kind media.Kind }

func (c fakeCodec) Kind() media.Kind                        { return c.kind }
func (c fakeCodec) Name() string                            { return c.kind.String() }
func (c fakeCodec) RFC6381() string                         { return c.kind.String() }
func (c fakeCodec) Config() []byte                          { return nil }
func (c fakeCodec) SampleEntry() codecs.Codec               { return nil }
func (c fakeCodec) FrameTicks(uint32) int64                 { return 0 }
func (c fakeCodec) Access([]byte) (a media.Access, _ error) { return a, nil }
func (c fakeCodec) Silence() []byte                         { return nil }

var (
	date   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	first  = media.Epoch{N: 7}
	second = media.Epoch{N: 8}
)

// feed writes chunks with 40 ms of video and 80 ms of audio into a stream, as a cutter does.
type feed struct {
	t     testing.TB
	s     *Stream
	epoch media.Epoch
	seq   uint64
	seg   uint64
	part  uint32
	v, a  int64 // written clocks: 90,000 and 48,000 per second
}

func newFeed(t testing.TB, cfg Config, kinds ...media.Kind) *feed {
	f := &feed{t: t, s: newStream("live", cfg, media.Position{}), epoch: first}
	if err := f.begin(kinds...); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *feed) begin(kinds ...media.Kind) error {
	i := &media.Init{
		Epoch: f.epoch, PartTarget: 210 * time.Millisecond, AudioPartTarget: 1050 * time.Millisecond,
		Segment: f.seg, Discontinuity: f.s.Position().Discontinuity, Date: date,
		Start: media.Ticks(f.v, 90000), Data: map[media.RenditionID][]byte{media.Main: []byte("main")},
	}
	for _, k := range kinds {
		i.Tracks = append(i.Tracks, media.Track{ID: uint32(k), Codec: fakeCodec{k}})
	}
	if len(kinds) == 2 {
		i.Data[media.AudioOnly] = []byte("audio")
	}
	f.part = 0
	return f.s.Begin(i)
}

func (f *feed) chunk(k media.Kind, key bool) *media.Chunk {
	c := &media.Chunk{
		Epoch: f.epoch, Seq: f.seq, Track: uint32(k), Independent: key, Segment: f.seg, Part: f.part,
		Data: fmt.Appendf(nil, "[%v %d]", k, f.seq),
	}
	f.seq++
	if k == media.Video {
		c.DTS, c.Duration, c.Timescale = f.v, 3600, 90000
		f.v += 3600
	} else {
		c.DTS, c.Duration, c.Timescale = f.a, 3840, 48000
		f.a += 3840
	}
	return c
}

func (f *feed) append(c *media.Chunk) {
	f.t.Helper()
	if err := f.s.Append(c); err != nil {
		f.t.Fatal(err)
	}
	if c.EndsPart {
		f.part++
	}
	if c.EndsSegment {
		f.seg, f.part = f.seg+1, 0
	}
}

// parts writes n parts of five frames, with audio in step; the first begins with a keyframe if key.
func (f *feed) parts(n int, key bool) {
	f.t.Helper()
	for p := range n {
		for i := range 5 {
			v := f.chunk(media.Video, key && p == 0 && i == 0)
			for f.s.init.Track(media.Audio) != nil && media.Ticks(f.a+3840, 48000) <= media.Ticks(f.v, 90000) {
				a := f.chunk(media.Audio, true)
				v.Seq, a.Seq = a.Seq, v.Seq
				f.append(a)
			}
			v.EndsPart = i == 4
			f.append(v)
		}
	}
}

// segments writes n segments of 2 s, each begun by a keyframe that only its arrival tells of.
func (f *feed) segments(n int) {
	f.t.Helper()
	for range n {
		f.parts(10, true)
		f.seg, f.part = f.seg+1, 0
	}
}

func content(p *media.Part) (s string) {
	for _, c := range p.Chunks {
		s += string(c.Data)
	}
	return s
}

func TestPartsAndSegments(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
	if f.s.Window(media.Main) != nil {
		t.Fatal("a window before the first part")
	}
	f.segments(2)
	f.parts(3, true)
	w := f.s.Window(media.Main)
	if len(w.Segments) != 3 || len(w.Segments[0].Parts) != 10 || len(w.Last().Parts) != 3 || w.Last().Complete {
		t.Fatalf("got %+v", w)
	}
	for n, s := range w.Segments {
		if want := date.Add(time.Duration(n) * 2 * time.Second); !s.Date.Equal(want) {
			t.Errorf("segment %d is dated %v, want %v", n, s.Date, want)
		}
		for m, p := range s.Parts {
			if p.Duration != 200*time.Millisecond || p.Independent != (m == 0) {
				t.Errorf("part %d.%d lasts %v, independent %v", n, m, p.Duration, p.Independent)
			}
			if got := len(content(p)); got != p.Size {
				t.Errorf("part %d.%d has %d bytes, and says %d", n, m, got, p.Size)
			}
		}
	}
	if w.HintSegment != 2 || w.HintPart != 3 {
		t.Errorf("hint is %d.%d", w.HintSegment, w.HintPart)
	}
}

func TestChunksOfAPartStandByStartAudioFirst(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
	f.append(f.chunk(media.Video, true)) // 0-40 ms
	f.append(f.chunk(media.Video, false))
	f.append(f.chunk(media.Audio, true)) // 0-80 ms, complete later than the video that it begins with
	c := f.chunk(media.Video, false)
	c.EndsPart = true
	f.append(c)
	p := f.s.Window(media.Main).Last().Parts[0]
	if got := content(p); got != "[audio 2][video 0][video 1][video 3]" {
		t.Error(got)
	}
	if p.Duration != 120*time.Millisecond {
		t.Errorf("duration %v is not the video's", p.Duration)
	}
}

// TestAudioAloneGoesOnWhereVideoEnded has pictures to 0.2 s and audio to 0.16 s, and then parts of one chunk of audio each.
func TestAudioAloneGoesOnWhereVideoEnded(t *testing.T) {
	const ms = time.Millisecond
	type part struct{ gap, sound, lasts, begins time.Duration }
	for _, c := range []struct {
		name  string
		parts []part
	}{
		{"overlapping", []part{{0, 80 * ms, 40 * ms, 200 * ms}, {0, 80 * ms, 80 * ms, 240 * ms}}},
		{"a little apart", []part{{50 * ms, 80 * ms, 90 * ms, 200 * ms}, {0, 80 * ms, 80 * ms, 290 * ms}}},
		{"far apart", []part{{500 * ms, 80 * ms, 80 * ms, 660 * ms}, {0, 80 * ms, 80 * ms, 740 * ms}}},
		{"too late", []part{{0, 30 * ms, 30 * ms, 200 * ms}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
			f.parts(1, true)
			f.s.Interrupt(first)
			f.seg, f.part = f.seg+1, 0
			for _, p := range c.parts {
				f.a += int64(p.gap/ms) * 48
				a := f.chunk(media.Audio, true)
				f.a += int64(p.sound/ms)*48 - a.Duration
				a.Duration = int64(p.sound/ms) * 48
				a.EndsPart, a.EndsSegment = true, true
				f.append(a)
				got := f.s.Window(media.Main).Last()
				if got.Duration != p.lasts || got.Start != p.begins || !got.Date.Equal(date.Add(p.begins)) {
					t.Errorf("audio is listed with %v from %v (%v), want %v from %v", got.Duration, got.Start, got.Date, p.lasts, p.begins)
				}
			}
		})
	}
}

func TestAudioOnlyKeepsInStep(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
	f.segments(3)
	f.parts(1, true)
	main, audio := f.s.Window(media.Main), f.s.Window(media.AudioOnly)
	if audio.PartTarget != 1050*time.Millisecond {
		t.Errorf("part target %v", audio.PartTarget)
	}
	if got, want := audio.Last().Number, main.Segment(2).Number; got != want || !audio.Last().Complete {
		t.Fatalf("audio stands at segment %d (complete %v), want %d complete", got, audio.Last().Complete, want)
	}
	for _, s := range audio.Segments {
		if len(s.Parts) != 2 {
			t.Errorf("segment %d has %d parts", s.Number, len(s.Parts))
		}
		for _, p := range s.Parts {
			if p.Duration > audio.PartTarget || !p.Independent {
				t.Errorf("part %d.%d: %v, independent %v", p.Segment, p.Number, p.Duration, p.Independent)
			}
		}
	}
}

func TestSegmentWithoutAudioIsAGapInTheAudioRendition(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
	f.segments(1)
	audio := f.a
	f.a = 1 << 40 // no audio is due
	f.segments(1)
	f.a = audio
	f.segments(1)
	f.parts(1, true)
	s := f.s.Window(media.AudioOnly).Segments
	if len(s) < 3 || s[1].Number != 1 || len(s[1].Parts) != 0 || s[1].Duration != 2*time.Second || !s[1].Complete {
		t.Fatalf("got %+v", s)
	}
}

func TestHintAfterAFullSegmentIsTheNextSegment(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video)
	f.segments(1)
	f.parts(10, true)
	if w := f.s.Window(media.Main); w.HintSegment != 2 || w.HintPart != 0 {
		t.Errorf("hint is %d.%d, want 2.0: a keyframe is due", w.HintSegment, w.HintPart)
	}
}

func TestNoHintFromASegmentThatWasCutShort(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video)
	f.segments(1)
	f.parts(1, true)
	f.s.Interrupt(first)
	f.epoch, f.seq, f.seg = second, 0, f.s.Position().Segment
	if err := f.begin(media.Video); err != nil {
		t.Fatal(err)
	}
	f.parts(3, true)
	if w := f.s.Window(media.Main); w.HintSegment != 2 || w.HintPart != 3 {
		t.Errorf("hint is %d.%d, want 2.3", w.HintSegment, w.HintPart)
	}
}

func TestWindowLimits(t *testing.T) {
	tests := []struct {
		name         string
		cfg          Config
		kept, listed time.Duration
	}{
		{"time", Config{Window: 30 * time.Second, Bytes: 1 << 30, Floor: 20 * time.Second, Listed: 14 * time.Second}, 30 * time.Second, 14 * time.Second},
		{"bytes, not below the floor", Config{Window: time.Minute, Bytes: 4 << 10, Floor: 20 * time.Second, Listed: 30 * time.Second}, 20 * time.Second, 12 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFeed(t, tt.cfg, media.Video, media.Audio)
			var newest uint64
			for range 40 {
				f.segments(1)
				w := f.s.Window(media.Main)
				if w.First().Number < newest {
					t.Fatal("the media sequence number went back")
				}
				newest = w.First().Number
			}
			w := f.s.Window(media.Main)
			sum := func(all []*media.Segment) (d time.Duration) {
				for _, s := range all {
					d += s.Duration
				}
				return d
			}
			if got := sum(w.kept); got < tt.kept || got > tt.kept+4*time.Second {
				t.Errorf("kept %v, want about %v", got, tt.kept)
			}
			if got := sum(w.Segments); got > tt.listed+2*time.Second || got < tt.listed-2*time.Second {
				t.Errorf("listed %v, want about %v", got, tt.listed)
			}
			if a := f.s.Window(media.AudioOnly); a.kept[0].Number != w.kept[0].Number {
				t.Errorf("audio keeps from %d, video from %d", a.kept[0].Number, w.kept[0].Number)
			}
			if w.Segment(w.kept[0].Number) == nil || w.Segment(0) != nil || w.Segment(999) != nil {
				t.Error("look-up by number is wrong")
			}
		})
	}
}

func TestHas(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video)
	f.segments(2)
	f.parts(3, true)
	w := f.s.Window(media.Main)
	tests := []struct {
		segment uint64
		part    int
		want    bool
	}{
		{0, -1, true},
		{1, -1, true},
		{2, -1, false},
		{2, 2, true},
		{2, 3, false},
		{1, 10, true}, // past the end of 1: part 0 of 2
		{3, 0, false},
		{3, -1, false},
	}
	for _, tt := range tests {
		if got := w.Has(tt.segment, tt.part); got != tt.want {
			t.Errorf("Has(%d, %d) = %v", tt.segment, tt.part, got)
		}
	}
}

func TestNewEpochGoesOnBehindADiscontinuity(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
	f.segments(1)
	f.parts(2, true)
	f.append(f.chunk(media.Video, false)) // a part that its encoder never finished
	f.s.Interrupt(first)
	w := f.s.Window(media.Main)
	if s := w.Last(); len(s.Parts) != 3 || !s.Complete || w.Ended {
		t.Fatalf("after the loss: %+v", s)
	}
	if w.HintSegment != 2 || w.HintPart != 0 {
		t.Errorf("hint is %d.%d", w.HintSegment, w.HintPart)
	}

	late := f.chunk(media.Video, false)
	at := f.s.Position()
	f.epoch, f.seq, f.seg, f.part = second, 0, at.Segment, 0
	if err := f.begin(media.Video, media.Audio); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Append(late); !errors.Is(err, ErrEpoch) {
		t.Errorf("a chunk of the old epoch: %v", err)
	}
	if err := f.s.Begin(&media.Init{Epoch: first, Segment: 99}); !errors.Is(err, ErrEpoch) {
		t.Errorf("an init of the old epoch: %v", err)
	}
	f.parts(1, true)
	s := f.s.Window(media.Main).Last()
	if s.Number != 2 || !s.Discontinuity || s.DiscontinuitySequence != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestEndAndTakenUpAgain(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video)
	f.segments(1)
	before := f.s.Window(media.Main)
	f.s.End(first)
	select {
	case <-before.Changed():
	default:
		t.Error("readers were not woken by the end")
	}
	if w := f.s.Window(media.Main); !w.Ended || !f.s.Info().Ended {
		t.Error("not ended")
	}
	f.epoch, f.seq, f.seg = second, 0, f.s.Position().Segment
	if err := f.begin(media.Video); err != nil {
		t.Fatal(err)
	}
	f.s.End(first) // late, from the epoch before
	f.parts(1, true)
	if w := f.s.Window(media.Main); w.Ended || len(w.Segments) != 2 {
		t.Errorf("after the return: ended %v, %d segments", w.Ended, len(w.Segments))
	}
}

func TestNumbersMustFollow(t *testing.T) {
	tests := []struct {
		name string
		mend func(*media.Chunk)
	}{
		{"sequence", func(c *media.Chunk) { c.Seq++ }},
		{"part skipped", func(c *media.Chunk) { c.Part += 2 }},
		{"segment skipped", func(c *media.Chunk) { c.Segment += 2; c.Part = 0 }},
		{"segment back", func(c *media.Chunk) { c.Segment--; c.Part = 0 }},
		{"segment in the middle", func(c *media.Chunk) { c.Segment++; c.Part = 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFeed(t, DefaultConfig(), media.Video)
			f.segments(1)
			f.parts(1, true)
			c := f.chunk(media.Video, false)
			tt.mend(c)
			if err := f.s.Append(c); !errors.Is(err, ErrOrder) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestJumpOfNumbersStartsTheListAnew(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video)
	f.segments(2)
	f.epoch, f.seq, f.seg = second, 0, 100
	if err := f.begin(media.Video); err != nil {
		t.Fatal(err)
	}
	f.parts(1, true)
	if w := f.s.Window(media.Main); len(w.Segments) != 1 || w.First().Number != 100 || w.First().DiscontinuitySequence != 1 {
		t.Errorf("got %+v", w.First())
	}
}

func TestResumedStreamKeepsNumbersAndDiscontinuities(t *testing.T) {
	at := media.Position{Segment: 40, Discontinuity: true, DiscontinuitySequence: 3, PartTarget: 210 * time.Millisecond}
	s := NewHub(DefaultConfig()).Open("live", at)
	if got := s.Position(); got != at {
		t.Fatalf("got %+v", got)
	}
	f := &feed{t: t, s: s, epoch: first, seg: 40}
	if err := f.begin(media.Video); err != nil {
		t.Fatal(err)
	}
	f.parts(1, true)
	if g := s.Window(media.Main).First(); g.Number != 40 || g.DiscontinuitySequence != 4 || !g.Discontinuity {
		t.Errorf("got %+v", g)
	}
}

func BenchmarkAppend(b *testing.B) {
	f := newFeed(b, DefaultConfig(), media.Video, media.Audio)
	b.ReportAllocs()
	b.SetBytes(0)
	for b.Loop() {
		f.segments(1) // two seconds of a live
	}
}

func BenchmarkWake1000(b *testing.B) {
	f := newFeed(b, DefaultConfig(), media.Video)
	f.segments(3)
	const readers = 1000
	b.ReportAllocs()
	for b.Loop() {
		w := f.s.Window(media.Main)
		woken := make(chan struct{}, readers)
		for range readers {
			go func() { <-w.Changed(); woken <- struct{}{} }()
		}
		f.parts(1, false)
		for range readers {
			<-woken
		}
		if f.part == 10 {
			f.seg, f.part = f.seg+1, 0
		}
	}
}

func TestEndOfAnEpochThatNeverBegan(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video)
	f.segments(1)
	f.s.Interrupt(first)
	f.s.End(second) // its encoder came and went without a chunk
	if w := f.s.Window(media.Main); !w.Ended {
		t.Error("the live has not ended")
	}
}

func TestAudioThatComesBackBeginsItsListAnew(t *testing.T) {
	f := newFeed(t, DefaultConfig(), media.Video, media.Audio)
	f.segments(3)
	for _, kinds := range [][]media.Kind{{media.Video}, {media.Video, media.Audio}} {
		f.s.Interrupt(f.epoch)
		f.epoch.N++
		f.seq, f.seg = 0, f.s.Position().Segment
		f.a = f.v / 90000 * 48000
		if err := f.begin(kinds...); err != nil {
			t.Fatal(err)
		}
		f.segments(2)
		f.parts(1, true)
	}
	main, audio := f.s.Window(media.Main), f.s.Window(media.AudioOnly)
	for i, s := range audio.Segments {
		if want := audio.First().Number + uint64(i); s.Number != want {
			t.Fatalf("segment %d stands where %d must", s.Number, want)
		}
		if m := main.Segment(s.Number); m == nil || m.DiscontinuitySequence != s.DiscontinuitySequence {
			t.Errorf("segment %d is in discontinuity %d, not as the main one", s.Number, s.DiscontinuitySequence)
		}
	}
}

func TestMemoryIsBoundedWhateverTheClockDoes(t *testing.T) {
	cfg := Config{Window: time.Minute, Bytes: 100 << 10, Floor: 20 * time.Second, Listed: 30 * time.Second}
	t.Run("slow", func(t *testing.T) {
		f := newFeed(t, cfg, media.Video)
		for range 100 { // 50 KB in each segment
			for i := range 5 {
				c := f.chunk(media.Video, i == 0)
				c.Data = make([]byte, 10<<10)
				c.EndsPart, c.EndsSegment = i == 4, i == 4
				f.append(c)
			}
		}
		if size := f.s.main.size; size > (ceiling+1)*cfg.Bytes {
			t.Errorf("%d bytes are kept", size)
		}
	})
	t.Run("stuck", func(t *testing.T) {
		f := newFeed(t, cfg, media.Video)
		for range 20 {
			c := f.chunk(media.Video, true)
			c.Data = make([]byte, 10<<10)
			if err := f.s.Append(c); err != nil {
				if !errors.Is(err, ErrTooLarge) {
					t.Error(err)
				}
				return
			}
		}
		t.Error("a segment grows without bound")
	})
}
