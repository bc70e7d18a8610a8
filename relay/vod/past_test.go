package vod

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/httpd"
	"shoal/internal/testkit/judges"
	"shoal/relay/hls"
)

// listing is what a playlist without parts says, segment by segment.
type listing struct {
	first   uint64
	lines   []string // of each segment: its tags, its address, and what is in force there (sequence, map)
	ended   bool
	seconds float64
}

// read takes a classic or a past's playlist apart.
func read(t *testing.T, text string) (l listing) {
	t.Helper()
	var sequence uint64
	var tags []string
	init := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		tag, value, _ := strings.Cut(line, ":")
		switch {
		case tag == "#EXT-X-MEDIA-SEQUENCE":
			l.first, _ = strconv.ParseUint(value, 10, 64)
		case tag == "#EXT-X-DISCONTINUITY-SEQUENCE":
			sequence, _ = strconv.ParseUint(value, 10, 64)
		case tag == "#EXT-X-DISCONTINUITY":
			sequence++
			tags = append(tags, line)
		case tag == "#EXT-X-MAP":
			init = value
		case tag == "#EXT-X-ENDLIST":
			l.ended = true
		case tag == "#EXTINF":
			d, _ := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
			l.seconds += d
			tags = append(tags, line)
		case !strings.HasPrefix(line, "#"):
			l.lines = append(l.lines, fmt.Sprint(tags, line, init, sequence))
			tags = nil
		case tag == "#EXT-X-PROGRAM-DATE-TIME" || tag == "#EXT-X-GAP":
			tags = append(tags, line)
		}
	}
	return l
}

func (l *listing) end() uint64 { return l.first + uint64(len(l.lines)) }

// at is the segment of a number, "" if it is not listed.
func (l *listing) at(n uint64) string {
	if n < l.first || n >= l.end() {
		return ""
	}
	return l.lines[n-l.first]
}

// TestPastFollowsTheLive holds a live's past, as it grows, against its classic playlist and against what it was before:
// the same segments under the same numbers, no hole, and everything listed is there.
func TestPastFollowsTheLive(t *testing.T) {
	const back = 60 * time.Second
	f := newFeed(t)
	archive := newServer(t, f.onAir(back), f.hub, nil)
	front := newFront(t, f, archive, nil)
	f.begin()
	var before [2]listing
	var texts []judges.Playlist
	for step := range 50 {
		switch step {
		case 12, 40:
			f.takeover()
		case 20:
			f.begin() // a discontinuity within the epoch
		}
		f.seconds(2 + step%3)
		for i, r := range []string{"main", "audio"} {
			w := get(front, base+"dvr-"+r+".m3u8")
			if w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
				t.Fatalf("step %d, %s: %d, %s", step, r, w.Code, w.Body)
			}
			past, classic := read(t, w.Body.String()), read(t, get(front, base+"classic-"+r+".m3u8").Body.String())
			if past.end() != classic.end() || past.first > classic.first {
				t.Fatalf("step %d, %s: %d to %d, classic has %d to %d", step, r, past.first, past.end(), classic.first, classic.end())
			}
			for n := classic.first; n < classic.end(); n++ {
				if past.at(n) != classic.at(n) {
					t.Errorf("step %d, %s, %d: %s; in classic %s", step, r, n, past.at(n), classic.at(n))
				}
			}
			for n := past.first; n < before[i].end(); n++ {
				if past.at(n) != before[i].at(n) {
					t.Errorf("step %d, %s, %d: %s; it was %s", step, r, n, past.at(n), before[i].at(n))
				}
			}
			if past.first < before[i].first || past.first > max(before[i].end(), 1) {
				t.Errorf("step %d, %s: from %d, before from %d", step, r, past.first, before[i].first)
			}
			if past.first > 1 && past.seconds < back.Seconds() || past.seconds > back.Seconds()+2.5 {
				t.Errorf("step %d, %s: it lists %v s", step, r, past.seconds)
			}
			before[i] = past
			if step%10 == 3 {
				texts = append(texts, judges.Playlist{Name: fmt.Sprint(r, step), Text: w.Body.String()})
			}
		}
	}
	if before[0].first < 20 {
		t.Errorf("nothing has left the list: it begins at %d", before[0].first)
	}
	v, err := judges.Ask(t.Context(), texts, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range append(v.HLSParser, v.M3U8Parser...) {
		if len(r.Complaints) > 0 || r.Target != 2 || r.Ended {
			t.Errorf("%s: %+v", texts[i%len(texts)].Name, r)
		}
	}
	// Everything that was ever shown is still there, and the same, wherever it lies.
	for name, want := range f.told {
		w := get(front, base+name)
		if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want) || w.Header().Get("Cache-Control") != forever {
			t.Errorf("%s: %d, %d bytes of %d, %v", name, w.Code, w.Body.Len(), len(want), w.Header())
		}
	}
	if w := get(front, base+"main-7-2.mp4", "Range", "bytes=10-19"); w.Code != 206 || !bytes.Equal(w.Body.Bytes(), f.told["main-7-2.mp4"][10:20]) {
		t.Errorf("a range of an old segment: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := get(front, base+"main-7-2.3.mp4"); w.Code != 404 {
		t.Errorf("an old part: %d", w.Code)
	}
}

