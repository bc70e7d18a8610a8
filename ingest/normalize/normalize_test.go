package normalize

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/internal/media"
)

var both = &ingest.Announcement{Video: true, Audio: true}

func TestRates(t *testing.T) {
	for _, fps := range []float64{15, 24, 25, 30000. / 1001, 30, 50, 60000. / 1001, 60} {
		for _, rate := range []int{48000, 44100, 24000} {
			for _, declared := range []float64{0, fps, 12} {
				t.Run(fmt.Sprintf("%.2f at %d, declared %.2f", fps, rate, declared), func(t *testing.T) {
					ps := source{fps: fps, rate: rate, length: 20 * time.Second}.packets(t)
					r, n := play(t, &ingest.Announcement{Video: true, Audio: true, FrameRate: declared}, ps)
					if len(r.runs) != 1 || r.runs[0].Reason != "start" {
						t.Fatalf("the runs are %v", r.reasons())
					}
					s := n.Stats()
					if s.Silent+s.Video.Clamped+s.Audio.Clamped > 0 || s.Video.Dropped != [dropCount]uint64{} || s.Audio.Dropped != [dropCount]uint64{} {
						t.Errorf("a clean stream gives %+v", s)
					}
					run := r.runs[0]
					if want := int(math.Ceil(20 * fps)); len(run.video) != want {
						t.Errorf("%d pictures, want %d", len(run.video), want)
					}
					exact := videoTimescale / fps
					for i, u := range run.video[20:] {
						if math.Abs(float64(u.Duration)-exact) > exact*0.025 {
							t.Fatalf("picture %d is said to last %d ticks, want %.1f", i+20, u.Duration, exact)
						}
						if declared == fps && u.Duration != int64(math.Round(exact)) {
							t.Fatalf("picture %d is said to last %d ticks, declared are %.1f", i+20, u.Duration, exact)
						}
					}
					if worst := apartBy(run.video, 0, 1000/fps, videoTimescale, 0); worst > 0.51 {
						t.Errorf("a picture is off by %.2f ms", worst)
					}
					for i, u := range run.audio {
						if u.DTS != int64(i)*1024 || u.Duration != 1024 || u.PTS != u.DTS {
							t.Fatalf("audio unit %d is at %d for %d", i, u.DTS, u.Duration)
						}
					}
					if math.Abs(s.FrameRate-fps) > fps*0.025 {
						t.Errorf("measured are %.2f frames per second", s.FrameRate)
					}
				})
			}
		}
	}
}

func TestReordering(t *testing.T) {
	offsets := []int32{80, 200, 80, 0, 40, -40, 2_000_000_000, -2_000_000_000}
	ps := source{fps: 25, length: 2 * time.Second}.packets(t)
	i := 0
	ps = edit(ps, func(p *ingest.Packet) bool {
		p.Offset = offsets[i%len(offsets)]
		i++
		return true
	})
	r, _ := play(t, &ingest.Announcement{Video: true}, ps)
	for i, u := range r.runs[0].video {
		want := min(max(int64(offsets[i%len(offsets)]), -10_000), 10_000) * 90
		if u.PTS-u.DTS != want {
			t.Fatalf("picture %d is shown %d ticks after it is decoded, want %d", i, u.PTS-u.DTS, want)
		}
	}
}

// TestBase shows that it does not matter where an encoder's clock starts, and that its end after 2^32 ms is none.
func TestBase(t *testing.T) {
	want, _ := play(t, both, source{fps: 30, rate: 44100, length: 20 * time.Second}.packets(t))
	for _, base := range []uint32{1, 17_000_000, 1<<24 - 5000, 1<<31 - 7777, 1<<32 - 5000, 1<<32 - 1} {
		got, _ := play(t, both, source{fps: 30, rate: 44100, base: base, length: 20 * time.Second}.packets(t))
		equalRuns(t, got.runs, want.runs)
		// A header stamped 0 in the middle, as some encoders repeat it, is no jump.
		ps := source{fps: 30, rate: 44100, base: base, length: 20 * time.Second}.packets(t)
		ps = slices.Insert(ps, 500, ingest.Packet{Kind: media.Video, Codec: h264(t, avcC320), Arrival: ps[500].Arrival})
		got, _ = play(t, both, ps)
		equalRuns(t, got.runs, want.runs)
	}
}

