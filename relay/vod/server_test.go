package vod

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/testkit/judges"
)

// replayOf is a live of two epochs, recorded and ended.
func replayOf(t testing.TB) *feed { return newFeed(t).begin().seconds(9).takeover().seconds(5).end() }

// TestReplay has other people's parsers and players read a replay of two runs.
func TestReplay(t *testing.T) {
	f := replayOf(t)
	s := newServer(t, f.replay(), f.hub, nil)
	var lists []judges.Playlist
	for _, file := range []string{"-master.m3u8", "-main.m3u8", "-audio.m3u8"} {
		w := get(s, base+liveID+file)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/vnd.apple.mpegurl" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%s: %d, %v: %s", file, w.Code, w.Header(), w.Body)
		}
		lists = append(lists, judges.Playlist{Name: file, Text: w.Body.String()})
	}
	v, err := judges.Ask(t.Context(), lists, nil)
	if err != nil {
		t.Fatal(err)
	}
	for who, all := range map[string][]judges.Reading{"hls-parser": v.HLSParser, "m3u8-parser": v.M3U8Parser} {
		for i, r := range all {
			if len(r.Complaints) > 0 {
				t.Errorf("%s on %s: %v", who, lists[i].Name, r.Complaints)
			}
		}
		// 9 s are 4 segments and a half, 5 s are 2 and a half.
		if all[0].Variants != 2 || all[1].Segments != 8 || all[1].Target != 2 || all[1].Discontinuities != 1 || !all[1].Ended || all[2].Segments != 8 {
			t.Errorf("%s read %+v", who, all)
		}
	}
	master := lists[0].Text
	for _, want := range []string{`CODECS="avc1.42c00c,mp4a.40.2"`, "RESOLUTION=320x180", "FRAME-RATE=25.000", "\n" + liveID + "-main.m3u8\n", "\n" + liveID + "-audio.m3u8\n"} {
		if !strings.Contains(master, want) {
			t.Errorf("the multivariant playlist lacks %q:\n%s", want, master)
		}
	}
	if !strings.Contains(lists[1].Text, "#EXT-X-VERSION:6\n") || !strings.Contains(lists[1].Text, "#EXT-X-INDEPENDENT-SEGMENTS\n") {
		t.Errorf("the playlist begins\n%.300s", lists[1].Text)
	}

	web := httptest.NewServer(s)
	defer web.Close()
	// ffmpeg takes the first picture behind a discontinuity for one to be discarded: it delivers the packet, but not the
	// picture.
	lost := map[string]int{"-master.m3u8": 1, "-main.m3u8": 1}
	for file, kinds := range map[string]int{"-master.m3u8": 2, "-main.m3u8": 2, "-audio.m3u8": 1, "-180-fragmented.mp4": 2, "-0-fragmented.mp4": 1} {
		url := web.URL + base + liveID + file
		streams, complaint, err := judges.FFProbe(t.Context(), url)
		if err != nil || complaint != "" || len(streams) < kinds {
			t.Errorf("ffprobe on %s: %+v, %q, %v", file, streams, complaint, err)
		}
		d, complaint, err := judges.Decode(t.Context(), url, 60)
		if err != nil || complaint != "" {
			t.Errorf("ffmpeg on %s: %q, %v", file, complaint, err)
		}
		// Of a multivariant playlist ffmpeg reads both renditions.
		if want := f.shown - lost[file]; kinds == 2 && d.Video != want || d.Audio < 14*46 {
			t.Errorf("ffmpeg decoded %+v of %s, want %d pictures", d, file, want)
		}
	}
}

var listedRange = regexp.MustCompile(`(?m)(?:^#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)$|^#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"$)`)

// TestByteRanges holds that what a replay's playlists list are the bytes that viewers of the live got.
func TestByteRanges(t *testing.T) {
	f := replayOf(t)
	s := newServer(t, f.replay(), f.hub, nil)
	told := map[string]bool{}
	for _, b := range f.told {
		told[string(b)] = true
	}
	seen := map[string]bool{}
	for _, file := range []string{"-main.m3u8", "-audio.m3u8"} {
		for _, m := range listedRange.FindAllStringSubmatch(get(s, base+liveID+file).Body.String(), -1) {
			uri, size, from := m[3], m[1], m[2]
			if uri == "" {
				uri, size, from = m[4], m[5], m[6]
			}
			n, _ := strconv.Atoi(size)
			at, _ := strconv.Atoi(from)
			w := get(s, base+uri, "Range", fmt.Sprintf("bytes=%d-%d", at, at+n-1))
			h := w.Header()
			if w.Code != http.StatusPartialContent || w.Body.Len() != n || h.Get("Content-Length") != size ||
				!strings.HasPrefix(h.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/", at, at+n-1)) || h.Get("Cache-Control") != forever {
				t.Errorf("%s %s@%s: %d, %d bytes, %v", uri, size, from, w.Code, w.Body.Len(), h)
			}
			if !told[w.Body.String()] {
				t.Errorf("%s %s@%s: nobody was shown this", uri, size, from)
			}
			seen[w.Body.String()] = true
		}
	}
	if len(seen) != len(told) {
		t.Errorf("%d of %d segments and inits are listed", len(seen), len(told))
	}
}

