package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// api answers as a node's JSON interface does, from a world.
type api struct {
	*world
	mux *http.ServeMux
}

// call is one call: the lock is held while it runs.
type call struct {
	http.ResponseWriter
	r  *http.Request
	me *user // nil for a visitor
}

func newAPI(w *world) *api {
	a := &api{world: w, mux: http.NewServeMux()}
	const own, all = "/api/v1/shoal", "/api/v1"
	for pattern, handle := range map[string]func(*call){
		"GET " + own + "/node": a.getNode, "GET " + own + "/lives": a.getLives, "GET " + own + "/lives/{ref}": a.getLive,
		"POST " + own + "/lives/{ref}/unlock": a.unlock, "POST " + all + "/videos/{ref}/views": a.view,
		"GET " + own + "/session": a.mine(a.tellMe), "POST " + own + "/session": a.logIn, "POST " + own + "/session/refresh": a.renew,
		"DELETE " + own + "/session": a.logOut, "PUT " + own + "/password": a.mine(a.putPassword), "PUT " + own + "/setup": a.admin(a.putSetUp),
		"GET " + own + "/studio/{ref}": a.mine(a.getStudio), "POST " + own + "/studio/{ref}/end": a.mine(a.end), "POST " + own + "/studio/{ref}/key": a.mine(a.rotate),
		"PUT " + own + "/videos/{ref}/poster": a.mine(a.putPoster), "GET " + own + "/settings": a.admin(a.getSettings), "PUT " + own + "/settings": a.admin(a.putSettings),
		"GET " + own + "/storage": a.admin(a.getStorage), "GET " + own + "/status": a.admin(a.getStatus),
		"GET " + all + "/videos": a.listVideos, "GET " + all + "/videos/{ref}": a.getVideo, "PUT " + all + "/videos/{ref}": a.mine(a.putVideo),
		"DELETE " + all + "/videos/{ref}": a.mine(a.deleteVideo), "POST " + all + "/videos/live": a.mine(a.postLive), "PUT " + all + "/videos/live/{ref}": a.mine(a.putLive),
		"GET " + all + "/users/me/videos": a.mine(a.myVideos), "PUT " + all + "/users/me": a.mine(a.putMe),
		"GET " + all + "/users": a.admin(a.listUsers), "POST " + all + "/users": a.admin(a.postUser), "PUT " + all + "/users/{id}": a.admin(a.putUser),
		"DELETE " + all + "/users/{id}": a.admin(a.deleteUser), "POST " + all + "/users/{id}/block": a.admin(a.block(true)), "POST " + all + "/users/{id}/unblock": a.admin(a.block(false)),
		"GET " + all + "/video-channels/{name}": a.getChannel, "GET " + all + "/video-channels/{name}/videos": a.channelVideos,
		"POST " + all + "/video-channels": a.mine(a.postChannel), "PUT " + all + "/video-channels/{name}": a.mine(a.putChannel), "DELETE " + all + "/video-channels/{name}": a.mine(a.deleteChannel),
		"GET " + all + "/accounts/{name}": a.getAccount, "GET " + all + "/accounts/{name}/videos": a.listVideos, "GET " + all + "/accounts/{name}/video-channels": a.accountChannels,
		"GET " + all + "/config/about": a.getAbout,
	} {
		a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			c := &call{ResponseWriter: w, r: r}
			for path, status := range a.fail {
				if strings.HasPrefix(r.URL.Path, path) {
					w.Header().Set("Retry-After", "7")
					c.refuse(status, "", "told to fail")
					return
				}
			}
			if cookie, err := r.Cookie("access"); err == nil {
				c.me = a.access[cookie.Value]
			}
			handle(c)
		})
	}
	return a
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// mine is for who is logged in, admin for admins.
func (a *api) mine(handle func(*call)) func(*call) {
	return func(c *call) {
		if c.me == nil {
			c.refuse(http.StatusUnauthorized, "unauthorized_request", "Log in first.")
			return
		}
		handle(c)
	}
}

func (a *api) admin(handle func(*call)) func(*call) {
	return a.mine(func(c *call) {
		if c.me.role != 0 {
			c.refuse(http.StatusForbidden, "", "Only an admin may do this.")
			return
		}
		handle(c)
	})
}

func (c *call) answer(body any) {
	c.Header().Set("Content-Type", "application/json")
	c.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(c).Encode(body) // an error here is a browser that went away
}

func (c *call) done() { c.WriteHeader(http.StatusNoContent) }

func (c *call) refuse(status int, code, detail string) {
	c.Header().Set("Content-Type", "application/problem+json")
	c.WriteHeader(status)
	_ = json.NewEncoder(c).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail, "code": code})
}

// read reads a body; false after it has refused one.
func (c *call) read(into any) bool {
	if err := json.NewDecoder(c.r.Body).Decode(into); err != nil {
		c.refuse(http.StatusBadRequest, "", "The body is no JSON: "+err.Error())
		return false
	}
	return true
}

// find finds what the path names; nil after it has refused.
func (a *api) find(c *call) *live {
	l := a.live(c.r.PathValue("ref"))
	if l == nil {
		c.refuse(http.StatusNotFound, "", "Video not found")
	}
	return l
}

// ---- what anybody sees

