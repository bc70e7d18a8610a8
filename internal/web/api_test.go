package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
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

// ---- videos

// labelled is a number with its name, as PeerTube gives it. The pages read the number alone.
func labelled(id int) map[string]any {
	return map[string]any{"id": id, "label": "number " + strconv.Itoa(id)}
}

func (a *api) video(l *live) map[string]any {
	state := map[string]int{waiting: 4, ended: 5, onAir: 1, interrupted: 1, replay: 1}[l.State]
	v := map[string]any{
		"uuid": l.UUID, "name": l.Name, "isLive": l.IsLive, "state": labelled(state), "privacy": labelled(l.Privacy), "description": l.Description,
		"duration": int(l.Duration), "views": l.Views, "viewers": l.Viewers, "previewPath": l.Poster, "createdAt": started, "publishedAt": l.StartedAt,
		"tags": l.tags, "downloadEnabled": l.download, "account": named{"root", "Harbour master"},
	}
	if _, ch := a.channel(l.Channel.Name); ch != nil {
		v["channel"] = ch
	}
	return v
}

// list answers with the part of the lives that is asked for.
func (a *api) list(c *call, keep func(*live) bool) {
	q := c.r.URL.Query()
	all := []map[string]any{}
	for _, l := range a.lives {
		if keep(l) && (q.Get("isLive") == "" || q.Get("isLive") == strconv.FormatBool(l.IsLive)) && strings.Contains(strings.ToLower(l.Name), strings.ToLower(q.Get("search"))) {
			all = append(all, a.video(l))
		}
	}
	c.page(len(all), func(from, to int) any { return all[from:to] })
}

func (c *call) page(total int, part func(from, to int) any) {
	q := c.r.URL.Query()
	start, _ := strconv.Atoi(q.Get("start"))
	count, err := strconv.Atoi(q.Get("count"))
	if err != nil || count > 100 {
		c.refuse(http.StatusBadRequest, "", "count must be 1 to 100")
		return
	}
	from := min(start, total)
	c.answer(map[string]any{"total": total, "data": part(from, min(from+count, total))})
}

func published(l *live) bool {
	return l.Privacy == public && (l.State == onAir || l.State == interrupted || l.State == replay)
}

func (a *api) listVideos(c *call) { a.list(c, published) }

func (a *api) channelVideos(c *call) {
	a.list(c, func(l *live) bool { return published(l) && l.Channel.Name == c.r.PathValue("name") })
}

func (a *api) myVideos(c *call) {
	a.list(c, func(l *live) bool {
		return slices.ContainsFunc(c.me.channels, func(ch *channel) bool { return ch.Name == l.Channel.Name })
	})
}

func (a *api) getVideo(c *call) {
	if l := a.find(c); l != nil {
		c.answer(a.video(l))
	}
}

func (a *api) putVideo(c *call) {
	var body struct {
		Name, Description *string
		Privacy           *int
		VideoPasswords    []string
		Tags              *[]string
		DownloadEnabled   *bool
	}
	l := a.find(c)
	if l == nil || !c.read(&body) {
		return
	}
	if body.Privacy != nil && *body.Privacy == protected && l.Privacy != protected && len(body.VideoPasswords) == 0 {
		c.refuse(http.StatusBadRequest, "", "videoPasswords is missing")
		return
	}
	assign(&l.Name, body.Name)
	assign(&l.Description, body.Description)
	assign(&l.Privacy, body.Privacy)
	assign(&l.tags, body.Tags)
	assign(&l.download, body.DownloadEnabled)
	if len(body.VideoPasswords) > 0 {
		l.passwords = body.VideoPasswords
	}
	c.done()
}