func TestFile(t *testing.T) {
	f := replayOf(t)
	s := newServer(t, f.replay(), f.hub, nil)
	file := base + liveID + "-main-7-0-fragmented.mp4"
	want, err := os.ReadFile(filepath.Join(f.dir, session, "main-7-init0.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	w := get(s, file)
	h := w.Header()
	tag, modified := h.Get("ETag"), h.Get("Last-Modified")
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want) || h.Get("Content-Type") != "video/mp4" || h.Get("Accept-Ranges") != "bytes" ||
		h.Get("Cache-Control") != forever || tag == "" || modified == "" {
		t.Fatalf("%d, %d bytes, %v", w.Code, w.Body.Len(), h)
	}
	n := len(want)
	for _, tt := range []struct {
		name   string
		header []string
		status int
		from   int
		to     int
	}{
		{"the end", []string{"Range", "bytes=-5"}, 206, n - 5, n},
		{"from a byte on", []string{"Range", "bytes=100-"}, 206, 100, n},
		{"beyond the end", []string{"Range", fmt.Sprintf("bytes=%d-", n)}, 416, 0, 0},
		{"still the same", []string{"Range", "bytes=0-9", "If-Range", tag}, 206, 0, 10},
		{"another one", []string{"Range", "bytes=0-9", "If-Range", `"x"`}, 200, 0, n},
		{"not modified", []string{"If-None-Match", tag}, 304, 0, 0},
		{"not modified since", []string{"If-Modified-Since", modified}, 304, 0, 0},
	} {
		w := get(s, file, tt.header...)
		if w.Code != tt.status || tt.status < 300 && !bytes.Equal(w.Body.Bytes(), want[tt.from:tt.to]) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d, %d bytes, %v", tt.name, w.Code, w.Body.Len(), w.Header())
		}
	}
	if w := do(s, "HEAD", file); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != decimal(int64(n)) {
		t.Errorf("HEAD: %d, %v", w.Code, w.Header())
	}
	if h := get(s, base+liveID+"-audio-8-0-fragmented.mp4").Header(); h.Get("Content-Type") != "audio/mp4" {
		t.Errorf("audio: %v", h)
	}
}

func TestMovie(t *testing.T) {
	f := replayOf(t)
	l := f.replay()
	s := newServer(t, l, f.hub, nil)
	played := get(s, base+liveID+"-180-fragmented.mp4")
	kept := get(s, DownloadPrefix+MovieFile(liveID, 180))
	if played.Code != 200 || kept.Code != 200 || !bytes.Equal(played.Body.Bytes(), kept.Body.Bytes()) || played.Header().Get("Content-Disposition") != "" {
		t.Errorf("%d, %d bytes; %d, %d bytes", played.Code, played.Body.Len(), kept.Code, kept.Body.Len())
	}
	h := kept.Header()
	if d := h.Get("Content-Disposition"); d != `attachment; filename="_t_- a _ live _.mp4"; filename*=UTF-8''%C3%89t%C3%A9-%20a%20%C2%AB%20live%20%C2%BB.mp4` {
		t.Errorf("Content-Disposition is %s", d)
	}
	if h.Get("Content-Type") != "video/mp4" || h.Get("Content-Length") != decimal(int64(kept.Body.Len())) || h.Get("ETag") == "" || h.Get("Last-Modified") == "" || h.Get("Cache-Control") != again {
		t.Errorf("%v", h)
	}
	part := get(s, DownloadPrefix+MovieFile(liveID, 180), "Range", "bytes=4000-49999", "If-Range", h.Get("ETag"))
	if part.Code != 206 || !bytes.Equal(part.Body.Bytes(), kept.Body.Bytes()[4000:50000]) {
		t.Errorf("a range: %d, %d bytes", part.Code, part.Body.Len())
	}
	audio := get(s, DownloadPrefix+MovieFile(liveID, 0))
	if audio.Code != 200 || audio.Header().Get("Content-Type") != "audio/mp4" || !strings.Contains(audio.Header().Get("Content-Disposition"), `.m4a"`) {
		t.Errorf("audio: %d, %v", audio.Code, audio.Header())
	}
	if w := get(s, base+MovieFile(liveID, 720)); w.Code != 404 {
		t.Errorf("a height that it does not have: %d", w.Code)
	}
	v := l.videos[liveID]
	v.Download = false
	l.videos[liveID] = v
	if w := get(s, DownloadPrefix+MovieFile(liveID, 180)); w.Code != 403 || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("not offered: %d, %v", w.Code, w.Header())
	}
	if w := get(s, base+MovieFile(liveID, 180)); w.Code != 200 {
		t.Errorf("played when it is not offered: %d", w.Code)
	}
}

