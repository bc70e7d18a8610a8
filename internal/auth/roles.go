package auth

import "shoal/internal/catalog"

// Nobody is who is not logged in: the zero User. Its Role is that of an admin, so what follows asks for the ID first.
var Nobody catalog.User

// Access is what somebody needs for watching a video.
type Access uint8

// The kinds of access.
const (
	Open          Access = iota // nothing
	NeedsPassword               // one of the video's passwords
	NeedsLogIn                  // to be logged in
	Closed                      // to be somebody else
)

// CanWatch says what a user needs for watching a video. What Open says without a token is for public and unlisted ones only:
// media of the others needs a media token, which whoever may watch gets.
func CanWatch(u catalog.User, v *catalog.Video) Access {
	if CanEdit(u, v) {
		return Open
	}
	switch v.Privacy {
	case catalog.Public, catalog.Unlisted:
		return Open
	case catalog.Protected:
		return NeedsPassword
	case catalog.Internal:
		if u.ID != 0 {
			return Open
		}
		return NeedsLogIn
	}
	if u.ID == 0 {
		return NeedsLogIn // who knows whose
	}
	return Closed
}

// NeedsToken says whether the media of a video is only for who has a media token.
func NeedsToken(v *catalog.Video) bool {
	return v.Privacy != catalog.Public && v.Privacy != catalog.Unlisted
}

// Owns says whether a video is a user's own.
func Owns(u catalog.User, v *catalog.Video) bool {
	return u.ID != 0 && v.Channel.Account.UserID == u.ID
}

// CanEdit says whether a user may change, end and delete a video or live, and see its state.
func CanEdit(u catalog.User, v *catalog.Video) bool { return Owns(u, v) || CanModerate(u) }

// CanHoldKey says whether a user may see and change a live's stream key, with which one publishes in its owner's name.
func CanHoldKey(u catalog.User, v *catalog.Video) bool { return Owns(u, v) || CanAdminister(u) }

// CanEditChannel says whether a user may change a channel.
func CanEditChannel(u catalog.User, c *catalog.Channel) bool {
	return CanPublish(u, c) || CanModerate(u)
}

// CanPublish says whether a user may put lives and videos into a channel: only its own, since they count to its quota.
func CanPublish(u catalog.User, c *catalog.Channel) bool {
	return u.ID != 0 && c.Account.UserID == u.ID
}

// CanModerate says whether a user may change what is others', and see all users.
func CanModerate(u catalog.User) bool {
	return u.ID != 0 && !u.Blocked && (u.Role == catalog.Admin || u.Role == catalog.Moderator)
}

// CanAdminister says whether a user may change the instance's settings, and see how the node is.
func CanAdminister(u catalog.User) bool {
	return u.ID != 0 && !u.Blocked && u.Role == catalog.Admin
}

// CanGrant says whether a user may make users of a role.
func CanGrant(u catalog.User, r catalog.Role) bool {
	return CanAdminister(u) || CanModerate(u) && r == catalog.Ordinary
}

// CanManage says whether a user may change, block and delete another. The catalog sees to it that an admin remains.
func CanManage(u, other catalog.User) bool { return other.ID != 0 && CanGrant(u, other.Role) }
