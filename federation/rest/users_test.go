package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"shoal/internal/broadcast"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	create := func(as string, change map[string]any) answer {
		b := map[string]any{"username": "carol", "password": "secret horse", "email": "carol@live.example", "role": 2, "videoQuota": 1000, "videoQuotaDaily": -1}
		for k, v := range change {
			b[k] = v
		}
		return s.do(as, "POST", "/api/v1/users", b)
	}
	create("mod", map[string]any{"username": "Not Allowed"}).wantProblem(http.StatusBadRequest, "invalid")
	create("mod", map[string]any{"username": "alice"}).wantProblem(http.StatusConflict, "name_taken")
	create("mod", map[string]any{"password": "short"}).wantMistake("password")
	create("mod", map[string]any{"role": 7}).wantMistake("role")
	create("mod", map[string]any{"videoQuota": -2}).wantMistake("videoQuota")
	create("mod", map[string]any{"role": 0}).wantProblem(http.StatusForbidden, "")
	id := int(create("mod", nil).want(200).at("user.id").(float64))
	path := fmt.Sprintf("/api/v1/users/%d", id)

	s.do("mod", "GET", path, nil).want(200).is("username", "carol", "role.id", 2, "videoQuota", 1000, "shoal.mustChange", true,
		"videoQuotaUsed", 0, "videoChannels.0.name", "carol_channel")
	s.do("root", "GET", "/api/v1/users?search=car&sort=-createdAt&count=1", nil).want(200).is("total", 1, "data.0.username", "carol")
	s.do("root", "GET", "/api/v1/users?start=1&count=2&sort=username", nil).want(200).is("total", 5, "data.0.username", "bob", "data.2", nil)
	s.do("root", "GET", "/api/v1/users?count=0", nil).want(200).is("total", 5, "data.0", nil)

	s.do("mod", "PUT", path, map[string]any{"role": 1}).wantProblem(http.StatusForbidden, "")
	s.do("mod", "PUT", path, map[string]any{"videoQuota": 5, "role": 2}).want(204)
	s.do("root", "PUT", path, map[string]any{"role": 1, "email": "", "password": "other horse"}).want(204)
	s.do("root", "GET", path, nil).want(200).is("role.label", "Moderator", "email", nil, "videoQuota", 5)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		s.do("mod", method, path, map[string]any{}).wantProblem(http.StatusForbidden, "") // now a moderator, too
	}
	root := fmt.Sprintf("/api/v1/users/%d", s.users["root"].ID)
	s.do("root", "DELETE", root, nil).wantProblem(http.StatusBadRequest, "")
	s.do("root", "POST", root+"/block", map[string]any{}).wantProblem(http.StatusBadRequest, "")
	s.do("root", "PUT", root, map[string]any{"role": 2}).wantProblem(http.StatusBadRequest, "last_admin")
	s.do("root", "DELETE", path, nil).want(204)
	s.do("root", "GET", path, nil).wantProblem(404, "")
}

// TestBlock shuts somebody out who is on the air.
func TestBlock(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	live, other := s.live("alice"), s.live("bob")
	s.begin(live)
	s.begin(other)
	s.token("alice")
	path := fmt.Sprintf("/api/v1/users/%d", s.users["alice"].ID)
	s.do("mod", "DELETE", path, nil).wantProblem(http.StatusBadRequest, "live_running")
	s.do("mod", "POST", path+"/block", map[string]any{"reason": "Noise."}).want(204)
	if st, _ := s.lives.Get(live.LiveID()); st.State != broadcast.Ended {
		t.Error("the live of who is shut out goes on")
	}
	if st, _ := s.lives.Get(other.LiveID()); st.State != broadcast.Running {
		t.Error("somebody else's live was ended")
	}
	s.do("alice", "GET", "/api/v1/users/me", nil).wantProblem(http.StatusUnauthorized, codeInvalidToken)
	s.do("mod", "GET", path, nil).want(200).is("blocked", true, "blockedReason", "Noise.")
	s.do("mod", "GET", "/api/v1/users?blocked=true", nil).want(200).is("total", 1)
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": password}).wantProblem(http.StatusForbidden, "blocked")
	s.do("mod", "POST", path+"/unblock", nil).want(204)
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": password}).want(200)
	s.do("mod", "DELETE", path, nil).want(204)
	if got := strings.Join(s.storage.removed, " "); !strings.Contains(got, "posters "+live.UUID) {
		t.Errorf("removed %s", got)
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const path = "/api/v1/users/me"
	s.do("alice", "GET", path+"/video-quota-used", nil).want(200).is("videoQuotaUsed", 0, "videoQuotaUsedDaily", 0)
	s.do("alice", "PUT", path, map[string]any{"displayName": "Alice of the hall", "description": "Sound.", "p2pEnabled": true, "theme": "dark"}).want(204)
	s.do("alice", "GET", path, nil).want(200).is("account.displayName", "Alice of the hall", "account.description", "Sound.")
	s.do("alice", "PUT", path, map[string]any{"description": nil}).want(204)
	s.do("alice", "GET", path, nil).want(200).is("account.displayName", "Alice of the hall", "account.description", nil)

	s.do("alice", "PUT", path, map[string]any{"email": "alice@live.example"}).wantMistake("currentPassword")
	s.do("alice", "PUT", path, map[string]any{"email": "alice@live.example", "currentPassword": "wrong"}).wantProblem(http.StatusUnauthorized, "invalid_grant")
	s.do("alice", "PUT", path, map[string]any{"email": "alice@live.example", "currentPassword": password}).want(204)
	s.do("alice", "GET", path, nil).want(200).is("email", "alice@live.example")

	s.do("alice", "PUT", path, map[string]any{"password": "new horse"}).wantMistake("currentPassword")
	s.do("alice", "PUT", path, map[string]any{"password": "new horse", "currentPassword": password}).want(204)
	s.do("alice", "GET", path, nil).want(200) // this log-in stays
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": password}).wantProblem(http.StatusUnauthorized, "invalid_grant")
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "alice@live.example", "password": "new horse"}).want(200)
}

