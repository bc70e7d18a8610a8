package rest

import (
	"errors"
	"net/http"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

func (a *API) meCalls() []operation {
	return []operation{
		answered(operation{id: "getMe", method: "GET", path: "/users/me", access: user, summary: "Get who is logged in."}, a.getMe),
		answered(operation{id: "updateMe", method: "PUT", path: "/users/me", access: user, summary: "Change one's own account. A new password ends all other log-ins."}, a.putMe),
		answered(operation{id: "listMyVideos", method: "GET", path: "/users/me/videos", access: user, summary: "List one's own videos and lives, whoever may see them."}, a.getMyVideos),
		answered(operation{id: "getMyQuota", method: "GET", path: "/users/me/video-quota-used", access: user, summary: "Get what one's own recordings take."}, a.getMyQuota),
	}
}

func (a *API) getMe(c *call, _ *none, _ *none) (shape.User, error) {
	s, err := c.fullUser(c.user)
	s.NotificationSettings = &shape.Notifications{}
	return s, err
}

func (a *API) putMe(c *call, _ *none, b *shape.MeChange) (none, error) {
	if b.Email != nil && *b.Email == c.user.Email {
		b.Email = nil
	}
	if (b.Password != nil || b.Email != nil) && b.CurrentPassword == nil {
		return none{}, mistake("currentPassword", "is missing")
	}
	if b.Password != nil {
		if err := c.changePassword(*b.CurrentPassword, *b.Password, "password"); err != nil {
			return none{}, unauthorized(err)
		}
	} else if b.Email != nil {
		if err := c.confirm(*b.CurrentPassword); err != nil {
			return none{}, unauthorized(err)
		}
	}
	if b.DisplayName == nil && !b.Description.Set && b.Email == nil {
		return none{}, nil
	}
	_, err := a.catalog.UpdateUser(c.ctx(), c.user.ID, catalog.UserChange{
		Email: b.Email, Display: b.DisplayName, Description: b.Description.Pointer(),
	})
	return none{}, err
}

// unauthorized gives a wrong password the status that PeerTube's clients expect here.
func unauthorized(err error) error {
	if errors.Is(err, auth.ErrWrong) {
		return refuseAs(http.StatusUnauthorized, codeInvalidGrant, "currentPassword is invalid.")
	}
	return err
}

// changePassword sets the caller's password; field is where the new one came.
func (c *call) changePassword(current, next, field string) error {
	_, err := c.api.auth.ChangePassword(c.ctx(), auth.FromRequest(c.r), current, next, remoteAddr(c.r))
	if errors.Is(err, auth.ErrPassword) {
		return mistake(field, "must have 6 to 255 characters")
	}
	return err
}

// confirm looks whether a password is the caller's: by a log-in that is over at once, so that trying is throttled as all
// log-ins are.
func (c *call) confirm(password string) error {
	p, err := c.api.auth.LogIn(c.ctx(), c.user.Name, password, remoteAddr(c.r))
	if err != nil {
		return err
	}
	return c.api.auth.LogOut(c.ctx(), p.Access)
}

// myVideosQuery is the part of one's own videos that is asked for.
type myVideosQuery struct {
	page
	Sort      string `json:"sort" rule:"line,max=40" doc:"As of all lists of videos."`
	Search    string `json:"search" rule:"line,max=255"`
	IsLive    *bool  `json:"isLive"`
	ChannelID *int64 `json:"channelId" rule:"min=1"`
	SkipCount bool   `json:"skipCount"`
}

func (a *API) getMyVideos(c *call, q *myVideosQuery, _ *none) (shape.Page[shape.Video], error) {
	f := catalog.VideoFilter{
		Viewer: c.viewer(), OwnedBy: c.user.ID, States: allStates(), IsLive: q.IsLive, Search: q.Search, Sort: q.Sort,
	}
	f.Start, f.Count = q.cut()
	if q.ChannelID != nil {
		ch, err := a.catalog.ChannelByID(c.ctx(), *q.ChannelID)
		if err != nil {
			return shape.Page[shape.Video]{}, missing(err, "Video channel not found")
		}
		f.Channel = ch.Name
	}
	videos, total, err := a.catalog.Videos(c.ctx(), f)
	if err != nil {
		return shape.Page[shape.Video]{}, err
	}
	return paged(&q.page, q.SkipCount, total, videos, c.managed), nil
}

func (a *API) getMyQuota(c *call, _ *none, _ *none) (shape.QuotaUsed, error) {
	total, today, err := a.catalog.UsedBytes(c.ctx(), c.user.ID)
	return shape.QuotaUsed{VideoQuotaUsed: total, VideoQuotaUsedDaily: today}, err
}
