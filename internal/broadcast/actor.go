package broadcast

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/vitals"
)

const (
	// leaving is how long an encoder waits for the one whose key it has to be gone.
	leaving = 250 * time.Millisecond
	// doubt is how long it takes until a change whose outcome was not known is made, or never will be.
	doubt = 15 * time.Second
	// linger is how long a live that has ended stays in memory: viewers play its last seconds, and pages learn of the end.
	linger = 2 * time.Minute
)

// errForgotten says that an actor was dropped between finding and using it.
var errForgotten = errors.New("the actor was forgotten")

// actor is the one owner of what becomes of a live. All changes of its state go through its lock; none of them waits
// for a disk or a network.
type actor struct {
	id     media.LiveID
	lives  *Lives
	vitals *vitals.Monitor

	// turn is held by whoever begins or ends a broadcast; taken before mu. It has one place.
	turn chan struct{}

	mu        sync.Mutex
	live      Live // as it was when the last encoder came
	state     State
	since     time.Time
	session   *Session // while Running
	epoch     media.Epoch
	stream    *live.Stream // nil before the first encoder
	broadcast string       // UUID of the broadcast; stays after its end
	started   time.Time    // of the broadcast
	recording Recording    // nil if none is made
	timer     *time.Timer  // of what comes next: the end of the grace period, of the longest broadcast, of the memory
	stopped   bool
	forgotten bool
}

func newActor(l *Lives, d *Live) *actor {
	return &actor{
		id: d.ID, lives: l, live: *d, since: time.Now(),
		turn: make(chan struct{}, 1), vitals: vitals.New(),
	}
}

func (a *actor) status() Status {
	a.mu.Lock()
	s := Status{Live: a.live, State: a.state, Since: a.since, Session: a.broadcast, Started: a.started}
	if a.session != nil {
		s.Encoder, s.Protocol = a.session.request.Encoder, a.session.request.Protocol
	}
	stream, recording := a.stream, a.recording
	a.mu.Unlock()
	s.Info = live.Info{Live: a.id}
	if stream != nil {
		s.Info = stream.Info()
	}
	if recording != nil {
		s.Recording = RecordingStatus{true, recording.Progress()}
	}
	s.Vitals = a.vitals.Report(time.Now())
	return s
}

// take waits for the turn.
func (a *actor) take(ctx context.Context) error {
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *actor) give() { <-a.turn }

// publish claims the live for an encoder, and opens a broadcast if none is open.
func (a *actor) publish(ctx context.Context, d *Live, r Request) (*Session, error) {
	if err := a.take(ctx); err != nil {
		return nil, err
	}
	defer a.give()
	if err := a.clearTheWay(ctx, d); err != nil {
		return nil, err
	}
	now := time.Now()
	var (
		epoch media.Epoch
		at    media.Position
		open  Open
		both  errgroup.Group // two writes that do not depend on each other, and share their way to the disk
	)
	both.Go(func() (err error) {
		epoch, at, err = a.lives.Claims.Claim(ctx, a.id)
		return err
	})
	both.Go(func() (err error) {
		open, err = a.begin(ctx, d, now)
		return err
	})
	err := both.Wait()
	if err == nil {
		// The key may have been taken back while we were waiting for the disk.
		_, err = a.lives.Register.ByKey(ctx, r.Key)
	}
	if err != nil {
		a.unsettled(&open, err)
		return nil, err
	}
	stream := a.lives.Hub.Open(a.id, at)
	s := newSession(a, stream, epoch, r, d.Limits)
	// A stream that is still in memory knows better than the claims where it stands.
	s.cutter = a.lives.Cut(a.id, epoch, stream.Position(), output{s})
	if err := a.record(ctx, &open.Live, stream, open.Session); err != nil {
		// Better a live without a recording than none.
		a.lives.Log.Error("the live is not recorded", "live", d.Name, "error", err)
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return nil, ErrStopping
	}
	fresh := a.broadcast != open.Session || a.state == Ended
	a.live, a.stream, a.epoch, a.session = open.Live, stream, epoch, s
	a.broadcast, a.started = open.Session, open.Start
	a.vitals.Connected(now, d.Limits.BitRate)
	a.become(Running)
	a.endLater()
	a.lives.Log.Info("encoder is live", "live", d.Name, "epoch", epoch.String(), "protocol", r.Protocol, "encoder", r.Encoder)
	if fresh && a.lives.OnAir != nil {
		a.lives.OnAir(Status{Live: a.live, State: Running, Since: a.since, Session: a.broadcast, Started: a.started})
	}
	return s, nil
}

