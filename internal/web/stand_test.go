package web_test

import (
	"context"
	"flag"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/testkit/browser"
	"shoal/internal/web"
)

// shots is where the tests in the browser leave what they saw, for people to look at: -shots DIR.
var (
	shots  = flag.String("shots", "", "write screenshots into this folder")
	height = flag.Int("height", 0, "height of the screens, if it is more than the tests ask for: then the screenshots show whole pages")
)

// stand is a node of which only the pages are real.
type stand struct {
	*httptest.Server
	*world
	media *media
}

func newStand(t testing.TB, w *world) *stand {
	t.Helper()
	h, err := web.New(w, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{world: w, media: &media{}}
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("/api/", newAPI(w))
	mux.Handle("/hls/", s.media)
	mux.HandleFunc("/lazy-static/", poster)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// poster draws a picture for every address: a sky over a sea.
func poster(w http.ResponseWriter, _ *http.Request) {
	picture := image.NewRGBA(image.Rect(0, 0, 425, 240))
	for y := range 240 {
		for x := range 425 {
			c := color.RGBA{uint8(240 - y/2), uint8(150 + y/4), uint8(120 + x/8), 255}
			if y > 150 {
				c = color.RGBA{20, uint8(90 + (x+y)%23), uint8(120 + y/4), 255}
			}
			picture.SetRGBA(x, y, c)
		}
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_ = jpeg.Encode(w, picture, nil) // an error here is a browser that went away
}

// media serves what an ffmpeg writes, unless the test takes it away.
type media struct {
	mu     sync.Mutex
	dir    string
	broken bool
	asked  int
	other  http.Handler
}

// use lets something else serve.
func (m *media) use(other http.Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.other = other
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
	dir, broken, other := m.dir, m.broken, m.other
	m.asked++
	m.mu.Unlock()
	if other != nil {
		other.ServeHTTP(w, r)
		return
	}
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
