package rest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shoal/internal/auth"
	"shoal/internal/catalog"
	"shoal/internal/m3u8"
)

// authenticate finds who is asking. A bearer token that is void is refused, as PeerTube does; a page whose cookie has run
// out is a visitor.
func (c *call) authenticate() error {
	if c.op.logsIn {
		return nil
	}
	token := auth.FromRequest(c.r)
	if token == "" {
		return nil
	}
	u, err := c.api.auth.Check(c.ctx(), token)
	switch {
	case err == nil:
		c.user = &u
		return nil
	case !errors.Is(err, auth.ErrToken) && !errors.Is(err, auth.ErrBlocked):
		return err
	case c.r.Header.Get("Authorization") != "":
		return invalidToken()
	}
	return nil
}

func invalidToken() error {
	return refuseAs(http.StatusUnauthorized, codeInvalidToken, "Token is invalid: log in again.")
}

// admit looks whether the caller may make the call at all.
func (c *call) admit() error {
	if c.op.access == anyone {
		return nil
	}
	if c.user == nil {
		return refuseAs(http.StatusUnauthorized, codeUnauthorized, "Log in first.")
	}
	switch {
	case c.op.access == admin && !auth.CanAdminister(*c.user):
		return refuse(http.StatusForbidden, "Only an admin may do this.")
	case c.op.access == moderator && !auth.CanModerate(*c.user):
		return refuse(http.StatusForbidden, "Only a moderator or an admin may do this.")
	}
	return nil
}

// who is the caller; nobody for a visitor.
func (c *call) who() catalog.User {
	if c.user == nil {
		return auth.Nobody
	}
	return *c.user
}

// resolve finds what the path names, and refuses who may not see it or, for an owner's call, may not manage it.
func (c *call) resolve() (err error) {
	id := c.r.PathValue("id")
	var mine bool
	switch c.op.of {
	case nothing:
		return nil
	case ofVideo, ofLive:
		if c.video, err = c.api.catalog.Video(c.ctx(), id); err != nil {
			return missing(err, "Video not found")
		}
		if c.op.of == ofLive && !c.video.IsLive {
			return refuse(http.StatusNotFound, "Live video not found")
		}
		if c.op.unlocks {
			return nil
		}
		if c.op.access != owner {
			return c.maySee(&c.video, id)
		}
		mine = c.manages(&c.video)
	case ofChannel:
		name, here := c.local(id)
		if !here {
			return refuse(http.StatusNotFound, "Video channel not found")
		}
		if c.channel, err = c.api.catalog.Channel(c.ctx(), name); err != nil {
			return missing(err, "Video channel not found")
		}
		mine = auth.CanEditChannel(c.who(), &c.channel)
	case ofAccount:
		name, here := c.local(id)
		if !here {
			return refuse(http.StatusNotFound, "Account not found")
		}
		if c.account, err = c.api.catalog.Account(c.ctx(), name); err != nil {
			return missing(err, "Account not found")
		}
	case ofUser:
		n, parseErr := strconv.ParseInt(id, 10, 64)
		if parseErr != nil {
			return refuse(http.StatusNotFound, "User not found")
		}
		if c.subject, err = c.api.catalog.User(c.ctx(), n); err != nil {
			return missing(err, "User not found")
		}
		if !auth.CanManage(c.who(), c.subject) {
			return refuse(http.StatusForbidden, "Only an admin may do this to a moderator or an admin.")
		}
		return nil
	}
	if c.op.access == owner && !mine {
		return refuse(http.StatusForbidden, "This belongs to another user.")
	}
	return nil
}

// missing names what was not found.
func missing(err error, text string) error {
	if errors.Is(err, catalog.ErrNotFound) {
		return refuse(http.StatusNotFound, text)
	}
	return err
}

// local splits "name@host" and says whether the host, if there is one, is this instance.
func (c *call) local(handle string) (name string, here bool) {
	name, host, remote := strings.Cut(handle, "@")
	return name, !remote || strings.EqualFold(host, c.at.host)
}

// manages says whether the caller may manage a video.
func (c *call) manages(v *catalog.Video) bool { return auth.CanEdit(c.who(), v) }

// holdsKey says whether the caller may see and change a live's stream key.
func (c *call) holdsKey(v *catalog.Video) bool { return auth.CanHoldKey(c.who(), v) }

// headerVideoPassword is where PeerTube's clients put the password of a video.
const headerVideoPassword = "X-Peertube-Video-Password"

// maySee refuses who may not see a video that was asked for by the given reference (PeerTube's
// server/core/middlewares/validators/shared/videos.ts, checkCanSeeVideo: 401 for a visitor, 403 for a user).
func (c *call) maySee(v *catalog.Video, ref string) error {
	access := auth.CanWatch(c.who(), v)
	if v.Privacy == catalog.Unlisted && isNumber(ref) && !c.manages(v) {
		access = auth.Closed // numbers can be guessed
	}
	if access == auth.Open {
		return nil
	}
	if token := c.tokenShown(); token != "" && auth.NeedsToken(v) {
		if err := c.api.auth.CheckMediaToken(c.ctx(), v, token); err != nil {
			return err
		}
		c.pass.token = token
		c.pass.expires, _ = auth.MediaTokenExpiry(token)
		return nil
	}
	switch {
	case access == auth.NeedsPassword:
		err := c.checkVideoPassword(v, c.r.Header.Get(headerVideoPassword))
		if err == nil {
			c.pass.token, c.pass.expires, err = c.api.auth.MediaToken(c.ctx(), v, tokenLife)
		}
		return err
	case c.user == nil:
		return refuseAs(http.StatusUnauthorized, codeUnauthorized, "This video is not public: log in to see it.")
	}
	return refuse(http.StatusForbidden, "Cannot fetch information of private/internal/blocked video.")
}

// tokenShown is the media token that came with the call, good or not; "" if none did.
func (c *call) tokenShown() string { return c.r.URL.Query().Get(m3u8.TokenKey) }

// mediaToken gives a token for the media of a video that the caller may see. Whom a token let in gets that one back: it must
// not renew itself.
func (c *call) mediaToken(v *catalog.Video) (token string, expires time.Time, err error) {
	if c.pass.token != "" && v.UUID == c.video.UUID {
		return c.pass.token, c.pass.expires, nil
	}
	return c.api.auth.MediaToken(c.ctx(), v, tokenLife)
}

// checkVideoPassword refuses who does not give one of a video's passwords.
func (c *call) checkVideoPassword(v *catalog.Video, password string) error {
	if password == "" {
		status := http.StatusUnauthorized
		if c.user != nil {
			status = http.StatusForbidden
		}
		return refuseAs(status, codeNeedsPassword, "Please provide a password to access this password protected video.")
	}
	return c.api.auth.Unlock(c.ctx(), v, password, remoteAddr(c.r))
}

// isNumber says that a reference to a video is a number, which can be guessed.
func isNumber(ref string) bool {
	_, err := strconv.ParseUint(ref, 10, 64)
	return err == nil
}

// viewer is the caller as the catalog's lists know it.
func (c *call) viewer() catalog.Viewer {
	if c.user == nil {
		return catalog.Viewer{}
	}
	return catalog.Viewer{UserID: c.user.ID, Role: c.user.Role, LoggedIn: true}
}

// lists says whether a video stands in lists that are shown to the caller unasked.
func (c *call) lists(v *catalog.Video) bool {
	switch v.Privacy {
	case catalog.Public:
		return true
	case catalog.Internal:
		return c.user != nil
	}
	return auth.Owns(c.who(), v)
}
