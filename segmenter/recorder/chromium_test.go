package recorder

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/internal/testkit/browser"
)

// TestChromium plays the download of three epochs with different parameters by HTTP, and seeks in it.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts Chromium")
	}
	dir, summary := changing(t)
	rec, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rec.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/video.mp4" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><title>t</title><link rel="icon" href="data:,"><video muted preload="auto" src="video.mp4"></video>`)
			return
		}
		reader := m.Open()
		defer reader.Close()
		w.Header().Set("Content-Type", "video/mp4")
		http.ServeContent(w, r, "", m.Modified(), reader)
	}))
	defer server.Close()
	page := browser.Start(t).Open(t, browser.Look{})
	page.Goto(server.URL)
	page.Do(`globalThis.v = document.querySelector('video')`)
	page.Wait(20*time.Second, `v.error || v.readyState >= 3`)
	if d := browser.Eval[float64](page, `v.duration`); math.Abs(d-summary.Duration.Seconds()) > 0.2 {
		t.Errorf("it lasts %v s, want %v", d, summary.Duration)
	}
	for _, tt := range []struct {
		at    float64
		width int
	}{{5, 1280}, {13.5, 640}, {25, 1280}, {19.5, 640}, {1, 1280}} {
		page.Do(fmt.Sprintf(`v.currentTime = %v`, tt.at))
		page.Wait(20*time.Second, `v.error || !v.seeking && v.readyState >= 2`)
		page.Wait(5*time.Second, fmt.Sprintf(`v.videoWidth === %d`, tt.width))
	}
	// Across the changes, all keyframes between them.
	page.Do(`globalThis.widths = new Set(); v.currentTime = 11; v.playbackRate = 4; v.ontimeupdate = () => widths.add(v.videoWidth); v.play()`)
	page.Wait(20*time.Second, `v.error || v.currentTime > 22`)
	if got := browser.Eval[string](page, `[...widths].join()`); got != "1280,640" {
		t.Errorf("pictures are %s wide", got)
	}
	if e := browser.Eval[string](page, `v.error ? v.error.message : ''`); e != "" {
		t.Errorf("Chromium: %s", e)
	}
	for _, c := range page.Complaints() {
		t.Errorf("Chromium complains: %s", c)
	}
}
