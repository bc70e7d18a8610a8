// Package register owns the book of lives that broadcast reads and writes, kept in the catalog: which key is whose, what the
// instance's settings allow, when a broadcast began and ended, and what its replay is.
//
// It starts no goroutine. It never touches media, but says which recordings nobody needs any more.
package register

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"shoal/cluster/state"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
)

// Catalog is what the register needs of the catalog.
type Catalog interface {
	LiveByKey(ctx context.Context, key string) (catalog.Video, error)
	Video(ctx context.Context, ref string) (catalog.Video, error)
	User(ctx context.Context, id int64) (catalog.User, error)
	Settings(ctx context.Context) (catalog.Settings, error)
	BeginSession(ctx context.Context, s catalog.NewSession) (catalog.Session, error)
	EndSession(ctx context.Context, s catalog.EndSession) (*catalog.Video, error)
	OpenSessions(ctx context.Context) ([]catalog.Session, error)
}

// Register implements broadcast.Register. Safe for concurrent use.
type Register struct {
	catalog Catalog
	// discard is told of a recording that no replay is made of.
	discard func(session string)
}

// New makes a register. discard must not block.
func New(c Catalog, discard func(session string)) *Register { return &Register{c, discard} }

// Refusals, beside limits, which the catalog words.
var (
	errEnded    = &broadcast.Refusal{Reason: "ended", Text: "this live is over; make a new one, or a permanent one, for the next broadcast"}
	errDisabled = &broadcast.Refusal{Reason: "disabled", Text: "lives are switched off on this instance"}
	errBlocked  = &broadcast.Refusal{Reason: "blocked", Text: "the live's owner is blocked on this instance"}
)

// ByKey implements broadcast.Register.
func (r *Register) ByKey(ctx context.Context, key string) (broadcast.Live, error) {
	v, err := r.catalog.LiveByKey(ctx, key)
	switch {
	case errors.Is(err, catalog.ErrNotFound):
		return broadcast.Live{}, broadcast.ErrUnknownKey
	case err != nil:
		return broadcast.Live{}, fmt.Errorf("look up a stream key: %w", err)
	}
	l, set, err := r.live(ctx, &v)
	if err != nil {
		return broadcast.Live{}, err
	}
	if v.State == catalog.LiveEnded {
		return broadcast.Live{}, errEnded
	}
	if v.Live.Declared {
		return l, nil // whoever writes the configuration may
	}
	if !set.Live.Enabled {
		return broadcast.Live{}, errDisabled
	}
	u, err := r.catalog.User(ctx, l.Owner)
	switch {
	case err != nil:
		return broadcast.Live{}, fmt.Errorf("look up the owner of a live: %w", err)
	case u.Blocked:
		return broadcast.Live{}, errBlocked
	}
	return l, nil
}

// live is what a broadcast needs to know of a live of the catalog.
func (r *Register) live(ctx context.Context, v *catalog.Video) (broadcast.Live, *catalog.Settings, error) {
	set, err := r.catalog.Settings(ctx)
	if err != nil {
		return broadcast.Live{}, nil, fmt.Errorf("read the settings: %w", err)
	}
	name := v.Alias
	if name == "" {
		name = v.Name
	}
	l := broadcast.Live{
		ID: v.LiveID(), Name: name, Owner: v.Channel.Account.UserID,
		Permanent: v.Live.Permanent, NewestWins: v.Live.Takeover == catalog.NewestWins,
		Free:   v.Live.Declared,
		Limits: broadcast.Limits{Duration: set.Live.MaxDuration, BitRate: set.Live.MaxBitRate},
	}
	replay := v.Live.SaveReplay && set.Replays.Allowed
	l.Record = replay || set.Replays.DVR > 0
	if !replay {
		l.Keep = set.Replays.DVR
	}
	return l, &set, nil
}

// Begin implements broadcast.Register.
func (r *Register) Begin(ctx context.Context, l *broadcast.Live, session string, at time.Time) (broadcast.Open, error) {
	set, err := r.catalog.Settings(ctx)
	if err != nil {
		return broadcast.Open{}, fmt.Errorf("read the settings: %w", err)
	}
	n := catalog.NewSession{UUID: session, Video: string(l.ID), At: at, MaxLives: set.Live.MaxLives, MaxUser: set.Live.MaxUser, NoReplay: !set.Replays.Allowed}
	if l.Free {
		n.MaxLives, n.MaxUser = catalog.Unlimited, catalog.Unlimited
	}
	s, err := r.catalog.BeginSession(ctx, n)
	var refused *state.Refusal
	switch {
	case errors.As(err, &refused):
		return broadcast.Open{}, &broadcast.Refusal{Reason: refused.Code, Text: refused.Text}
	case err != nil:
		return broadcast.Open{}, fmt.Errorf("open a broadcast: %w", err)
	}
	return opened(&s, *l, &set), nil
}

// opened is a broadcast as it was decided when it began: whether there will be a replay is the session's word, whatever the
// live and the settings say by now.
func opened(s *catalog.Session, l broadcast.Live, set *catalog.Settings) broadcast.Open {
	l.Record, l.Keep = true, 0
	if !s.SaveReplay {
		l.Keep = set.Replays.DVR
		l.Record = l.Keep > 0
	}
	return broadcast.Open{Session: s.UUID, Live: l, Start: s.Start}
}

// End implements broadcast.Register.
func (r *Register) End(ctx context.Context, session string, o broadcast.Outcome) error {
	e := catalog.EndSession{UUID: session, At: o.At, Error: o.Error, ReplayUUID: uuid.NewString()}
	if k := o.Recorded; k != nil && k.Duration > 0 {
		e.Recording = &catalog.Recording{
			Session: session, Duration: k.Duration, Bytes: k.Bytes,
			Width: k.Width, Height: k.Height, Rate: k.FrameRate, HasVideo: k.Video, HasAudio: k.Audio,
		}
		if k.Lost > 0 && e.Error == "" {
			e.Error = fmt.Sprintf("%v of the broadcast could not be written to the disk and are not in the replay", k.Lost.Round(time.Second))
		}
	}
	replay, err := r.catalog.EndSession(ctx, e)
	switch {
	case errors.Is(err, catalog.ErrNotFound): // the live was deleted while it ran
		r.discard(session)
		return nil
	case err != nil:
		return fmt.Errorf("close a broadcast: %w", err)
	}
	if replay == nil && (o.Recorded != nil || o.Error == "") {
		r.discard(session) // what could not be read is left for somebody to look at
	}
	return nil
}

// Left implements broadcast.Register.
func (r *Register) Left(ctx context.Context) ([]broadcast.Open, error) {
	sessions, err := r.catalog.OpenSessions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open broadcasts: %w", err)
	}
	all := make([]broadcast.Open, 0, len(sessions))
	for i := range sessions {
		v, err := r.catalog.Video(ctx, sessions[i].Video)
		switch {
		case errors.Is(err, catalog.ErrNotFound), err == nil && v.Live == nil:
			continue // nothing can come of it
		case err != nil:
			return nil, fmt.Errorf("read the live of an open broadcast: %w", err)
		}
		l, set, err := r.live(ctx, &v)
		if err != nil {
			return nil, err
		}
		all = append(all, opened(&sessions[i], l, set))
	}
	return all, nil
}
