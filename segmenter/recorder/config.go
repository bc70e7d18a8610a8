package recorder

import (
	"time"
)

// Config says what is recorded, and who is asked and told. The zero value records everything that the stream has.
type Config struct {
	// From is the media sequence number of the first segment to record: those before it are of an earlier broadcast.
	From uint64
	// Keep bounds a recording that is only kept for viewers who go back: what is older may go. 0 keeps all.
	Keep time.Duration
	// Room says whether there is room to write: false stops the recording until it is true again. Called up to eight times
	// a second from the recorder's goroutine; nil is always true.
	Room func() bool
	// Metrics count over all recordings; nil counts nothing.
	Metrics *Metrics
}

// How often things are done.
const (
	// look is how often the windows are looked at. All recorders look in the same moment: wake-ups cost more than looks.
	look = 250 * time.Millisecond
	// batch is how long parts are held before they are written, so that what is lost by a SIGKILL is less than
	// look + batch: a second.
	batch = 700 * time.Millisecond
	// batchBytes is how much is held at most: what one write of a card's erase block takes.
	batchBytes = 4 << 20
	// settle is how often what was written is brought to the disk: what a pulled plug may cost.
	settle = 10 * time.Second
	// retry is how long a recorder waits after something could not be written.
	retry = 2 * time.Second
	// hurry is how much media between two looks calls for looking at every change: an encoder that sends a file as fast
	// as it can would outrun the window, which keeps 20 s at least, by 80 times real time.
	hurry = 2 * time.Second
)

// pieces is in how many runs a recording with Config.Keep is divided, so that the oldest can be removed.
const pieces = 6

// piece is how long a run of such a recording is.
func (c *Config) piece() time.Duration {
	if c.Keep <= 0 {
		return 0
	}
	return max(c.Keep/pieces, 30*time.Second)
}