func equalRuns(t *testing.T, got, want []recorded) {
	t.Helper()
	same := func(a, b media.Unit) bool {
		return a.DTS == b.DTS && a.PTS == b.PTS && a.Duration == b.Duration && a.Track == b.Track && a.Key == b.Key &&
			a.Recovery == b.Recovery && a.Arrival.Equal(b.Arrival) && bytes.Equal(a.Payload, b.Payload)
	}
	if len(got) != len(want) {
		t.Fatalf("%d runs, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Reason != want[i].Reason || !slices.EqualFunc(got[i].video, want[i].video, same) || !slices.EqualFunc(got[i].audio, want[i].audio, same) {
			t.Fatalf("run %d is another", i)
		}
	}
}

func TestStart(t *testing.T) {
	type result struct {
		after   int    // packets until the first run
		tracks  string // of the first run
		expects bool   // video
	}
	clip := func(fps float64, rate int) []ingest.Packet {
		return source{fps: fps, rate: rate, length: 6 * time.Second}.packets(t)
	}
	headers := func(ps []ingest.Packet, k media.Kind) []ingest.Packet {
		return slices.DeleteFunc(ps, func(p ingest.Packet) bool { return p.Codec != nil && p.Kind == k })
	}
	for _, tc := range []struct {
		name     string
		announce *ingest.Announcement
		packets  []ingest.Packet
		want     result
	}{
		{"both announced, both there", both, clip(25, 48000), result{3, "video audio", true}},
		{"nothing announced, both there", nil, clip(25, 48000), result{3, "video audio", true}},
		{"video announced", &ingest.Announcement{Video: true}, clip(25, 0), result{2, "video", true}},
		{"audio announced", &ingest.Announcement{Audio: true}, clip(0, 48000), result{2, "audio", false}},
		// 300 ms hold 8 pictures: 0, 40 .. 280.
		{"video, nothing announced", nil, clip(25, 0), result{1 + 9, "video", true}},
		{"audio announced but missing", both, clip(25, 0), result{1 + 9, "video", true}},
		// 300 ms hold 15 frames: 0, 21.3 .. 298.7.
		{"audio, nothing announced", nil, clip(0, 48000), result{1 + 16, "audio", false}},
		{"video announced but missing", both, clip(0, 48000), result{1 + 16, "audio", true}},
		{"video announced, header only", both, without(clip(25, 48000), media.Video, 0, time.Hour), result{2 + 16, "video audio", true}},
		{"audio announced, header only", both, without(clip(25, 48000), media.Audio, 0, time.Hour), result{3, "video audio", true}},
		{"audio without parameters", both, headers(clip(25, 48000), media.Audio), result{1 + 8 + 15 + 1, "video", true}},
		{
			"keyless for a second", both,
			edit(clip(25, 48000), func(p *ingest.Packet) bool {
				if p.Kind == media.Video {
					p.Data = picture(at(p) == time.Second, 0)
				}
				return true
			}),
			result{2 + 25 + 47 + 1, "video audio", true},
		},
		{
			"no key at all", both,
			edit(clip(25, 0), func(p *ingest.Packet) bool { p.Data = picture(false, 0); return true }),
			result{1 + 101, "video", true},
		},
		{
			"a recovery point", both,
			edit(clip(25, 0), func(p *ingest.Packet) bool {
				p.Data = picture(false, 0)
				if at(p) >= time.Second {
					p.Data = append([]byte{0, 0, 0, 5, 6, 6, 1, 0xc4, 0x80}, p.Data...)
				}
				return true
			}),
			result{1 + 26, "video", true},
		},
		{
			"a picture of 3 MB and another", both,
			edit(clip(25, 0)[:4], func(p *ingest.Packet) bool {
				p.Data = append([]byte{0, 0x30, 0, 0, 0x65}, make([]byte, 0x2fffff)...)
				return true
			}),
			result{1 + 2, "video", true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{t: t}
			n := New(r, Config{})
			if tc.announce != nil {
				n.Announce(*tc.announce)
			}
			for i, p := range tc.packets {
				if err := n.Packet(p); err != nil {
					t.Fatal(err)
				}
				if len(r.runs) == 0 {
					continue
				}
				run := r.runs[0]
				var tracks []string
				for _, tr := range run.Tracks {
					tracks = append(tracks, tr.Kind().String())
				}
				got := result{i + 1, fmt.Sprint(tracks), run.VideoExpected}
				if want := (result{tc.want.after, "[" + tc.want.tracks + "]", tc.want.expects}); got != want {
					t.Errorf("the start is %+v, want %+v", got, want)
				}
				if run.Reason != "start" {
					t.Errorf("the reason is %q", run.Reason)
				}
				units := append(run.video, run.audio...)
				if first := units[0]; first.DTS != 0 {
					t.Errorf("the first unit is at %d", first.DTS)
				}
				return
			}
			t.Error("no run began")
		})
	}
}

