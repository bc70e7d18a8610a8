package viewer

import (
	"reflect"
	"testing"
	"time"
)

const full = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=0.21
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.00000,
seg10.mp4
#EXT-X-PART:DURATION=0.2,URI="11.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.21,URI="11.1.mp4"
#EXTINF:0.41,
seg11.mp4
#EXT-X-PART:INDEPENDENT=YES,DURATION=0.2,URI="12.0.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="12.1.mp4"
#EXT-X-RENDITION-REPORT:URI="../audio/live.m3u8",LAST-MSN=12,LAST-PART=0
`

const delta = "#EXTM3U\r\n#EXT-X-MEDIA-SEQUENCE:10\r\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\r\n#EXT-X-PART:DURATION=0.2,URI=\"13.0.mp4\"\r\n#EXT-X-ENDLIST\r\n"

func TestParse(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name, in string
		want     playlist
	}{
		{"full", full, playlist{
			partTarget: 210 * ms, holdBack: 630 * ms, canBlock: true, canSkip: true, initURI: "init.mp4", hint: "12.1.mp4",
			nextSegment: 12, nextPart: 1,
			parts: []part{
				{10, whole, "seg10.mp4", 2 * time.Second, true},
				{11, 0, "11.0.mp4", 200 * ms, true},
				{11, 1, "11.1.mp4", 210 * ms, false},
				{12, 0, "12.0.mp4", 200 * ms, true},
			},
		}},
		{"delta", delta, playlist{ended: true, nextSegment: 13, nextPart: 1, parts: []part{{13, 0, "13.0.mp4", 200 * ms, false}}}},
		{"nothing", "", playlist{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(tt.in, nil)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, tt.want)
			}
			if tt.name == "full" && got.length() != 2610*ms {
				t.Errorf("%v are listed, want 2.61 s", got.length())
			}
		})
	}
}

func TestOrder(t *testing.T) {
	order := []part{{segment: 1, number: 0}, {segment: 1, number: 1}, {segment: 2, number: whole}, {segment: 3, number: 0}}
	for i, p := range order {
		for j, q := range order {
			if got := p.after(q); got != (i > j) {
				t.Errorf("%+v after %+v: %v", p, q, got)
			}
		}
	}
	if (part{segment: 2, number: 3}).after(part{segment: 2, number: whole}) {
		t.Error("a part comes after its whole segment")
	}
}

func TestFirstVariant(t *testing.T) {
	master := "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",URI=\"x.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n# a comment\n\nmain.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nother.m3u8\n"
	if got := firstVariant(master); got != "main.m3u8" {
		t.Errorf("got %q", got)
	}
	if got := firstVariant(full); got != "" {
		t.Errorf("a media playlist has the variant %q", got)
	}
}

func TestResolve(t *testing.T) {
	tests := []struct{ base, uri, want string }{
		{"/hls/id/master.m3u8", "main.m3u8", "/hls/id/main.m3u8"},
		{"/hls/id/main.m3u8?_HLS_msn=1", "a/b.mp4?x", "/hls/id/a/b.mp4?x"},
		{"/hls/id/main.m3u8?a=/b", "c.mp4", "/hls/id/c.mp4"},
		{"/hls/id/main.m3u8", "/other.mp4", "/other.mp4"},
	}
	for _, tt := range tests {
		if got := resolve(tt.base, tt.uri); got != tt.want {
			t.Errorf("%s in %s is %s, want %s", tt.uri, tt.base, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add(delta)
	f.Add(`#EXT-X-PART:URI="a,b=c",DURATION=,X`)
	f.Fuzz(func(t *testing.T, s string) {
		p := parse(s, nil)
		for i := 1; i < len(p.parts); i++ {
			if p.parts[i].segment == p.parts[i-1].segment && !p.parts[i].after(p.parts[i-1]) {
				t.Fatalf("part %+v follows %+v", p.parts[i], p.parts[i-1])
			}
		}
		_ = firstVariant(s)
		_ = resolve("/a/b", s)
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	var parts []part
	for b.Loop() {
		parts = parse(full, parts).parts
	}
}
