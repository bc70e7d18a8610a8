package browser_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"go.uber.org/goleak"

	"shoal/internal/testkit/browser"
)

const document = `<!doctype html><meta name="viewport" content="width=device-width"><title>t</title><button onclick="document.title='clicked'">b</button>
<script>addEventListener('keydown', e => document.title = 'key ' + e.key)</script>`

func serve(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing.js" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Language", r.Header.Get("Accept-Language"))
		_, _ = w.Write([]byte(document))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestPage(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var pid string
	t.Run("open", func(t *testing.T) {
		url := serve(t)
		b := browser.Start(t)
		pid = children(t)
		p := b.Open(t, browser.Look{Width: 360, Height: 640, Phone: true, Dark: true, Still: true, Language: "fr"})
		p.Goto(url)

		if got := browser.Eval[string](p, `[innerWidth, devicePixelRatio, navigator.language].join()`); got != "360,2,fr" {
			t.Errorf("width, pixel ratio, language = %s", got)
		}
		accepted := browser.Eval[string](p, `fetch('/').then(a => a.headers.get('X-Language'))`)
		if !strings.HasPrefix(accepted, "fr") {
			t.Errorf("Accept-Language = %q", accepted)
		}
		for _, media := range []string{"prefers-color-scheme: dark", "prefers-reduced-motion: reduce", "hover: none"} {
			if !browser.Eval[bool](p, `matchMedia('(`+media+`)').matches`) {
				t.Errorf("%s is not seen", media)
			}
		}
		p.Click("button")
		p.Wait(5*time.Second, `document.title === 'clicked'`)
		p.Press("m")
		p.Wait(5*time.Second, `document.title === 'key m'`)
		p.Press(kb.ArrowUp)
		p.Wait(5*time.Second, `document.title === 'key ArrowUp'`)
		if shot := p.Screenshot(); len(shot) < 500 || string(shot[1:4]) != "PNG" {
			t.Errorf("screenshot of %d bytes", len(shot))
		}
		if c := p.Complaints(); len(c) != 0 {
			t.Errorf("complaints about a good page: %q", c)
		}
		if r := p.Requests(); len(r) == 0 || r[0] != url+"/" {
			t.Errorf("requests = %q", r)
		}
		p.Do(`import('/missing.js').catch(() => console.error('no module'))`)
		if c := strings.Join(p.Complaints(), "\n"); !strings.Contains(c, "404") || !strings.Contains(c, "no module") {
			t.Errorf("complaints about a bad page: %q", c)
		}
	})
	if pid == "" {
		t.Fatal("no process was seen")
	}
	if _, err := os.Stat(filepath.Join("/proc", pid)); err == nil {
		t.Errorf("process %s outlived its test", pid)
	}
}

// children names a child process of the test.
func children(t *testing.T) string {
	t.Helper()
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, l := range lists {
		ids, _ := os.ReadFile(l)
		if f := strings.Fields(string(ids)); len(f) > 0 {
			return f[0]
		}
	}
	return ""
}