func TestTracks(t *testing.T) {
	r, _ := play(t, &ingest.Announcement{
		Video: true, Audio: true, FrameRate: 29.97, VideoBitrate: 2_500_000, AudioBitrate: 128_000, Width: 1, Height: 1,
	}, source{fps: 30, rate: 44100, length: time.Second}.packets(t))
	tr := r.runs[0].Tracks
	v, a := tr[0], tr[1]
	if v.ID != 1 || v.Kind() != media.Video || v.Timescale != 90000 || v.Width != 320 || v.Height != 180 || v.FrameRate != 29.97 || v.Bitrate != 2_500_000 || v.Language != "und" {
		t.Errorf("video is %+v", v)
	}
	if a.ID != 2 || a.Kind() != media.Audio || a.Timescale != 44100 || a.Channels != 2 || a.Bitrate != 128_000 || a.Language != "und" {
		t.Errorf("audio is %+v", a)
	}
	r, _ = play(t, &ingest.Announcement{Video: true, FrameRate: 90000, VideoBitrate: -1}, source{fps: 30, record: avcC640, length: time.Second}.packets(t))
	if v := r.runs[0].Tracks[0]; v.FrameRate != 60000./1001 || v.Bitrate != 0 {
		t.Errorf("video is %+v", v)
	}
}

func TestTrackAppears(t *testing.T) {
	clip := source{fps: 25, rate: 48000, length: 10 * time.Second}
	t.Run("audio", func(t *testing.T) {
		ps := clip.packets(t)
		i := slices.IndexFunc(ps, func(p ingest.Packet) bool { return p.Kind == media.Audio && p.Codec != nil })
		header := ps[i]
		ps = slices.Delete(ps, i, i+1)
		ps = without(ps, media.Audio, 0, 3*time.Second)
		i = slices.IndexFunc(ps, func(p ingest.Packet) bool { return at(&p) >= 3*time.Second })
		ps = slices.Insert(ps, i, header)
		r, _ := play(t, both, ps)
		if got := r.reasons(); !slices.Equal(got, []string{"start", "track"}) {
			t.Fatalf("the runs are %v", got)
		}
		// The new run begins with the keyframe at 4 s; nothing of the picture is lost.
		if len(r.runs[0].Tracks) != 1 || len(r.runs[0].video) != 100 || len(r.runs[1].Tracks) != 2 || !r.runs[1].video[0].Key || len(r.runs[1].video) != 150 {
			t.Errorf("%d and %d pictures", len(r.runs[0].video), len(r.runs[1].video))
		}
		if worst := apartBy(r.runs[1].audio, 0, 1024./48, 48000, 4000); worst > 1 || len(r.runs[1].audio) < 280 {
			t.Errorf("%d audio units, off by %.1f ms", len(r.runs[1].audio), worst)
		}
	})
	t.Run("video", func(t *testing.T) {
		ps := clip.packets(t)
		i := slices.IndexFunc(ps, func(p ingest.Packet) bool { return p.Kind == media.Video && p.Codec != nil })
		header := ps[i]
		ps = slices.Delete(ps, i, i+1)
		ps = without(ps, media.Video, 0, 3*time.Second)
		i = slices.IndexFunc(ps, func(p ingest.Packet) bool { return at(&p) >= 3*time.Second })
		ps = slices.Insert(ps, i, header)
		r, n := play(t, nil, ps)
		if got := r.reasons(); !slices.Equal(got, []string{"start", "track"}) {
			t.Fatalf("the runs are %v", got)
		}
		if !r.runs[1].video[0].Key || len(r.runs[1].video) != 150 || n.Stats().Video.Dropped[DropParameters] != 25 {
			t.Errorf("%d pictures, %+v", len(r.runs[1].video), n.Stats().Video)
		}
		if worst := apartBy(r.runs[1].audio, 0, 1024./48, 48000, 4000); worst > 1 || len(r.runs[1].audio) < 275 {
			t.Errorf("%d audio units, off by %.1f ms", len(r.runs[1].audio), worst)
		}
	})
}

