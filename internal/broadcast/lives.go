package broadcast

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/live"
	"shoal/internal/media"
)

// Options are what Lives is made of.
type Options struct {
	Config   Config
	Hub      *live.Hub
	Register Register
	Claims   Claimer
	Cut      NewCutter
	Recorder Recorder // nil to record nothing
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	// OnAir is called when a broadcast begins, before its first chunk; it must not block. May be nil.
	OnAir func(Status)
}

// Lives are the lives that are or were on the air here. Safe for concurrent use.
type Lives struct {
	Options
	count *prometheus.CounterVec
	ended *prometheus.CounterVec

	mu     sync.Mutex
	actors map[media.LiveID]*actor
	closed bool

	// working ends when Close gives up waiting: ends that could not be written are left for the next start.
	working context.Context
	giveUp  context.CancelFunc
	ends    sync.WaitGroup // goroutines of ends, and of timers that have gone off
}

// New makes an empty set. The configuration has been validated.
func New(o Options) *Lives {
	l := &Lives{
		Options: o,
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_broadcast_sessions_total", Help: "Encoders that were let in, by how they went away.",
		}, []string{"departure"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_broadcast_ends_total", Help: "Broadcasts that have ended, by why.",
		}, []string{"reason"}),
		actors: map[media.LiveID]*actor{},
	}
	l.working, l.giveUp = context.WithCancel(context.Background())
	o.Metrics.MustRegister(l.count, l.ended, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shoal_broadcast_lives", Help: "Lives that an encoder feeds now.",
	}, func() float64 { return float64(len(l.Running())) }))
	return l
}

// Recover takes up the broadcasts that a process before this one has left open: each waits for its encoder as if it had
// been lost now. It is called once, before Publish.
func (l *Lives) Recover(ctx context.Context) error {
	left, err := l.Register.Left(ctx)
	if err != nil {
		return fmt.Errorf("look for broadcasts that were left open: %w", err)
	}
	for i := range left {
		a, ok := l.actor(&left[i].Live)
		if !ok {
			return ErrStopping
		}
		a.recover(&left[i])
	}
	return nil
}

// actor finds or makes the actor of a live; false when the node stops.
func (l *Lives) actor(d *Live) (*actor, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	a := l.actors[d.ID]
	if a == nil {
		a = newActor(l, d)
		l.actors[d.ID] = a
	}
	return a, true
}

func (l *Lives) find(id media.LiveID) *actor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.actors[id]
}

// forget drops an actor and its stream.
func (l *Lives) forget(a *actor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.actors[a.id] == a {
		delete(l.actors, a.id)
		l.Hub.Remove(a.id)
	}
}

// Publish lets an encoder in. ErrUnknownKey, ErrKeyInUse, ErrStopping or a *Refusal if it may not; another error if the
// claim failed, or the register.
func (l *Lives) Publish(ctx context.Context, r Request) (*Session, error) {
	d, err := l.Register.ByKey(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	for {
		a, ok := l.actor(&d)
		if !ok {
			return nil, ErrStopping
		}
		s, err := a.publish(ctx, &d, r)
		switch {
		case err == errForgotten: //nolint:errorlint // it never leaves this package
			continue
		case err != nil:
			return nil, fmt.Errorf("publish to %s: %w", d.Name, err)
		}
		return s, nil
	}
}

// Get says how a live stands; false for one that has not been on the air since the start, or not for a while.
func (l *Lives) Get(id media.LiveID) (Status, bool) {
	a := l.find(id)
	if a == nil {
		return Status{}, false
	}
	return a.status(), true
}

// Running lists the lives that an encoder feeds or may come back to, the oldest broadcast first.
func (l *Lives) Running() []Status {
	l.mu.Lock()
	actors := make([]*actor, 0, len(l.actors))
	for _, a := range l.actors {
		actors = append(actors, a)
	}
	l.mu.Unlock()
	var all []Status
	for _, a := range actors {
		if s := a.status(); s.State == Running || s.State == Interrupted {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return all
}

// End ends a broadcast as its encoder's goodbye does, and sends the encoder away. It returns when the end is written down,
// replay and all, or with the context; the end goes on then. ErrNotRunning if there is none.
func (l *Lives) End(ctx context.Context, id media.LiveID) error {
	a := l.find(id)
	if a == nil {
		return ErrNotRunning
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrStopping
	}
	l.ends.Add(1)
	l.mu.Unlock()
	// The end is not the caller's: what has begun to end is brought to its end.
	done := make(chan error, 1)
	go func() {
		defer l.ends.Done()
		done <- a.end(l.working, organizer)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of a broadcast: %w", ctx.Err())
	}
}

// Expel sends an encoder away, as when its key is void. The broadcast waits for another one.
func (l *Lives) Expel(id media.LiveID) {
	if a := l.find(id); a != nil {
		a.expel()
	}
}

// Close refuses new encoders, expels those that are there, and finishes recordings; ends that are on their way have until
// the context ends. Broadcasts that run are interrupted, not ended: they go on after a restart.
func (l *Lives) Close(ctx context.Context) {
	l.mu.Lock()
	l.closed = true
	actors := make([]*actor, 0, len(l.actors))
	for _, a := range l.actors {
		actors = append(actors, a)
	}
	l.mu.Unlock()
	for _, a := range actors {
		a.stop()
	}
	done := make(chan struct{})
	go func() {
		for _, a := range actors {
			a.finishRecording(ctx)
		}
		l.ends.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		l.giveUp()
		<-done
	}
	l.giveUp()
}

// sleep waits for a while, or until Close gives up.
func (l *Lives) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.working.Done():
		return false
	}
}