func assign[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (a *api) deleteVideo(c *call) {
	if l := a.find(c); l != nil {
		a.lives = slices.DeleteFunc(a.lives, func(x *live) bool { return x == l })
		c.done()
	}
}

type liveBody struct {
	Name           string
	ChannelID      int
	Privacy        int
	VideoPasswords []string
	PermanentLive  *bool
	SaveReplay     *bool
	ReplaySettings *struct{ Privacy int }
	Takeover       *int
}

func (b *liveBody) apply(l *live) {
	assign(&l.Permanent, b.PermanentLive)
	assign(&l.save, b.SaveReplay)
	assign(&l.takeover, b.Takeover)
	if b.ReplaySettings != nil {
		l.replayPrivacy = b.ReplaySettings.Privacy
	}
}

func (a *api) postLive(c *call) {
	var body liveBody
	if !c.read(&body) {
		return
	}
	i := slices.IndexFunc(c.me.channels, func(ch *channel) bool { return ch.ID == body.ChannelID })
	if i < 0 {
		c.refuse(http.StatusBadRequest, "", "channelId names no channel of this instance")
		return
	}
	n := a.number()
	l := &live{
		UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: body.Name, State: waiting, IsLive: true, Privacy: body.Privacy,
		Channel: c.me.channels[i].named, passwords: body.VideoPasswords, key: fmt.Sprintf("key-of-%d", n),
	}
	body.apply(l)
	a.lives = append(a.lives, l)
	c.answer(map[string]any{"video": map[string]any{"id": n, "uuid": l.UUID, "shortUUID": "x"}})
}

func (a *api) putLive(c *call) {
	var body liveBody
	l := a.find(c)
	if l == nil || !c.read(&body) {
		return
	}
	if (l.State == onAir || l.State == interrupted) && (body.PermanentLive != nil || body.SaveReplay != nil) {
		c.refuse(http.StatusBadRequest, "live_running", "The live is on the air.")
		return
	}
	body.apply(l)
	c.done()
}

func (a *api) putPoster(c *call) {
	l := a.find(c)
	if l == nil {
		return
	}
	picture, err := io.ReadAll(http.MaxBytesReader(c, c.r.Body, 4<<20))
	if err != nil {
		c.refuse(http.StatusRequestEntityTooLarge, "", "The picture is too large.")
		return
	}
	changed := c.r.URL.Query().Get("auto") == "" || strings.HasSuffix(l.Poster, "-0.jpg")
	if changed {
		a.posters[l.UUID] = picture
		l.Poster = fmt.Sprintf("/lazy-static/previews/%s-%d.jpg", l.UUID, a.number())
	}
	c.answer(map[string]any{"poster": l.Poster, "changed": changed})
}

// ---- the studio

func (a *api) getStudio(c *call) {
	l := a.find(c)
	switch {
	case l == nil:
		return
	case !l.IsLive:
		c.refuse(http.StatusNotFound, "", "Live video not found")
		return
	}
	on := l.State == onAir
	samples := []map[string]any{}
	now := time.Now().Truncate(time.Second)
	for i := -90; i < 0 && on; i++ {
		wave := (i*i*7)%11 - 5
		samples = append(samples, map[string]any{"t": now.Add(time.Duration(i) * time.Second).UnixMilli(), "bitRate": 900_000 + 20_000*wave, "frames": 25 + wave%2})
	}
	s := map[string]any{
		"live": l, "rtmpUrl": "rtmp://127.0.0.1:1935/live", "rtmpUrls": []string{"rtmp://127.0.0.1:1935/live", "rtmp://192.168.1.20:1935/live"},
		"streamKey": l.key, "state": l.State, "since": l.StartedAt, "session": nil, "recording": l.recording, "viewers": l.Viewers, "samples": samples,
		"findings": slices.Concat([]finding{}, l.findings), "takeover": l.takeover, "permanent": l.Permanent, "saveReplay": l.save,
		"replayPrivacy": max(1, l.replayPrivacy), "declared": l.declared, "encoder": "", "protocol": "", "bitRate": 0, "frameRate": 0, "keyInterval": 0,
	}
	if on {
		maps.Copy(s, map[string]any{"encoder": "OBS 31.0.3", "protocol": "RTMP", "bitRate": 900_000, "frameRate": 25, "keyInterval": 2})
	}
	if l.StartedAt != nil {
		s["session"] = map[string]any{"start": l.StartedAt, "seconds": time.Since(*l.StartedAt).Seconds()}
	}
	c.answer(s)
}

func (a *api) end(c *call) {
	l := a.find(c)
	if l == nil {
		return
	}
	if l.State != onAir && l.State != interrupted {
		c.refuse(http.StatusConflict, "", "The live is not on the air.")
		return
	}
	l.State, l.recording.On = ended, false
	c.done()
}

func (a *api) rotate(c *call) {
	if l := a.find(c); l != nil {
		l.key = fmt.Sprintf("key-of-%d", a.number())
		c.answer(map[string]any{"streamKey": l.key})
	}
}

// ---- channels and accounts

func (a *api) getChannel(c *call) {
	u, ch := a.channel(c.r.PathValue("name"))
	if ch == nil {
		c.refuse(http.StatusNotFound, "", "Video channel not found")
		return
	}
	c.answer(map[string]any{"id": ch.ID, "name": ch.Name, "displayName": ch.DisplayName, "description": ch.Description, "ownerAccount": named{u.name, u.display}})
}

func (a *api) getAccount(c *call) {
	u := a.user(c.r.PathValue("name"))
	if u == nil {
		c.refuse(http.StatusNotFound, "", "Account not found")
		return
	}
	c.answer(map[string]any{"id": u.id, "name": u.name, "displayName": u.display, "description": nil})
}

func (a *api) accountChannels(c *call) {
	u := a.user(c.r.PathValue("name"))
	if u == nil {
		c.refuse(http.StatusNotFound, "", "Account not found")
		return
	}
	c.page(len(u.channels), func(from, to int) any { return u.channels[from:to] })
}

func (a *api) postChannel(c *call) {
	var body channel
	if !c.read(&body) {
		return
	}
	if _, there := a.channel(body.Name); there != nil {
		c.refuse(http.StatusConflict, "name_taken", "This name is taken: choose another.")
		return
	}
	body.ID = a.number()
	c.me.channels = append(c.me.channels, &body)
	c.answer(map[string]any{"videoChannel": map[string]any{"id": body.ID}})
}

func (a *api) putChannel(c *call) {
	var body struct{ DisplayName, Description string }
	_, ch := a.channel(c.r.PathValue("name"))
	if ch != nil && c.read(&body) {
		ch.DisplayName, ch.Description = body.DisplayName, body.Description
		c.done()
	}
}

func (a *api) deleteChannel(c *call) {
	name := c.r.PathValue("name")
	c.me.channels = slices.DeleteFunc(c.me.channels, func(ch *channel) bool { return ch.Name == name })
	c.done()
}

// ---- administration

func (a *api) listUsers(c *call) {
	all := []map[string]any{}
	for _, u := range a.users {
		if strings.Contains(u.name, c.r.URL.Query().Get("search")) {
			all = append(all, map[string]any{
				"id": u.id, "username": u.name, "email": nil, "role": labelled(u.role), "blocked": u.blocked, "videoQuota": u.quota, "videoQuotaDaily": u.daily,
				"createdAt": started,
			})
		}
	}
	c.page(len(all), func(from, to int) any { return all[from:to] })
}

type userBody struct {
	Username        string
	Password        *string
	Role            *int
	VideoQuota      *int64
	VideoQuotaDaily *int64
}

func (b *userBody) apply(u *user) {
	assign(&u.password, b.Password)
	assign(&u.role, b.Role)
	assign(&u.quota, b.VideoQuota)
	assign(&u.daily, b.VideoQuotaDaily)
}

func (a *api) postUser(c *call) {
	var body userBody
	if !c.read(&body) {
		return
	}
	if a.user(body.Username) != nil {
		c.refuse(http.StatusConflict, "name_taken", "This name is taken: choose another.")
		return
	}
	u := &user{id: a.number(), name: body.Username, display: body.Username, mustChange: true}
	body.apply(u)
	u.channels = []*channel{{ID: a.number(), named: named{u.name + "_channel", u.name}}}
	a.users = append(a.users, u)
	c.answer(map[string]any{"user": map[string]any{"id": u.id}})
}

func (a *api) byID(c *call) *user {
	i := slices.IndexFunc(a.users, func(u *user) bool { return strconv.Itoa(u.id) == c.r.PathValue("id") })
	if i < 0 {
		c.refuse(http.StatusNotFound, "", "User not found")
		return nil
	}
	return a.users[i]
}

func (a *api) putUser(c *call) {
	var body userBody
	if u := a.byID(c); u != nil && c.read(&body) {
		body.apply(u)
		c.done()
	}
}

func (a *api) deleteUser(c *call) {
	if u := a.byID(c); u != nil {
		a.users = slices.DeleteFunc(a.users, func(x *user) bool { return x == u })
		c.done()
	}
}

func (a *api) block(blocked bool) func(*call) {
	return func(c *call) {
		if u := a.byID(c); u != nil {
			u.blocked = blocked
			c.done()
		}
	}
}

func (a *api) getSettings(c *call) { c.answer(a.settings) }

func (a *api) putSettings(c *call) {
	var body map[string]any
	if !c.read(&body) {
		return
	}
	for key := range a.settings {
		if _, ok := body[key]; !ok {
			c.refuse(http.StatusBadRequest, "", key+" is missing")
			return
		}
	}
	a.settings = body
	c.answer(body)
}

func (a *api) getStorage(c *call) {
	videos := []map[string]any{}
	for _, l := range a.lives {
		if l.State == replay {
			videos = append(videos, map[string]any{"uuid": l.UUID, "name": l.Name, "bytes": l.bytes, "published": l.StartedAt})
		}
	}
	c.answer(map[string]any{
		"recordings": int64(18_400_000_000), "free": int64(9_100_000_000), "total": int64(62_000_000_000), "reserve": int64(1_000_000_000),
		"low": a.diskFull, "videos": videos,
	})
}

func (a *api) getStatus(c *call) {
	c.answer(map[string]any{
		"node": "harbour-1", "leader": "harbour-1", "term": 2, "applied": 1834, "diskFull": a.diskFull, "error": "", "uptime": 93_784.2, "version": "0.1.0",
	})
}
