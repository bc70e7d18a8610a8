package rtmp

import (
	"errors"
	"fmt"

	"shoal/ingest/flv"
	"shoal/ingest/guard"
	"shoal/internal/broadcast"
)

// Status codes that encoders know. OBS and others do not try again after BadName, Denied and Rejected.
const (
	codeInvalidApp = "NetConnection.Connect.InvalidApp"
	codeBadName    = "NetStream.Publish.BadName"
	codeDenied     = "NetStream.Publish.Denied"
	codeRejected   = "NetStream.Publish.Rejected"
	codeFailed     = "NetStream.Publish.Failed"
)

// refusal is why we close an encoder.
type refusal struct {
	reason string // a label for metrics
	code   string // for the encoder's program
	err    error  // for the log
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// description is for whoever runs the encoder. What failed inside of the server is not told to strangers.
func (r *refusal) description() string {
	if r.code == codeFailed && !errors.Is(r.err, broadcast.ErrStopping) && !errors.Is(r.err, errSuperseded) {
		return "the server failed; its log says why"
	}
	return r.Error()
}

// Texts of refusals that are ours.
var (
	errApplication = errors.New("the address must be rtmp://HOST/live/KEY")
	errBitRate     = errors.New("the encoder sent more than the allowed bit rate for too long: lower its bit rate")
	errSuperseded  = errors.New("the session is over: another encoder took over, or it was ended here")
	errEvicted     = errors.New("too many connections that publish nothing; the oldest made room")
	errMalformed   = errors.New("too many malformed FLV tags in a row")
	errPanic       = errors.New("the connection failed here; it is a mistake of the server")
)

// errConversation is why a connection ended when nobody else said why: the library found something wrong with it, or
// could not write. Its log says what.
var errConversation = errors.New("the RTMP conversation failed")

// refusedKey says how a failed Open is refused.
func refusedKey(err error) *refusal {
	switch {
	case errors.Is(err, broadcast.ErrUnknownKey):
		return &refusal{"unknown_key", codeDenied, broadcast.ErrUnknownKey}
	case errors.Is(err, broadcast.ErrKeyInUse):
		return &refusal{"key_in_use", codeBadName, broadcast.ErrKeyInUse}
	case errors.Is(err, broadcast.ErrStopping):
		return &refusal{"stopping", codeFailed, broadcast.ErrStopping}
	}
	var refused *broadcast.Refusal
	if errors.As(err, &refused) {
		return &refusal{refused.Reason, codeDenied, refused}
	}
	return &refusal{"failed", codeFailed, err}
}

// refusedMedia says how media that cannot be used is refused, nil if it is only left out.
func refusedMedia(err error) *refusal {
	var unsupported *flv.UnsupportedError
	var parameters *flv.ParametersError
	switch {
	case errors.As(err, &unsupported):
		return &refusal{"codec", codeRejected, err}
	case errors.As(err, &parameters):
		return &refusal{"parameters", codeRejected, err}
	}
	return nil
}

// refusedPacket says how an encoder is refused whose packet its session would not take.
func refusedPacket(err error) *refusal {
	if errors.Is(err, broadcast.ErrBitRate) {
		return &refusal{"live_bit_rate", codeRejected, broadcast.ErrBitRate}
	}
	return &refusal{"session", codeFailed, fmt.Errorf("take a packet: %w", err)}
}

// reasonOf is the label of why a connection ended, "" if it was not us who ended it.
func reasonOf(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.reason
	}
	var g *guard.Error
	if errors.As(err, &g) && g.Reason != guard.ReasonIdle {
		return string(g.Reason)
	}
	return ""
}
