package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// allPages is one address of each page.
var allPages = []string{
	"/", "/about", "/no", "/w/" + liveUUID, "/videos/embed/" + liveUUID, "/c/town", "/a/root", "/login", "/setup",
	"/studio", "/studio/" + liveUUID, "/my/videos", "/my/videos/" + replayUUID, "/my/account",
	"/admin/users", "/admin/limits", "/admin/storage", "/admin/instance",
}

// get asks as a browser would, without unpacking and without following.
func get(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	return do(t, http.MethodGet, url, header...)
}

func do(t *testing.T, method, url string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, br")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Body.Close() })
	return a
}

func body(t *testing.T, a *http.Response) string {
	t.Helper()
	var r io.Reader = a.Body
	if a.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRoutes(t *testing.T) {
	s := newStand(t, some())
	for _, c := range []struct {
		path   string
		status int
		kind   string
		has    string
	}{
		{"/", 200, "text/html", "Live, a second from now"},
		{"/about", 200, "text/html", "GNU Affero General Public License"},
		{"/w/" + liveUUID, 200, "text/html", `id="player"`},
		{"/w/Harbour%20festival", 200, "text/html", `id="player"`},
		{"/videos/embed/" + liveUUID + "?start=12s&autoplay=1&muted=1&x=y", 200, "text/html", `id="player"`},
		{"/w/nobody", 404, "text/html", "There is nothing here"},
		{"/w/", 404, "text/html", "There is nothing here"},
		{"/videos/embed/nobody", 404, "text/html", "There is nothing here"},
		{"/nothing", 404, "text/html", "There is nothing here"},
		{"/assets/", 404, "text/html", "There is nothing here"},
		{"/assets/nothing.js", 404, "text/html", "There is nothing here"},
		{"/assets/..%2f..%2fweb.go", 404, "text/html", "There is nothing here"},
		{"/assets/%2e%2e/en/home.html", 404, "text/html", "There is nothing here"},
		{"/w/..%2f..%2fetc%2fpasswd", 404, "text/html", "There is nothing here"},
		{"/w/" + replayUUID, 200, "text/html", `id="player"`},
		{"/c/town", 200, "text/html", `id="owner"`},
		{"/c/nobody", 404, "text/html", "There is nothing here"},
		{"/c/root", 404, "text/html", "There is nothing here"},
		{"/a/root", 200, "text/html", `id="owner"`},
		{"/a/town", 404, "text/html", "There is nothing here"},
		{"/login", 200, "text/html", `id="login-form"`},
		{"/login?next=/studio", 200, "text/html", `id="login-form"`},
		{"/setup", 200, "text/html", `id="setup-form"`},
		{"/studio", 200, "text/html", `id="create-form"`},
		{"/studio/" + liveUUID, 200, "text/html", `id="encoder-fields"`},
		{"/studio/nobody", 404, "text/html", "There is nothing here"},
		{"/my/videos", 200, "text/html", `id="videos"`},
		{"/my/videos/" + replayUUID, 200, "text/html", `id="video-form"`},
		{"/my/videos/nobody", 404, "text/html", "There is nothing here"},
		{"/my/account", 200, "text/html", `id="password-form"`},
		{"/my/nothing", 404, "text/html", "There is nothing here"},
		{"/admin/users", 200, "text/html", `id="user-form"`},
		{"/admin/limits", 200, "text/html", `id="limits-form"`},
		{"/admin/storage", 200, "text/html", `id="disk"`},
		{"/admin/instance", 200, "text/html", `id="instance-form"`},
		{"/admin/nothing", 404, "text/html", "There is nothing here"},
	} {
		t.Run(c.path, func(t *testing.T) {
			a := get(t, s.URL+c.path)
			if a.StatusCode != c.status {
				t.Errorf("status %d, want %d", a.StatusCode, c.status)
			}
			if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, c.kind) {
				t.Errorf("Content-Type %q, want %q", kind, c.kind)
			}
			if b := body(t, a); !strings.Contains(b, c.has) {
				t.Errorf("%q is not in\n%s", c.has, b)
			}
			h := a.Header
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
				t.Errorf("headers %v", h)
			}
			if p := h.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'self'; ") || strings.Contains(p, "unsafe") {
				t.Errorf("Content-Security-Policy %q", p)
			}
			if framed := !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'"); framed != strings.HasPrefix(c.path, "/videos/embed/") {
				t.Errorf("may be framed: %v", framed)
			}
			if h.Get("Set-Cookie") != "" {
				t.Error("a cookie is set")
			}
		})
	}
}

func TestPostIsRefused(t *testing.T) {
	s := newStand(t, some())
	for _, path := range []string{"/", "/about", "/w/" + liveUUID, "/login", "/setup"} {
		if a := do(t, http.MethodPost, s.URL+path); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, a.StatusCode)
		}
	}
}

