package hlscheck

import (
	"strings"
	"testing"
	"time"
)

const good = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0
#EXT-X-PART-INF:PART-TARGET=0.21
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-DISCONTINUITY-SEQUENCE:4
#EXT-X-MAP:URI="main-7-init0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T11:00:00.123Z
#EXTINF:0.4,
main-7-100.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="main-8-init0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T11:00:02.123Z
#EXT-X-PART:DURATION=0.2,URI="main-8-101.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.2,URI="main-8-101.1.mp4"
#EXTINF:0.4,
main-8-101.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T11:00:02.523Z
#EXT-X-PART:DURATION=0.208541,URI="main-8-102.0.mp4",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="main-8-102.1.mp4"
#EXT-X-RENDITION-REPORT:URI="audio.m3u8",LAST-MSN=102,LAST-PART=1
`

func TestParsePlaylist(t *testing.T) {
	p, err := parsePlaylist(good)
	if err != nil {
		t.Fatal(err)
	}
	if p.version != 9 || p.target != 2 || p.partTarget != 210*time.Millisecond || p.partHoldBack != 630*time.Millisecond ||
		p.holdBack != 6*time.Second || p.skipUntil != 12*time.Second || !p.canBlock || p.sequence != 100 || p.discontinuities != 4 ||
		p.hint != "main-8-102.1.mp4" || p.ended || len(p.reports) != 1 || p.reports[0] != (report{"audio.m3u8", 102, 1}) {
		t.Errorf("got %+v", p)
	}
	want := []segment{
		{number: 100, discSeq: 4, init: "main-7-init0.mp4", duration: 400 * time.Millisecond, uri: "main-7-100.mp4"},
		{
			number: 101, disc: true, discSeq: 5, init: "main-8-init0.mp4", duration: 400 * time.Millisecond, uri: "main-8-101.mp4",
			parts: []part{{"main-8-101.0.mp4", 200 * time.Millisecond, true}, {"main-8-101.1.mp4", 200 * time.Millisecond, false}},
		},
		{number: 102, discSeq: 5, init: "main-8-init0.mp4", parts: []part{{"main-8-102.0.mp4", 208541 * time.Microsecond, true}}},
	}
	if len(p.segments) != len(want) {
		t.Fatalf("got %d segments", len(p.segments))
	}
	for i := range want {
		want[i].date = p.segments[i].date
		if !p.segments[i].same(&want[i]) {
			t.Errorf("got %v, want %v", &p.segments[i], &want[i])
		}
	}
	if p.segments[1].date != time.Date(2026, 11, 24, 11, 0, 2, 123e6, time.UTC) {
		t.Errorf("the date is %v", p.segments[1].date)
	}
}

func TestParsePlaylistRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"no head":                   {"#EXTM3U\n", ""},
		"two heads":                 {"#EXTM3U\n", "#EXTM3U\n#EXTM3U\n"},
		"a blank":                   {"#EXT-X-VERSION:9", "#EXT-X-VERSION:9 "},
		"a carriage return":         {"#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\r\n"},
		"an empty line":             {"#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\n\n"},
		"a control character":       {"#EXT-X-VERSION:9", "#EXT-X-VERSION:9\x01"},
		"not UTF-8":                 {"main-7-100.mp4\n", "main-7-100\xff.mp4\n"},
		"no end of line":            {"LAST-PART=1\n", "LAST-PART=1"},
		"a comment":                 {"#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\n# hello\n"},
		"a version that is none":    {"VERSION:9", "VERSION:x"},
		"a negative sequence":       {"MEDIA-SEQUENCE:100", "MEDIA-SEQUENCE:-1"},
		"a sequence with a sign":    {"MEDIA-SEQUENCE:100", "MEDIA-SEQUENCE:+1"},
		"two sequences":             {"#EXT-X-MEDIA-SEQUENCE:100\n", "#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-MEDIA-SEQUENCE:100\n"},
		"a header amid segments":    {"#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n"},
		"no target":                 {"#EXT-X-TARGETDURATION:2\n", ""},
		"no part target":            {"#EXT-X-PART-INF:PART-TARGET=0.21\n", ""},
		"no control":                {"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0\n", ""},
		"an attribute unknown":      {"PART-TARGET=0.21", "PART-TARGET=0.21,X=1"},
		"an attribute twice":        {"HOLD-BACK=6.0,", "HOLD-BACK=6.0,HOLD-BACK=6.0,"},
		"an attribute less":         {",CAN-SKIP-UNTIL=12.0", ""},
		"quotes where none belong":  {"HOLD-BACK=6.0,", `HOLD-BACK="6.0",`},
		"no quotes":                 {`URI="main-7-init0.mp4"`, `URI=main-7-init0.mp4`},
		"a comma too many":          {"PART-TARGET=0.21", "PART-TARGET=0.21,"},
		"an exponent":               {"PART-TARGET=0.21", "PART-TARGET=2.1e-1"},
		"a duration without digits": {"DURATION=0.2,", "DURATION=.2,"},
		"INDEPENDENT=NO":            {"INDEPENDENT=YES", "INDEPENDENT=NO"},
		"a title":                   {"#EXTINF:0.4,", "#EXTINF:0.4,title"},
		"no comma":                  {"#EXTINF:0.4,", "#EXTINF:0.4"},
		"no EXTINF":                 {"#EXTINF:0.4,\n", ""},
		"two EXTINFs":               {"#EXTINF:0.4,\n", "#EXTINF:0.4,\n#EXTINF:0.4,\n"},
		"a part behind EXTINF":      {"main-8-101.mp4\n", "#EXT-X-PART:DURATION=0.2,URI=\"x\"\nmain-8-101.mp4\n"},
		"a date behind parts":       {"#EXTINF:0.4,\nmain-8-101", "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T11:00:02.123Z\n#EXTINF:0.4,\nmain-8-101"},
		"two discontinuities":       {"#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY\n"},
		"the same init again":       {"main-8-init0.mp4", "main-7-init0.mp4"},
		"no date":                   {"#EXT-X-PROGRAM-DATE-TIME:2026-11-24T11:00:00.123Z\n", ""},
		"a date in seconds":         {"11:00:00.123Z", "11:00:00Z"},
		"no map":                    {"#EXT-X-MAP:URI=\"main-7-init0.mp4\"\n", ""},
		"two hints":                 {"#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"main-8-102.1.mp4\"\n", "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b\"\n"},
		"a hint of a map":           {"TYPE=PART", "TYPE=MAP"},
		"a segment behind the hint": {"LAST-PART=1\n", "LAST-PART=1\n#EXTINF:1.0,\nx.mp4\n"},
		"a line behind the end":     {"LAST-PART=1\n", "LAST-PART=1\n#EXT-X-ENDLIST\n#EXT-X-VERSION:9\n"},
		"a report without number":   {"LAST-MSN=102,", ""},
		"skips nothing":             {"#EXT-X-MAP:URI=\"main-7-init0.mp4\"\n", "#EXT-X-SKIP:SKIPPED-SEGMENTS=0\n"},
		"INDEPENDENT-SEGMENTS":      {"#EXT-X-TARGETDURATION:2\n", "#EXT-X-TARGETDURATION:2\n#EXT-X-INDEPENDENT-SEGMENTS\n"},
		"PLAYLIST-TYPE":             {"#EXT-X-TARGETDURATION:2\n", "#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:EVENT\n"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if p, err := parsePlaylist(text); err == nil {
			t.Errorf("%s: read as %+v", name, p)
		}
	}
}

func TestMerge(t *testing.T) {
	old, err := parsePlaylist(good)
	if err != nil {
		t.Fatal(err)
	}
	head := good[:strings.Index(good, "#EXT-X-MAP")]
	tail := good[strings.Index(good, "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T11:00:02.523Z"):]
	delta, err := parsePlaylist(head + "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n" + tail)
	if err != nil {
		t.Fatal(err)
	}
	got, err := merge(old, delta)
	if err != nil {
		t.Fatal(err)
	}
	want := *old
	want.segments = append([]segment(nil), old.segments...)
	want.segments[1].parts = nil // of what is skipped, no parts are listed
	if !got.same(&want) {
		t.Errorf("got %v, want %v", got.segments, want.segments)
	}
	delta.sequence--
	if _, err := merge(old, delta); err == nil {
		t.Error("a segment was skipped that was not known")
	}
	delta.sequence, delta.skipped = 100, 3
	if _, err := merge(old, delta); err == nil {
		t.Error("a segment was skipped that was not complete")
	}
}

func FuzzParsePlaylist(f *testing.F) {
	f.Add(good)
	f.Add("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n" +
		"#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:1.0,\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlaylist(text)
		if err != nil {
			return
		}
		c := checker{rec: newRecorder(), file: "main.m3u8", rendition: "main"}
		c.whole(p)
		c.progress(p, p)
		if whole, err := merge(p, p); err == nil && whole.skipped != 0 {
			t.Error("merged, it still skips")
		}
	})
}

const master = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-STREAM-INF:BANDWIDTH=2812345,AVERAGE-BANDWIDTH=2612345,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
main.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"
audio.m3u8
`

