package broadcast

import (
	"context"
	"errors"
	"time"
)

// Pauses between attempts to write an end down.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
	// mending is how long a recording is given to be finished.
	mending = 30 * time.Second
)

// Why a broadcast ends, for metrics and logs.
const (
	goodbye   = "goodbye"   // its encoder said so
	lost      = "lost"      // its encoder did not come back
	longest   = "longest"   // it lasted as long as it may
	organizer = "organizer" // somebody pressed the button
)

// after runs f when d has passed, unless something else is due before or the node stops. The caller has the lock.
func (a *actor) after(d time.Duration, f func()) {
	a.stopTimer()
	var t *time.Timer
	a.lives.ends.Add(1)
	t = time.AfterFunc(d, func() {
		defer a.lives.ends.Done()
		a.mu.Lock()
		due := a.timer == t && !a.stopped
		a.mu.Unlock()
		if due {
			f()
		}
	})
	a.timer = t
}

func (a *actor) stopTimer() {
	if a.timer != nil && a.timer.Stop() {
		a.lives.ends.Done()
	}
	a.timer = nil
}

// endSoon ends the broadcast after a while. The caller has the lock.
func (a *actor) endSoon(d time.Duration, reason string) {
	a.after(d, func() {
		if err := a.end(a.lives.working, reason); err != nil && !errors.Is(err, ErrNotRunning) {
			a.lives.Log.Error("a broadcast could not be ended; the next start will", "live", a.live.Name, "error", err)
		}
	})
}

// endLater ends the broadcast when it has lasted as long as it may. The caller has the lock.
func (a *actor) endLater() {
	a.stopTimer()
	if most := a.live.Limits.Duration; most > 0 {
		a.endSoon(time.Until(a.started.Add(most)), longest)
	}
}

// end ends the broadcast that runs: its encoder is sent away, its recording finished, its end written down.
func (a *actor) end(ctx context.Context, reason string) error {
	if err := a.take(ctx); err != nil {
		return err
	}
	defer a.give()
	a.mu.Lock()
	going, s := a.state == Running || a.state == Interrupted, a.session
	// An encoder may have come in while the end of the one before was on its way.
	late := (reason == lost || reason == goodbye) && a.state != Interrupted
	a.mu.Unlock()
	if !going || late {
		return ErrNotRunning
	}
	if s != nil {
		s.expel()
		s.wait(ctx, time.Second)
	}
	a.mu.Lock()
	if a.stopped {
		a.mu.Unlock()
		return ErrStopping
	}
	a.stopTimer()
	a.session = nil // one that hangs feeds a dead epoch
	if a.stream != nil {
		a.stream.End(a.epoch)
	}
	a.become(Ended)
	session, at := a.broadcast, a.since
	a.mu.Unlock()
	a.lives.ended.WithLabelValues(reason).Inc()
	a.lives.Log.Info("broadcast has ended", "live", a.live.Name, "reason", reason, "lasted", at.Sub(a.started).Round(time.Second))

	err := a.writeEnd(ctx, session, at)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recording = nil
	if !a.stopped {
		a.after(linger, a.forget)
	}
	return err
}

// writeEnd finishes the recording and tells the register, again and again until it holds or the node gives up.
func (a *actor) writeEnd(ctx context.Context, session string, at time.Time) error {
	o, err := a.outcome(ctx, session, at)
	if err != nil {
		return err
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := a.lives.Register.End(ctx, session, o)
		if err == nil || ctx.Err() != nil {
			return err
		}
		a.lives.Log.Warn("the end of a broadcast cannot be written down; trying again", "live", a.live.Name, "error", err)
		if !a.lives.sleep(pause) {
			return err
		}
	}
}

// outcome finishes the recording. One that cannot be finished or read is tried again for a while: a card may have stumbled,
// a disk may be full. Then the end is written without it, and it stays where it is.
func (a *actor) outcome(ctx context.Context, session string, at time.Time) (Outcome, error) {
	o := Outcome{At: at}
	until := time.Now().Add(mending)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		var err error
		if o.Recorded, err = a.recorded(ctx, session); err == nil {
			return o, nil
		}
		if o.Recorded != nil || time.Now().After(until) {
			a.lives.Log.Error("a recording could not be finished; what there is of it is kept", "live", a.live.Name, "session", session, "error", err)
			o.Error = "The recording could not be finished: " + err.Error()
			return o, nil
		}
		a.lives.Log.Warn("a recording cannot be finished; trying again", "live", a.live.Name, "error", err)
		if !a.lives.sleep(pause) {
			return o, err // the next start does it
		}
	}
}

// recorded finishes the recording that runs, or finds what a process before this one has left.
func (a *actor) recorded(ctx context.Context, session string) (*Recorded, error) {
	a.mu.Lock()
	r := a.recording
	a.mu.Unlock()
	switch {
	case r != nil:
		return r.Finish(ctx)
	case a.lives.Recorder != nil:
		return a.lives.Recorder.Recover(ctx, session)
	}
	return nil, nil
}

// finishRecording is for a node that stops: what is recorded is on disk, the broadcast stays open.
func (a *actor) finishRecording(ctx context.Context) {
	if a.take(ctx) != nil {
		return // an end is on its way, and has it
	}
	defer a.give()
	a.mu.Lock()
	r := a.recording
	a.recording = nil
	a.mu.Unlock()
	if r == nil {
		return
	}
	if _, err := r.Finish(ctx); err != nil {
		a.lives.Log.Error("a recording could not be finished; what there is of it is kept", "live", a.live.Name, "error", err)
	}
}

// forget drops the actor, unless a new broadcast has begun.
func (a *actor) forget() {
	a.turn <- struct{}{}
	defer a.give()
	a.mu.Lock()
	if a.state != Ended {
		a.mu.Unlock()
		return
	}
	a.forgotten = true
	a.mu.Unlock()
	a.lives.forget(a)
}
