package httpd

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWriteError(t *testing.T) {
	secret := errors.New("disk sda1 is full")
	for _, tc := range []struct {
		name          string
		err           error
		status        int
		detail, cache string
	}{
		{"plain", secret, 500, "the node failed to answer; its log says why", "no-store"},
		{"not found", &Error{Status: 404, Message: "no such live"}, 404, "no such live", "no-store"},
		{"cached", &Error{Status: 404, Message: "no such part", MaxAge: time.Second}, 404, "no such part", "public, max-age=1"},
		{"less than a second is none", &Error{Status: 400, Message: "m", MaxAge: 999 * time.Millisecond}, 400, "m", "no-store"},
		{"wrapped", errors.Join(secret, &Error{Status: 503, Message: "later", Cause: secret}), 503, "later", "no-store"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("ETag", `"x"`)
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
				w.Header().Set("Access-Control-Allow-Origin", "*")
				return tc.err
			}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
			var p problem
			if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			want := problem{"about:blank", http.StatusText(tc.status), tc.status, tc.detail}
			if rec.Code != tc.status || p != want {
				t.Errorf("got %d %+v, want %+v", rec.Code, p, want)
			}
			h := rec.Header()
			if h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != tc.cache {
				t.Errorf("headers: %v", h)
			}
			if h.Get("Content-Encoding") != "" || h.Get("ETag") != "" || h.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("headers of the answer that was not given: %v", h)
			}
			if strings.Contains(rec.Body.String(), "sda1") {
				t.Error("the cause is shown")
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("cause")
	e := &Error{Status: 400, Message: "message", Cause: cause}
	if e.Error() != "400: message: cause" || !errors.Is(e, cause) {
		t.Errorf("%q", e.Error())
	}
	if got := (&Error{Status: 400, Message: "message"}).Error(); got != "400: message" {
		t.Errorf("%q", got)
	}
}
