package media

import "time"

// Begin opens a run of units: the first of a session, or what follows a discontinuity in it. Units of one run have one
// clock, on which time zero is the run's start.
type Begin struct {
	Tracks []Track
	// VideoExpected says that the encoder announced video, whether or not it has shown its parameters yet. It
	// decides the part target of a live that begins.
	VideoExpected bool
	Reason        string // why a run begins: "start", "clock", "late", "parameters", "track"; for logs and metrics
}

// Position is where a live goes on when somebody takes it up: the zero value for a live that never was.
type Position struct {
	Segment       uint64 // media sequence number of the next segment
	Discontinuity bool   // something was listed before
	// DiscontinuitySequence is the number of discontinuities so far.
	DiscontinuitySequence uint64
	PartTarget            time.Duration // of the main rendition, fixed for the life of a live; 0 if not yet fixed
	// AudioPartTarget is the same for the audio-only rendition.
	AudioPartTarget time.Duration
}
