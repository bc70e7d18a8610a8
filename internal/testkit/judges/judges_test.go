package judges_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shoal/internal/testkit/judges"
)

const head = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0
#EXT-X-PART-INF:PART-TARGET=0.21
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="main-1-init0.mp4"
`

// media is a playlist of n complete segments of two parts each, and an open one with one.
func media(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "#EXT-X-PART:DURATION=0.2,URI=\"%d.0.mp4\",INDEPENDENT=YES\n#EXT-X-PART:DURATION=0.2,URI=\"%d.1.mp4\"\n#EXTINF:0.4,\n%d.mp4\n", i, i, i)
	}
	b.WriteString("#EXT-X-PART:DURATION=0.2,URI=\"open.0.mp4\",INDEPENDENT=YES\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"open.1.mp4\"\n")
	return b.String()
}

const master = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS=\"avc1.42c014,mp4a.40.2\"\nmain.m3u8\n"

func TestParsers(t *testing.T) {
	tests := []struct {
		name      string
		text      string
		want      judges.Reading // what both read
		partsLeft int            // that hls-parser read, if it set its complaint aside
		hls, m3u8 string         // complaints, by what is in them; "" for none
	}{
		{"multivariant", master, judges.Reading{Variants: 1}, 0, "", ""},
		{"live", media(2), judges.Reading{Segments: 3, Parts: 5, PartTarget: 0.21, Target: 2, LowLatency: true}, 0, "", ""},
		{"many short segments", media(6), judges.Reading{Segments: 7, Parts: 13, PartTarget: 0.21, Target: 2, LowLatency: true}, 5, "", ""},
		{
			"many short segments and another mistake", strings.Replace(media(6), "DURATION=0.2,URI=\"5.1", "DURATION=0.3,URI=\"5.1", 1),
			judges.Reading{},
			0, "maximum duration of any Partial Segment", "",
		},
		{"nothing", "", judges.Reading{}, 0, "EXTM3U", ""},
		{"no target", strings.Replace(media(1), "#EXT-X-TARGETDURATION:2\n", "", 1), judges.Reading{}, 0, "TARGETDURATION", ""},
		{"no address", strings.Replace(media(1), ",URI=\"0.1.mp4\"", "", 1), judges.Reading{}, 0, "URI attribute is mandatory", "lacks required attribute(s): URI"},
		{"no hint", strings.Split(media(1), "#EXT-X-PRELOAD")[0], judges.Reading{}, 0, "EXT-X-PRELOAD-HINT", ""},
		{"no hold-back", strings.Replace(media(1), "PART-HOLD-BACK=0.63,", "", 1), judges.Reading{}, 0, "PART-HOLD-BACK", "PART-HOLD-BACK"},
	}
	var all []judges.Playlist
	for _, tt := range tests {
		all = append(all, judges.Playlist{Name: tt.name, Text: tt.text})
	}
	v, err := judges.Ask(t.Context(), all, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			judged(t, "m3u8-parser", v.M3U8Parser[i], tt.m3u8, tt.want)
			if tt.partsLeft > 0 {
				tt.want.SetAside, tt.want.Parts = true, tt.partsLeft
			}
			judged(t, "hls-parser", v.HLSParser[i], tt.hls, tt.want)
		})
	}
}

func judged(t *testing.T, who string, got judges.Reading, complaint string, want judges.Reading) {
	t.Helper()
	switch said := strings.Join(got.Complaints, "; "); {
	case complaint != "" && !strings.Contains(said, complaint):
		t.Errorf("%s says %q, not %q", who, said, complaint)
	case complaint == "" && said != "":
		t.Errorf("%s complains: %s", who, said)
	case complaint == "" && want.Target+want.Variants > 0:
		got.Complaints = nil
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s read %+v, want %+v", who, got, want)
		}
	}
}

// movie makes a second of fragmented MP4, and takes it apart.
func movie(t *testing.T) judges.Movie {
	t.Helper()
	path := filepath.Join(t.TempDir(), "movie.mp4")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine=r=48000",
		"-t", "1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac",
		"-movflags", "empty_moov+default_base_moof+frag_keyframe", "-f", "mp4", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("moof")) - 4
	return judges.Movie{Name: "movie", Init: b[:at], Media: b[at:]}
}

func TestMP4Box(t *testing.T) {
	good := movie(t)
	// The media behind itself: decode times go back.
	twice := judges.Movie{Name: "twice", Init: good.Init, Media: append(bytes.Clone(good.Media), good.Media...)}
	noInit := judges.Movie{Name: "no init", Init: good.Init[:24], Media: good.Media}
	v, err := judges.Ask(t.Context(), nil, []judges.Movie{good, twice, noInit})
	if err != nil {
		t.Fatal(err)
	}
	f := v.MP4Box[0]
	if len(f.Complaints) > 0 || f.Fragments == 0 || len(f.Tracks) != 2 {
		t.Fatalf("a good movie: %+v", f)
	}
	if k := f.Tracks[0]; !strings.HasPrefix(k.Codec, "avc1.") || k.Width != 160 || k.Height != 90 || k.Samples != 25 || k.Sync != 1 ||
		k.Duration < int64(k.Timescale) || k.Duration > int64(k.Timescale)*11/10 {
		t.Errorf("video of a good movie: %+v", k)
	}
	if k := f.Tracks[1]; k.Codec != "mp4a.40.2" || k.Rate != 48000 || k.Samples < 46 {
		t.Errorf("audio of a good movie: %+v", k)
	}
	if f := v.MP4Box[1]; !strings.Contains(strings.Join(f.Complaints, "\n"), "ended at") {
		t.Errorf("times that go back: %+v", f)
	}
	if f := v.MP4Box[2]; len(f.Complaints) == 0 {
		t.Errorf("media without its init: %+v", f)
	}
}

func TestFFmpeg(t *testing.T) {
	m := movie(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "good.mp4")
	if err := os.WriteFile(path, append(bytes.Clone(m.Init), m.Media...), 0o600); err != nil {
		t.Fatal(err)
	}
	streams, complaint, err := judges.FFProbe(t.Context(), path)
	if err != nil || complaint != "" || len(streams) != 2 || streams[0] != (judges.Stream{Codec: "h264", Kind: "video", Width: 160, Height: 90}) || streams[1].Rate != "48000" {
		t.Errorf("ffprobe: %+v, %q, %v", streams, complaint, err)
	}
	if d, complaint, err := judges.Decode(t.Context(), path, 0.5); err != nil || complaint != "" || d.Video < 12 || d.Video > 14 || d.Audio < 23 {
		t.Errorf("ffmpeg decoded %+v, %q, %v", d, complaint, err)
	}
	// Some pictures' bytes are damaged.
	broken := append(bytes.Clone(m.Init), m.Media...)
	mdat := bytes.Index(broken, []byte("mdat"))
	for i := mdat + (len(broken)-mdat)/4; i < mdat+(len(broken)-mdat)/3; i++ {
		broken[i] = 0xff
	}
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, complaint, err := judges.Decode(t.Context(), path, 1); err == nil && complaint == "" {
		t.Errorf("a damaged movie was decoded without a complaint: %+v", d)
	}
	if _, _, err := judges.FFProbe(t.Context(), filepath.Join(dir, "missing.mp4")); err == nil {
		t.Error("a missing movie has streams")
	}
}
