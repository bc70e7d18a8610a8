package broadcast

import (
	"context"
	"sync"
	"time"

	"shoal/internal/live"
)

// actor is the one owner of what becomes of a live. All changes of its state go through its lock; none of them waits
// for a network.
type actor struct {
	live  Live
	lives *Lives

	claiming sync.Mutex // one publish at a time; taken before mu

	mu      sync.Mutex
	state   State
	since   time.Time
	started time.Time
	session *Session // while Running
	grace   *time.Timer
	running sync.WaitGroup // the grace timer's function
	stopped bool
}

func newActor(l *Lives, d Live) *actor {
	return &actor{live: d, lives: l, since: time.Now()}
}

func (a *actor) status() Status {
	a.mu.Lock()
	s := Status{Live: a.live, State: a.state, Since: a.since, Started: a.started}
	if a.session != nil {
		s.Encoder = a.session.encoder
	}
	a.mu.Unlock()
	s.Info = live.Info{Live: a.live.ID}
	if stream, ok := a.lives.hub.Stream(a.live.ID); ok {
		s.Info = stream.Info()
	}
	return s
}

// publish claims the live for an encoder.
func (a *actor) publish(ctx context.Context, r Request) (*Session, error) {
	a.claiming.Lock()
	defer a.claiming.Unlock()
	old, stopped := a.incumbent()
	if old != nil && !stopped && old.silent() < a.lives.cfg.Takeover {
		// An encoder that was cut off and is back at once may be here before the end of its old connection is.
		old.wait(ctx, leaving)
		old, stopped = a.incumbent()
	}
	switch {
	case stopped:
		return nil, ErrStopping
	case old != nil && old.silent() < a.lives.cfg.Takeover:
		return nil, ErrKeyInUse
	case old != nil:
		a.lives.log.Warn("a silent encoder is replaced by another", "live", a.live.Name, "silent", old.silent().Round(time.Second))
		old.expel()
		old.wait(ctx, leaving) // what it has not cut yet belongs before us
	}
	epoch, at, err := a.lives.claims.Claim(ctx, a.live.ID)
	if err != nil {
		return nil, err
	}
	stream := a.lives.hub.Open(a.live.ID, at)
	s := newSession(a, stream, epoch, r)
	// A stream that is still in memory knows better than the claims where it stands.
	s.cutter = a.lives.cut(a.live.ID, epoch, stream.Position(), output{s})

	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return nil, ErrStopping
	}
	a.stopGrace()
	a.session = s
	if a.state != Interrupted {
		a.started = time.Now()
	}
	a.become(Running)
	a.lives.log.Info("encoder is live", "live", a.live.Name, "epoch", epoch.String(), "protocol", r.Protocol, "encoder", r.Encoder)
	return s, nil
}

// leaving is how long an encoder waits for the one whose key it has to be gone.
const leaving = 250 * time.Millisecond

func (a *actor) incumbent() (s *Session, stopped bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session, a.stopped
}

// left is called once by a session that ends, after its last chunk.
func (a *actor) left(s *Session, d Departure) {
	a.lives.count.WithLabelValues(d.String()).Inc()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session != s {
		return // another encoder has taken over
	}
	a.session = nil
	a.lives.log.Info("encoder is gone", "live", a.live.Name, "epoch", s.epoch.String(), "departure", d.String(),
		"lasted", time.Since(a.since).Round(time.Second))
	s.stream.Interrupt(s.epoch)
	if d == Goodbye || a.lives.cfg.Grace == 0 {
		s.stream.End(s.epoch)
		a.become(Ended)
		return
	}
	a.become(Interrupted)
	if !a.stopped {
		a.startGrace(s)
	}
}

func (a *actor) startGrace(s *Session) {
	a.running.Add(1)
	a.grace = time.AfterFunc(a.lives.cfg.Grace, func() {
		defer a.running.Done()
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.state != Interrupted || a.stopped {
			return
		}
		a.grace = nil
		s.stream.End(s.epoch)
		a.become(Ended)
		a.lives.log.Info("live has ended: its encoder did not come back", "live", a.live.Name, "grace", a.lives.cfg.Grace)
	})
}

func (a *actor) stopGrace() {
	if a.grace != nil && a.grace.Stop() {
		a.running.Done()
	}
	a.grace = nil
}

func (a *actor) become(s State) { a.state, a.since = s, time.Now() }

func (a *actor) stop() {
	a.mu.Lock()
	a.stopped = true
	a.stopGrace()
	s := a.session
	a.mu.Unlock()
	if s != nil {
		s.expel()
	}
	a.running.Wait()
}