// TestPastPlays has ffmpeg play a live's past after its end, from the multivariant playlist.
func TestPastPlays(t *testing.T) {
	f := newFeed(t)
	l := f.onAir(time.Hour)
	front := newFront(t, f, newServer(t, l, f.hub, nil), nil)
	f.begin().seconds(30)
	if w := get(front, base+"dvr.m3u8"); w.Code != 200 || !strings.Contains(w.Body.String(), "\ndvr-main.m3u8\n") || !strings.Contains(w.Body.String(), "\ndvr-audio.m3u8\n") {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if r := read(t, get(front, base+"dvr-main.m3u8").Body.String()); r.ended || r.first != 1 || len(r.lines) != 15 {
		t.Errorf("while it runs: %+v", r)
	}
	f.end()
	// The catalog knows at once that it is not on the air; players must be told the end.
	delete(l.lives, liveID)
	r := read(t, get(front, base+"dvr-main.m3u8").Body.String())
	if !r.ended || r.first != 1 || len(r.lines) != 15 {
		t.Errorf("after the end: %+v", r)
	}
	if w := get(front, base+"main-7-1.mp4"); w.Code != 200 {
		t.Errorf("an old segment after the end: %d", w.Code)
	}
	web := httptest.NewServer(front)
	defer web.Close()
	if d, complaint, err := judges.Decode(t.Context(), web.URL+base+"dvr.m3u8", 60); err != nil || complaint != "" || d.Video != f.shown {
		t.Errorf("ffmpeg decoded %+v, %q, %v", d, complaint, err)
	}
	// Forgotten by the hub, it is a matter of its video.
	f.hub.Remove(liveID)
	if w := get(front, base+"dvr-main.m3u8"); w.Code != 404 {
		t.Errorf("a live that is forgotten: %d", w.Code)
	}
	// A permanent live's recording is another video, which may not be for everybody.
	if w := get(front, base+"main-7-1.mp4"); w.Code != 404 {
		t.Errorf("an old segment of a live that is forgotten: %d", w.Code)
	}
	l.videos = f.replay().videos
	if w := get(front, base+"main-7-1.mp4"); w.Code != 200 {
		t.Errorf("an old segment of a replay: %d", w.Code)
	}
	if w := get(front, base+MasterFile(liveID)); w.Code != 200 {
		t.Errorf("the replay: %d", w.Code)
	}
}

// TestPastHasABound holds that going back by a segment's name reaches no farther than the playlist, but for a while.
func TestPastHasABound(t *testing.T) {
	f := newFeed(t)
	l := f.onAir(10 * time.Second)
	front := newFront(t, f, newServer(t, l, f.hub, nil), nil)
	f.begin().seconds(200)
	for name, want := range map[string]int{"main-7-1.mp4": 404, "main-7-30.mp4": 404, "main-7-40.mp4": 200, "main-7-95.mp4": 200} {
		if w := get(front, base+name); w.Code != want {
			t.Errorf("%s after 200 s: %d, want %d", name, w.Code, want)
		}
	}
}

// TestPastWithoutRecording goes back as far as memory does, and past no hole.
func TestPastWithoutRecording(t *testing.T) {
	f := newFeed(t)
	l := f.onAir(time.Hour)
	s := newServer(t, l, f.hub, nil)
	if w := get(s, base+"dvr-main.m3u8"); w.Code != 404 {
		t.Errorf("nothing was sent yet: %d", w.Code)
	}
	f.begin().seconds(1)
	if w := get(s, base+"dvr-main.m3u8"); w.Code != 404 {
		t.Errorf("no segment is complete: %d", w.Code)
	}
	f.seconds(29)
	f.stop()
	f.session = "" // the disk is full
	f.seconds(16)
	list := func() listing { return read(t, get(s, base+"dvr-main.m3u8").Body.String()) }
	kept := f.s.Window("main")
	memory := kept.Last().Number
	for kept.Segment(memory-1) != nil {
		memory--
	}
	if r := list(); r.first != memory || memory <= 16 {
		t.Errorf("with a hole it begins at %d, memory at %d", r.first, memory)
	}
	// There is room again: from there on, it goes back once more.
	f.session = session
	f.seconds(40)
	if r := list(); r.first < 17 || r.first > 24 || r.end() != 44 {
		t.Errorf("behind the hole it lists %d to %d", r.first, r.end())
	}
	if err := os.RemoveAll(filepath.Join(f.dir, session)); err != nil {
		t.Fatal(err)
	}
	f.session = ""
	f.stopQuietly()
	f.seconds(2)
	if r := list(); r.first < 36 || len(r.lines) < 6 {
		t.Errorf("without a recording it lists %d to %d", r.first, r.end())
	}
	l.lives[liveID] = Live{Session: session}
	if w := get(s, base+"dvr-main.m3u8"); w.Code != 404 {
		t.Errorf("no way back is allowed: %d", w.Code)
	}
}

func TestPastToken(t *testing.T) {
	f := newFeed(t)
	front := newFront(t, f, newServer(t, f.onAir(time.Hour), f.hub, porter{}), porter{})
	f.begin().seconds(30)
	for _, file := range []string{"dvr.m3u8", "dvr-main.m3u8", "main-7-1.mp4", "main-7-init0.mp4"} {
		if w := get(front, base+file); w.Code != 403 {
			t.Errorf("%s: %d", file, w.Code)
		}
		w := get(front, base+file+"?"+withGood)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private, ") {
			t.Errorf("%s: %d, %v", file, w.Code, w.Header())
		}
	}
	text := get(front, base+"dvr-main.m3u8?"+withGood).Body.String()
	if n := strings.Count(text, ".mp4?"+withGood); n != strings.Count(text, ".mp4") || n != 16 {
		t.Errorf("%d addresses carry the token:\n%s", n, text)
	}
}

// TestNode plays a live's past through a node's HTTP server: the front hands over what memory does not have, and the
// kernel sends it.
func TestNode(t *testing.T) {
	f := newFeed(t)
	front := newFront(t, f, newServer(t, f.onAir(time.Hour), f.hub, nil), nil)
	f.begin().seconds(30)
	mux := http.NewServeMux()
	mux.Handle(hls.Prefix, front)
	web := httpd.New(httpd.Options{
		Handler: mux, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Direct: front, DirectPrefix: hls.Prefix,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(ln) }()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for _, file := range []string{"main-7-14.mp4", "main-7-1.mp4", "audio-7-init0.mp4", "main-7-14.mp4", "audio-7-2.mp4"} {
		a, err := client.Get("http://" + ln.Addr().String() + base + file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if err != nil || a.StatusCode != 200 || !bytes.Equal(b, f.told[file]) {
			t.Errorf("%s: %d, %d bytes of %d, %v", file, a.StatusCode, len(b), len(f.told[file]), err)
		}
	}
	client.CloseIdleConnections()
	if err := web.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
