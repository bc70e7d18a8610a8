package broadcast

import (
	"time"

	"shoal/internal/live"
	"shoal/internal/vitals"
)

// Status is how a live stands.
type Status struct {
	Live
	State     State
	Since     time.Time // of the state
	Session   string    // UUID of the broadcast that runs or ran last
	Started   time.Time // of that broadcast
	Encoder   string    // what it calls itself, while one is there
	Protocol  string    // likewise
	Info      live.Info
	Vitals    vitals.Report
	Recording RecordingStatus
}

// RecordingStatus is how a broadcast's recording stands.
type RecordingStatus struct {
	On bool // one is made
	Progress
}

// State is where a live is in its life.
type State uint8

// The states of a live.
const (
	Waiting     State = iota // no encoder has come yet
	Running                  // an encoder feeds it
	Interrupted              // its encoder was lost and may come back
	Ended                    // it said goodbye, was ended, or did not come back in time
)

// String is the state as the API names it.
func (s State) String() string {
	return [...]string{"waiting", "live", "interrupted", "ended"}[s]
}