// browser keeps the cookies of one.
type browser struct {
	s       *stand
	cookies map[string]*http.Cookie
}

func (b *browser) do(method, path string, body any, options ...option) answer {
	b.s.t.Helper()
	options = append(options, func(r *http.Request) {
		for _, c := range b.cookies {
			if strings.HasPrefix(r.URL.Path, c.Path) {
				r.AddCookie(c)
			}
		}
	})
	a := b.s.do("", method, path, body, options...)
	for _, c := range a.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return a
}

func TestPageSession(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	b := &browser{s, map[string]*http.Cookie{}}
	own := header("Origin", "http://"+s.host)
	b.do("GET", "/api/v1/shoal/session", nil).wantProblem(http.StatusUnauthorized, codeUnauthorized)
	b.do("POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": "wrong"}, own).wantProblem(http.StatusUnauthorized, "invalid_grant")
	a := b.do("POST", "/api/v1/shoal/session", map[string]any{"username": "alice", "password": password}, own).want(200)
	a.is("username", "alice", "role", 2, "mustChange", false, "channels.0.name", "alice_channel", "quota", -1, "used", 0)
	if strings.Contains(a.Body.String(), b.cookies["shoal_access"].Value) || len(b.cookies) != 2 {
		t.Errorf("the page gets %s and %v", a.Body, b.cookies)
	}
	for _, c := range b.cookies {
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
			t.Errorf("cookie %v", c)
		}
	}
	b.do("GET", "/api/v1/shoal/session", nil).want(200)

	// Another site's page cannot make the browser change anything.
	channel := map[string]any{"name": "evil", "displayName": "Evil"}
	b.do("POST", "/api/v1/video-channels", channel, header("Origin", "https://evil.example")).wantProblem(http.StatusUnauthorized, codeUnauthorized)
	b.do("POST", "/api/v1/video-channels", channel, header("Sec-Fetch-Site", "cross-site")).wantProblem(http.StatusUnauthorized, codeUnauthorized)
	b.do("POST", "/api/v1/video-channels", channel).wantProblem(http.StatusUnauthorized, codeUnauthorized)
	b.do("POST", "/api/v1/video-channels", channel, own).want(200)

	old := *b.cookies["shoal_refresh"]
	b.do("POST", "/api/v1/shoal/session/refresh", nil, own).want(200).is("username", "alice")
	if b.cookies["shoal_refresh"].Value == old.Value {
		t.Error("the refresh token stays")
	}
	replayed := &browser{s, map[string]*http.Cookie{old.Name: &old}}
	replayed.do("POST", "/api/v1/shoal/session/refresh", nil, own).wantProblem(http.StatusUnauthorized, "invalid_token")

	// A cookie that has run out makes a visitor, who may see what all may.
	stale := &browser{s, map[string]*http.Cookie{"shoal_access": {Name: "shoal_access", Value: "void", Path: "/"}}}
	stale.do("GET", "/api/v1/videos", nil).want(200)
	stale.do("POST", "/api/v1/shoal/session", map[string]any{"username": "bob", "password": password}, own).want(200)

	b.do("PUT", "/api/v1/shoal/password", map[string]any{"current": "wrong", "new": "new horse"}, own).wantProblem(http.StatusForbidden, "invalid_grant")
	b.do("PUT", "/api/v1/shoal/password", map[string]any{"current": password, "new": "short"}, own).wantMistake("new")
	b.do("PUT", "/api/v1/shoal/password", map[string]any{"current": password, "new": "new horse"}, own).want(204)
	b.do("GET", "/api/v1/shoal/session", nil).want(200)

	access := b.cookies["shoal_access"].Value
	b.do("DELETE", "/api/v1/shoal/session", nil, own).want(204)
	if len(b.cookies) != 0 {
		t.Errorf("cookies stay: %v", b.cookies)
	}
	s.do(access, "GET", "/api/v1/users/me", nil).wantProblem(http.StatusUnauthorized, codeInvalidToken)
}
