package auth

import (
	"fmt"
	"time"

	"shoal/cluster/state"
	"shoal/internal/catalog"
)

// What is refused. The codes are PeerTube's where it has one (packages/models/src/server/server-error-code.enum.ts).
var (
	// ErrWrong does not say which of the two is wrong: whether there is a user of a name is nobody's business.
	ErrWrong = &state.Refusal{Code: "invalid_grant", Text: "The user name or the password is wrong. Check both; a forgotten password can be set anew by an admin."}
	// ErrBlocked comes only to who knows the password.
	ErrBlocked = catalog.ErrBlocked
	// ErrToken says that an access or refresh token is not known, not any more, or has expired.
	ErrToken = &state.Refusal{Code: "invalid_token", Text: "You are not logged in any more: log in again."}
	// ErrMediaToken says that a token does not open a video, or not any more.
	ErrMediaToken = &state.Refusal{Code: "invalid_media_token", Text: "The link to this video has expired: load the page again."}
	// ErrVideoPassword says that none of a video's passwords is the given one.
	ErrVideoPassword = &state.Refusal{Code: "incorrect_video_password", Text: "That is not the password of this video: ask whoever gave you the link."}
	// ErrPassword says that a password cannot be set.
	ErrPassword = &state.Refusal{Code: "password", Text: "The password must have 6 to 255 characters: choose another one."}
)

// ErrThrottled says that somebody must wait before they try again.
type ErrThrottled struct {
	RetryAfter time.Duration // at least a second
}

// Error is safe to show.
func (e *ErrThrottled) Error() string {
	return fmt.Sprintf("Too many attempts: try again in %s.", e.RetryAfter.Round(time.Second))
}
