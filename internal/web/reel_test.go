package web_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	reelSeconds = 150 // how long the reel is
	reelWindow  = 12  // seconds that the live playlist lists
	reelDone    = 60  // seconds that have been broadcast when it starts
)

// reel is a broadcast that is made at once and shown as time goes by: a live of one-second segments that has been running
// for a minute, its recording, and afterwards its replay.
type reel struct {
	dir string

	mu    sync.Mutex
	began time.Time
	ended int // seconds that were broadcast in all; 0 while it runs
	asked map[string]int
}

// newReel lets ffmpeg make the segments.
func newReel(t testing.TB) *reel {
	t.Helper()
	r := &reel{dir: t.TempDir(), began: time.Now(), asked: map[string]int{}}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=5", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", fmt.Sprint(reelSeconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-b:v", "150k", "-pix_fmt", "yuv420p", "-c:a", "aac",
		"-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4",
		"-hls_segment_filename", filepath.Join(r.dir, "%d.m4s"), filepath.Join(r.dir, "all.m3u8"))
	cmd.Stderr = t.Output()
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg is needed: on Debian, apt-get install ffmpeg: %v", err)
	}
	r.began = time.Now()
	return r
}

// end ends the broadcast and says how long it was.
func (r *reel) end() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = r.seconds()
	return float64(r.ended)
}

// requests is how often something was asked for.
func (r *reel) requests(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[name]
}

// seconds is how much has been broadcast; the lock is held.
func (r *reel) seconds() int {
	if r.ended > 0 {
		return r.ended
	}
	return min(reelSeconds, reelDone+int(time.Since(r.began).Seconds()))
}

// ServeHTTP serves live.m3u8, dvr.m3u8, vod.m3u8 and what they name.
func (r *reel) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	name := filepath.Base(q.URL.Path)
	r.mu.Lock()
	r.asked[name]++
	n, over := r.seconds(), r.ended > 0
	r.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	from := 0
	switch name {
	case "live.m3u8":
		from = max(0, n-reelWindow)
	case "dvr.m3u8", "vod.m3u8":
	default:
		http.ServeFile(w, q, filepath.Join(r.dir, name))
		return
	}
	if _, err := os.Stat(filepath.Join(r.dir, "0.m4s")); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-MAP:URI=\"init.mp4\"\n", from)
	for i := from; i < n; i++ {
		at := r.began.Add(time.Duration(i-reelDone) * time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:1.0,\n%d.m4s\n", at, i)
	}
	if over {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	_, _ = w.Write([]byte(b.String())) // an error here is a browser that went away
}

// screen puts a reel on a live of a stand.
func (r *reel) screen(s *stand, uuid string) {
	s.media.use(r)
	s.change(uuid, func(l *live) {
		since := r.began.Add(-reelDone * time.Second)
		l.State, l.IsLive, l.StartedAt = onAir, true, &since
		l.LowLatencyURL, l.ClassicURL, l.AudioURL = "/hls/live.m3u8", "/hls/live.m3u8", ""
		l.DVRURL, l.DVRSeconds = "/hls/dvr.m3u8", 1800
	})
}

// becomesReplay ends the broadcast, and makes a replay of the live.
func (r *reel) becomesReplay(s *stand, uuid string) {
	duration := r.end()
	s.change(uuid, func(l *live) {
		l.State, l.IsLive, l.Duration = replay, false, duration
		l.LowLatencyURL, l.ClassicURL, l.AudioURL, l.DVRURL, l.DVRSeconds = "", "", "", "", 0
		l.VODURL, l.DownloadURL = "/hls/vod.m3u8", "/download/x.mp4"
	})
}
