package normalize

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/ingest/flv"
	"shoal/internal/media"
)

// encode lets ffmpeg make an FLV file of 4 s, and gives what an encoder would have said.
func encode(t *testing.T, args string) (ingest.Announcement, []ingest.Packet) {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed: make test installs it")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.flv")
	common := "-nostdin -v error -y -threads 1 "
	cmd := exec.CommandContext(t.Context(), ffmpeg, append(strings.Fields(common+args), "-f", "flv", file)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var (
		a      ingest.Announcement
		ps     []ingest.Packet
		parser flv.Parser
		start  = int64(-1)
	)
	// A tag: type, 3 bytes of size, 3 + 1 of time, 3 of stream, body, 4 of its size (FLV 10.1, E.4.1).
	for b = b[13:]; len(b) > 15; {
		size := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		ms := uint32(b[7])<<24 | uint32(b[4])<<16 | uint32(b[5])<<8 | uint32(b[6])
		kind, body := b[0], b[11:11+size]
		if got := binary.BigEndian.Uint32(b[11+size:]); int(got) != size+11 {
			t.Fatalf("a tag of %d bytes says %d behind it", size+11, got)
		}
		b = b[15+size:]
		var p ingest.Packet
		ok := false
		arrival := day
		if start >= 0 {
			arrival = day.Add(time.Duration(int64(ms)-start) * time.Millisecond)
		}
		switch kind {
		case 8:
			p, ok, err = parser.Audio(body, ms, arrival)
		case 9:
			p, ok, err = parser.Video(body, ms, arrival)
		case 18:
			a, _, err = flv.Metadata(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			if p.Codec == nil && start < 0 {
				start = int64(ms)
			}
			ps = append(ps, p)
		}
	}
	return a, ps
}

const (
	testVideo = "-f lavfi -i testsrc2=size=160x90:rate=25 "
	testAudio = "-f lavfi -i sine=r=44100 "
	testCodec = "-t 4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -c:a aac -ac 2 -map 0:v -map 1:a "
)

// TestEncoder takes what a real encoder says.
func TestEncoder(t *testing.T) {
	for _, tc := range []struct {
		name, args string
		reasons    []string
		pictures   int
		silent     uint64 // frames, about
	}{
		{"plain", testVideo + testAudio + testCodec, []string{"start"}, 100, 0},
		{"B-frames, open GOP", testVideo + testAudio + testCodec + "-bf 3 -x264-params open-gop=1:b-pyramid=normal", []string{"start"}, 100, 0},
		{"after 4.7 hours", testVideo + testAudio + testCodec + "-output_ts_offset 17000", []string{"start"}, 100, 0},
		{"intra refresh", testVideo + testAudio + testCodec + "-tune zerolatency -x264-params intra-refresh=1:keyint=25", []string{"start"}, 100, 0},
		{"audio 3 s late", testVideo + "-itsoffset 3 " + testAudio + testCodec, []string{"start"}, 100, 120},
		{"delimiters, and headers in band", testVideo + testAudio + testCodec + "-bsf:v h264_metadata=aud=insert,dump_extra=freq=k", []string{"start"}, 100, 0},
		{"video alone", testVideo + "-t 4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50", []string{"start"}, 100, 0},
		{"audio alone", testAudio + "-t 4 -c:a aac", []string{"start"}, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, ps := encode(t, tc.args)
			r, n := play(t, &a, ps)
			if got := r.reasons(); !slices.Equal(got, tc.reasons) {
				t.Fatalf("the runs are %v, want %v", got, tc.reasons)
			}
			s := n.Stats()
			if got := len(r.runs[0].video); got != tc.pictures || s.Video.Dropped != [dropCount]uint64{} || s.Video.Clamped+s.Audio.Clamped > 0 {
				t.Errorf("%d pictures, want %d: %+v", got, tc.pictures, s)
			}
			if s.Silent < tc.silent || s.Silent > tc.silent+12 {
				t.Errorf("%d frames of silence, want %d", s.Silent, tc.silent)
			}
			audio := r.runs[0].audio
			seamless(t, audio)
			if i := slices.IndexFunc(r.runs[0].Tracks, func(tr media.Track) bool { return tr.Kind() == media.Audio }); i >= 0 && len(audio) < 160 {
				t.Errorf("%d frames of audio", len(audio))
			}
			for i, u := range r.runs[0].video {
				if i > 0 && u.Duration != 3600 {
					t.Fatalf("picture %d is said to last %d ticks", i, u.Duration)
				}
				if nal := u.Payload[4] & 31; nal == 9 || nal == 7 || nal == 8 {
					t.Fatalf("picture %d begins with a NAL unit of type %d", i, nal)
				}
			}
			for _, note := range n.Notes() {
				if note.Code != "silence" {
					t.Errorf("%s: %s", note.Code, note.Text)
				}
			}
		})
	}
}

// TestEncoderChangesSize joins streams of two sizes. ffmpeg announces the second in band, or with another header.
func TestEncoderChangesSize(t *testing.T) {
	a, ps := encode(t, testVideo+testAudio+testCodec)
	b, more := encode(t, strings.Replace(testVideo, "160x90", "320x180", 1)+testAudio+testCodec)
	if a.Width != 160 || b.Width != 320 {
		t.Fatalf("announced are %+v and %+v", a, b)
	}
	shift := ps[len(ps)-1]
	for _, p := range more {
		p.Time += shift.Time + 20
		p.Arrival = p.Arrival.Add(shift.Arrival.Sub(day))
		ps = append(ps, p)
	}
	r, n := play(t, &a, ps)
	if got := r.reasons(); !slices.Equal(got, []string{"start", "parameters"}) {
		t.Fatalf("the runs are %v", got)
	}
	for i, width := range []int{160, 320} {
		run := r.runs[i]
		if run.Tracks[0].Width != width || len(run.video) != 100 || !run.video[0].Key || len(run.audio) < 160 {
			t.Errorf("run %d is %d wide, has %d pictures and %d audio units: %+v", i, run.Tracks[0].Width, len(run.video), len(run.audio), n.Stats())
		}
	}
}
