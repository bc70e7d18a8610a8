package broadcast

import (
	"context"
	"errors"
	"sync"
	"time"

	"shoal/internal/live"
)

// book is a Register in memory. It outlives a fixture as the real one outlives a process.
type book struct {
	mu     sync.Mutex
	live   Live
	open   map[string]Open
	ended  []Outcome
	refuse error // of Begin
	fail   int   // so many times End fails
	doubt  bool  // Begin opens the broadcast, and fails
	keys   int   // if not 0, the key is good so many times
	decide func(*Live)
}

func newBook() *book {
	return &book{
		live: Live{ID: id, Name: "stage", Permanent: true, Record: true},
		open: map[string]Open{},
	}
}

func (b *book) ByKey(_ context.Context, key string) (Live, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if key != "secret" || b.keys < 0 {
		return Live{}, ErrUnknownKey
	}
	if b.keys > 0 {
		if b.keys--; b.keys == 0 {
			b.keys = -1
		}
	}
	return b.live, nil
}

func (b *book) Begin(_ context.Context, l *Live, session string, at time.Time) (Open, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return Open{}, b.refuse
	}
	for _, o := range b.open {
		if o.Live.ID == l.ID {
			return o, nil
		}
	}
	o := Open{Session: session, Live: *l, Start: at}
	if b.decide != nil {
		b.decide(&o.Live)
	}
	b.open[session] = o
	if b.doubt {
		return Open{}, errors.New("it is not known whether it was made")
	}
	return o, nil
}

func (b *book) End(_ context.Context, session string, o Outcome) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("the disk is full")
	}
	if _, ok := b.open[session]; !ok {
		return errors.New("no such broadcast is open")
	}
	delete(b.open, session)
	b.ended = append(b.ended, o)
	return nil
}

func (b *book) Left(context.Context) ([]Open, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Open
	for _, o := range b.open {
		all = append(all, o)
	}
	return all, nil
}

// recorder remembers what it was asked for.
type recorder struct {
	mu        sync.Mutex
	began     []uint64 // numbers from which recordings began
	finished  int
	recovered int
	err       error // of Record
	lost      int   // so many times Recover fails
}

func (r *recorder) Record(_ context.Context, _ *live.Stream, _ *Live, _ string, from uint64) (Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, r.err
	}
	r.began = append(r.began, from)
	return recording{r}, nil
}

func (r *recorder) Recover(context.Context, string) (*Recorded, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost > 0 {
		r.lost--
		return nil, errors.New("the card has stumbled")
	}
	r.recovered++
	return &Recorded{Duration: time.Second}, nil
}

type recording struct{ r *recorder }

func (r recording) Finish(context.Context) (*Recorded, error) {
	r.r.mu.Lock()
	defer r.r.mu.Unlock()
	r.r.finished++
	return &Recorded{Duration: time.Minute}, nil
}

func (r recording) Progress() Progress { return Progress{Bytes: 7} }
