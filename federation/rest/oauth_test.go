package rest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shoal/cluster/fsm/fsmtest"
	"shoal/internal/catalog"
)

// grant asks for tokens as PeerTube's clients do.
func (s *stand) grant(change url.Values) answer {
	s.t.Helper()
	client, err := s.api.oauthClient(&call{r: s.request()})
	if err != nil {
		s.t.Fatal(err)
	}
	v := url.Values{"client_id": {client.ClientID}, "client_secret": {client.ClientSecret}, "response_type": {"code"}}
	for k, all := range change {
		if all[0] == "" {
			v.Del(k)
		} else {
			v[k] = all
		}
	}
	return s.do("", "POST", "/api/v1/users/token", strings.NewReader(v.Encode()), header("Content-Type", typeForm))
}

func (s *stand) request() *http.Request {
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", "/", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestOAuth(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	logIn := url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {password}}
	with := func(k, v string) url.Values {
		c := url.Values{k: {v}}
		for n, all := range logIn {
			if n != k {
				c[n] = all
			}
		}
		return c
	}
	for _, tc := range []struct {
		form url.Values
		code string
	}{
		{with("password", "wrong horse"), "invalid_grant"},
		{with("username", "nobody"), "invalid_grant"},
		{with("client_id", ""), "invalid_client"},
		{with("client_secret", ""), "invalid_client"},
		{with("client_secret", "other"), "invalid_client"},
		{with("grant_type", ""), "invalid_request"},
		{with("grant_type", "client_credentials"), "unsupported_grant_type"},
		{with("username", ""), "invalid_request"},
		{with("password", ""), "invalid_request"},
		{url.Values{"grant_type": {"refresh_token"}}, "invalid_request"},
		{url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"no-such-token"}}, "invalid_grant"},
	} {
		a := s.grant(tc.form)
		p := a.wantProblem(http.StatusBadRequest, tc.code)
		if !strings.HasSuffix(p["type"].(string), "/Errors/"+tc.code) || a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: %s, %v", tc.form, a.Body, a.Header())
		}
	}

	a := s.grant(logIn).want(http.StatusOK)
	a.is("token_type", "Bearer", "expires_in", 86400, "refresh_token_expires_in", 1209600)
	if a.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("headers %v", a.Header())
	}
	access, refresh := a.at("access_token").(string), a.at("refresh_token").(string)
	s.do(access, "GET", "/api/v1/users/me", nil).want(200).is("username", "alice", "role.label", "User")

	again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	next := s.grant(again).want(200).at("access_token").(string)
	s.do(access, "GET", "/api/v1/users/me", nil).wantProblem(http.StatusUnauthorized, "invalid_token")
	s.grant(again).wantProblem(http.StatusBadRequest, "invalid_grant")

	s.do(next, "POST", "/api/v1/users/revoke-token", nil).want(200).is("success", true)
	s.do(next, "GET", "/api/v1/users/me", nil).wantProblem(http.StatusUnauthorized, "invalid_token")
	// Where a visitor may be, a void token is told all the same: the client must log in again.
	a = s.do(next, "GET", "/api/v1/videos", nil)
	a.wantProblem(http.StatusUnauthorized, "invalid_token")
	if got := a.Header().Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Errorf("WWW-Authenticate: %s", got)
	}

	blocked := true
	if _, err := s.catalog.UpdateUser(t.Context(), s.users["alice"].ID, catalog.UserChange{Blocked: &blocked}); err != nil {
		t.Fatal(err)
	}
	s.grant(logIn).wantProblem(http.StatusBadRequest, "access_denied")
}

// TestExpired lets days go by.
func TestExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(fsmtest.Epoch)) // where the state's clock begins
		s := newStand(t)
		a := s.grant(url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {password}}).want(200)
		access, refresh := a.at("access_token").(string), a.at("refresh_token").(string)
		time.Sleep(24*time.Hour - time.Second)
		s.do(access, "GET", "/api/v1/users/me", nil).want(200)
		time.Sleep(2 * time.Second)
		s.do(access, "GET", "/api/v1/users/me", nil).wantProblem(http.StatusUnauthorized, "invalid_token")
		time.Sleep(14 * 24 * time.Hour)
		s.state.SetNow(time.Now())
		s.grant(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}).wantProblem(http.StatusBadRequest, "invalid_grant")
	})
}

// TestThrottled tries passwords until it must wait.
func TestThrottled(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	wrong := url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {"wrong horse"}}
	for n := 0; ; n++ {
		a := s.grant(wrong)
		if a.Code == http.StatusBadRequest && n < 20 {
			continue
		}
		a.wantProblem(http.StatusTooManyRequests, codeTooManyRequests)
		if wait, err := strconv.Atoi(a.Header().Get("Retry-After")); err != nil || wait < 1 {
			t.Errorf("Retry-After: %q", a.Header().Get("Retry-After"))
		}
		break
	}
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": password}).wantProblem(http.StatusTooManyRequests, codeTooManyRequests)
	s.from = "198.51.100.9:5"
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": password}).want(200)
}