func TestLanguages(t *testing.T) {
	s := newStand(t, some())
	for accept, lang := range map[string]string{
		"": "en", "fr": "fr", "fr-CA,en;q=0.8": "fr", "de,fr;q=0.5,en;q=0.4": "fr", "de": "en", "en-GB,fr": "en", "fr;q=0,en": "en", "nonsense;;q=": "en",
	} {
		for path, status := range map[string]int{"/": 200, "/about": 200, "/w/" + liveUUID: 200, "/videos/embed/" + liveUUID: 200, "/no": 404} {
			a := get(t, s.URL+path, "Accept-Language", accept)
			if a.StatusCode != status || a.Header.Get("Content-Language") != lang {
				t.Errorf("%s for %q: status %d, language %s, want %s", path, accept, a.StatusCode, a.Header.Get("Content-Language"), lang)
			}
			if b := body(t, a); !strings.Contains(b, `<html lang="`+lang+`">`) {
				t.Errorf("%s for %q is not in %s", path, accept, lang)
			}
			if vary := strings.Join(a.Header.Values("Vary"), ","); !strings.Contains(vary, "Accept-Language") || !strings.Contains(vary, "Accept-Encoding") {
				t.Errorf("%s: Vary %q", path, vary)
			}
		}
	}
}

// TestAssets fetches all that the pages name, packed and plain.
func TestAssets(t *testing.T) {
	s := newStand(t, some())
	named := map[string]bool{}
	for _, path := range allPages {
		page := body(t, get(t, s.URL+path))
		if strings.Contains(page, "data-t=\"\"") || regexp.MustCompile(`<script[^>]*>[^<]|\son\w+=|\sstyle=|<style`).MatchString(page) {
			t.Errorf("%s has something inline, which its policy forbids", path)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			switch {
			case strings.HasPrefix(m[1], "/assets/"):
				named[m[1]] = true
			case strings.HasPrefix(m[1], "#"), m[1] == "https://www.gnu.org/licenses/agpl-3.0.html":
			case strings.HasPrefix(m[1], "/") && get(t, s.URL+m[1]).StatusCode == 200:
			default:
				t.Errorf("%s names %s", path, m[1])
			}
		}
	}
	if len(named) < 8 {
		t.Fatalf("only %d assets are named", len(named))
	}
	script := 0
	for path := range named {
		a := get(t, s.URL+path)
		if a.StatusCode != 200 || a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: status %d, %v", path, a.StatusCode, a.Header)
		}
		if strings.HasSuffix(path, ".js") {
			script += int(a.ContentLength)
		}
		packed := body(t, a)
		plain := get(t, s.URL+path, "Accept-Encoding", "identity")
		if plain.Header.Get("Content-Encoding") != "" || body(t, plain) != packed {
			t.Errorf("%s is another file when it is not packed", path)
		}
		head := do(t, http.MethodHead, s.URL+path)
		if b, _ := io.ReadAll(head.Body); head.StatusCode != 200 || len(b) != 0 || head.ContentLength <= 0 {
			t.Errorf("HEAD %s: status %d, %d bytes announced, %d sent", path, head.StatusCode, head.ContentLength, len(b))
		}
	}
	if script < 100_000 {
		t.Errorf("only %d bytes of scripts are named", script)
	}
}

// TestWeight shows that hls.js is loaded where there is a player, and nowhere else, and that the rest stays small.
func TestWeight(t *testing.T) {
	s := newStand(t, some())
	for _, path := range allPages {
		weight := 0
		for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+\.js)"`).FindAllStringSubmatch(body(t, get(t, s.URL+path)), -1) {
			weight += int(get(t, s.URL+m[1]).ContentLength)
		}
		most := 35_000
		if strings.HasPrefix(path, "/w/") || strings.HasPrefix(path, "/videos/embed/") {
			most = 155_000 // hls.js alone is 117 kB
		}
		t.Logf("%s: %d bytes of scripts", path, weight)
		if weight > most {
			t.Errorf("the scripts of %s weigh %d bytes packed: a phone on a busy Wi-Fi has to wait for them", path, weight)
		}
	}
}

func TestRevalidation(t *testing.T) {
	s := newStand(t, some())
	first := get(t, s.URL+"/")
	etag := first.Header.Get("ETag")
	if etag == "" || first.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("headers %v", first.Header)
	}
	for match, status := range map[string]int{etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, strings.TrimPrefix(etag, "W/"): 304} {
		a := get(t, s.URL+"/", "If-None-Match", match)
		if a.StatusCode != status {
			t.Errorf("If-None-Match %s: status %d, want %d", match, a.StatusCode, status)
		}
	}
	if a := get(t, s.URL+"/", "If-None-Match", etag, "Accept-Language", "fr"); a.StatusCode != 200 {
		t.Errorf("the French page has the English one's tag: status %d", a.StatusCode)
	}
	if a := get(t, s.URL+"/no", "If-None-Match", "*"); a.StatusCode != 404 {
		t.Errorf("a page that is not there: status %d", a.StatusCode)
	}
}

func TestRedirects(t *testing.T) {
	s := newStand(t, some())
	for from, to := range map[string]string{"/admin": "/admin/users", "/my": "/my/videos"} {
		if a := get(t, s.URL+from); a.StatusCode != http.StatusFound || a.Header.Get("Location") != to {
			t.Errorf("%s: status %d, to %q", from, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

func BenchmarkPage(b *testing.B) {
	s := newStand(b, some())
	b.ReportAllocs()
	for b.Loop() {
		a, err := http.Get(s.URL + "/")
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
	}
}
