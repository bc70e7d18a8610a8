package hls

import (
	"net/http"
	"testing"

	"shoal/internal/m3u8"
)

func FuzzRequest(f *testing.F) {
	for _, file := range []string{"main.m3u8", "classic-audio.m3u8", "master.m3u8", "main-7-init0.mp4", "main-7-1.mp4", "main-7-1.2.mp4"} {
		f.Add(base+file, "_HLS_msn=1&_HLS_part=2&_HLS_skip=YES", "gzip;q=0.5, *;q=0", "bytes=0-1")
	}
	f.Add(base, "&&=&_HLS_part=1", "", "bytes=-1")
	f.Add(Prefix, "_HLS_msn=18446744073709551616", ";q=", "bytes=1-0")
	f.Fuzz(func(t *testing.T, path, query, accept, ranges string) {
		q := Request{Method: http.MethodGet, Path: path, Query: query, AcceptEncoding: accept, Range: ranges}
		tg, refused := understand(&q)
		if refused != nil {
			if refused.status < 400 || refused.status >= 500 {
				t.Errorf("refused with %d", refused.status)
			}
			return
		}
		if (tg.name.Sort == 0) == (kindNames[tg.kind] == "init" || kindNames[tg.kind] == "segment" || kindNames[tg.kind] == "part") {
			t.Errorf("%q is a %s named %v", path, kindNames[tg.kind], tg.name)
		}
		if tg.name.Sort != 0 && path != Prefix+string(tg.live)+"/"+tg.name.String() {
			t.Errorf("%q is read as %v", path, tg.name)
		}
		if tg.part >= 0 && tg.sheet == wholeSheet && tg.kind == playlistKind && !tg.named {
			t.Error("a part without a segment")
		}
		if from, to, found := parseRange(ranges, 1000); found == rangeGood && (from < 0 || from >= to || to > 1000) {
			t.Errorf("%q is %d to %d of 1000", ranges, from, to)
		}
	})
}

func TestParseDirectives(t *testing.T) {
	tests := map[string]directives{
		"":                                   {part: -1},
		"_HLS_msn=5":                         {named: true, segment: 5, part: -1},
		"_HLS_msn=5&_HLS_part=0":             {named: true, segment: 5, part: 0},
		"_HLS_part=3&a=b&_HLS_msn=0":         {named: true, part: 3},
		"_HLS_skip=YES":                      {part: -1, skip: true},
		"_HLS_skip=v2&_HLS_msn=1":            {named: true, segment: 1, part: -1, skip: true},
		"_HLS_skip=no":                       {part: -1},
		"token=_HLS_msn&x_HLS_msn=1&&_hls=1": {part: -1},
	}
	for query, want := range tests {
		if got, refused := parseDirectives(query); refused != nil || got != want {
			t.Errorf("%q: got %+v, %v", query, got, refused)
		}
	}
}

func TestSortsHaveKinds(t *testing.T) {
	for sort, want := range map[m3u8.Sort]string{m3u8.InitFile: "init", m3u8.SegmentFile: "segment", m3u8.PartFile: "part"} {
		if got := kindNames[kinds[sort]]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
