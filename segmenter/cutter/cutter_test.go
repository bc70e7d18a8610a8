package cutter

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// judge cuts runs twice, holds all rules over the result, and that both times gave the same.
func judge(t *testing.T, at media.Position, runs ...run) *result {
	t.Helper()
	o := cut(t, at, runs...)
	r := check(t, o, at, runs)
	if cut(t, at, runs...).sum() != o.sum() {
		t.Error("the same units gave other bytes")
	}
	return r
}

// exact holds what is so for encoders that keep time: no short part, no hole, no part of audio alone, no lateness but what
// milliseconds round.
func (r *result) exact(t *testing.T) {
	t.Helper()
	r.even(t)
	if r.soundParts > 0 || r.late > 5*time.Millisecond {
		t.Errorf("%d parts of audio, %v late: want none", r.soundParts, r.late)
	}
}

// even holds what playlists promise: full parts but for the last of a segment, and dates that go on where the segment
// before has ended.
func (r *result) even(t *testing.T) {
	t.Helper()
	if r.short > 0 || r.holes > 0 || r.drift > time.Microsecond {
		t.Errorf("%d short parts, %d holes, dates are off by %v: want none", r.short, r.holes, r.drift)
	}
}

func TestTargetDuration(t *testing.T) {
	if targetDuration != live.TargetDuration {
		t.Errorf("cut towards %v, listed as %v", targetDuration, live.TargetDuration)
	}
}

func TestConstantRates(t *testing.T) {
	for _, c := range []struct {
		fps    float64
		target time.Duration
	}{
		{120, 210 * time.Millisecond},
		{60, 210 * time.Millisecond},
		{50, 210 * time.Millisecond},
		{30, 210 * time.Millisecond},
		{30000. / 1001, 210 * time.Millisecond},
		{25, 210 * time.Millisecond},
		{24, 210 * time.Millisecond},
		{24000. / 1001, 210 * time.Millisecond},
		{20, 210 * time.Millisecond},
		{17, 236 * time.Millisecond},
		{15, 210 * time.Millisecond},
		{14, 215 * time.Millisecond},
		{12, 250 * time.Millisecond},
		{10, 210 * time.Millisecond},
		{8, 250 * time.Millisecond},
		{6, 334 * time.Millisecond},
		{5, 210 * time.Millisecond},
		{3, 334 * time.Millisecond},
		{1, time.Second},
	} {
		for _, gop := range []float64{0, 1, 1.5, 2, 4, 10} {
			t.Run(fmt.Sprintf("%.2f frames per second, keyframes every %v s", c.fps, gop), func(t *testing.T) {
				v := video(pictures(c.fps, 24, gop), c.fps)
				r := judge(t, media.Position{}, both(v, audio(48000, 0, 24)))
				r.exact(t)
				if r.target != c.target {
					t.Errorf("part target %v, want %v", r.target, c.target)
				}
				// Every keyframe of these distances begins a segment, but for every other one of 1 s.
				keyed := 0
				for _, s := range r.segments {
					if s.keyed {
						keyed++
					}
				}
				want := map[float64]int{0: 1, 1: 12, 1.5: 16, 2: 12, 4: 6, 10: 3}[gop]
				if whole := math.Mod(gop*c.fps, 1) == 0; whole && c.fps > 1 && keyed != want {
					t.Errorf("%d of %d segments begin with a keyframe, want %d", keyed, len(r.segments), want)
				}
			})
		}
	}
}

// TestPredictedRates is what happens when normalize predicts from milliseconds and is a little off.
func TestPredictedRates(t *testing.T) {
	for _, fps := range []float64{24, 30000. / 1001, 30, 60} {
		for _, predicted := range []int64{-90, 90} {
			v := video(pictures(fps, 20, 2), fps)
			for i := range v {
				v[i].Duration += predicted / 2
			}
			r := judge(t, media.Position{}, both(v, audio(48000, 0, 20)))
			if r.short > 0 || r.holes > 0 || r.late > 5*time.Millisecond {
				t.Errorf("%v frames/s: %d short parts, %d holes, %v late", fps, r.short, r.holes, r.late)
			}
		}
	}
}

