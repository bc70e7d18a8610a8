// Package broadcast owns the life of a live: who may publish to it, its claim, the grace period after a loss, the limits
// that hold while it runs, its end and what is left of it.
//
// A live has an actor from its first encoder (or, after a restart, from the broadcast that was left open) until some time
// after its end. It starts one goroutine per broadcast that ends, which finishes the recording and tells the register, and
// waits for them in Close. It declares its collaborators as interfaces and never touches bytes of media.
package broadcast

import (
	"errors"
	"net/netip"
)

// Request asks to publish to a live.
type Request struct {
	Key      string         // the stream key, a secret: never logged
	Protocol string         // "rtmp"
	Remote   netip.AddrPort // where the encoder is
	Encoder  string         // what it calls itself, "" if it does not
}

// Reasons to refuse a Request. Their text is safe to show to whoever sends.
var (
	ErrUnknownKey = errors.New("the stream key is not known here")
	ErrKeyInUse   = errors.New("the stream key is in use by another encoder")
	ErrStopping   = errors.New("the node is stopping")
)

// Refusal is another reason to refuse a Request: a limit, a live that is over.
type Refusal struct {
	Reason string // for metrics: "limit_lives", "ended", "disabled"
	Text   string // safe to show to whoever sends
}

// Error is the text.
func (r *Refusal) Error() string { return r.Text }

// ErrNotRunning says that there is no broadcast to end.
var ErrNotRunning = errors.New("the live is not on the air")
