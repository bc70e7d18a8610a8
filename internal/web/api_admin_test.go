package web_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

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