func TestSamplesAreEqual(t *testing.T) {
	v := video(pictures(30000./1001, 60, 2), 30000./1001)
	o := cut(t, media.Position{}, both(v, audio(44100, 0, 60)))
	for _, e := range o.events {
		if c := e.chunk; c != nil && c.Track == videoID && c.Duration != 3003 {
			t.Fatalf("chunk %d lasts %d: milliseconds leak into durations", c.Seq, c.Duration)
		}
		if c := e.chunk; c != nil && c.Track == audioID && c.Duration%1024 != 0 {
			t.Fatalf("chunk %d lasts %d: AAC frames have 1024", c.Seq, c.Duration)
		}
	}
}

func TestReordered(t *testing.T) {
	for _, gop := range []float64{2, 10} {
		v := reorder(video(pictures(25, 20, gop), 25), 3)
		judge(t, media.Position{}, both(v, audio(48000, 0, 20))).exact(t)
	}
}

func TestIrregularKeyframes(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := pictures(30, 40, 0)
		for i := 0; i < len(p); i += 1 + rng.IntN(120) { // scene cuts
			p[i].key = true
		}
		judge(t, media.Position{}, both(video(p, 30), audio(48000, 0, 40))).exact(t)
	}
}

func TestRecoveryPoints(t *testing.T) {
	v := video(pictures(30, 20, 2), 30)
	for i := range v[1:] {
		v[i+1].Key, v[i+1].Recovery = false, v[i+1].Key
	}
	r := judge(t, media.Position{}, both(v, audio(48000, 0, 20)))
	r.exact(t)
	for _, s := range r.segments {
		if !s.keyed {
			t.Errorf("segment %d does not begin at a recovery point", s.number)
		}
	}
}

func TestSingleTracks(t *testing.T) {
	t.Run("video", func(t *testing.T) {
		b := media.Begin{Tracks: []media.Track{videoTrack()}}
		judge(t, media.Position{}, run{b, video(pictures(30, 20, 2), 30)}).exact(t)
	})
	for _, rate := range []int{48000, 44100, 32000, 24000, 22050, 16000, 8000, 96000} {
		for _, expected := range []bool{false, true} {
			t.Run(fmt.Sprintf("audio at %d, video expected %v", rate, expected), func(t *testing.T) {
				b := media.Begin{Tracks: []media.Track{audioTrack(rate)}, VideoExpected: expected}
				r := judge(t, media.Position{}, run{b, audio(rate, 0, 30)})
				r.exact(t)
				if !expected && r.target != 1050*time.Millisecond || expected && r.target > 256*time.Millisecond {
					t.Errorf("part target %v", r.target)
				}
				delete(r.sizes, 1) // the rest at the end, or every chunk where a frame is long
				if len(r.sizes) > 2 {
					t.Errorf("chunks of so many frames: %v", r.sizes)
				}
				for _, s := range r.segments {
					if !s.lastOfRun && s.length < 1700*time.Millisecond {
						t.Errorf("segment %d lasts only %v", s.number, s.length)
					}
				}
			})
		}
	}
}

func TestAudioChunks(t *testing.T) {
	for _, c := range []struct {
		rate, samples int
		target        time.Duration
		want          int
	}{
		{48000, 1024, 1050 * time.Millisecond, 4}, // 12 of 85.3 ms: 97 %
		{44100, 1024, 1050 * time.Millisecond, 4}, // 11 of 92.9 ms: 97 %
		{32000, 1024, 1050 * time.Millisecond, 2}, // 16 of 64 ms: 97 %; 10 of 96 ms would be 91 %
		{24000, 1024, 1050 * time.Millisecond, 2},
		{16000, 1024, 1050 * time.Millisecond, 1},
		{8000, 1024, 1050 * time.Millisecond, 1},
		{48000, 960, 1050 * time.Millisecond, 5},
		{48000, 1024, 210 * time.Millisecond, 3}, // 3 of 64 ms: 91 %; 2 of 85.3 ms would be 81 %
		{44100, 1024, 210 * time.Millisecond, 3},
	} {
		frame := time.Duration(c.samples) * time.Second / time.Duration(c.rate)
		if got := audioChunk(frame, c.target); got != c.want {
			t.Errorf("%d samples at %d in %v: %d frames, want %d", c.samples, c.rate, c.target, got, c.want)
		}
	}
}

