package audience

import (
	"context"
	"log/slog"
	"time"
)

const (
	// every is how often counted views are handed on: one change of the state for all videos together.
	every = time.Minute
	// handing is how long that may take.
	handing = 2 * time.Second
)

// Book keeps counted views. catalog.Catalog is one.
type Book interface {
	AddViews(ctx context.Context, views map[string]int64) error
}

// Run hands counted views to a book, once a minute if there are any, until ctx ends, and once more then. Views that the
// book does not take are handed to it again.
func (a *Audience) Run(ctx context.Context, b Book, log *slog.Logger) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for going := true; going; {
		select {
		case <-ctx.Done():
			going = false
		case <-tick.C:
		}
		views := a.Take(time.Now())
		if len(views) == 0 {
			continue
		}
		write, cancel := context.WithTimeout(context.WithoutCancel(ctx), handing)
		if err := b.AddViews(write, views); err != nil {
			log.Warn("views could not be written down; trying again", "videos", len(views), "error", err)
			a.GiveBack(views)
		}
		cancel()
	}
	return nil
}