// TestSeveralBroadcasts shows two sessions as one playlist.
func TestSeveralBroadcasts(t *testing.T) {
	f := newFeed(t).begin().seconds(5).end()
	f.session = second
	f.takeover().seconds(3).end()
	s := newServer(t, f.replay(session, second), f.hub, nil)
	text := get(s, base+liveID+"-main.m3u8").Body.String()
	v, err := judges.Ask(t.Context(), []judges.Playlist{{Name: "main", Text: text}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := v.HLSParser[0]; len(r.Complaints) > 0 || r.Segments != 5 || r.Discontinuities != 1 {
		t.Errorf("%+v:\n%s", r, text)
	}
	web := httptest.NewServer(s)
	defer web.Close()
	if d, complaint, err := judges.Decode(t.Context(), web.URL+base+liveID+"-main.m3u8", 60); err != nil || complaint != "" || d.Video != f.shown-1 {
		t.Errorf("ffmpeg decoded %+v, %q, %v", d, complaint, err)
	}
	// One that is gone takes nothing from the other.
	if err := os.RemoveAll(filepath.Join(f.dir, session)); err != nil {
		t.Fatal(err)
	}
	if text := get(s, base+liveID+"-main.m3u8").Body.String(); strings.Contains(text, "-main-7-0-") || !strings.Contains(text, "-main-8-0-") {
		t.Errorf("after the loss of one:\n%s", text)
	}
}

// TestDamagedIndex plays what can be read.
func TestDamagedIndex(t *testing.T) {
	f := replayOf(t)
	path := filepath.Join(f.dir, session, "main-7-init0.idx")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[4096+92+10] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, f.replay(), f.hub, nil)
	if w := get(s, base+liveID+"-main.m3u8"); w.Code != 200 || strings.Contains(w.Body.String(), "-main-7-0-") || !strings.Contains(w.Body.String(), "-main-8-0-") {
		t.Errorf("%d:\n%s", w.Code, w.Body)
	}
	if w := get(s, base+liveID+"-audio.m3u8"); w.Code != 200 || !strings.Contains(w.Body.String(), "-audio-7-0-") {
		t.Errorf("%d:\n%s", w.Code, w.Body)
	}
}

func TestPlaylistCaching(t *testing.T) {
	f := newFeed(t).begin().seconds(5)
	f.stop()
	s := newServer(t, f.replay(), f.hub, nil)
	file := base + liveID + "-main.m3u8"
	plain, zipped := get(s, file), get(s, file, "Accept-Encoding", "gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() >= plain.Body.Len() || zipped.Header().Get("ETag") == plain.Header().Get("ETag") {
		t.Errorf("%d and %d bytes, %v", plain.Body.Len(), zipped.Body.Len(), zipped.Header())
	}
	for _, w := range []*httptest.ResponseRecorder{plain, zipped} {
		if h := w.Header(); h.Get("Cache-Control") != "no-cache" || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Length") != decimal(int64(w.Body.Len())) {
			t.Errorf("%v", h)
		}
		tag := w.Header().Get("ETag")
		for value, status := range map[string]int{tag: 304, `"a", W/` + tag: 304, "*": 304, `"a"`: 200, "": 200} {
			again := get(s, file, "If-None-Match", value, "Accept-Encoding", w.Header().Get("Content-Encoding"))
			if again.Code != status || status == 304 && (again.Body.Len() > 0 || again.Header().Get("ETag") != tag) {
				t.Errorf("If-None-Match: %s: %d, %v", value, again.Code, again.Header())
			}
		}
	}
	if w := do(s, "HEAD", file); w.Code != 200 || w.Body.Len() > 0 || w.Header().Get("Content-Length") != plain.Header().Get("Content-Length") {
		t.Errorf("HEAD: %d, %v", w.Code, w.Header())
	}
	// What is recorded later is in it.
	f.takeover().seconds(4).end()
	if later := get(s, file); later.Header().Get("ETag") == plain.Header().Get("ETag") || later.Body.Len() <= plain.Body.Len() {
		t.Errorf("it has not changed: %v", later.Header())
	}
}