// TestVariableRate leaves out half of the frames at random: gaps of up to 0.4 s. All parts are full; a picture may be early
// by less than the longest gaps for that, and only until pictures have come whose time takes it up.
func TestVariableRate(t *testing.T) {
	for _, rate := range []float64{25, 30, 60} {
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(seed, 2))
			p := slices.DeleteFunc(pictures(rate, 40, 2), func(f picture) bool { return !f.key && rng.IntN(2) == 0 })
			gap := 0.0
			for i := range p[1:] {
				gap = max(gap, p[i+1].at-p[i].at)
			}
			// What is predicted: the shortest distance, or the median.
			for name, v := range map[string][]media.Unit{"shortest": video(p, rate), "mean": video(p, rate/2), "median": median(video(p, rate))} {
				t.Run(fmt.Sprintf("%v frames per second, %s distance, seed %d", rate, name, seed), func(t *testing.T) {
					r := judge(t, media.Position{}, both(v, audio(48000, 0, 40)))
					r.even(t)
					if most := time.Duration(gap * float64(time.Second)); r.soundParts > 0 || r.late > most {
						t.Errorf("%d parts of audio, %v late after gaps of at most %v", r.soundParts, r.late, most)
					}
				})
			}
		}
	}
}

// median predicts the median of the last 15 distances, once there are three.
func median(us []media.Unit) []media.Unit {
	var seen []int64
	for i := range us[1:] {
		if seen = append(seen, us[i+1].DTS-us[i].DTS); len(seen) < 3 {
			continue
		}
		last := slices.Sorted(slices.Values(seen[max(0, len(seen)-15):]))
		us[i+1].Duration = last[len(last)/2-1]
	}
	return us
}

func TestVideoPauses(t *testing.T) {
	p := pictures(30, 30, 2)
	const pauses = 5
	for i := range pauses {
		from := 3.1 + 5.0*float64(i)
		p = pause(p, from, from+0.4)
	}
	o := both(video(p, 30), audio(48000, 0, 30))
	r := judge(t, media.Position{}, o)
	r.even(t) // time is counted once
	if r.soundParts > 0 || r.late > 400*time.Millisecond {
		t.Errorf("%d parts of audio, %v late", r.soundParts, r.late)
	}
	var sum time.Duration
	for _, s := range r.segments {
		sum += s.length
	}
	if off := sum - 30*time.Second; off.Abs() > 60*time.Millisecond { // the last audio
		t.Errorf("the segments last %v: time was lost or counted twice", sum)
	}
}

// TestSlowVideoPauses has frames so long that the following ones cannot make up for a pause.
func TestSlowVideoPauses(t *testing.T) {
	p := pictures(5, 30, 2)
	for _, from := range []float64{3.1, 9.1, 15.5} {
		p = pause(p, from, from+0.4)
	}
	r := judge(t, media.Position{}, both(video(p, 5), audio(48000, 0, 30)))
	if r.short > 0 || r.soundParts > 1 || r.holes == 0 || r.wide > 0 || r.late > 200*time.Millisecond {
		t.Errorf("%d short parts, %d parts of audio, %d holes, %d wide ones, %v late", r.short, r.soundParts, r.holes, r.wide, r.late)
	}
}

