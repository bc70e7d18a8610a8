package hls

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"shoal/internal/httpd"
	"shoal/internal/m3u8"
	"shoal/internal/media"
)

const (
	good     = "Z29vZA.1764"
	withGood = "videoFileToken=" + good
)

// porter is a gate that admits whoever shows the good token.
type porter struct{ open bool }

func (p porter) Admit(id media.LiveID, query string) Verdict {
	switch {
	case id != liveID:
		return Unknown
	case p.open:
		return Open
	case strings.Contains("&"+query+"&", "&"+withGood+"&"):
		return Token
	}
	return Forbidden
}

// shelf is an archive that says what it was asked for.
type shelf struct{}

func (shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusTeapot)
	_, _ = io.WriteString(w, "archive "+strings.TrimPrefix(r.URL.Path, base))
}

func newGuarded(t testing.TB, f *feed, gate Gate, archive http.Handler, reg prometheus.Registerer) *Server {
	t.Helper()
	s, err := New(f.hub, gate, archive, DefaultConfig(), reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func plain(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Header().Get("Content-Encoding") != "gzip" {
		return w.Body.String()
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var uris = regexp.MustCompile(`(?m)^[^#\n]+|[:,]URI="[^"]*`)

// listed are the addresses in a playlist.
func listed(playlist string) (all []string) {
	for _, u := range uris.FindAllString(playlist, -1) {
		all = append(all, u[strings.LastIndexByte(u, '"')+1:])
	}
	return all
}

// TestEveryAddressCarriesTheToken walks from the multivariant playlists to everything that they lead to: all of it is
// there with the token, and none of it without.
func TestEveryAddressCarriesTheToken(t *testing.T) {
	f := started(t)
	public := newServer(t, f)
	s := newGuarded(t, f, porter{}, nil, prometheus.NewRegistry())
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
		if file == "main-7-3.3.mp4" || file == "audio-7-3.0.mp4" {
			return // hints, which would be waited for
		}
		for _, bad := range []string{"", "?videoFileToken=", "?videoFileToken=bad", "?token=" + good} {
			if w := get(s, base+file+bad); w.Code != http.StatusForbidden {
				t.Errorf("%s%s: %d", file, bad, w.Code)
			}
		}
		w := get(s, base+target, "Accept-Encoding", "gzip")
		cache := w.Header().Get("Cache-Control")
		if w.Code != http.StatusOK || !strings.HasPrefix(cache, "private, ") || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d, %v", target, w.Code, w.Header())
		}
		body := plain(t, w)
		open := get(public, base+file).Body.String()
		if !strings.HasSuffix(file, ".m3u8") {
			if body != open || strings.Contains(cache, "no-store") {
				t.Errorf("%s: %q, other bytes than the public has: %v", target, cache, body != open)
			}
			return
		}
		if cache != "private, no-store" || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %v", target, w.Header())
		}
		if body != string(m3u8.AppendToken(nil, []byte(open), good)) {
			t.Errorf("%s is not the public one with the token:\n%s", target, body)
		}
		for _, u := range listed(body) {
			walk(u)
		}
	}
	walk("master.m3u8?" + withGood)
	walk("classic.m3u8?" + withGood)
	if len(seen) < 40 {
		t.Errorf("only %d addresses: %v", len(seen), seen)
	}
}

func TestVerdicts(t *testing.T) {
	f := started(t)
	other := strings.Replace(base, "7b1f", "8b1f", 1)
	for _, tt := range []struct {
		name   string
		gate   Gate
		target string
		status int
		cache  string
	}{
		{"open", porter{open: true}, base + "main.m3u8", 200, fresh},
		{"open, by sequence", porter{open: true}, base + "main.m3u8?_HLS_msn=2", 200, aWhile},
		{"open, a token means nothing", porter{open: true}, base + "main.m3u8?" + withGood, 200, fresh},
		{"open, a part", porter{open: true}, base + "main-7-1.2.mp4", 200, forever},
		{"open, wrong", porter{open: true}, base + "main.m3u8?_HLS_part=2", 400, briefly},
		{"shut", porter{}, base + "main.m3u8", 403, private},
		{"shut, wrong", porter{}, base + "main.m3u8?_HLS_part=2", 403, private},
		{"shut, no file", porter{}, base + "no", 403, private},
		{"shut, a part", porter{}, base + "main-7-1.2.mp4", 403, private},
		{"unknown", porter{}, other + "main.m3u8?" + withGood, 404, briefly},
		{"token, by sequence", porter{}, base + "main.m3u8?_HLS_msn=2&" + withGood, 200, private},
		{"token, a delta", porter{}, base + "main.m3u8?" + withGood + "&_HLS_skip=YES", 200, private},
		{"token, too far", porter{}, base + "main.m3u8?" + withGood + "&_HLS_msn=99", 400, briefly},
		{"token, a part", porter{}, base + "main-7-1.2.mp4?" + withGood, 200, privateWhile},
		{"token, no part", porter{}, base + "main-7-1.99.mp4?" + withGood, 404, briefly},
		{"token, no file", porter{}, base + "no?" + withGood, 404, briefly},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newGuarded(t, f, tt.gate, nil, prometheus.NewRegistry())
			w := get(s, tt.target)
			if w.Code != tt.status || w.Header().Get("Cache-Control") != tt.cache || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%d, %v", w.Code, w.Header())
			}
			if w.Code == 403 && (w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), `"detail":"this video is not public: `)) {
				t.Errorf("the reason is %s", w.Body)
			}
			if w.Code == 200 && tt.cache != private && strings.Contains(w.Body.String(), m3u8.TokenKey) {
				t.Error("the token is in what all share")
			}
		})
	}
	s := newGuarded(t, f, porter{}, nil, prometheus.NewRegistry())
	if w := do(s, "OPTIONS", base+"main.m3u8"); w.Code != 204 {
		t.Errorf("a preflight, which has no token: %d", w.Code)
	}
	w := get(s, base+"main-7-1.mp4?"+withGood, "Range", "bytes=10-19")
	if w.Code != 206 || w.Body.Len() != 10 || w.Header().Get("Cache-Control") != privateWhile {
		t.Errorf("a range: %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}

// lax admits everybody by a token, whatever stands there.
type lax struct{}

func (lax) Admit(media.LiveID, string) Verdict { return Token }

// TestTokenThatCannotBeWritten holds that a playlist never carries what breaks it, whatever a gate thinks.
func TestTokenThatCannotBeWritten(t *testing.T) {
	s := newGuarded(t, started(t), lax{}, nil, prometheus.NewRegistry())
	for _, query := range []string{"", "videoFileToken", "videoFileToken=", "videoFileToken=a\"b", "videoFileToken=a,b", "a=b", "videofiletoken=a", "videoFileToken=" + strings.Repeat("a", 600)} {
		q := Request{Method: "GET", Path: base + "main.m3u8", Query: query}
		if a := s.Answer(t.Context(), &q); a.Status != 403 {
			t.Errorf("%q: %d", query, a.Status)
		}
	}
	q := Request{Method: "GET", Path: base + "main.m3u8", Query: "a&videoFileToken=x%2By&videoFileToken=z"}
	if a := s.Answer(t.Context(), &q); a.Status != 200 || !bytes.Contains(bytes.Join(a.Body.Append(nil), nil), []byte("main-7-0.mp4?videoFileToken=x%2By\n")) {
		t.Errorf("an escaped token: %d", a.Status)
	}
}

func TestHeldWithToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := started(t)
		s := newGuarded(t, f, porter{}, nil, prometheus.NewRegistry())
		got := make(chan *httptest.ResponseRecorder, 2)
		go func() { got <- get(s, base+"main.m3u8?"+withGood+"&_HLS_msn=3&_HLS_part=3") }()
		go func() { got <- get(s, base+"main-7-3.3.mp4?"+withGood) }()
		synctest.Wait()
		if n := s.held.Load(); n != 2 {
			t.Fatalf("%d requests are held", n)
		}
		time.Sleep(200 * time.Millisecond)
		f.parts(1)
		for range 2 {
			if w := <-got; w.Code != 200 || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private, ") {
				t.Errorf("%d, %v", w.Code, w.Header())
			}
		}
	})
}

