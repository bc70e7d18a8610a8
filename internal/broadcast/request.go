// Package broadcast owns the life of a live: who may publish to it, its claim, the grace period after a loss, its end.
//
// It starts one goroutine per live that has lost its encoder (the grace timer) and waits for them in Close. It declares
// its collaborators as interfaces and never touches bytes of media.
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
