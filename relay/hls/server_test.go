package hls

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shoal/internal/media"
)

// started is a live of three segments and three parts, at 25 frames per second with audio.
func started(t testing.TB) *feed {
	f := newFeed(t)
	f.begin(avcC180, true)
	f.segments(3)
	f.parts(3)
	return f
}

func get(s *Server, target string, header ...string) *httptest.ResponseRecorder {
	return do(s, http.MethodGet, target, header...)
}

func do(s *Server, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// TestAnswers is the table of what is answered at once.
func TestAnswers(t *testing.T) {
	f := started(t)
	f.hub.Open("11111111-9c1d-4e0a-8f5e-2f6a1c0d9e11", media.Position{}) // has nothing yet
	s := newServer(t, f)
	tests := []struct {
		method, target string
		status         int
		cache          string
		contentType    string
	}{
		{"GET", base + "master.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "classic.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"HEAD", base + "main.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "audio.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "classic-main.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "classic-audio.m3u8", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8?_HLS_skip=YES", 200, fresh, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8?_HLS_msn=3&_HLS_part=2", 200, aWhile, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8?_HLS_msn=2&_HLS_part=99", 200, aWhile, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8?_HLS_msn=2", 200, aWhile, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8?_HLS_msn=0", 200, aWhile, "application/vnd.apple.mpegurl"},
		{"GET", base + "main.m3u8?x=y&_HLS_skip=v2&_HLS_part=0&_HLS_msn=1", 200, aWhile, "application/vnd.apple.mpegurl"},
		{"GET", base + "main-7-init0.mp4", 200, forever, "video/mp4"},
		{"GET", base + "main-7-0.mp4", 200, forever, "video/mp4"},
		{"GET", base + "main-7-3.2.mp4", 200, forever, "video/mp4"},
		{"HEAD", base + "main-7-3.2.mp4", 200, forever, "video/mp4"},
		{"GET", base + "audio-7-init0.mp4", 200, forever, "audio/mp4"},
		{"GET", base + "audio-7-0.mp4", 200, forever, "audio/mp4"},
		{"GET", base + "audio-7-1.0.mp4", 200, forever, "audio/mp4"},

		{"GET", base + "main.m3u8?_HLS_part=1", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=x", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=-1", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=3&_HLS_part=1.0", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=3&_HLS_part=-1", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=99999999999999999999", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=6", 400, briefly, ""},
		{"GET", base + "main.m3u8?_HLS_msn=18446744073709551615&_HLS_part=0", 400, briefly, ""},

		{"GET", Prefix + "00000000-9c1d-4e0a-8f5e-2f6a1c0d9e11/main.m3u8", 404, briefly, ""},
		{"GET", Prefix + "11111111-9c1d-4e0a-8f5e-2f6a1c0d9e11/main.m3u8", 404, briefly, ""},
		{"GET", Prefix + "11111111-9c1d-4e0a-8f5e-2f6a1c0d9e11/master.m3u8", 404, briefly, ""},
		{"GET", Prefix + "11111111-9c1d-4e0a-8f5e-2f6a1c0d9e11/main-7-0.0.mp4", 404, briefly, ""},
		{"GET", Prefix + strings.ToUpper(liveID) + "/main.m3u8", 404, briefly, ""},
		{"GET", Prefix + "main.m3u8", 404, briefly, ""},
		{"GET", "/elsewhere/main.m3u8", 404, briefly, ""},
		{"GET", base, 404, briefly, ""},
		{"GET", base + "other.m3u8", 404, briefly, ""},
		{"GET", base + ".m3u8", 404, briefly, ""},
		{"GET", base + "classic-.m3u8", 404, briefly, ""},
		{"GET", base + "a/main.m3u8", 404, briefly, ""},
		{"GET", base + "main.mp4", 404, briefly, ""},
		{"GET", base + "main-7-init1.mp4", 404, briefly, ""},
		{"GET", base + "main-8-init0.mp4", 404, briefly, ""},
		{"GET", base + "main-8-0.mp4", 404, briefly, ""},
		{"GET", base + "main-8-0.0.mp4", 404, briefly, ""},
		{"GET", base + "main-7-4.mp4", 404, briefly, ""},
		{"GET", base + "main-7-2.10.mp4", 404, briefly, ""}, // a complete segment has no more
		{"GET", base + "main-7-3.4.mp4", 404, briefly, ""},  // 3.3 is next
		{"GET", base + "main-7-4.0.mp4", 404, briefly, ""},
		{"GET", base + "main-8-3.3.mp4", 404, briefly, ""},
		{"GET", base + "other-7-0.0.mp4", 404, briefly, ""},

		{"POST", base + "main.m3u8", 405, briefly, ""},
		{"PUT", base + "main-7-0.mp4", 405, briefly, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+strings.TrimPrefix(tt.target, base), func(t *testing.T) {
			w := do(s, tt.method, tt.target)
			h := w.Header()
			if w.Code != tt.status || h.Get("Cache-Control") != tt.cache {
				t.Errorf("got %d, %q; want %d, %q", w.Code, h.Get("Cache-Control"), tt.status, tt.cache)
			}
			want := tt.contentType
			if tt.status >= 400 {
				want = "text/plain; charset=utf-8"
				if !strings.HasSuffix(w.Body.String(), ".\n") {
					t.Errorf("the reason is %q", w.Body)
				}
			}
			if got := h.Get("Content-Type"); got != want {
				t.Errorf("Content-Type is %q, want %q", got, want)
			}
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Timing-Allow-Origin") != "*" {
				t.Errorf("other sites' pages are shut out: %v", h)
			}
			if vary := h.Get("Vary"); (vary == "Accept-Encoding") != strings.Contains(want, "mpegurl") {
				t.Errorf("Vary is %q", vary)
			}
			if tt.status == 405 && h.Get("Allow") != "GET, HEAD, OPTIONS" {
				t.Errorf("Allow is %q", h.Get("Allow"))
			}
			n := decimal(int64(w.Body.Len()))
			if tt.method == "HEAD" {
				if n != "0" {
					t.Error("HEAD got content")
				}
				n = decimal(int64(do(s, "GET", tt.target).Body.Len()))
			}
			if got := h.Get("Content-Length"); got != n || n == "0" && tt.method == "GET" {
				t.Errorf("Content-Length is %q for %s bytes", got, n)
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	s := newServer(t, newFeed(t))
	w := do(s, "OPTIONS", base+"main-7-0.mp4", "Origin", "https://elsewhere", "Access-Control-Request-Headers", "range")
	h := w.Header()
	if w.Code != 204 || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Range") ||
		h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "GET") {
		t.Errorf("got %d, %v", w.Code, h)
	}
}

func TestMediaBytes(t *testing.T) {
	f := started(t)
	s := newServer(t, f)
	for _, r := range []media.RenditionID{media.Main, media.AudioOnly} {
		w := f.s.Window(r)
		for _, seg := range w.Segments {
			var want []byte
			for n, p := range seg.Parts {
				var part []byte
				for _, c := range p.Chunks {
					part = append(part, c.Data...)
				}
				want = append(want, part...)
				name := base + string(r) + "-7-" + decimal(int64(seg.Number)) + "." + decimal(int64(n)) + ".mp4"
				if got := get(s, name); !bytes.Equal(got.Body.Bytes(), part) {
					t.Errorf("%s has %d bytes, want %d", name, got.Body.Len(), len(part))
				}
			}
			if !seg.Complete {
				continue
			}
			name := base + string(r) + "-7-" + decimal(int64(seg.Number)) + ".mp4"
			if got := get(s, name); !bytes.Equal(got.Body.Bytes(), want) {
				t.Errorf("%s has %d bytes, want %d", name, got.Body.Len(), len(want))
			}
		}
		if got := get(s, base+string(r)+"-7-init0.mp4"); !bytes.Equal(got.Body.Bytes(), f.init.Data[r]) {
			t.Errorf("the init of %s differs", r)
		}
	}
}

func TestRange(t *testing.T) {
	f := started(t)
	s := newServer(t, f)
	for _, file := range []string{"main-7-1.mp4", "main-7-1.3.mp4", "audio-7-1.mp4", "audio-7-1.0.mp4", "main-7-init0.mp4"} {
		whole := get(s, base+file).Body.Bytes()
		n := int64(len(whole))
		tests := []struct {
			header   string
			from, to int64 // -1: the whole file; -2: refused
		}{
			{"bytes=0-0", 0, 1},
			{"bytes=0-99", 0, 100},
			{"bytes=100-299", 100, 300},
			{"bytes=100-", 100, n},
			{"bytes=-100", n - 100, n},
			{"bytes=-99999999", 0, n},
			{"bytes=0-99999999", 0, n},
			{"bytes=" + decimal(n-1) + "-", n - 1, n},
			{"bytes=0-1,3-4", -1, 0},
			{"lines=0-1", -1, 0},
			{"bytes=" + decimal(n) + "-", -2, 0},
			{"bytes=99999999-", -2, 0},
			{"bytes=9223372036854775807-9223372036854775807", -2, 0},
			{"bytes=9223372036854775808-", -2, 0},
			{"bytes=5-4", -2, 0},
			{"bytes=-0", -2, 0},
			{"bytes=-", -2, 0},
			{"bytes=", -2, 0},
			{"bytes=a-b", -2, 0},
			{"bytes=1 - 2", -2, 0},
		}
		for _, tt := range tests {
			w := get(s, base+file, "Range", tt.header)
			h := w.Header()
			var status int
			var body []byte
			var content string
			switch tt.from {
			case -1:
				status, body = 200, whole
			case -2:
				status, body, content = 416, outOfRange.body, "bytes */"+decimal(n)
			default:
				status, body = 206, whole[tt.from:tt.to]
				content = "bytes " + decimal(tt.from) + "-" + decimal(tt.to-1) + "/" + decimal(n)
			}
			if w.Code != status || !bytes.Equal(w.Body.Bytes(), body) || h.Get("Content-Range") != content ||
				h.Get("Accept-Ranges") != "bytes" || h.Get("Content-Length") != decimal(int64(len(body))) {
				t.Errorf("%s of %s: got %d, %d bytes, %v", tt.header, file, w.Code, w.Body.Len(), h)
			}
		}
		if w := get(s, base+file, "Range", "bytes=0-9", "If-Range", `"x"`); w.Code != 200 {
			t.Errorf("If-Range: got %d", w.Code)
		}
		if w := do(s, "HEAD", base+file, "Range", "bytes=0-9"); w.Code != 200 {
			t.Errorf("a HEAD with a range: got %d", w.Code)
		}
	}
}

func TestCompression(t *testing.T) {
	f := newFeed(t)
	f.begin(avcC180, true)
	f.segments(12)
	s := newServer(t, f)
	targets := []string{
		"main.m3u8", "audio.m3u8", "classic-main.m3u8", "classic-audio.m3u8", "master.m3u8", "classic.m3u8",
		"main.m3u8?_HLS_skip=YES", "main.m3u8?_HLS_msn=2",
	}
	for _, target := range targets {
		plain := get(s, base+target)
		packed := get(s, base+target, "Accept-Encoding", "gzip, deflate, br")
		if plain.Header().Get("Content-Encoding") != "" || packed.Header().Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: Content-Encoding is %q and %q", target, plain.Header(), packed.Header())
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || !bytes.Equal(text, plain.Body.Bytes()) {
			t.Errorf("%s: compressed text differs (%v)", target, err)
		}
	}
	if w := get(s, base+"main-7-0.mp4", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("media is compressed")
	}
}

func TestAcceptsGzip(t *testing.T) {
	tests := map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "gzip, deflate, br, zstd": true, "br;q=1.0, gzip;q=0.8, *;q=0.1": true,
		"deflate": false, "identity": false, "*": true, "*;q=0": false, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=0, *": false,
		"gzip;q=0.001": true, "*;q=0, gzip": true, "gzip;Q=1": true, "gzip;q=": false, "gzip;q=x": false, "gzip;q=2": false,
		"gzipped": false, "identity;q=1, *;q=0": false, ",gzip": true, "br , gzip ; q=0.5": true, "gzip;level=9": false,
	}
	for header, want := range tests {
		if got := AcceptsGzip(header); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
}

// TestShared holds that all viewers get the same bytes of a playlist, and a part's without a copy.
func TestShared(t *testing.T) {
	f := started(t)
	s := newServer(t, f)
	ask := func(path, query, accept string) Answer {
		return s.Answer(t.Context(), &Request{Method: "GET", Path: base + path, Query: query, AcceptEncoding: accept})
	}
	same := func(a, b Answer) bool { return &a.Body.piece[0] == &b.Body.piece[0] }
	plain, packed := ask("main.m3u8", "", ""), ask("main.m3u8", "", "gzip")
	if !same(plain, ask("main.m3u8", "_HLS_msn=1", "")) || !same(packed, ask("main.m3u8", "_HLS_msn=1", "gzip")) {
		t.Error("a playlist was made twice")
	}
	if !same(plain, ask("main.m3u8", "_HLS_skip=YES", "")) || !same(packed, ask("main.m3u8", "_HLS_skip=YES", "gzip")) {
		t.Error("where nothing can be skipped, the whole playlist was made again")
	}
	part := ask("main-7-2.1.mp4", "", "")
	if &part.Body.Append(nil)[0][0] != &f.s.Window(media.Main).Segment(2).Parts[1].Chunks[0].Data[0] {
		t.Error("a part was copied")
	}
	f.parts(1)
	if same(plain, ask("main.m3u8", "", "")) {
		t.Error("a playlist outlived its window")
	}
}

func TestForgottenLive(t *testing.T) {
	f := started(t)
	s := newServer(t, f)
	if w := get(s, base+"main.m3u8"); !strings.Contains(w.Body.String(), "main-7-3.2.mp4") {
		t.Fatal(w.Body)
	}
	// The live is forgotten and comes back under the same name: its windows are numbered anew.
	f.hub.Remove(liveID)
	if w := get(s, base+"main.m3u8"); w.Code != 404 {
		t.Errorf("a forgotten live: %d", w.Code)
	}
	g := newFeed(t)
	g.hub, g.epoch = f.hub, media.Epoch{N: 8}
	g.s = f.hub.Open(liveID, media.Position{Segment: 9, Discontinuity: true})
	g.begin(avcC180, true)
	g.parts(1)
	if w := get(s, base+"main.m3u8"); !strings.Contains(w.Body.String(), "main-8-9.0.mp4") {
		t.Errorf("the live that came back shows\n%s", w.Body)
	}
}

func TestMaster(t *testing.T) {
	f := started(t)
	s := newServer(t, f)
	for file, uris := range map[string][]string{
		"master.m3u8":  {"\nmain.m3u8\n", "\naudio.m3u8\n"},
		"classic.m3u8": {"\nclassic-main.m3u8\n", "\nclassic-audio.m3u8\n"},
	} {
		text := get(s, base+file).Body.String()
		for _, want := range append(uris, `CODECS="avc1.64000d,mp4a.40.2"`, `CODECS="mp4a.40.2"`, "RESOLUTION=320x180", "FRAME-RATE=25.000") {
			if strings.Count(text, want) != 1 {
				t.Errorf("%s holds %q not once:\n%s", file, want, text)
			}
		}
	}
	for name, kinds := range map[string]struct {
		video string
		audio bool
	}{"only video": {avcC180, false}, "only audio": {"", true}} {
		f := newFeed(t)
		f.begin(kinds.video, kinds.audio)
		f.parts(1)
		if text := get(newServer(t, f), base+"master.m3u8").Body.String(); strings.Count(text, "STREAM-INF") != 1 || strings.Contains(text, "BANDWIDTH=0") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestAudioAlone(t *testing.T) {
	f := newFeed(t)
	f.begin("", true)
	f.frames(12, true, false)
	s := newServer(t, f)
	if ct := get(s, base+"main-7-0.0.mp4").Header().Get("Content-Type"); ct != "audio/mp4" {
		t.Errorf("Content-Type is %q", ct)
	}
	if text := get(s, base+"main.m3u8").Body.String(); !strings.Contains(text, "PART-TARGET=1.05") || strings.Contains(text, "RENDITION-REPORT") {
		t.Errorf("got\n%s", text)
	}
	if w := get(s, base+"classic-main.m3u8"); w.Code != 404 {
		t.Errorf("a classic playlist without a whole segment: %d", w.Code)
	}
}

func TestPartHoldBack(t *testing.T) {
	s := newServer(t, started(t), func(c *Config) { c.PartHoldBack = 5 })
	if text := get(s, base+"main.m3u8").Body.String(); !strings.Contains(text, "PART-HOLD-BACK=1.05,") {
		t.Errorf("got\n%s", text)
	}
}
