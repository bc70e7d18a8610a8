package audience

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// book is a Book in memory.
type book struct {
	mu    sync.Mutex
	err   error
	calls int
	views map[string]int64
}

func (b *book) AddViews(_ context.Context, views map[string]int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.err != nil {
		return b.err
	}
	for video, n := range views {
		b.views[video] += n
	}
	return nil
}

func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

func (b *book) fails(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newAudience(t, DefaultConfig()), &book{views: map[string]int64{}, err: errors.New("the disk is full")}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- a.Run(ctx, b, slog.New(slog.DiscardHandler)) }()
		watch := func(video, session string) {
			for at := range 3 {
				a.Watch(Sign{Video: video, Session: session, Position: time.Duration(at) * 5 * time.Second}, time.Now())
				time.Sleep(5 * time.Second)
			}
		}
		watch(concert, "one")
		time.Sleep(every) // refused
		b.fails(nil)
		time.Sleep(every)
		calls := b.count()
		time.Sleep(time.Hour) // nobody watches: nothing is written
		if n := b.count(); n != calls {
			t.Errorf("%d calls while nobody watched", n-calls)
		}
		watch(talk, "two")
		stop() // what was counted by then is handed on
		if err := <-done; err != nil {
			t.Error(err)
		}
		if want := map[string]int64{concert: 1, talk: 1}; !maps.Equal(b.views, want) {
			t.Errorf("views: %v, want %v", b.views, want)
		}
	})
}
