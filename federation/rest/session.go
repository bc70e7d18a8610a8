package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

func (a *API) sessionCalls() []operation {
	return []operation{
		answered(operation{id: "logIn", method: "POST", path: "/session", logsIn: true, summary: "Log a page in: its tokens come as cookies that no script can read."}, a.postSession),
		answered(operation{id: "refreshSession", method: "POST", path: "/session/refresh", logsIn: true, summary: "Refresh a page's log-in by its cookie."}, a.postRefresh),
		answered(operation{id: "getSession", method: "GET", path: "/session", access: user, summary: "Get who is logged in."}, a.getSession),
		answered(operation{id: "logOut", method: "DELETE", path: "/session", logsIn: true, summary: "Log out."}, a.deleteSession),
		answered(operation{id: "changePassword", method: "PUT", path: "/password", access: user, summary: "Change one's own password. All other log-ins end."}, a.putPassword),
	}
}

func (a *API) postSession(c *call, _ *none, b *shape.LogIn) (shape.Me, error) {
	p, err := a.auth.LogIn(c.ctx(), b.Username, b.Password, remoteAddr(c.r))
	if err != nil {
		return shape.Me{}, err
	}
	return c.enter(p)
}

func (a *API) postRefresh(c *call, _ *none, _ *none) (shape.Me, error) {
	p, err := a.auth.Refresh(c.ctx(), auth.RefreshFromRequest(c.r))
	if err != nil {
		return shape.Me{}, err
	}
	return c.enter(p)
}

// enter gives a log-in to the page.
func (c *call) enter(p auth.Pair) (shape.Me, error) {
	auth.SetCookies(c.w, c.r, p)
	c.user = &p.User
	return c.me()
}

func (a *API) getSession(c *call, _ *none, _ *none) (shape.Me, error) { return c.me() }

// me tells the caller about themselves.
func (c *call) me() (shape.Me, error) {
	u := c.user
	m := shape.Me{
		ID: u.ID, Username: u.Name, Role: int64(u.Role), MustChange: u.MustChange,
		Account: shape.MyAccount{
			ChannelRef:  shape.ChannelRef{Name: u.Account.Name, DisplayName: u.Account.DisplayName},
			Description: u.Account.Description,
		},
		Channels: []shape.MyChannel{}, Quota: u.Quota, DailyQuota: u.DailyQuota,
	}
	channels, _, err := c.api.catalog.Channels(c.ctx(), catalog.ChannelFilter{Account: u.Account.Name, Count: maxChannels, Sort: "createdAt"})
	if err != nil {
		return m, err
	}
	for _, ch := range channels {
		m.Channels = append(m.Channels, shape.MyChannel{
			ID: ch.ID, ChannelRef: shape.ChannelRef{Name: ch.Name, DisplayName: ch.DisplayName}, Description: ch.Description,
		})
	}
	m.Used, m.UsedToday, err = c.api.catalog.UsedBytes(c.ctx(), u.ID)
	return m, err
}

func (a *API) deleteSession(c *call, _ *none, _ *none) (none, error) {
	auth.ClearCookies(c.w, c.r)
	if token := auth.FromRequest(c.r); token != "" {
		return none{}, a.auth.LogOut(c.ctx(), token)
	}
	return none{}, nil
}

func (a *API) putPassword(c *call, _ *none, b *shape.Password) (none, error) {
	err := c.changePassword(b.Current, b.New, "new")
	if errors.Is(err, auth.ErrWrong) {
		// Not 401: the page's log-in is good.
		err = refuseAs(http.StatusForbidden, codeInvalidGrant, "The present password is wrong.")
	}
	return none{}, err
}

// setPassword gives the caller a first password of their own. All other log-ins end.
func (c *call) setPassword(password string) error {
	if auth.CheckPassword(password) != nil {
		return mistake("password", "must have 6 to 255 characters")
	}
	hash, err := c.api.auth.Hash(c.ctx(), password)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(auth.FromRequest(c.r)))
	no := false
	_, err = c.api.catalog.UpdateUser(c.ctx(), c.user.ID, catalog.UserChange{
		PasswordHash: &hash, MustChange: &no, KeepToken: hex.EncodeToString(sum[:]),
	})
	return err
}
