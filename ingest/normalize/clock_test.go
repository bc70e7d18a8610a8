package normalize

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/internal/media"
)

var clip = source{fps: 25, rate: 48000, length: 20 * time.Second}

// frozen lets all packets from a moment on arrive later, and their clock go on meanwhile or not.
func frozen(t *testing.T, from, pause time.Duration, clockToo bool) []ingest.Packet {
	return edit(clip.packets(t), func(p *ingest.Packet) bool {
		if at(p) >= from {
			p.Arrival = p.Arrival.Add(pause)
			if clockToo {
				p.Time += uint32(pause.Milliseconds())
			}
		}
		return true
	})
}

// first sends a kind ahead of the other by shifting the moment at which its clock changes.
func jumpApart(t *testing.T, video, audio time.Duration, ms int) []ingest.Packet {
	return later(later(clip.packets(t), video, ms, media.Video), audio, ms, media.Audio)
}

func TestDiscontinuities(t *testing.T) {
	const s = time.Second
	all := []media.Kind{media.Video, media.Audio}
	for _, tc := range []struct {
		name    string
		packets []ingest.Packet
		want    []string
		lost    int     // pictures that are missing
		audio   float64 // more or less seconds of audio than were sent, silence included
	}{
		{"nothing", clip.packets(t), []string{"start"}, 0, 0},
		{"frozen for 20 s, clock too", frozen(t, 8*s, 20*s, false), []string{"start"}, 0, 0},
		{"frozen for 20 s, clock goes on", frozen(t, 8*s, 20*s, true), []string{"start", "late"}, 0, 0},
		{"the same, audio first", frozen(t, 8*s-10*time.Millisecond, 20*s, true), []string{"start", "late"}, 0, 0},
		{"frozen for 0.4 s", frozen(t, 8*s, 400*time.Millisecond, true), []string{"start"}, 0, 0},
		{"an hour forward", later(clip.packets(t), 8*s, 3_600_000, all...), []string{"start", "clock"}, 0, 0},
		{"10 s back", later(clip.packets(t), 8*s, -10_000, all...), []string{"start", "clock"}, 0, 0},
		{"3 s back", later(clip.packets(t), 8*s, -3000, all...), []string{"start", "clock"}, 0, 0},
		{"0.8 s forward", later(clip.packets(t), 8*s, 800, all...), []string{"start", "clock"}, 0, 0},
		{"0.8 s back", later(clip.packets(t), 8*s, -800, all...), []string{"start", "clock"}, 0, 0},
		{"0.3 s forward", later(clip.packets(t), 8*s, 300, all...), []string{"start"}, 0, 0},
		{"0.3 s back", later(clip.packets(t), 8*s, -300, all...), []string{"start"}, 0, 0},
		{"between keys", later(clip.packets(t), 9*s, -10_000, all...), []string{"start", "clock"}, 0, 0},
		{"10 s back, video 0.3 s before audio", jumpApart(t, 8*s, 8300*time.Millisecond, -10_000), []string{"start", "clock"}, 0, 0},
		{"10 s back, audio 0.3 s before video", jumpApart(t, 8300*time.Millisecond, 8*s, -10_000), []string{"start", "clock"}, 0, 0},
		{"3 s back, video 0.3 s before audio", jumpApart(t, 8*s, 8300*time.Millisecond, -3000), []string{"start", "clock"}, 0, 0},
		{"3 s forward, audio 0.3 s before video", jumpApart(t, 8300*time.Millisecond, 8*s, 3000), []string{"start", "clock"}, 0, 0},
		{"3 s forward, video 0.3 s before audio", jumpApart(t, 8*s, 8300*time.Millisecond, 3000), []string{"start", "clock"}, 0, 0},
		{"a day forward, audio 0.3 s before video", jumpApart(t, 8300*time.Millisecond, 8*s, 86_400_000), []string{"start", "clock"}, 0, 0},
		{"0.8 s without video", without(clip.packets(t), media.Video, 9*s, 9800*time.Millisecond), []string{"start", "late"}, 20, 0},
		{"0.4 s without video", without(clip.packets(t), media.Video, 9*s, 9400*time.Millisecond), []string{"start"}, 10, 0},
		{"8 s without video", without(clip.packets(t), media.Video, 5*s, 13*s), []string{"start", "late"}, 200, 0},
		{"video gone", without(clip.packets(t), media.Video, 5*s, 100*s), []string{"start"}, 375, 0},
		{"4 s without audio", without(clip.packets(t), media.Audio, 8*s, 12*s), []string{"start"}, 0, 0},
		{"audio gone", without(clip.packets(t), media.Audio, 8*s, 100*s), []string{"start"}, 0, 0},
		{"audio an hour forward alone", later(clip.packets(t), 8*s, 3_600_000, media.Audio), []string{"start"}, 0, 0},
		{"audio 20 s back alone", later(clip.packets(t), 8*s, -20_000, media.Audio), []string{"start"}, 0, 0},
		{"audio 3 s forward alone", later(clip.packets(t), 8*s, 3000, media.Audio), []string{"start"}, 0, 3},
		{"audio 3 s back alone", later(clip.packets(t), 8*s, -3000, media.Audio), []string{"start"}, 0, -3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, n := play(t, both, tc.packets)
			if got := r.reasons(); !slices.Equal(got, tc.want) {
				t.Fatalf("the runs are %v, want %v", got, tc.want)
			}
			pictures, audio := 0, 0.0
			for i, run := range r.runs {
				pictures += len(run.video)
				audio += float64(len(run.audio)) * 1024 / 48000
				units := append(slices.Clone(run.video), run.audio...)
				if len(run.Tracks) != 2 || i > 0 && (len(run.audio) < 100 || slices.IndexFunc(units, func(u media.Unit) bool { return u.DTS == 0 }) < 0) {
					t.Errorf("run %d has %d tracks, %d pictures and %d audio units", i, len(run.Tracks), len(run.video), len(run.audio))
				}
				seamlessBut(t, run.audio, 0.51)
			}
			if pictures != 500-tc.lost {
				t.Errorf("%d pictures, want %d", pictures, 500-tc.lost)
			}
			// Whatever happens, there is as much audio as time went by, but for what overlaps or lacks at a jump.
			if off := audio - 20 - tc.audio; off < -0.8 || off > 0.5 {
				t.Errorf("there are %.1f s of audio: %+v", audio, n.Stats())
			}
		})
	}
}

