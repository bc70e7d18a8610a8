package catalog

import (
	"errors"
	"fmt"

	"shoal/cluster/state"
)

// What commands and queries refuse. errors.Is compares their codes, so that an error with another text, such as every one
// that invalid makes, is the same as the one here.
var (
	ErrNotFound    = &state.Refusal{Code: "not_found", Text: "There is no such thing here (any more)."}
	ErrInvalid     = &state.Refusal{Code: "invalid", Text: "A value is not allowed."}
	ErrNameTaken   = &state.Refusal{Code: "name_taken", Text: "An account or a channel has this name already: choose another one."}
	ErrEmailTaken  = &state.Refusal{Code: "email_taken", Text: "Another user has this email address: give another one, or none."}
	ErrUUIDTaken   = &state.Refusal{Code: "uuid_taken", Text: "Another video has this UUID: leave it out to have one made."}
	ErrKeyTaken    = &state.Refusal{Code: "key_taken", Text: "Another live has this stream key: choose another key."}
	ErrLiveRunning = &state.Refusal{Code: "live_running", Text: "The live is on the air: end it first, then try again."}
	ErrLiveEnded   = &state.Refusal{Code: "live_ended", Text: "This live has ended: make a new one, or a permanent one that can be used again."}
	ErrDeclared    = &state.Refusal{Code: "declared", Text: "The configuration of the node sets this live up: change it there and restart the node."}
	ErrLastChannel = &state.Refusal{Code: "last_channel", Text: "An account needs a channel: make another one before you delete this one."}
	ErrLastAdmin   = &state.Refusal{Code: "last_admin", Text: "The instance needs an admin: make somebody else an admin first."}
	ErrBlocked     = &state.Refusal{Code: "blocked", Text: "This user is blocked: ask an admin."}
	ErrQuota       = &state.Refusal{Code: "quota", Text: "The quota is used up: delete replays that are not needed, switch replays off, or ask an admin for more."}
	// ErrLimitLives and the others that begin with ErrLimit say which limit of the instance is reached.
	ErrLimitLives     = &state.Refusal{Code: "limit_lives", Text: "As many lives as the instance allows are on the air: wait until one ends, or ask an admin."}
	ErrLimitUserLives = &state.Refusal{Code: "limit_user_lives", Text: "As many of your lives as the instance allows are on the air: end one first, or ask an admin."}
	ErrLimitChannels  = &state.Refusal{Code: "limit_channels", Text: "An account has 20 channels at most: delete one first."}
)

// invalid is an ErrInvalid with a text of its own: what is wrong, and what to give instead.
func invalid(format string, args ...any) *state.Refusal {
	return &state.Refusal{Code: ErrInvalid.Code, Text: fmt.Sprintf(format, args...)}
}

// isNotFound says whether there was no such row.
func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
