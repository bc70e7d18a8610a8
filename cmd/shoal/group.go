package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// actor is one long-running piece of a node.
type actor struct {
	name string
	// run works until stop was called or it fails.
	run func() error
	// stop makes run return; it may take until ctx ends to do so gently.
	stop func(ctx context.Context) error
}

// group runs actors: all start together, and they stop one after the other in the reverse order of their addition, each
// when the one before has returned. So what others rely on is added first and goes last.
type group struct {
	log    *slog.Logger
	actors []actor
}

func (g *group) add(a actor) { g.actors = append(g.actors, a) }

// run returns when ctx has ended, or the first actor has, and all have stopped; patience is what each has for it. The
// error says what failed; an end by ctx is none.
func (g *group) run(ctx context.Context, patience time.Duration) error {
	type result struct {
		i   int
		err error
	}
	ended := make(chan result, len(g.actors))
	for i, a := range g.actors {
		go func() { ended <- result{i, a.run()} }()
	}
	returned := make([]bool, len(g.actors))
	var errs []error
	note := func(r result) {
		returned[r.i] = true
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g.actors[r.i].name, r.err))
		}
	}
	select {
	case <-ctx.Done():
	case r := <-ended:
		note(r)
		if r.err == nil {
			errs = append(errs, fmt.Errorf("%s ended by itself", g.actors[r.i].name))
		}
	}
	for i := len(g.actors) - 1; i >= 0; i-- {
		a := g.actors[i]
		began := time.Now()
		gently, cancel := context.WithTimeout(context.Background(), patience)
		if err := a.stop(gently); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", a.name, err))
		}
		for !returned[i] && gently.Err() == nil {
			select {
			case r := <-ended:
				note(r)
			case <-gently.Done():
				errs = append(errs, fmt.Errorf("%s did not stop within %v", a.name, patience))
			}
		}
		cancel()
		g.log.Debug("stopped", "actor", a.name, "took", time.Since(began))
	}
	return errors.Join(errs...)
}

// untilCanceled makes an actor of a function that ends with its context.
func untilCanceled(name string, run func(context.Context) error) actor {
	ctx, cancel := context.WithCancel(context.Background())
	return actor{name, func() error { return run(ctx) }, func(context.Context) error { cancel(); return nil }}
}
