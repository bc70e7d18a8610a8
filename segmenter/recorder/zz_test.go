package recorder

import ("testing";"os";"fmt";"net/http";"net/http/httptest";"time";"shoal/internal/media";"shoal/internal/testkit/browser")

func TestZZ(t *testing.T) {
	dir, _ := changing(t)
	p, _ := download(t, dir, media.Main)
	b, _ := os.ReadFile(p)
	os.WriteFile("/tmp/zz.mp4", b, 0o600)
	zz(t, "/tmp/zz.mp4")
}
func TestZY(t *testing.T) { zz(t, os.Getenv("ZZ")) }
func zz(t *testing.T, f string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/video.mp4" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><title>t</title><link rel="icon" href="data:,"><video muted preload="auto" src="video.mp4"></video>`)
			return
		}
		http.ServeFile(w, r, f)
	}))
	defer server.Close()
	br := browser.Start(t)
	for _, at := range []float64{11, 12.05, 12.5, 13, 14, 14.2, 14.5, 15, 16.5, 18.5} {
	page := br.Open(t, browser.Look{})
	page.Goto(server.URL)
	page.Do(`globalThis.v = document.querySelector('video')`)
	page.Wait(20*time.Second, `v.error || v.readyState >= 3`)
	page.Do(fmt.Sprintf(`v.currentTime = %v; v.playbackRate=2; v.play()`, at))
	page.Wait(20*time.Second, fmt.Sprintf(`v.error || v.currentTime > %v+2.2`, at))
	t.Log(at, browser.Eval[string](page, `v.currentTime + " " + v.videoWidth + " " + (v.error ? v.error.message : '')`))
	}
}
