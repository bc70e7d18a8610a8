package web_test

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/testkit/browser"
	"shoal/internal/web"
)

// shots is where the tests in the browser leave what they saw, for people to look at: -shots DIR.
var shots = flag.String("shots", "", "write screenshots into this folder")

const (
	liveUUID  = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	otherUUID = "1c4b0b5e-33aa-4c57-9d56-0f3a2f1b7c22"
	endedUUID = "e2a9d7c4-5b1e-4f6e-8a33-9f00c1d2b333"
)

// lives is what a broadcast would tell, in the hands of a test.
type lives struct {
	mu   sync.Mutex
	list []web.Live
}

func (l *lives) Lives() []web.Live {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

func (l *lives) Live(id string) (web.Live, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(v web.Live) bool { return v.UUID == id || v.Name == id })
	if i < 0 {
		return web.Live{}, false
	}
	return l.list[i], true
}

func (l *lives) set(uuid string, state web.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.list {
		if l.list[i].UUID == uuid {
			l.list[i].State = state
		}
	}
}

var started = time.Now().Add(-25 * time.Minute).Truncate(time.Second).UTC()

// some is one live of each kind.
func some() *lives {
	before := started.Add(-26 * time.Hour)
	return &lives{list: []web.Live{
		{
			UUID: liveUUID, Name: "Harbour festival", State: web.OnAir, StartedAt: &started,
			LowLatencyURL: "/hls/main.m3u8", ClassicURL: "/hls/main.m3u8", AudioURL: "/hls/audio.m3u8",
			Width: 640, Height: 360, FrameRate: 25, VideoCodec: "H.264", AudioCodec: "AAC", Bitrate: 900_000,
		},
		{UUID: otherUUID, Name: "Town council", State: web.Waiting},
		{UUID: endedUUID, Name: "School play", State: web.Ended, StartedAt: &before},
	}}
}

var demo = web.Info{
	Name: "test-node", Version: "0.1.0", Source: "https://git.example/shoal", RTMPPort: 1935,
	Encoders: []web.Encoder{{Live: liveUUID, Key: "festival-7Kq2"}},
	Hosts:    func() []string { return []string{"192.168.1.20"} },
}

// stand is a node of which only the pages are real.
type stand struct {
	*httptest.Server
	lives *lives
	media *media
}

func newStand(t testing.TB, l *lives, info web.Info) *stand {
	t.Helper()
	h, err := web.New(l, info, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{lives: l, media: &media{}}
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("/hls/", s.media)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// media serves what an ffmpeg writes, unless the test takes it away.
type media struct {
	mu     sync.Mutex
	dir    string
	broken bool
	asked  int
}

// requests is how often anything was asked for.
func (m *media) requests() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

func (m *media) set(dir string, broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dir, m.broken = dir, broken
}

func (m *media) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	dir, broken := m.dir, m.broken
	m.asked++
	m.mu.Unlock()
	if broken || dir == "" {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if strings.HasSuffix(r.URL.Path, ".m3u8") {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	}
	http.ServeFile(w, r, filepath.Join(dir, filepath.Base(r.URL.Path)))
}

// publish runs ffmpeg, which writes a live of one-second segments in real time, until the test ends or stop is called,
// which ends the playlist.
func (s *stand) publish(t testing.TB) (stop func()) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	hls := func(name string) []string {
		return []string{
			"-f", "hls", "-hls_time", "1", "-hls_list_size", "8", "-hls_segment_type", "fmp4", "-hls_flags", "delete_segments+temp_file",
			"-hls_fmp4_init_filename", name + "-init.mp4", "-hls_segment_filename", filepath.Join(dir, name+"-%d.m4s"),
			filepath.Join(dir, name+".m3u8"),
		}
	}
	args := []string{
		"-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25",
		"-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-b:v", "600k", "-pix_fmt", "yuv420p", "-c:a", "aac",
	}
	args = append(args, hls("main")...)
	args = append(args, "-map", "1:a", "-c:a", "aac")
	args = append(args, hls("audio")...)
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("ffmpeg is needed: on Debian, apt-get install ffmpeg: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it was interrupted
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	for _, name := range []string{"main.m3u8", "audio.m3u8"} {
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				break
			}
			if time.Since(began) > soon {
				t.Fatalf("ffmpeg does not write %s", name)
			}
		}
	}
	s.media.set(dir, false)
	return stop
}

// look takes a picture for people, if they asked for pictures.
func look(t testing.TB, p *browser.Page, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), p.Screenshot(), 0o644); err != nil {
		t.Fatal(err)
	}
}
