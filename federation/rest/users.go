package rest

import (
	"net/http"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

func (a *API) userCalls() []operation {
	return []operation{
		answered(operation{id: "listUsers", method: "GET", path: "/users", access: moderator, summary: "List users."}, a.getUsers),
		answered(operation{id: "createUser", method: "POST", path: "/users", access: moderator, summary: "Make a user, who is to change the password."}, a.postUser),
		answered(operation{id: "getUser", method: "GET", path: "/users/{id}", of: ofUser, access: moderator, summary: "Get a user."}, a.getUser),
		answered(operation{id: "updateUser", method: "PUT", path: "/users/{id}", of: ofUser, access: moderator, summary: "Change a user. A new password or role ends the user's log-ins."}, a.putUser),
		answered(operation{id: "deleteUser", method: "DELETE", path: "/users/{id}", of: ofUser, access: moderator, summary: "Delete a user with all channels and videos."}, a.deleteUser),
		answered(operation{id: "blockUser", method: "POST", path: "/users/{id}/block", of: ofUser, access: moderator, summary: "Shut a user out; lives on the air are ended."}, a.blockUser),
		answered(operation{id: "unblockUser", method: "POST", path: "/users/{id}/unblock", of: ofUser, access: moderator, summary: "Let a user in again."}, a.unblockUser),
	}
}

// usersQuery is the part of the users that is asked for.
type usersQuery struct {
	page
	Sort    string `json:"sort" rule:"line,max=40" enum:"id,-id,username,-username,createdAt,-createdAt,role,-role,videoQuotaUsed,-videoQuotaUsed" default:"-createdAt"`
	Search  string `json:"search" rule:"line,max=255"`
	Blocked *bool  `json:"blocked"`
}

func (a *API) getUsers(c *call, q *usersQuery, _ *none) (shape.Page[shape.User], error) {
	f := catalog.UserFilter{Search: q.Search, Blocked: q.Blocked, Sort: q.Sort}
	f.Start, f.Count = q.cut()
	users, total, err := a.catalog.Users(c.ctx(), f)
	if err != nil {
		return shape.Page[shape.User]{}, err
	}
	return paged(&q.page, false, total, users, c.userOf), nil
}

// userOf gives a user, without channels.
func (c *call) userOf(u *catalog.User) shape.User {
	return shape.User{
		ID: u.ID, Username: u.Name, Email: shape.Text(u.Email), Theme: "instance-default", EmailVerified: u.Email != "",
		NSFWPolicy: "display", AutoPlayVideo: true,
		Role:       shape.Named(shape.Roles, int64(u.Role)),
		VideoQuota: u.Quota, VideoQuotaDaily: u.DailyQuota,
		NoInstanceConfigWarning: true, NoWelcomeModal: true, NoAccountSetupWarning: true,
		Blocked: u.Blocked, BlockedReason: shape.Text(u.Reason),
		Account: c.accountOf(&u.Account), VideoChannels: []shape.Channel{},
		CreatedAt: u.Created, SpecialPlaylists: []shape.Playlist{},
		Shoal: shape.UserExtra{MustChange: u.MustChange},
	}
}

// fullUser gives a user with channels and what the recordings take.
func (c *call) fullUser(u *catalog.User) (shape.User, error) {
	s := c.userOf(u)
	channels, _, err := c.api.catalog.Channels(c.ctx(), catalog.ChannelFilter{Account: u.Account.Name, Count: maxChannels, Sort: "createdAt"})
	if err != nil {
		return s, err
	}
	for i := range channels {
		s.VideoChannels = append(s.VideoChannels, c.channelOf(&channels[i]))
	}
	total, today, err := c.api.catalog.UsedBytes(c.ctx(), u.ID)
	s.VideoQuotaUsed, s.VideoQuotaUsedDaily = &total, &today
	return s, err
}

func (a *API) getUser(c *call, _ *none, _ *none) (shape.User, error) { return c.fullUser(&c.subject) }

func (a *API) postUser(c *call, _ *none, b *shape.NewUser) (reply shape.CreatedUser, err error) {
	role := catalog.Ordinary
	if b.Role != nil {
		role = catalog.Role(*b.Role)
	}
	if !auth.CanGrant(*c.user, role) {
		return reply, refuse(http.StatusForbidden, "Only an admin may make moderators and admins.")
	}
	settings, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return reply, err
	}
	n := catalog.NewUser{
		Name: b.Username, Email: b.Email, Role: role, Quota: settings.Users.Quota, DailyQuota: settings.Users.DailyQuota, MustChange: true,
	}
	if b.VideoQuota != nil {
		n.Quota = *b.VideoQuota
	}
	if b.VideoQuotaDaily != nil {
		n.DailyQuota = *b.VideoQuotaDaily
	}
	if n.PasswordHash, err = a.auth.Hash(c.ctx(), b.Password); err != nil {
		return reply, err
	}
	u, err := a.catalog.CreateUser(c.ctx(), n)
	reply.User.ID, reply.User.Account.ID = u.ID, u.Account.ID
	return reply, err
}

func (a *API) putUser(c *call, _ *none, b *shape.UserChange) (none, error) {
	change := catalog.UserChange{Email: b.Email, Quota: b.VideoQuota, DailyQuota: b.VideoQuotaDaily}
	if b.Role != nil {
		role := catalog.Role(*b.Role)
		if !auth.CanGrant(*c.user, role) {
			return none{}, refuse(http.StatusForbidden, "Only an admin may make moderators and admins.")
		}
		change.Role = &role
	}
	if b.Password != nil {
		hash, err := a.auth.Hash(c.ctx(), *b.Password)
		if err != nil {
			return none{}, err
		}
		must := c.subject.ID != c.user.ID
		change.PasswordHash, change.MustChange = &hash, &must
	}
	_, err := a.catalog.UpdateUser(c.ctx(), c.subject.ID, change)
	return none{}, err
}

func (a *API) deleteUser(c *call, _ *none, _ *none) (none, error) {
	if c.subject.ID == c.user.ID {
		return none{}, refuse(http.StatusBadRequest, "You cannot delete yourself: let another admin do it.")
	}
	ctx, cancel := c.toTheEnd()
	defer cancel()
	gone, err := a.catalog.DeleteUser(ctx, c.subject.ID)
	if err == nil {
		a.remove(gone)
	}
	return none{}, err
}

func (a *API) blockUser(c *call, _ *none, b *shape.Block) (none, error) {
	if c.subject.ID == c.user.ID {
		return none{}, refuse(http.StatusBadRequest, "You cannot block yourself.")
	}
	blocked := true
	if _, err := a.catalog.UpdateUser(c.ctx(), c.subject.ID, catalog.UserChange{Blocked: &blocked, Reason: &b.Reason}); err != nil {
		return none{}, err
	}
	for _, s := range a.Lives.Running() {
		if s.Owner == c.subject.ID {
			if err := a.endLive(c.ctx(), s.ID); err != nil {
				return none{}, err
			}
		}
	}
	return none{}, nil
}

func (a *API) unblockUser(c *call, _ *none, _ *none) (none, error) {
	blocked := false
	_, err := a.catalog.UpdateUser(c.ctx(), c.subject.ID, catalog.UserChange{Blocked: &blocked})
	return none{}, err
}