// TestVideoStops lets audio go on alone: it closes parts and segments until the next run.
func TestVideoStops(t *testing.T) {
	first := both(video(pictures(30, 3.05, 2), 30), audio(48000, 0, 12))
	second := both(video(pictures(30, 4, 2), 30), audio(48000, 0, 4))
	r := judge(t, media.Position{}, first, second)
	r.even(t)
	if r.soundParts < 35 {
		t.Errorf("%d parts of audio", r.soundParts)
	}
	var sum time.Duration
	for _, s := range r.segments {
		sum += s.length
	}
	if off := sum - 16*time.Second; off.Abs() > 30*time.Millisecond { // a frame of audio each
		t.Errorf("the segments last %v, of 16 s", sum)
	}
}

// TestRunEndsInAudio has a run that is cut off when its video has stopped: what audio is left makes parts. Time is neither
// counted twice nor lost, wherever the parts of video ended, and no short part is followed by another one.
func TestRunEndsInAudio(t *testing.T) {
	for _, c := range []struct{ late, more time.Duration }{
		{0, 30 * time.Millisecond},
		{0, 250 * time.Millisecond},
		{0, 800 * time.Millisecond},
		{0, 1100 * time.Millisecond},
		{100 * time.Millisecond, 800 * time.Millisecond},
		{190 * time.Millisecond, 800 * time.Millisecond},
	} {
		for n := range 15 {
			frames := max(1, 5*n) // parts have 6, segments 60
			length := float64(frames) / 30
			a := delay(audio(48000, 0, length+c.more.Seconds()), c.late)
			r := judge(t, media.Position{}, both(video(pictures(30, length, 2), 30), a), both(video(pictures(30, 1, 2), 30), audio(48000, 0, 1)))
			r.even(t)
			// Audio that fits into the last part of video is not counted.
			var sum time.Duration
			for _, s := range r.segments {
				sum += s.length
			}
			want := time.Second + time.Duration(length*float64(time.Second)) + c.more
			if off := sum - want; off < -r.target || off > 30*time.Millisecond || c.more > r.target && off < -30*time.Millisecond {
				t.Errorf("%d pictures, audio %v late that lasts %v longer: the segments last %v, want %v", frames, c.late, c.more, sum, want)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// TestVideoIsLate has an announced track that shows itself after audio: at once, late, or never.
func TestVideoIsLate(t *testing.T) {
	for _, at := range []float64{0.25, 0.9, 5} {
		v := video(pictures(30, 10, 2), 30)
		for i := range v {
			v[i].DTS += int64(at * 90000)
			v[i].PTS = v[i].DTS
		}
		v = delay(v, time.Duration(at*float64(time.Second)))
		r := judge(t, media.Position{}, both(v, audio(48000, 0, 15)))
		if late := r.soundParts > 0 && r.segments[0].parts[0].pictures == 0; late != (at > 1) {
			t.Errorf("video after %v s: audio alone begins: %v", at, late)
		}
	}
	r := judge(t, media.Position{}, both(nil, audio(48000, 0, 15)))
	if r.short > 0 || r.target != 210*time.Millisecond {
		t.Errorf("no video: %d short parts, target %v", r.short, r.target)
	}
}

func TestAudioSkew(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name  string
		video func([]media.Unit) []media.Unit
		audio func([]media.Unit) []media.Unit
	}{
		{"audio 1 s late", nil, func(us []media.Unit) []media.Unit { return delay(us, s) }},
		{"video 1 s late", func(us []media.Unit) []media.Unit { return delay(us, s) }, nil},
		// Audio begins alone: after 1.2 s, for as long as there is no video.
		{"video 3 s late", func(us []media.Unit) []media.Unit { return delay(us, 3*s) }, nil},
		{"video 7 s late", func(us []media.Unit) []media.Unit { return delay(us, 7*s) }, nil},
		{"audio in bursts of 0.5 s", nil, func(us []media.Unit) []media.Unit { return bursts(us, s/2) }},
		{"audio in bursts of 1 s", nil, func(us []media.Unit) []media.Unit { return bursts(us, s) }},
		{"video in bursts of 1 s", func(us []media.Unit) []media.Unit { return bursts(us, s) }, nil},
		{
			"both in bursts of 1 s",
			func(us []media.Unit) []media.Unit { return bursts(us, s) },
			func(us []media.Unit) []media.Unit { return bursts(us, s) },
		},
		{"audio wanders by 1 s", nil, func(us []media.Unit) []media.Unit {
			for i := range us {
				if us[i].DTS/48000%8 >= 4 {
					us[i].Arrival = us[i].Arrival.Add(s)
				}
			}
			return us
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, a := video(pictures(30, 40, 2), 30), audio(48000, 0, 40)
			if c.video != nil {
				v = c.video(v)
			}
			if c.audio != nil {
				a = c.audio(a)
			}
			r := judge(t, media.Position{}, both(v, a))
			if r.short > 0 || r.holes > 0 || r.late > 5*time.Millisecond {
				t.Errorf("%d short parts, %d holes, %v late", r.short, r.holes, r.late)
			}
			keyed := 0
			for _, s := range r.segments {
				if s.keyed {
					keyed++
				}
			}
			if keyed < 20 {
				t.Errorf("only %d segments of %d begin with a keyframe", keyed, len(r.segments))
			}
			most := map[string]int{"video 3 s late": 15, "video 7 s late": 36}[c.name]
			if r.soundParts > max(most, 5) {
				t.Errorf("%d parts of audio: time is counted twice", r.soundParts)
			}
		})
	}
}

// TestAudioCatchesUp has audio that falls behind by 3 s and returns in one go: no segment may take it all, and it must be
// out soon all the same.
func TestAudioCatchesUp(t *testing.T) {
	a := audio(48000, 0, 18)
	for i := range a {
		if at := a[i].DTS / 48000; at >= 5 && at < 10 {
			a[i].Arrival = a[i].Arrival.Add(3 * time.Second)
		}
	}
	r := both(video(pictures(30, 18, 2), 30), a)
	judge(t, media.Position{}, r)
	var held time.Duration
	for _, e := range cut(t, media.Position{}, r).events {
		if e.flush && e.chunk != nil {
			held += e.chunk.Length()
		}
	}
	if held > 200*time.Millisecond {
		t.Errorf("%v of audio were still held 5 s later", held)
	}
}

// TestAudioJitter has audio that was stamped when it was captured: the samples keep their length.
func TestAudioJitter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	a := audio(48000, 0, 20)
	for i := range a {
		a[i].DTS = max(0, a[i].DTS+48*int64(rng.IntN(11)-5))
		a[i].PTS = a[i].DTS
	}
	for _, e := range cut(t, media.Position{}, both(video(pictures(30, 20, 2), 30), a)).events {
		if c := e.chunk; c != nil && c.Track == audioID && c.Duration%1024 != 0 {
			t.Fatalf("chunk %d lasts %d", c.Seq, c.Duration)
		}
	}
}

// TestAudioRaces has a wrong clock of audio that runs away from video: what is held stays bounded.
func TestAudioRaces(t *testing.T) {
	a := audio(48000, 0, 300)
	for i := range a {
		a[i].Arrival = date.Add(a[i].Arrival.Sub(date) / 30)
	}
	r := both(video(pictures(30, 10, 2), 30), a)
	judge(t, media.Position{}, r)
	c := New("live", media.Epoch{N: 7}, media.Position{}, &discard{}, Config{})
	if err := c.Begin(r.begin); err != nil {
		t.Fatal(err)
	}
	for i := range r.units {
		if err := c.Unit(r.units[i]); err != nil {
			t.Fatal(err)
		}
		if held := c.audio.time(c.held.length); held > maxPending+100*time.Millisecond {
			t.Fatalf("%v of audio are held", held)
		}
	}
}

// TestAudioGaps has audio that stops for 0.15 s: less than what normalize fills with silence.
func TestAudioGaps(t *testing.T) {
	a := slices.DeleteFunc(audio(48000, 0, 30), func(u media.Unit) bool { return u.DTS%96000 < 7200 && u.DTS > 48000 })
	judge(t, media.Position{}, both(video(pictures(30, 30, 2), 30), a)).exact(t)
	b := media.Begin{Tracks: []media.Track{audioTrack(48000)}}
	if r := judge(t, media.Position{}, run{b, a}); r.short > 0 {
		t.Errorf("%d short parts of audio", r.short)
	}
	// No audio at all for 5 s.
	a = slices.DeleteFunc(audio(48000, 0, 20), func(u media.Unit) bool { return u.DTS > 5*48000 && u.DTS < 10*48000 })
	v := video(pictures(30, 20, 2), 30)
	if r := judge(t, media.Position{}, both(v, a)); r.short > 0 || r.soundParts > 0 {
		t.Errorf("%d short parts, %d of audio", r.short, r.soundParts)
	}
}

func TestDiscontinuities(t *testing.T) {
	runs := []run{
		both(video(pictures(30, 5.3, 2), 30), audio(48000, 0, 5.4)),
		{begin: media.Begin{Tracks: []media.Track{videoTrack()}, Reason: "track"}, units: nil}, // nothing came of it
		{media.Begin{Tracks: []media.Track{videoTrack()}, Reason: "track"}, video(pictures(25, 3.9, 2), 25)},
		{
			media.Begin{Tracks: []media.Track{videoTrack(), audioTrack(44100)}, Reason: "clock"},
			mux(video(pictures(60, 4, 1), 60), audio(44100, 0.2, 4.5)),
		},
		{media.Begin{Tracks: []media.Track{audioTrack(48000)}, Reason: "track"}, audio(48000, 0, 3)},
	}
	r := judge(t, media.Position{Segment: 41, Discontinuity: true}, runs...)
	if r.short > 0 || r.holes > 0 {
		t.Errorf("%d short parts, %d holes", r.short, r.holes)
	}
	if r.segments[0].number != 41 {
		t.Errorf("begins with segment %d", r.segments[0].number)
	}
}

// TestTakeover goes on with a part target that was made for another rate.
func TestTakeover(t *testing.T) {
	for _, c := range []struct {
		fps    float64
		target time.Duration
		holes  bool          // frames are longer than parts
		late   time.Duration // how far the end of a sample may be off; 0 is maxSlowLag
	}{
		{fps: 60, target: 210 * time.Millisecond},
		{fps: 25, target: 210 * time.Millisecond},
		{fps: 17, target: 210 * time.Millisecond},
		{fps: 14, target: 210 * time.Millisecond},
		{fps: 12, target: 210 * time.Millisecond},
		{fps: 8, target: 210 * time.Millisecond},
		{fps: 7, target: 210 * time.Millisecond, late: 112 * time.Millisecond},
		{fps: 6, target: 210 * time.Millisecond, late: 136 * time.Millisecond},
		{fps: 3, target: 210 * time.Millisecond, holes: true, late: 125 * time.Millisecond},
		{fps: 1, target: 210 * time.Millisecond, holes: true, late: 790 * time.Millisecond},
		{fps: 30, target: 334 * time.Millisecond},
		{fps: 25, target: 236 * time.Millisecond},
		{fps: 30, target: 1050 * time.Millisecond}, // began with audio alone
		{fps: 30, target: 2 * time.Second},
	} {
		t.Run(fmt.Sprintf("%v frames per second in parts of %v", c.fps, c.target), func(t *testing.T) {
			at := media.Position{Segment: 7, Discontinuity: true, PartTarget: c.target, AudioPartTarget: 1050 * time.Millisecond}
			r := judge(t, at, both(video(pictures(c.fps, 30, 2), c.fps), audio(48000, 0, 30)))
			if r.short > 0 || r.holes > 0 && !c.holes || r.soundParts > 0 && !c.holes {
				t.Errorf("%d short parts, %d holes, %d parts of audio", r.short, r.holes, r.soundParts)
			}
			if r.late > cmp.Or(c.late, maxSlowLag)+5*time.Millisecond {
				t.Errorf("%v late", r.late)
			}
		})
	}
}

// TestWrongClock has a jump that normalize would have made a run of: it is bounded all the same.
func TestWrongClock(t *testing.T) {
	v := video(pictures(30, 20, 2), 30)
	for i := range v {
		if i > 200 {
			v[i].DTS += 3600 * 90000
			v[i].PTS = v[i].DTS
		}
	}
	r := judge(t, media.Position{}, both(v, audio(48000, 0, 20)))
	if r.holes != 1 || r.late > maxLag+40*time.Millisecond {
		t.Errorf("%d holes, %v late", r.holes, r.late)
	}
}

// TestAtOnce holds that a part is complete with its last frame: nothing waits for the next one.
func TestAtOnce(t *testing.T) {
	r := both(video(pictures(30, 10, 2), 30), audio(48000, 0, 10))
	o := cut(t, media.Position{}, r)
	ends := 0
	for _, e := range o.events {
		if c := e.chunk; c != nil && c.EndsPart && c.Track == videoID {
			ends++
			if u := r.units[e.unit]; u.Track != videoID || u.DTS != c.DTS && u.DTS/90 != c.DTS/90 {
				t.Fatalf("chunk %d at %d came with the unit of track %d at %d", c.Seq, c.DTS, u.Track, u.DTS)
			}
		}
	}
	if ends != 50 {
		t.Errorf("%d parts were closed by their own last frame, want 50", ends)
	}
}

func TestMistakes(t *testing.T) {
	newCutter := func() *Cutter {
		return New("live", media.Epoch{N: 7}, media.Position{}, &tape{stream: live.NewHub(live.DefaultConfig()).Open("live", media.Position{})}, Config{})
	}
	u := video(pictures(30, 1, 1), 30)[0]
	c := newCutter()
	if err := c.Unit(u); !errors.Is(err, ErrNotBegun) {
		t.Errorf("a unit before its run: %v", err)
	}
	a := audioTrack(48000)
	a.ID = videoID
	for _, tracks := range [][]media.Track{
		nil, {{}}, {videoTrack(), videoTrack()}, {audioTrack(48000), audioTrack(48000)}, {videoTrack(), a},
	} {
		if err := c.Begin(media.Begin{Tracks: tracks}); !errors.Is(err, ErrTracks) {
			t.Errorf("%d tracks: %v", len(tracks), err)
		}
	}
	if err := c.Begin(media.Begin{Tracks: []media.Track{videoTrack()}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Unit(media.Unit{Track: 9, Payload: u.Payload}); !errors.Is(err, ErrTrack) {
		t.Errorf("an unknown track: %v", err)
	}
	if err := c.Unit(media.Unit{Track: videoID}); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty unit: %v", err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := c.Unit(u); !errors.Is(err, ErrClosed) {
		t.Errorf("a unit after close: %v", err)
	}
	if err := c.Begin(media.Begin{Tracks: []media.Track{videoTrack()}}); !errors.Is(err, ErrClosed) {
		t.Errorf("a run after close: %v", err)
	}
}

// refusing is an output that a newer epoch has taken over.
type refusing struct{ begin bool }

func (r refusing) Begin(*media.Init) error {
	if r.begin {
		return live.ErrEpoch
	}
	return nil
}
func (r refusing) Append(*media.Chunk) error { return live.ErrEpoch }

func TestRefused(t *testing.T) {
	for _, out := range []refusing{{true}, {false}} {
		c := New("live", media.Epoch{N: 7}, media.Position{}, out, Config{})
		if err := c.Begin(media.Begin{Tracks: []media.Track{videoTrack()}}); err != nil {
			t.Fatal(err)
		}
		if err := c.Unit(video(pictures(30, 1, 1), 30)[0]); !errors.Is(err, live.ErrEpoch) {
			t.Errorf("the output's refusal became %v", err)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	if (Config{}).withDefaults() != DefaultConfig() {
		t.Error("zero fields do not mean their defaults")
	}
	if err := (Config{PartTarget: time.Minute, AudioPartTarget: 1}).Validate(); err == nil {
		t.Error("nonsense passes")
	}
}
