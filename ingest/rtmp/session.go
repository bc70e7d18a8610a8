package rtmp

import (
	"context"

	"shoal/ingest"
	"shoal/internal/broadcast"
)

// Open asks for a session. It is called when an encoder wants to publish, and answered to the encoder when it returns.
// The context ends when Open has returned, when the encoder's time to publish is over, or when the server shuts down.
// The errors of internal/broadcast are told to the encoder as what they are; any other as a failure.
//
// cmd/shoal joins the gate of internal/broadcast and a normalizer of ingest/normalize to one.
type Open func(ctx context.Context, r broadcast.Request) (Session, error)

// Session takes what an encoder sends. All methods but Done are called from one goroutine, the connection's own, which
// reads no further meanwhile.
type Session interface {
	// Announce takes what the encoder says of its stream; it may say so again at any time, or never.
	Announce(ingest.Announcement)
	// Packet takes parameters or an access unit; they are in the order of the wire. An error closes the encoder.
	Packet(ingest.Packet) error
	// Close is called once, as the last of all.
	Close(broadcast.Departure)
	// Done is closed when the session is over before its encoder is: the encoder is closed then.
	Done() <-chan struct{}
}
