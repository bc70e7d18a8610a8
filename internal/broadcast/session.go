package broadcast

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// ErrExpelled says that the session is over: another encoder has the live, or the node stops.
var ErrExpelled = errors.New("the session is over")

// ErrBitRate says that an encoder has sent more than its live may.
var ErrBitRate = errors.New("the bit rate is over this instance's limit: set the encoder to less")

// Departure is how an encoder went away.
type Departure uint8

// The ways to go.
const (
	Goodbye  Departure = iota + 1 // it said that it ends (RTMP FCUnpublish, deleteStream, closeStream)
	Lost                          // the connection broke or fell silent
	Expelled                      // we closed it: it broke a rule, another took over, or the node stops
)

// String is the departure as metrics and logs name it.
func (d Departure) String() string {
	switch d {
	case Goodbye:
		return "goodbye"
	case Lost:
		return "lost"
	case Expelled:
		return "expelled"
	}
	return "unknown"
}

// Session is one encoder's time on a live, in one epoch. Begin, Unit and Close are called from one goroutine.
type Session struct {
	actor   *actor
	stream  *live.Stream
	cutter  Cutter
	epoch   media.Epoch
	request Request
	meter   meter
	segment uint64 // of the last chunk
	closed  bool

	heard   atomic.Int64 // when the last unit came, in Unix nanoseconds
	expelMe sync.Once
	done    chan struct{}
	left    chan struct{} // closed when the session has ended
}

func newSession(a *actor, stream *live.Stream, epoch media.Epoch, r Request, limits Limits) *Session {
	r.Key = ""
	s := &Session{
		actor: a, stream: stream, epoch: epoch, request: r, meter: meter{limit: limits.BitRate},
		done: make(chan struct{}), left: make(chan struct{}),
	}
	s.heard.Store(time.Now().UnixNano())
	return s
}

// Done is closed when the session is over before its encoder is: whoever feeds it then closes it.
func (s *Session) Done() <-chan struct{} { return s.done }

// Name is what the session publishes to, for logs.
func (s *Session) Name() string {
	s.actor.mu.Lock()
	defer s.actor.mu.Unlock()
	return s.actor.live.Name
}

// Begin takes the start of a run of units.
func (s *Session) Begin(b media.Begin) error {
	if err := s.over(); err != nil {
		return err
	}
	s.actor.lives.Log.Info("media begins", "live", s.Name(), "epoch", s.epoch.String(), "reason", b.Reason, "tracks", len(b.Tracks))
	s.actor.vitals.Begin(b, time.Now())
	if err := s.cutter.Begin(b); err != nil {
		return fmt.Errorf("begin to cut: %w", err)
	}
	return nil
}

// Unit takes the next unit.
func (s *Session) Unit(u media.Unit) error {
	if err := s.over(); err != nil {
		return err
	}
	now := time.Now()
	s.heard.Store(now.UnixNano())
	s.actor.vitals.Unit(&u, now)
	if !s.meter.pass(len(u.Payload), now) {
		return fmt.Errorf("more than %d bit/s: %w", s.meter.limit, ErrBitRate)
	}
	if err := s.cutter.Unit(u); err != nil {
		return fmt.Errorf("cut: %w", err)
	}
	return nil
}

// Close ends the session; what was not cut yet is cut. Only the first call counts.
func (s *Session) Close(d Departure) {
	if s.closed {
		return
	}
	s.closed = true
	if s.over() != nil {
		d = Expelled
	}
	if err := s.cutter.Close(); err != nil && !errors.Is(err, live.ErrEpoch) {
		s.actor.lives.Log.Error("the end of a session could not be cut", "live", s.Name(), "err", err)
	}
	s.actor.left(s, d)
	close(s.left)
}

func (s *Session) over() error {
	select {
	case <-s.done:
		return ErrExpelled
	default:
		return nil
	}
}

// wait returns when the session has ended, at the latest after d or when ctx ends.
func (s *Session) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.left:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Session) silent() time.Duration { return time.Since(time.Unix(0, s.heard.Load())) }

func (s *Session) expel() { s.expelMe.Do(func() { close(s.done) }) }

// output is what a session's cutter writes to: the stream, with an eye on how far its numbers get.
type output struct{ *Session }

// Begin passes an init on.
func (o output) Begin(i *media.Init) error { return o.stream.Begin(i) }

// Append passes a chunk on, and tells the claims about a new segment.
func (o output) Append(c *media.Chunk) error {
	if err := o.stream.Append(c); err != nil {
		return err
	}
	if n := c.Segment + 1; n != o.segment {
		o.segment = n
		o.actor.lives.Claims.Reached(o.actor.id, o.stream.Position())
	}
	return nil
}