// TestToken walks from a private replay's multivariant playlist to everything that it leads to.
func TestToken(t *testing.T) {
	f := replayOf(t)
	s := newServer(t, f.replay(), f.hub, porter{})
	uris := regexp.MustCompile(`(?m)^[^#\n]+|[:,]URI="[^"]*`)
	seen := map[string]bool{}
	var walk func(target string)
	walk = func(target string) {
		if seen[target] {
			return
		}
		seen[target] = true
		file, query, _ := strings.Cut(target, "?")
		if query != withGood {
			t.Errorf("%s does not end with the token alone", target)
		}
		for _, bad := range []string{"", "?videoFileToken=bad"} {
			if w := get(s, base+file+bad); w.Code != 403 || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s%s: %d, %v", file, bad, w.Code, w.Header())
			}
		}
		w := get(s, base+target)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private, ") {
			t.Errorf("%s: %d, %v", target, w.Code, w.Header())
		}
		if !strings.HasSuffix(file, ".m3u8") {
			return
		}
		if w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %v", target, w.Header())
		}
		for _, u := range uris.FindAllString(w.Body.String(), -1) {
			walk(u[strings.LastIndexByte(u, '"')+1:])
		}
	}
	walk(MasterFile(liveID) + "?" + withGood)
	walk(MovieFile(liveID, 180) + "?" + withGood)
	if len(seen) != 1+2+4+1 {
		t.Errorf("%d addresses: %v", len(seen), seen)
	}
	if w := get(s, DownloadPrefix+MovieFile(liveID, 180)+"?"+withGood); w.Code != 200 || w.Header().Get("Cache-Control") != privateAgain {
		t.Errorf("download: %d, %v", w.Code, w.Header())
	}
	if w := get(s, DownloadPrefix+MovieFile(liveID, 180)); w.Code != 403 {
		t.Errorf("download without a token: %d", w.Code)
	}
	if w := get(s, strings.ReplaceAll(base+MasterFile(liveID), "7b1f", "8b1f")+"?"+withGood); w.Code != 404 {
		t.Errorf("another video: %d", w.Code)
	}
	if w := do(s, "OPTIONS", DownloadPrefix+MovieFile(liveID, 180)); w.Code != 204 || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Range") {
		t.Errorf("a preflight: %d", w.Code)
	}
	// It plays as a whole.
	web := httptest.NewServer(s)
	defer web.Close()
	if d, complaint, err := judges.Decode(t.Context(), web.URL+base+liveID+"-main.m3u8?"+withGood, 60); err != nil || complaint != "" || d.Video != f.shown-1 {
		t.Errorf("ffmpeg decoded %+v, %q, %v", d, complaint, err)
	}
}

func TestRefusals(t *testing.T) {
	f := newFeed(t).begin().seconds(2).end()
	l := f.replay()
	l.videos["11111111-9c1d-4e0a-8f5e-2f6a1c0d9e11"] = Video{Recordings: []string{"gone"}}
	s := newServer(t, l, f.hub, nil)
	nobody := strings.ReplaceAll(base+MasterFile(liveID), "7b1f", "8b1f")
	for _, tt := range []struct {
		method, target string
		status         int
	}{
		{"GET", base + "none.mp4", 404},
		{"GET", nobody, 404},
		{"GET", strings.ReplaceAll(base+MasterFile(liveID), "7b1f3a52", "11111111"), 404},
		{"GET", base + liveID + "-v720.m3u8", 404},
		{"GET", base + liveID + "-main-9-0-fragmented.mp4", 404},
		{"GET", base + liveID + "-main-7-0.1-fragmented.mp4", 404},
		{"GET", base + "main-7-99.mp4", 404},
		{"GET", base + "main-8-1.mp4", 404},
		{"GET", base + "main-7-init1.mp4", 404},
		{"GET", base + "dvr.m3u8", 404},
		{"GET", base + "dvr-main.m3u8", 404},
		{"GET", base + "main-7-1.mp4", 200},
		{"GET", base + "main-7-init0.mp4", 200},
		{"POST", base + MasterFile(liveID), 405},
	} {
		w := do(s, tt.method, tt.target)
		if w.Code != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.target, w.Code, tt.status)
		}
		if h := w.Header(); tt.status >= 400 && (h.Get("Content-Type") != "application/problem+json" || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("ETag") != "") {
			t.Errorf("%s %s: %v", tt.method, tt.target, h)
		}
	}
	if _, err := New(l, f.hub, nil, s.log, registered(t, l, f)); err == nil {
		t.Error("metrics were registered twice")
	}
}

func registered(t *testing.T, l Library, f *feed) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewRegistry()
	if _, err := New(l, f.hub, nil, slog.New(slog.DiscardHandler), reg); err != nil {
		t.Fatal(err)
	}
	return reg
}