// seamlessBut fails if audio has a gap that is longer than so many seconds, or an overlap.
func seamlessBut(t *testing.T, units []media.Unit, gap float64) {
	t.Helper()
	for i := 1; i < len(units); i++ {
		if step := units[i].DTS - units[i-1].DTS; step < 1023 || float64(step-1024) > gap*48000 {
			t.Fatalf("audio unit %d comes %d ticks after the one before", i, step)
		}
	}
}

func TestPausedAudio(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name     string
		from, to time.Duration
	}{
		{"from the start, for 3 s", 0, 3 * s},
		{"for 4 s", 8 * s, 12 * s},
		{"for 0.3 s", 8 * s, 8300 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, n := play(t, both, without(clip.packets(t), media.Audio, tc.from, tc.to))
			if len(r.runs) != 1 {
				t.Fatalf("the runs are %v", r.reasons())
			}
			audio := r.runs[0].audio
			seamless(t, audio)
			want := float64((tc.to - tc.from).Milliseconds()) * 48 / 1024
			if got := count(audio, silent); math.Abs(float64(got)-want) > 2 {
				t.Errorf("%d frames of silence, want %.1f", got, want)
			}
			if d := n.Stats().Audio.Dropped[DropCovered]; d > 2 {
				t.Errorf("%d frames came back in vain", d)
			}
			// Sound comes back in step with the picture, to half a frame, and is exact after a while.
			if worst := apartBy(audio, int64(tc.to.Milliseconds())*48, 1024./48, 48000, 0); worst > 11.5 {
				t.Errorf("sound is off by %.1f ms", worst)
			}
			if worst := apartBy(audio, 19*48000, 1024./48, 48000, 0); worst > 4 && tc.to <= 9*s {
				t.Errorf("sound is still off by %.1f ms at the end", worst)
			}
		})
	}
}

// TestInterleaving sends one track later than the other: at most one glitch, then everything, in step.
func TestInterleaving(t *testing.T) {
	for _, tc := range []struct {
		kind media.Kind
		by   time.Duration
	}{
		{media.Audio, 100 * time.Millisecond},
		{media.Audio, time.Second},
		{media.Audio, 5 * time.Second},
		{media.Video, 100 * time.Millisecond},
		{media.Video, time.Second},
		{media.Video, 5 * time.Second},
	} {
		for _, from := range []time.Duration{0, 6 * time.Second} {
			t.Run(fmt.Sprintf("%v late by %v from %v", tc.kind, tc.by, from), func(t *testing.T) {
				c := clip
				c.length = 40 * time.Second
				r, n := play(t, both, delayed(c.packets(t), tc.kind, from, tc.by))
				end := int64(0)
				for _, run := range r.runs {
					if len(run.video) > 0 {
						end = max(end, run.video[len(run.video)-1].DTS)
					}
				}
				last := r.runs[len(r.runs)-1]
				if len(r.runs) > 2 || len(r.runs) == 2 && tc.kind == media.Audio {
					t.Fatalf("the runs are %v", r.reasons())
				}
				settled := int64((from + 2*tc.by + time.Second).Seconds() * 48000)
				if len(r.runs) > 1 {
					settled = int64((tc.by + time.Second).Seconds() * 48000)
				}
				for i, u := range last.audio {
					if u.DTS > settled && silent(&u) {
						t.Fatalf("silence at %.1f s: %+v", float64(last.audio[i].DTS)/48000, n.Stats())
					}
				}
				zero := 0.0
				if p := last.video[0].Payload; len(r.runs) > 1 {
					zero = float64(int(p[6])<<8|int(p[7])) * 40
				}
				if worst := apartBy(last.audio, settled, 1024./48, 48000, zero); worst > 11.5 {
					t.Errorf("sound is off by %.1f ms", worst)
				}
				if worst := apartBy(last.video, 0, 40, videoTimescale, zero); worst > 1 {
					t.Errorf("pictures are off by %.1f ms", worst)
				}
				t.Logf("%v: %d frames of silence, %v dropped", r.reasons(), n.Stats().Silent, n.Stats().Audio.Dropped)
			})
		}
	}
}

