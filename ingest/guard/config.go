package guard

import "time"

// Config are the limits of a connection that its server chooses. The others are constants of the package, each with its
// reason.
type Config struct {
	// PublishTimeout is how long after New a stranger may take to be accepted, handshake included. One deadline: no
	// byte extends it.
	PublishTimeout time.Duration
	// IdleTimeout is how long an accepted encoder may be silent. A message that keeps arriving at floorRate is not
	// silence, however large it is.
	IdleTimeout time.Duration
	// Tick is the grid on which an accepted encoder is read, 0 for none: what comes within a tick is read at once, and
	// all encoders of a node in the same moment.
	Tick time.Duration
}

const (
	// floorRate is the speed that a message under way must keep for the idle timeout to wait for it, in bytes per
	// second: 128 kbit/s, less than any uplink that can carry video.
	floorRate = 16 << 10
	// goodbyeTimeout is how long a client may take to close its connection after it said that it ends.
	goodbyeTimeout = 5 * time.Second
	// writeTimeout is for one write. We send a few hundred bytes in all: a client that does not take them is gone.
	writeTimeout = 5 * time.Second
	// lingerTimeout is how long a refused client may take to read why.
	lingerTimeout = time.Second
	// maxLinger is how much of what it sends meanwhile is read, in bytes: what a socket and its peer's buffer hold.
	maxLinger = 4 << 20

	// handshakeSize is C0, C1 and C2 (RTMP, section 5.2).
	handshakeSize = 1 + 1536 + 1536
	// maxPreamble is how many bytes a stranger may send in all. Real encoders publish after 3,073 bytes of handshake
	// and less than 2,000 of commands.
	maxPreamble = 256 << 10

	strangerBuffer  = 4 << 10  // bytes read from the socket at once before Accept
	publisherBuffer = 32 << 10 // after it; larger messages are read past the buffer
)

// Before Accept, an encoder sends commands of some hundred bytes, the largest of them connect with some 300. Media of
// strangers may come, but is never kept.
var strangerLimits = limits{media: 64 << 10, other: 16 << 10, total: 32 << 10, atFirst: 1 << 10}

// After it, 4 MiB hold a keyframe of 30 Mbit/s and more; the rest of the budget is for an audio message and a command
// in between. A message of usual size gets memory of its exact size at once, since who sends it has a key.
var publisherLimits = limits{media: 4 << 20, other: 64 << 10, total: 4<<20 + 512<<10, atFirst: 256 << 10}
