package cutter

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"shoal/internal/media"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readClip makes a run of testdata/clip.mp4, with the times that RTMP would have carried.
func readClip(t *testing.T) run {
	t.Helper()
	data, err := os.ReadFile("testdata/clip.mp4")
	if err != nil {
		t.Fatal(err)
	}
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	r := run{begin: media.Begin{Reason: "start"}}
	scale := map[int]int64{}
	for _, tr := range init.Tracks {
		kind := media.Audio
		if tr.Codec.IsVideo() {
			kind = media.Video
		}
		scale[tr.ID] = int64(tr.TimeScale)
		r.begin.Tracks = append(r.begin.Tracks, media.Track{
			ID: uint32(tr.ID), Timescale: tr.TimeScale, Language: "und", Codec: testCodec{kind, tr.Codec},
		})
	}
	file, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	trex := map[uint32]*mp4.TrexBox{}
	for _, x := range file.Init.Moov.Mvex.Trexs {
		trex[x.TrackID] = x
	}
	for _, seg := range file.Segments {
		for _, frag := range seg.Fragments {
			for _, traf := range frag.Moof.Trafs {
				id := traf.Tfhd.TrackID
				samples, err := frag.GetFullSamples(trex[id])
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range samples {
					ts := scale[int(id)]
					dts := int64(s.DecodeTime) * 1000 / ts
					pts := (int64(s.DecodeTime) + int64(s.CompositionTimeOffset)) * 1000 / ts
					r.units = append(r.units, media.Unit{
						Track: id, DTS: dts * ts / 1000, PTS: pts * ts / 1000, Duration: int64(s.Dur), Key: s.IsSync(),
						Payload: s.Data, Arrival: date.Add(time.Duration(dts) * time.Millisecond),
					})
				}
			}
		}
	}
	slices.SortStableFunc(r.units, func(a, b media.Unit) int { return a.Arrival.Compare(b.Arrival) })
	return r
}

func TestClip(t *testing.T) {
	r := readClip(t)
	o := cut(t, media.Position{}, r)
	check(t, o, media.Position{}, []run{r}).exact(t)

	var got strings.Builder
	fmt.Fprintln(&got, "# What is cut of clip.mp4: segment.part, track, decode time+duration, flags (independent, ends part, ends segment)")
	for _, e := range o.events {
		if i := e.init; i != nil {
			fmt.Fprintf(&got, "init %d, part target %v, %d + %d bytes\n", i.Index, i.PartTarget, len(i.Data[media.Main]), len(i.Data[media.AudioOnly]))
			continue
		}
		c := e.chunk
		marks := ""
		for _, m := range []struct {
			on   bool
			name string
		}{{c.Independent, " I"}, {c.EndsPart, " P"}, {c.EndsSegment, " S"}} {
			if m.on {
				marks += m.name
			}
		}
		fmt.Fprintf(&got, "%d.%d\t%d\t%d+%d%s\n", c.Segment, c.Part, c.Track, c.DTS, c.Duration, marks)
	}
	fmt.Fprintf(&got, "sha256 %x\n", o.sum())
	const golden = "testdata/clip.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the clip is cut otherwise than %s says; look at the difference, then run with -update:\n%s", golden, got.String())
	}
}

// TestClipDecodes hands what was cut to ffmpeg: every rendition, as it was emitted and as parts put it in order.
func TestClipDecodes(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	r := readClip(t)
	o := cut(t, media.Position{}, r)
	units := map[uint32]int{}
	for _, u := range r.units {
		units[u.Track]++
	}
	frames := regexp.MustCompile(`frame= *(\d+)`)
	for _, rendition := range []media.RenditionID{media.Main, media.AudioOnly} {
		for _, sorted := range []bool{false, true} {
			var file []byte
			var chunks []*media.Chunk
			var init *media.Init
			for _, e := range o.events {
				if e.init != nil {
					init = e.init
					file = append(file, init.Data[rendition]...)
				} else if init.Carries(rendition, e.chunk.Track) {
					chunks = append(chunks, e.chunk)
				}
			}
			if sorted {
				slices.SortStableFunc(chunks, func(a, b *media.Chunk) int {
					return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Start(), b.Start()),
						-cmp.Compare(a.Track, b.Track))
				})
			}
			for _, c := range chunks {
				file = append(file, c.Data...)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			cmd := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-v", "warning", "-stats", "-f", "mp4", "-i", "-", "-f", "null", "-")
			if rendition == media.Main {
				cmd.Args = append(cmd.Args[:len(cmd.Args)-3], "-fps_mode", "passthrough", "-f", "null", "-")
			}
			cmd.Stdin = bytes.NewReader(file)
			out, err := cmd.CombinedOutput()
			cancel()
			if err != nil {
				t.Fatalf("%s: %v\n%s", rendition, err, out)
			}
			for _, line := range strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' || r == '\r' }) {
				if !strings.HasPrefix(line, "frame=") && !strings.HasPrefix(line, "size=") {
					t.Errorf("%s, sorted %v: ffmpeg says %s", rendition, sorted, line)
				}
			}
			if rendition != media.Main {
				continue
			}
			m := frames.FindAllStringSubmatch(string(out), -1)
			if len(m) == 0 || m[len(m)-1][1] != fmt.Sprint(units[videoID]) {
				t.Errorf("ffmpeg decoded %v, of %d frames", m, units[videoID])
			}
		}
	}
}
