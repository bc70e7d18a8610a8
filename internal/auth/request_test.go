package auth

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestFromRequest(t *testing.T) {
	access, refresh := newToken(), newToken()
	for _, tc := range []struct {
		name    string
		method  string
		headers map[string]string
		want    bool // of the cookie, or the header
	}{
		{"bearer", "POST", map[string]string{"Authorization": "Bearer " + access}, true},
		{"bearer, in small letters", "DELETE", map[string]string{"Authorization": "bearer  " + access}, true},
		{"basic", "GET", map[string]string{"Authorization": "Basic " + access, "Cookie": "shoal_access=" + access}, false},
		{"bearer of nothing", "GET", map[string]string{"Authorization": "Bearer", "Cookie": "shoal_access=" + access}, false},
		{"cookie, reading", "GET", map[string]string{"Cookie": "shoal_access=" + access}, true},
		{"cookie, reading the head", "HEAD", map[string]string{"Cookie": "a=b; shoal_access=" + access}, true},
		{"cookie, changing, from nowhere", "POST", map[string]string{"Cookie": "shoal_access=" + access}, false},
		{"cookie, changing, from our page", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Origin": "http://board.local:8080"}, true},
		{"cookie, changing, from our page, in capitals", "PUT", map[string]string{"Cookie": "shoal_access=" + access, "Origin": "http://BOARD.local:8080"}, true},
		{"cookie, changing, from another page", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Origin": "http://evil.example"}, false},
		{"cookie, changing, from another port", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Origin": "http://board.local:9090"}, false},
		{"cookie, changing, from a file", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Origin": "null"}, false},
		{"cookie, changing, from nonsense", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Origin": "http://%zz"}, false},
		{"cookie, changing, fetched by our page", "DELETE", map[string]string{"Cookie": "shoal_access=" + access, "Sec-Fetch-Site": "same-origin"}, true},
		{"cookie, changing, fetched by a neighbour", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Sec-Fetch-Site": "same-site", "Origin": "http://board.local:8080"}, false},
		{"cookie, changing, fetched by a stranger", "POST", map[string]string{"Cookie": "shoal_access=" + access, "Sec-Fetch-Site": "cross-site", "Origin": "http://board.local:8080"}, false},
		{"nothing", "GET", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "http://board.local:8080/api/v1/users/me", nil)
			for k, v := range tc.headers {
				r.Header.Set(k, v)
			}
			want := ""
			if tc.want {
				want = access
			}
			if got := FromRequest(r); got != want {
				t.Errorf("it is %q", got)
			}
		})
	}
	r := httptest.NewRequest(http.MethodPost, "http://board.local/api/v1/shoal/session/refresh", nil)
	r.AddCookie(&http.Cookie{Name: "shoal_refresh", Value: refresh})
	if got := RefreshFromRequest(r); got != "" {
		t.Error("a refresh token from nowhere is taken")
	}
	r.Header.Set("Origin", "http://board.local")
	if got := RefreshFromRequest(r); got != refresh {
		t.Errorf("the refresh token is %q", got)
	}
}

func TestCookies(t *testing.T) {
	p := Pair{Access: newToken(), Refresh: newToken(), AccessTTL: time.Hour, RefreshTTL: 48 * time.Hour}
	for _, tc := range []struct {
		name   string
		secure bool
		change func(*http.Request)
	}{
		{"plain", false, func(*http.Request) {}},
		{"TLS", true, func(r *http.Request) { r.TLS = &tls.ConnectionState{} }},
		{"TLS in front", true, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "http://board.local/api/v1/shoal/session", nil)
			tc.change(r)
			w := httptest.NewRecorder()
			SetCookies(w, r, p)
			set := w.Result().Cookies()
			if len(set) != 2 {
				t.Fatalf("%d cookies", len(set))
			}
			for i, want := range []http.Cookie{
				{Name: "shoal_access", Value: p.Access, Path: "/", MaxAge: 3600},
				{Name: "shoal_refresh", Value: p.Refresh, Path: "/api/v1/shoal/session", MaxAge: 172800},
			} {
				c := set[i]
				if c.Name != want.Name || c.Value != want.Value || c.Path != want.Path || c.MaxAge != want.MaxAge {
					t.Errorf("the cookie is %v", c)
				}
				if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != tc.secure || c.Domain != "" {
					t.Errorf("the cookie is %v", c)
				}
			}
			w = httptest.NewRecorder()
			ClearCookies(w, r)
			for _, c := range w.Result().Cookies() {
				if c.MaxAge != -1 || c.Value != "" {
					t.Errorf("it is not cleared: %v", c)
				}
			}
		})
	}
}