func (a *api) getNode(c *call) {
	c.answer(map[string]any{
		"name": a.name, "short": a.short, "version": "0.1.0", "source": a.source, "rtmpPort": 1935, "encoder": a.encoders, "hosts": a.hosts,
		"setUp": a.setUp, "language": "en",
	})
}

func (a *api) getLives(c *call) {
	lives := []*live{}
	for _, l := range a.lives {
		if l.Privacy == public && (l.State == onAir || l.State == interrupted || l.declared) {
			lives = append(lives, l)
		}
	}
	c.answer(map[string]any{"lives": lives})
}

func (a *api) getLive(c *call) {
	l := a.find(c)
	if l == nil {
		return
	}
	shown := *l
	switch {
	case l.Privacy == public, c.me != nil:
	case l.Privacy == protected && c.r.URL.Query().Get("videoFileToken") == "":
		c.refuse(http.StatusUnauthorized, "video_requires_password", "Please provide a password.")
		return
	case l.Privacy == protected:
		if c.r.URL.Query().Get("videoFileToken") != "opened" {
			c.refuse(http.StatusForbidden, "media_token", "The token is void.")
			return
		}
		for _, u := range []*string{&shown.LowLatencyURL, &shown.ClassicURL, &shown.AudioURL} {
			*u += "?videoFileToken=opened"
		}
	default:
		c.refuse(http.StatusUnauthorized, "unauthorized_request", "This video is not public: log in to see it.")
		return
	}
	c.answer(shown)
}

func (a *api) unlock(c *call) {
	var body struct{ Password string }
	l := a.find(c)
	if l == nil || !c.read(&body) {
		return
	}
	if !slices.Contains(l.passwords, body.Password) {
		c.refuse(http.StatusForbidden, "video_password", "That is not the password.")
		return
	}
	c.answer(map[string]any{"token": "opened", "expires": time.Now().Add(time.Hour)})
}

func (a *api) view(c *call) {
	var body struct {
		CurrentTime *float64
		SessionID   string
	}
	if l := a.find(c); l != nil && c.read(&body) && body.CurrentTime != nil {
		a.views[l.UUID] = append(a.views[l.UUID], body.SessionID)
		c.done()
	}
}

func (a *api) getAbout(c *call) {
	c.answer(map[string]any{"instance": map[string]any{
		"name": a.settings["name"], "shortDescription": a.settings["short"], "description": a.settings["description"], "terms": a.settings["terms"],
	}})
}

// ---- log-ins

func (a *api) me(u *user) map[string]any {
	return map[string]any{
		"id": u.id, "username": u.name, "role": u.role, "mustChange": u.mustChange, "channels": u.channels,
		"account": map[string]any{"name": u.name, "displayName": u.display, "description": u.about}, "quota": u.quota, "used": 2_400_000_000,
	}
}

func (a *api) tellMe(c *call) { c.answer(a.me(c.me)) }

func (a *api) enter(c *call, u *user) {
	n := strconv.Itoa(a.number())
	a.access["a"+n], a.refresh["r"+n] = u, u
	for name, value := range map[string]string{"access": "a" + n, "refresh": "r" + n} {
		http.SetCookie(c, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
	c.answer(a.me(u))
}

func (a *api) logIn(c *call) {
	var body struct{ Username, Password string }
	if !c.read(&body) {
		return
	}
	u := a.user(body.Username)
	switch {
	case u == nil || u.password != body.Password:
		c.refuse(http.StatusUnauthorized, "invalid_grant", "User name or password is wrong.")
	case u.blocked:
		c.refuse(http.StatusForbidden, "blocked", "The user is blocked.")
	default:
		a.enter(c, u)
	}
}

func (a *api) renew(c *call) {
	cookie, err := c.r.Cookie("refresh")
	if err != nil || a.refresh[cookie.Value] == nil {
		c.refuse(http.StatusUnauthorized, "invalid_token", "Log in again.")
		return
	}
	u := a.refresh[cookie.Value]
	delete(a.refresh, cookie.Value)
	a.enter(c, u)
}

func (a *api) logOut(c *call) {
	clear(a.access)
	clear(a.refresh)
	c.done()
}

func (a *api) putPassword(c *call) {
	var body struct{ Current, New string }
	switch {
	case !c.read(&body):
	case body.Current != c.me.password:
		c.refuse(http.StatusForbidden, "invalid_grant", "The present password is wrong.")
	default:
		c.me.password, c.me.mustChange = body.New, false
		c.done()
	}
}

func (a *api) putSetUp(c *call) {
	var body struct {
		InstanceName, Short string
		Channel             named
		Password            *string
		Replays             bool
	}
	if !c.read(&body) {
		return
	}
	a.name, a.short, a.setUp = body.InstanceName, body.Short, true
	a.settings["replays"].(map[string]any)["allowed"] = body.Replays
	if body.Password != nil {
		c.me.password, c.me.mustChange = *body.Password, false
	}
	if _, there := a.channel(body.Channel.Name); there != nil {
		there.DisplayName = body.Channel.DisplayName
	} else {
		c.me.channels = append(c.me.channels, &channel{ID: a.number(), named: body.Channel})
	}
	c.done()
}

func (a *api) putMe(c *call) {
	var body struct{ DisplayName, Description string }
	if c.read(&body) {
		c.me.display, c.me.about = body.DisplayName, body.Description
		c.done()
	}
}