func TestParameters(t *testing.T) {
	clip := source{fps: 25, rate: 48000, length: 10 * time.Second}
	other, otherAudio := h264(t, avcC640), aac(t, 44100)
	insert := func(ps []ingest.Packet, after time.Duration, header ingest.Packet) []ingest.Packet {
		i := slices.IndexFunc(ps, func(p ingest.Packet) bool { return at(&p) >= after })
		header.Time, header.Arrival = ps[i].Time, ps[i].Arrival
		return slices.Insert(ps, i, header)
	}
	inBand := func(ps []ingest.Packet, after time.Duration) []ingest.Packet {
		done := false
		return edit(ps, func(p *ingest.Packet) bool {
			if p.Kind == media.Video && at(p) >= after && !done {
				done = true
				sps, pps := other.ParameterSets()
				var d []byte
				for _, s := range [][]byte{sps[0], pps[0]} {
					d = append(append(d, 0, 0, 0, byte(len(s))), s...)
				}
				p.Data = append(d, p.Data...)
			}
			return true
		})
	}
	for _, tc := range []struct {
		name    string
		packets []ingest.Packet
		reasons []string
		first   int    // pictures of the first run
		dropped uint64 // pictures that waited in vain
	}{
		{"the same again", insert(clip.packets(t), 3*time.Second, ingest.Packet{Kind: media.Video, Codec: h264(t, avcC320)}), []string{"start"}, 250, 0},
		{"other video at a key", insert(clip.packets(t), 4*time.Second, ingest.Packet{Kind: media.Video, Codec: other}), []string{"start", "parameters"}, 100, 0},
		{"other video between keys", insert(clip.packets(t), 3*time.Second, ingest.Packet{Kind: media.Video, Codec: other}), []string{"start", "parameters"}, 75, 25},
		{"other video in band", inBand(clip.packets(t), 4*time.Second), []string{"start", "parameters"}, 100, 0},
		{"other video in band between keys", inBand(clip.packets(t), 3*time.Second), []string{"start", "parameters"}, 75, 25},
		{"other audio", insert(clip.packets(t), 3*time.Second, ingest.Packet{Kind: media.Audio, Codec: otherAudio}), []string{"start", "parameters"}, 100, 0},
		{
			"other video and back before a picture",
			insert(insert(clip.packets(t), 3*time.Second, ingest.Packet{Kind: media.Video, Codec: h264(t, avcC320)}), 3*time.Second, ingest.Packet{Kind: media.Video, Codec: other}),
			[]string{"start"},
			250, 0,
		},
		{
			"other video, and no key any more",
			insert(edit(clip.packets(t), func(p *ingest.Packet) bool {
				if p.Kind == media.Video && at(p) > 0 {
					p.Data = picture(false, 0)
				}
				return true
			}), 3*time.Second, ingest.Packet{Kind: media.Video, Codec: other}),
			[]string{"start", "parameters"},
			75, 100,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, n := play(t, both, tc.packets)
			if got := r.reasons(); !slices.Equal(got, tc.reasons) {
				t.Fatalf("the runs are %v, want %v", got, tc.reasons)
			}
			if got := len(r.runs[0].video); got != tc.first {
				t.Errorf("the first run has %d pictures, want %d", got, tc.first)
			}
			if got := n.Stats().Video.Dropped[DropParameters]; got != tc.dropped {
				t.Errorf("%d pictures were dropped, want %d", got, tc.dropped)
			}
			for _, run := range r.runs[1:] {
				if len(run.Tracks) != 2 || len(run.video) < 70 || len(run.audio) < 120 {
					t.Errorf("a run of %d tracks has %d pictures and %d audio units", len(run.Tracks), len(run.video), len(run.audio))
				}
			}
		})
	}
}