func TestParseMaster(t *testing.T) {
	all, err := parseMaster(master)
	if err != nil || len(all) != 2 || all[0].bandwidth != 2812345 || all[0].uri != "main.m3u8" || !all[0].video() || all[1].video() {
		t.Errorf("got %+v, %v", all, err)
	}
	for _, change := range [][2]string{
		{"BANDWIDTH=128000,", ""},
		{"BANDWIDTH=128000", "BANDWIDTH=0"},
		{`CODECS="mp4a.40.2"`, "CODECS=mp4a.40.2"},
		{`,CODECS="mp4a.40.2"`, ""},
		{"1280x720", "1280"},
		{"29.970", "29.97"},
		{"AVERAGE-BANDWIDTH=2612345", "AVERAGE-BANDWIDTH=9612345"},
		{"main.m3u8\n", ""},
		{"audio.m3u8\n", ""},
		{"#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"},
		{"#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\nother.m3u8\n"},
	} {
		text := strings.Replace(master, change[0], change[1], 1)
		if all, err := parseMaster(text); err == nil {
			t.Errorf("%q for %q: read as %+v", change[1], change[0], all)
		}
	}
}

func FuzzParseMaster(f *testing.F) {
	f.Add(master)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseMaster(text)
		if err == nil && len(all) == 0 {
			t.Error("nothing is no multivariant playlist")
		}
	})
}

func TestParseSeconds(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0": 0, "2": 2 * time.Second, "0.2": 200 * time.Millisecond, "1.000000001": time.Second + 1, "12.5": 12500 * time.Millisecond,
	} {
		if got, err := parseSeconds(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "0x1", "1.0000000001", "9999999999"} {
		if got, err := parseSeconds(s); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

func TestMaxAge(t *testing.T) {
	for cc, want := range map[string]int{
		"no-cache": 0, "no-store": 0, "private, no-store": 0, "max-age=1": 1, "public, max-age=12": 12,
		"": -1, "public": -1, "max-age=x": -1, "max-age=-5": -1,
	} {
		if got, ok := maxAge(cc); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: got %d, %v", cc, got, ok)
		}
	}
}
