package rest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// imageSlots is how many bodies with pictures are in memory at once: each may take 8 MB, and as much again when it is
// decoded.
const imageSlots = 2

// slots are the places for bodies with pictures. A user has one at a time, so that nobody can fill them alone. Safe for
// concurrent use.
type slots struct {
	mu     sync.Mutex
	taken  map[int64]bool // by the user's number
	change chan struct{}  // closed when a place becomes free
}

func newSlots() slots { return slots{taken: map[int64]bool{}, change: make(chan struct{})} }

// take waits for a place for a user's body. done gives it back.
func (s *slots) take(ctx context.Context, user int64) (done func(), err error) {
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	for {
		ok, change := s.try(user)
		if ok {
			return func() { s.free(user) }, nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return func() {}, ctx.Err()
		case <-patience.C:
			return func() {}, &fault{
				status: http.StatusServiceUnavailable, retry: 5 * time.Second,
				detail: "Other pictures are being sent: try again in a moment.", cause: errors.New("no place for a picture"),
			}
		}
	}
}

// try takes a place if there is one for the user; if not, change tells when to try again.
func (s *slots) try(user int64) (ok bool, change <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[user] || len(s.taken) >= imageSlots {
		return false, s.change
	}
	s.taken[user] = true
	return true, nil
}

func (s *slots) free(user int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, user)
	close(s.change)
	s.change = make(chan struct{})
}
