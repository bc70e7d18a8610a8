package auth

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// atOnce is how many hashes are computed at the same time: each takes 19 MiB and a core.
	atOnce = 2
	// maxWaiting is how many may wait for that: with more, a board would need longer than a browser waits.
	maxWaiting = 32
	// retryBusy is when to try again if more come.
	retryBusy = 5 * time.Second
	// rest is how long after the last hash its memory is given back to the system.
	rest = time.Second
)

// hasher computes hashes, few at once. Safe for concurrent use.
type hasher struct {
	slots   chan struct{}
	seconds prometheus.Histogram

	mu       sync.Mutex
	inside   int // computing or waiting
	giveBack *time.Timer
}

func newHasher(seconds prometheus.Histogram) *hasher {
	return &hasher{slots: make(chan struct{}, atOnce), seconds: seconds}
}

// do computes a hash when there is room: *ErrThrottled if too many wait, or the context's error. What has begun is finished.
func (h *hasher) do(ctx context.Context, p params, password string, salt []byte, size int) ([]byte, error) {
	if !h.enter() {
		return nil, &ErrThrottled{retryBusy}
	}
	defer h.leave()
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-h.slots }()
	start := time.Now()
	sum := p.compute(password, salt, size)
	h.seconds.Observe(time.Since(start).Seconds())
	return sum, nil
}

func (h *hasher) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.inside == atOnce+maxWaiting {
		return false
	}
	h.inside++
	return true
}

// leave is the last that a computation does. The memory of a hash is garbage then, and the runtime would keep what it has
// once had: a small board has better use for it.
func (h *hasher) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.inside--; h.inside > 0 {
		return
	}
	if h.giveBack == nil {
		h.giveBack = time.AfterFunc(rest, h.free)
		return
	}
	h.giveBack.Reset(rest)
}

// free collects garbage and gives free memory back, if nothing is being computed: then leave will see to it.
func (h *hasher) free() {
	h.mu.Lock()
	busy := h.inside > 0
	h.mu.Unlock()
	if !busy {
		debug.FreeOSMemory()
	}
}