// clearTheWay deals with an encoder that is there already.
func (a *actor) clearTheWay(ctx context.Context, d *Live) error {
	old, err := a.incumbent()
	if err != nil {
		return err
	}
	settled := func() bool { return old == nil || d.NewestWins || old.silent() >= a.lives.Config.Takeover }
	if !settled() {
		// An encoder that was cut off and is back at once may be here before the end of its old connection is.
		old.wait(ctx, leaving)
		if old, err = a.incumbent(); err != nil {
			return err
		}
	}
	switch {
	case !settled():
		return ErrKeyInUse
	case old != nil:
		a.lives.Log.Warn("an encoder is replaced by another", "live", d.Name, "silent", old.silent().Round(time.Second))
		old.expel()
		old.wait(ctx, leaving) // what it has not cut yet belongs before us
	}
	return nil
}

func (a *actor) incumbent() (*Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.stopped:
		return nil, ErrStopping
	case a.forgotten:
		return nil, errForgotten
	}
	return a.session, nil
}

// begin gives the open broadcast, or opens one.
func (a *actor) begin(ctx context.Context, d *Live, now time.Time) (Open, error) {
	a.mu.Lock()
	open := Open{Session: a.broadcast, Live: *d, Start: a.started}
	open.Live.Record, open.Live.Keep = a.live.Record, a.live.Keep // as it was decided when it began
	going := a.state == Running || a.state == Interrupted
	a.mu.Unlock()
	if going {
		return open, nil
	}
	return a.lives.Register.Begin(ctx, d, uuid.NewString(), now)
}

// record begins a recording if there is to be one and none is made.
func (a *actor) record(ctx context.Context, d *Live, stream *live.Stream, session string) error {
	a.mu.Lock()
	running := a.recording != nil
	a.mu.Unlock()
	if running || !d.Record || a.lives.Recorder == nil {
		return nil
	}
	r, err := a.lives.Recorder.Record(ctx, stream, d, session, stream.Position().Segment)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.recording = r
	a.mu.Unlock()
	return nil
}

// left is called once by a session that ends, after its last chunk.
func (a *actor) left(s *Session, d Departure) {
	a.lives.count.WithLabelValues(d.String()).Inc()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session != s {
		return // another encoder has taken over
	}
	now := time.Now()
	a.session = nil
	a.vitals.Departed(now, d != Lost)
	a.lives.Log.Info("encoder is gone", "live", a.live.Name, "epoch", s.epoch.String(), "departure", d.String(),
		"lasted", now.Sub(a.since).Round(time.Second))
	s.stream.Interrupt(s.epoch)
	a.become(Interrupted)
	switch {
	case a.stopped:
	case d == Goodbye:
		a.endSoon(0, goodbye)
	default:
		a.endSoon(a.lives.Config.Grace, lost)
	}
}

// unsettled is called when an encoder is not let in although its broadcast may have been opened: somebody has to end it.
func (a *actor) unsettled(open *Open, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var no *Refusal
	switch {
	case a.stopped, a.state == Running, a.state == Interrupted:
	case open.Session != "":
		a.wait(open)
	case !errors.As(why, &no):
		a.after(doubt, a.settle)
	}
}

// settle looks whether a broadcast was opened after all whose opening seemed to fail.
func (a *actor) settle() {
	left, err := a.lives.Register.Left(a.lives.working)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.stopped, a.state == Running, a.state == Interrupted:
	case err != nil:
		a.after(doubt, a.settle)
	default:
		for i := range left {
			if left[i].Live.ID == a.id {
				a.wait(&left[i])
			}
		}
	}
}

// recover takes up a broadcast that was open when the process began.
func (a *actor) recover(o *Open) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wait(o)
	a.lives.Log.Info("a broadcast was left open; it waits for its encoder", "live", a.live.Name, "grace", a.lives.Config.Grace)
}

// wait takes up a broadcast as if its encoder had been lost now. The caller has the lock.
func (a *actor) wait(o *Open) {
	a.live = o.Live
	a.broadcast, a.started = o.Session, o.Start
	a.become(Interrupted)
	a.endSoon(a.lives.Config.Grace, lost)
}

func (a *actor) become(s State) { a.state, a.since = s, time.Now() }

// expel sends the encoder away, if one is there.
func (a *actor) expel() {
	a.mu.Lock()
	s := a.session
	a.mu.Unlock()
	if s != nil {
		s.expel()
	}
}

func (a *actor) stop() {
	a.mu.Lock()
	a.stopped = true
	a.stopTimer()
	s := a.session
	a.mu.Unlock()
	if s != nil {
		s.expel()
	}
}
