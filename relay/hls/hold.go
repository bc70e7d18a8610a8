package hls

import (
	"context"
	"time"
)

// hold waits until a target resolves, and answers.
func (s *Server) hold(ctx context.Context, t *target, r *room, changed <-chan struct{}) Answer {
	if !s.enter(r) {
		return tooManyHeld.answer(t.kind)
	}
	defer s.leave(r)
	timer := time.NewTimer(HoldFor)
	defer timer.Stop()
	for {
		select {
		case <-changed:
		case <-timer.C:
			return overdue.answer(t.kind)
		case <-s.stopped:
			return nodeStops.answer(t.kind)
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			a := nodeStops.answer(t.kind)
			a.gone = true
			return a
		}
		var a Answer
		if a, _, changed = s.resolve(t); changed == nil {
			return a
		}
	}
}

// enter takes a place among the held requests, if one is free.
func (s *Server) enter(r *room) bool {
	if s.held.Add(1) > int64(s.cfg.MaxHeld) {
		s.held.Add(-1)
		return false
	}
	if r.held.Add(1) > int64(s.cfg.MaxHeldPerLive) {
		s.leave(r)
		return false
	}
	return true
}

func (s *Server) leave(r *room) {
	r.held.Add(-1)
	s.held.Add(-1)
}
