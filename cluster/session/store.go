// Package session owns the claims on lives: it alone makes epochs, and it remembers, over restarts, how far a live's
// numbers have got, so that no media sequence number and no file name is ever used twice. The claims are in the replicated
// state; a Store is one node's view of those that it made.
//
// It starts one goroutine, Run's caller's, which writes what cannot wait for the next claim. It never touches media, and it
// never decides who may claim (see internal/broadcast).
package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"shoal/cluster/state"
	"shoal/internal/media"
)

const (
	// spare is how many segments a write is good for: at 2 s, one write in eight minutes and a half. After a crash the
	// numbers go on behind those that were reserved.
	spare = 256
	// near is how many numbers before the end of the reserve the next write is asked for: a card that takes a minute to
	// write must not let the numbers run out.
	near = 64
	// firstSegment is the number of a live's first segment. Not 0, which hls.js 1.7 takes for "none" where it looks
	// whether parts were evicted: it would fetch the first segment's parts again and again.
	firstSegment = 1
	// again is when a write that failed is tried once more.
	again = time.Second
	// parting bounds the last write.
	parting = 5 * time.Second
)

// Store holds the claims that this process has made. Safe for concurrent use.
type Store struct {
	proposer state.Proposer

	mu    sync.Mutex
	lives map[media.LiveID]*held
	wake  chan struct{}
}

// held is a claim of this process.
type held struct {
	epoch    uint64
	at       media.Position
	reserved uint64 // segment numbers below this are covered by the state
}

// New makes a Store that holds no claim. The commands of Register must be known to whoever takes the proposals.
func New(p state.Proposer) *Store {
	return &Store{proposer: p, lives: map[media.LiveID]*held{}, wake: make(chan struct{}, 1)}
}

// Claim takes a live for this node: the next epoch, and where the live goes on. The claim is on disk when it returns. Errors
// are those of state.Proposer; after any of them nothing was claimed, or an epoch that nobody uses.
func (s *Store) Claim(ctx context.Context, live media.LiveID) (media.Epoch, media.Position, error) {
	c := claim{Live: live, Spare: spare}
	s.mu.Lock()
	if h := s.lives[live]; h != nil {
		own := markOf(live, h.epoch, h.at)
		c.Own = &own
	}
	s.mu.Unlock()
	// Numbers are reserved by the same write: whoever claims is about to use them.
	m, err := state.Do[mark](ctx, s.proposer, c)
	if err != nil {
		return media.Epoch{}, media.Position{}, fmt.Errorf("claim live: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.lives[live]
	if h == nil {
		h = &held{}
		s.lives[live] = h
	}
	if h.epoch < m.Epoch {
		h.epoch, h.reserved = m.Epoch, m.Segment+spare
	}
	if h.at.Segment < m.Segment { // an encoder that is being replaced may have got further meanwhile
		h.at = m.position()
	}
	return media.Epoch{N: m.Epoch}, m.position(), nil
}

// Reached tells how far a live has got. It does not block: what must be on disk is written by Run.
func (s *Store) Reached(live media.LiveID, at media.Position) {
	s.mu.Lock()
	h := s.lives[live]
	low := false
	if h != nil && at.Segment >= h.at.Segment {
		h.at = at
		low = h.low()
	}
	s.mu.Unlock()
	if low {
		s.ask()
	}
}

// low says whether the reserve comes to its end.
func (h *held) low() bool { return h.at.Segment+near >= h.reserved }

// ask wakes Run.
func (s *Store) ask() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// marks lists the claims that a condition holds for, by live.
func (s *Store) marks(of func(*held) bool) []mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []mark
	for live, h := range s.lives {
		if of(h) {
			all = append(all, markOf(live, h.epoch, h.at))
		}
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(a.Live, b.Live) })
	return all
}

// Run writes when numbers run short, until ctx ends; then it writes the exact numbers, so that a clean restart skips
// none. A write that fails is tried again after a second, for as long as it takes: a full disk must not end a live.
// The last error is returned if even the final write fails.
func (s *Store) Run(ctx context.Context, log *slog.Logger) error {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return s.release(ctx)
		case <-s.wake:
		}
		err := s.reserve(ctx)
		if ctx.Err() != nil {
			continue
		}
		if failed := err != nil; failed != failing {
			failing = failed
			if failed {
				log.Error("the claims cannot be written; trying again, but a crash now could use numbers twice", "error", err)
			} else {
				log.Info("the claims can be written again")
			}
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
		s.ask()
	}
}

// reserve keeps more numbers for the lives that run short of them.
func (s *Store) reserve(ctx context.Context) error {
	marks := s.marks((*held).low)
	if len(marks) == 0 {
		return nil
	}
	if _, err := s.proposer.Propose(ctx, reserve{marks, spare}); err != nil {
		return fmt.Errorf("reserve numbers: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range marks {
		if h := s.lives[m.Live]; h.epoch == m.Epoch {
			h.reserved = m.Segment + spare
		}
	}
	return nil
}

// release gives back what was reserved, after ctx has ended. There is another chance if the first one fails for now.
func (s *Store) release(ctx context.Context) error {
	marks := s.marks(func(*held) bool { return true })
	if len(marks) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	_, err := s.proposer.Propose(ctx, release{marks})
	if errors.Is(err, state.ErrUnknownOutcome) {
		_, err = s.proposer.Propose(ctx, release{marks})
	}
	if err != nil {
		return fmt.Errorf("give back numbers: %w", err)
	}
	return nil
}
