package broadcast

import (
	"context"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// Live is a live as it is set up: what a broadcast needs to know of it. It is read anew for each encoder.
type Live struct {
	ID        media.LiveID
	Name      string // for people and logs
	Owner     int64  // the user
	Permanent bool   // the same link for many broadcasts
	// NewestWins lets a second encoder take over from one that is there; else it is refused, unless that one is silent.
	NewestWins bool
	// Record says that a recording is wanted: for the replay, or for viewers who go back.
	Record bool
	// Keep bounds a recording that no replay is made of: what is older may go. 0 keeps all.
	Keep   time.Duration
	Limits Limits
	// Free says that limits on how many lives are on the air do not bind it: whoever runs the node has set it up.
	Free bool
}

// Limits hold while a live runs.
type Limits struct {
	Duration time.Duration // of a broadcast; 0 for none
	BitRate  int64         // bit/s, over ten seconds; 0 for none
}

// Register is the instance's book of lives: what outlives the process. Safe for concurrent use.
type Register interface {
	// ByKey finds a live by its stream key. ErrUnknownKey, or a *Refusal if it may not be published to.
	ByKey(ctx context.Context, key string) (Live, error)
	// Begin opens a broadcast under the given UUID. A live has one at a time: if one is open, its UUID and start come
	// back. What is to be recorded may be less than the live asks for. A *Refusal if a limit is reached.
	Begin(ctx context.Context, l *Live, session string, at time.Time) (open Open, err error)
	// End closes a broadcast and makes its replay, if there is to be one; an error if it could not be written, and is to be
	// tried again.
	End(ctx context.Context, session string, o Outcome) error
	// Left lists the broadcasts that are open: those of a process before this one.
	Left(ctx context.Context) ([]Open, error)
}

// Open is a broadcast that has not ended.
type Open struct {
	Session string // UUID
	Live    Live
	Start   time.Time
}

// Outcome is how a broadcast ended.
type Outcome struct {
	At       time.Time
	Recorded *Recorded // nil if nothing was recorded
	Error    string    // what went wrong, for its owner; "" if nothing did
}

// Recorder keeps what is broadcast. Safe for concurrent use.
type Recorder interface {
	// Record keeps the segments of a stream from a media sequence number on. If the broadcast has a recording already, of
	// a process before this one, it is gone on with.
	Record(ctx context.Context, stream *live.Stream, l *Live, session string, from uint64) (Recording, error)
	// Recover gives what a process before this one has recorded; nil if that is nothing.
	Recover(ctx context.Context, session string) (*Recorded, error)
}

// Recording is one that runs.
type Recording interface {
	// Finish writes what the stream lists, and ends. It gives what there is even if it fails.
	Finish(context.Context) (*Recorded, error)
	// Progress is cheap.
	Progress() Progress
}

// Progress is how a recording stands.
type Progress struct {
	Bytes    int64
	Duration time.Duration
	// Err is why nothing is written now, such as a full disk; nil if all is well. The live goes on.
	Err error
}

// Recorded is what a finished recording holds.
type Recorded struct {
	Duration      time.Duration
	Bytes         int64
	Width, Height int // 0 without video
	FrameRate     int // rounded; 0 if unknown
	Video, Audio  bool
	Lost          time.Duration // of the broadcast, since it could not be written
}

// Claimer hands out the right to feed a live. cluster/session is one.
type Claimer interface {
	// Claim takes the live for this node: a new epoch, and where its numbers go on.
	Claim(context.Context, media.LiveID) (media.Epoch, media.Position, error)
	// Reached tells how far the numbers have got; it must not block.
	Reached(media.LiveID, media.Position)
}

// Cutter makes chunks of units. segmenter/cutter is one.
type Cutter interface {
	Begin(media.Begin) error
	Unit(media.Unit) error
	// Close flushes what has not been cut yet.
	Close() error
}

// Output is where a cutter puts what it cuts.
type Output interface {
	Begin(*media.Init) error
	Append(*media.Chunk) error
}

// NewCutter makes a cutter for one epoch of a live.
type NewCutter func(media.LiveID, media.Epoch, media.Position, Output) Cutter