// TestArchive holds what is left to the archive, and that the front declines just that.
func TestArchive(t *testing.T) {
	f := started(t)
	reg := prometheus.NewRegistry()
	s := newGuarded(t, f, porter{}, shelf{}, reg)
	none := strings.Replace(base, "7b1f", "8b1f", 1)
	for _, tt := range []struct {
		method, target string
		status         int // http.StatusTeapot: the archive's
	}{
		{"GET", base + "main.m3u8", 200},
		{"GET", base + "main-7-1.mp4", 200},
		{"GET", base + "main-7-3.2.mp4", 200},
		{"GET", base + "dvr.m3u8", 418},
		{"HEAD", base + "dvr-main.m3u8", 418},
		{"GET", base + liveID + "-master.m3u8", 418},
		{"GET", base + liveID + "-main.m3u8", 418},
		{"GET", base + liveID + "-main-7-0-fragmented.mp4", 418},
		{"GET", base + liveID + "-360-fragmented.mp4", 418},
		{"GET", base + "main-6-1.mp4", 418},
		{"GET", base + "main-7-99.mp4", 418},
		{"GET", base + "main-7-init7.mp4", 418},
		{"GET", base + "audio-5-init0.mp4", 418},
		{"GET", base + "v720-7-1.mp4", 418},
		{"GET", base + "v720-7-1.1.mp4", 404},
		{"GET", base + "main-7-2.99.mp4", 404},
		{"GET", base + "main-6-1.1.mp4", 404},
		{"GET", base + "v720.m3u8", 404},
		{"GET", base + "main.m3u8?_HLS_msn=9", 400},
		{"POST", base + "dvr.m3u8", 405},
		{"GET", Prefix + "dvr.m3u8", 404},
		{"GET", none + "main.m3u8", 404},
	} {
		target := tt.target + "?" + withGood
		if path, query, ok := strings.Cut(tt.target, "?"); ok {
			target = path + "?" + withGood + "&" + query
		}
		if w := do(s, tt.method, target); w.Code != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.target, w.Code, tt.status)
		}
		if tt.method == "POST" {
			continue // not a Direct's
		}
		path, query, _ := strings.Cut(target, "?")
		var raw httpd.Raw
		if took := s.AnswerDirect(context.Background(), &httpd.Head{Method: tt.method, Path: path, Query: query}, &raw); took != (tt.status != 418) {
			t.Errorf("%s %s: the front took it: %v", tt.method, tt.target, took)
		}
		if w := do(s, tt.method, tt.target); tt.status == 418 && w.Code != 403 {
			t.Errorf("%s %s: %d without a token", tt.method, tt.target, w.Code)
		}
	}
	if n := testutil.CollectAndCount(reg, "shoal_hls_requests_total"); n == 0 {
		t.Error("nothing is counted")
	}

	// A live that has no stream is the archive's altogether, but for its parts.
	f.hub.Remove(liveID)
	for file, status := range map[string]int{"main.m3u8": 418, "master.m3u8": 418, "main-7-1.mp4": 418, "main-7-init0.mp4": 418, "main-7-1.1.mp4": 404} {
		if w := get(s, base+file+"?"+withGood); w.Code != status {
			t.Errorf("%s without a stream: %d", file, w.Code)
		}
	}
	// Without an archive, what is not in memory is not there.
	alone := newGuarded(t, f, nil, nil, prometheus.NewRegistry())
	for _, file := range []string{"dvr.m3u8", "main-7-1.mp4", "main.m3u8"} {
		if w := get(alone, base+file); w.Code != 404 {
			t.Errorf("%s without an archive: %d", file, w.Code)
		}
	}
}

func BenchmarkToken(b *testing.B) {
	s := newGuarded(b, watched(b), porter{}, nil, prometheus.NewRegistry())
	for _, encoding := range []string{"", "gzip"} {
		b.Run("playlist "+encoding, func(b *testing.B) {
			q := Request{Method: "GET", Path: base + "main.m3u8", Query: withGood, AcceptEncoding: encoding}
			b.ReportAllocs()
			for b.Loop() {
				a := s.Answer(b.Context(), &q)
				b.SetBytes(a.Body.Len())
			}
		})
	}
}
