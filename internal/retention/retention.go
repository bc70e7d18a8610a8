// Package retention owns the bounds that the admin has set to what is kept of recordings: replays that are too old go, and the
// oldest ones where all of them together are too large. Recordings that nobody needs are removed.
//
// It starts no goroutine but Run's caller's. It never removes what it does not know: a folder without an entry in the
// catalog is somebody's to look at, not ours to delete.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"shoal/internal/blob"
	"shoal/internal/catalog"
)

// every is how often the bounds are looked at. It costs two reads when there is nothing to do.
const every = time.Minute

// Catalog is what retention needs of the catalog.
type Catalog interface {
	Settings(ctx context.Context) (catalog.Settings, error)
	// Stored gives the bytes of all recordings, and some of the videos that have one, the oldest first.
	Stored(ctx context.Context) (bytes int64, oldest []catalog.Video, err error)
	DropRecording(ctx context.Context, video, reason string) error
	Session(ctx context.Context, uuid string) (catalog.Session, error)
}

// Store is where the bytes are.
type Store interface {
	Remove(session string) error
	RemovePosters(video string) error
	// Orphans lists the recordings that known denies.
	Orphans(known func(session string) bool) ([]blob.Orphan, error)
}

// Keeper holds the bounds.
type Keeper struct {
	catalog  Catalog
	store    Store
	log      *slog.Logger
	unwanted chan string
}

// New makes a keeper.
func New(c Catalog, s Store, log *slog.Logger) *Keeper {
	return &Keeper{catalog: c, store: s, log: log, unwanted: make(chan string, 64)}
}

// Discard has a recording removed soon. It does not block; one too many is found again by Sweep at the next start.
func (k *Keeper) Discard(session string) {
	select {
	case k.unwanted <- session:
	default:
		k.log.Warn("a recording that nobody needs stays: too many at once", "session", session)
	}
}

// Run works until ctx ends; what was discarded by then is removed.
func (k *Keeper) Run(ctx context.Context) error {
	if err := k.Sweep(ctx); err != nil && ctx.Err() == nil {
		k.log.Error("the recordings on the disk could not be compared with the catalog", "error", err)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			for {
				select {
				case session := <-k.unwanted:
					k.remove(session)
				default:
					return nil
				}
			}
		case session := <-k.unwanted:
			k.remove(session)
		case now := <-tick.C:
			if err := k.Trim(ctx, now); err != nil && ctx.Err() == nil {
				k.log.Error("old recordings could not be removed; trying again in a minute", "error", err)
			}
		}
	}
}

// Sweep removes the recordings of broadcasts that have ended without a replay, and that nothing went wrong with: what a stop
// came before. Recordings that the catalog does not know are told of, and stay.
func (k *Keeper) Sweep(ctx context.Context) error {
	var failed error
	strangers, bytes := 0, int64(0)
	found, err := k.store.Orphans(func(session string) bool {
		s, err := k.catalog.Session(ctx, session)
		switch {
		case errors.Is(err, catalog.ErrNotFound):
			return false
		case err != nil:
			failed = err
			return true
		}
		return s.End.IsZero() || s.Replay != "" || s.Error != ""
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("look for recordings that nobody needs: %w", err)
	}
	for _, o := range found {
		if _, err := k.catalog.Session(ctx, o.Session); err != nil {
			strangers, bytes = strangers+1, bytes+o.Bytes
			continue
		}
		k.remove(o.Session)
	}
	if strangers > 0 {
		k.log.Warn("there are recordings that no video has: look at them in the folder recordings, and remove what nobody needs",
			"recordings", strangers, "bytes", bytes)
	}
	return nil
}

func (k *Keeper) remove(session string) {
	if err := k.store.Remove(session); err != nil {
		k.log.Error("a recording could not be removed", "session", session, "error", err)
	}
}

// Trim removes what is too old or too much.
func (k *Keeper) Trim(ctx context.Context, now time.Time) error {
	set, err := k.catalog.Settings(ctx)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	most, age := set.Replays.MaxBytes, set.Replays.MaxAge
	if most == catalog.Unlimited && age == 0 {
		return nil
	}
	for {
		bytes, oldest, err := k.catalog.Stored(ctx)
		if err != nil {
			return fmt.Errorf("look for old recordings: %w", err)
		}
		gone := 0
		for i := range oldest {
			v := &oldest[i]
			why := ""
			switch {
			case age > 0 && now.Sub(v.Published) > age:
				why = fmt.Sprintf("the replay was older than %v", age)
			case most != catalog.Unlimited && bytes > most:
				why = "the replays of this instance took more room than they may"
			}
			if why == "" {
				continue
			}
			if err := k.drop(ctx, v, why); err != nil {
				return err
			}
			for _, r := range v.Recordings {
				bytes -= r.Bytes
			}
			gone++
		}
		if gone == 0 {
			return nil
		}
	}
}

// drop removes a video's recordings: first from the catalog, so that nothing points at what is gone.
func (k *Keeper) drop(ctx context.Context, v *catalog.Video, why string) error {
	err := k.catalog.DropRecording(ctx, v.UUID, why)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return fmt.Errorf("drop the recordings of a video: %w", err)
	}
	k.log.Info("a replay was removed", "video", v.UUID, "why", why)
	for _, r := range v.Recordings {
		k.remove(r.Session)
	}
	if err := k.store.RemovePosters(v.UUID); err != nil {
		k.log.Error("the pictures of a video could not be removed", "video", v.UUID, "error", err)
	}
	return nil
}