func TestAudioAlone(t *testing.T) {
	alone := clip
	alone.fps = 0
	const s = time.Second
	for _, tc := range []struct {
		name    string
		packets []ingest.Packet
		want    []string
		silent  int
	}{
		{"nothing", alone.packets(t), []string{"start"}, 0},
		{"a frame lost", without(alone.packets(t), media.Audio, 8*s, 8020*time.Millisecond), []string{"start"}, 0},
		{"0.3 s lost", without(alone.packets(t), media.Audio, 8*s, 8300*time.Millisecond), []string{"start"}, 14},
		{"2 s lost", without(alone.packets(t), media.Audio, 8*s, 10*s), []string{"start", "late"}, 0},
		{"10 s back", later(alone.packets(t), 8*s, -10_000, media.Audio), []string{"start", "clock"}, 0},
		{"an hour forward", later(alone.packets(t), 8*s, 3_600_000, media.Audio), []string{"start", "clock"}, 0},
		{"30 ms back", later(alone.packets(t), 8*s, -30, media.Audio), []string{"start"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, _ := play(t, &ingest.Announcement{Audio: true}, tc.packets)
			if got := r.reasons(); !slices.Equal(got, tc.want) {
				t.Fatalf("the runs are %v, want %v", got, tc.want)
			}
			for _, run := range r.runs {
				seamlessBut(t, run.audio, 0.025)
			}
			if got := count(r.runs[0].audio, silent); got < tc.silent || got > tc.silent+1 {
				t.Errorf("%d frames of silence, want %d", got, tc.silent)
			}
		})
	}
}

// TestDrift has an encoder that stamps audio with another clock than it samples with.
func TestDrift(t *testing.T) {
	for _, ppm := range []float64{100, -100, 500, -500} {
		t.Run(fmt.Sprint(ppm), func(t *testing.T) {
			c := source{fps: 25, rate: 48000, length: 5 * time.Minute}
			ps := edit(c.packets(t), func(p *ingest.Packet) bool {
				if p.Kind == media.Audio {
					ms := float64(p.Arrival.Sub(day))/1e6*(1+ppm/1e6) + 0.5
					p.Time = uint32(ms)
				}
				return true
			})
			r, n := play(t, both, ps)
			audio := r.runs[0].audio
			seamless(t, audio)
			last := audio[len(audio)-1]
			want := (float64(len(audio)-1) * 1024) * (1 + ppm/1e6)
			if off := math.Abs(float64(last.DTS)-want) / 48; off > 3 || n.Stats().Silent > 0 {
				t.Errorf("after 5 minutes audio is off by %.1f ms: %+v", off, n.Stats())
			}
		})
	}
}

// TestJitter has an encoder that stamps frames when they come out: up to 15 ms late.
func TestJitter(t *testing.T) {
	i := 0
	ps := edit(clip.packets(t), func(p *ingest.Packet) bool {
		if p.Kind == media.Audio {
			p.Time += uint32(i * 7 % 16)
			i++
		}
		return true
	})
	r, n := play(t, both, ps)
	audio := r.runs[0].audio
	if len(audio) != i || n.Stats().Silent > 0 {
		t.Errorf("%d of %d frames, %+v", len(audio), i, n.Stats())
	}
	steps := count(audio[1:], func(u *media.Unit) bool { return u.DTS%1024 != audio[1].DTS%1024 })
	seamlessBut(t, audio, 0.016)
	if worst := apartBy(audio, 0, 1024./48, 48000, 0); worst > 17 {
		t.Errorf("sound is off by %.1f ms, %d steps", worst, steps)
	}
}

func TestClamped(t *testing.T) {
	ps := later(clip.packets(t), 8*time.Second, -100, media.Video)
	r, n := play(t, both, ps)
	if s := n.Stats(); len(r.runs) != 1 || s.Video.Clamped != 2 || len(r.runs[0].video) != 500 {
		t.Errorf("the runs are %v, %+v", r.reasons(), s)
	}
	if worst := apartBy(r.runs[0].video, 9*90000, 40, videoTimescale, 0); worst != 100 {
		t.Errorf("pictures are off by %.1f ms, want 100", worst)
	}
}

// TestSlow has a stream of one picture per second, which is regular and not a series of pauses.
func TestSlow(t *testing.T) {
	c := source{fps: 1, rate: 48000, gop: 1, length: 30 * time.Second}
	a := *both
	a.FrameRate = 1
	r, _ := play(t, &a, c.packets(t))
	if got := r.reasons(); len(got) != 1 {
		t.Errorf("the runs are %v", got)
	}
	r, _ = play(t, both, c.packets(t)) // nothing declared but 30 in the parameters
	if got := r.reasons(); len(got) > 4 {
		t.Errorf("the runs are %v", got)
	}
}
