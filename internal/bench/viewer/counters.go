package viewer

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shoal/internal/bench/stats"
)

// Counters are what all viewers of a run saw together, between On and Off. Its zero value is ready.
type Counters struct {
	on atomic.Bool

	Requests  atomic.Int64
	Bytes     atomic.Int64 // of bodies
	ListBytes atomic.Int64 // the playlists' share of Bytes
	Errors    atomic.Int64 // requests that failed, or had another status than 200
	Skips     atomic.Int64 // times that a viewer fell out of the window
	Stalls    atomic.Int64
	Stalled   atomic.Int64 // nanoseconds

	// Frame is the time from a frame's sending to the arrival of its last byte's piece at a viewer that looks: video,
	// or audio where there is no video.
	Frame stats.Histogram
	// Player is the delay of the simulated player when a viewer that looks ends, stalls included. It counts whether
	// On or Off.
	Player stats.Histogram
	// PartFetch and ListFetch are the times of whole requests; a playlist's includes the wait for the part.
	PartFetch, ListFetch stats.Histogram

	mu     sync.Mutex
	causes map[string]int
}

// On begins to count.
func (c *Counters) On() { c.on.Store(true) }

// Off ends counting.
func (c *Counters) Off() { c.on.Store(false) }

// maxCauses bounds the kinds of errors that are kept apart.
const maxCauses = 20

func (c *Counters) fail(err error) {
	if !c.on.Load() {
		return
	}
	c.Errors.Add(1)
	cause := err.Error()
	if i := strings.LastIndex(cause, ": "); i >= 0 && !errors.Is(err, errStatus) {
		cause = cause[i+2:] // without addresses and names, which differ for each viewer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.causes == nil {
		c.causes = map[string]int{}
	}
	if len(c.causes) < maxCauses || c.causes[cause] > 0 {
		c.causes[cause]++
	}
}

// Causes are the errors by their innermost text.
func (c *Counters) Causes() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for k, v := range c.causes {
		out[k] = v
	}
	return out
}

func (c *Counters) request(bytes int64, playlist bool, took time.Duration) {
	if !c.on.Load() {
		return
	}
	c.Requests.Add(1)
	c.Bytes.Add(bytes)
	if playlist {
		c.ListBytes.Add(bytes)
		c.ListFetch.Add(took)
	} else {
		c.PartFetch.Add(took)
	}
}