func TestUnusable(t *testing.T) {
	ps := source{fps: 25, rate: 48000, length: 4 * time.Second}.packets(t)
	bad := func(kind media.Kind, data ...byte) {
		ps = slices.Insert(ps, 50, ingest.Packet{Kind: kind, Data: data, Time: ps[50].Time, Arrival: ps[50].Arrival})
	}
	bad(media.Video)
	bad(media.Audio)
	bad(media.Video, 0, 0, 0, 2, 9, 0xf0) // a delimiter
	bad(media.Video, 0, 0, 0, 9, 0x41)
	bad(media.Audio, make([]byte, 20_000)...)
	bad(7, 1, 2, 3)
	ps = append([]ingest.Packet{{Kind: media.Audio, Data: []byte{1}, Arrival: day}}, ps...)
	r, n := play(t, both, ps)
	s := n.Stats()
	if len(r.runs) != 1 || len(r.runs[0].video) != 100 || s.Video.Units != 100 || s.Audio.Units != uint64(len(r.runs[0].audio)) {
		t.Errorf("the runs are %v, %+v", r.reasons(), s)
	}
	if s.Video.Dropped[DropEmpty] != 2 || s.Video.Dropped[DropDamaged] != 1 || s.Audio.Dropped[DropEmpty] != 1 || s.Audio.Dropped[DropDamaged] != 1 || s.Audio.Dropped[DropNoParameters] != 1 {
		t.Errorf("dropped are %v and %v", s.Video.Dropped, s.Audio.Dropped)
	}
}

func TestSinkFails(t *testing.T) {
	ps := source{fps: 25, length: time.Second}.packets(t)
	r := &recorder{t: t, err: errors.New("superseded")}
	n := New(r, Config{})
	n.Announce(ingest.Announcement{Video: true})
	if err := n.Packet(ps[0]); err != nil {
		t.Fatal(err)
	}
	if err := n.Packet(ps[1]); !errors.Is(err, r.err) {
		t.Errorf("the error is %v", err)
	}
}

func TestVariableRate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	ps := source{fps: 25, rate: 48000, length: 30 * time.Second}.packets(t)
	gap := 0
	ps = edit(ps, func(p *ingest.Packet) bool {
		if p.Kind == media.Video && p.Data[4] == 0x41 && rnd.Float64() < 0.5 && gap < 10 {
			gap++
			return false
		}
		if p.Kind == media.Video {
			gap = 0
		}
		return true
	})
	r, n := play(t, both, ps)
	if s := n.Stats(); len(r.runs) != 1 || s.Silent+s.Video.Clamped > 0 {
		t.Errorf("the runs are %v, %+v", r.reasons(), s)
	}
	if worst := apartBy(r.runs[0].video, 0, 40, videoTimescale, 0); worst > 0 {
		t.Errorf("a picture is off by %.1f ms", worst)
	}
}

func TestNotes(t *testing.T) {
	codes := func(a *ingest.Announcement, ps []ingest.Packet) (out []string) {
		_, n := play(t, a, ps)
		for _, note := range n.Notes() {
			if note.Text == "" {
				t.Errorf("%s has no text", note.Code)
			}
			out = append(out, note.Code)
		}
		return out
	}
	clip := source{fps: 25, rate: 48000, length: 25 * time.Second}
	long, strange := clip, clip
	long.gop, strange.record = 250, avcC444
	damaged := edit(clip.packets(t), func(p *ingest.Packet) bool {
		if at(p) == time.Second {
			p.Data = []byte{0, 0}
		}
		return true
	})
	late := edit(delayed(clip.packets(t), media.Audio, 0, 2*time.Second), func(p *ingest.Packet) bool { return at(p) < clip.length })
	for _, tc := range []struct {
		name     string
		announce *ingest.Announcement
		packets  []ingest.Packet
		want     []string
	}{
		{"all well", both, clip.packets(t), nil},
		{"10 s from key to key", both, long.packets(t), []string{"keyframes"}},
		{"4:4:4", both, strange.packets(t), []string{"codec"}},
		{"60 frames per second are announced", &ingest.Announcement{Video: true, Audio: true, FrameRate: 60}, clip.packets(t), []string{"framerate"}},
		{"audio pauses", both, without(clip.packets(t), media.Audio, 5*time.Second, 9*time.Second), []string{"silence"}},
		{"audio is late", both, late, []string{"interleaving", "silence"}},
		{"damage", both, damaged, []string{"damaged"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := codes(tc.announce, tc.packets); !slices.Equal(got, tc.want) {
				t.Errorf("the notes are %v, want %v", got, tc.want)
			}
		})
	}
}
