package live

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"shoal/internal/media"
)

// Errors of the writer's side of a Stream.
var (
	// ErrEpoch says that a writer's epoch is not the highest that the stream has seen: it must stop.
	ErrEpoch = errors.New("a newer epoch owns the live")
	// ErrOrder says that an init or a chunk does not follow the one before it.
	ErrOrder = errors.New("out of order")
	// ErrTooLarge says that a segment has more bytes than a live may keep: the encoder's clock hardly moves.
	ErrTooLarge = errors.New("the segment is too large; its encoder's clock hardly moves")
)

// Info is what can be said of a live beside its windows.
type Info struct {
	Live    media.LiveID
	Init    *media.Init // in force now; nil before the first
	Ended   bool        // it was ended, and not taken up again
	Updated time.Time   // when the last chunk came; zero before the first
	Rates   map[media.RenditionID]Rate
}

// Rate is the bit rate of a rendition, in bit/s.
type Rate struct {
	Peak    int // of the segment with the highest, since the live began
	Average int // since the live began
}

// Stream is one live: its index and bytes in memory. One writer at a time feeds it; reading is safe for any number of
// goroutines, and waits for the writer no longer than it takes to put a chunk in its place.
type Stream struct {
	id  media.LiveID
	cfg Config

	mu      sync.Mutex // guards what follows; no call leaves the package under it
	epoch   media.Epoch
	init    *media.Init
	chunks  uint64 // the next chunk's number within the epoch
	at      media.Position
	ended   bool
	updated time.Time
	version uint64
	main    *rendition
	audio   *rendition // nil until the live has audio beside video
	changed chan struct{}
}

func newStream(id media.LiveID, cfg Config, at media.Position) *Stream {
	return &Stream{
		id: id, cfg: cfg, at: at,
		main:    &rendition{id: media.Main},
		changed: make(chan struct{}),
	}
}

// ID is the live that the stream carries.
func (s *Stream) ID() media.LiveID { return s.id }

// Window is the newest window of a rendition; nil if it has none yet.
func (s *Stream) Window(id media.RenditionID) *Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case id == media.Main:
		return s.main.window
	case id == media.AudioOnly && s.audio != nil:
		return s.audio.window
	}
	return nil
}

// Changed is closed at the next change of any rendition, or of Info.Ended.
func (s *Stream) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Info is a consistent picture of the stream.
func (s *Stream) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := Info{Live: s.id, Init: s.init, Ended: s.ended, Updated: s.updated, Rates: map[media.RenditionID]Rate{}}
	for _, r := range s.renditions() {
		if r.window != nil {
			i.Rates[r.id] = r.rate()
		}
	}
	return i
}

// Position is where the next epoch goes on.
func (s *Stream) Position() media.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// Begin opens a run of chunks: a new epoch, or a discontinuity within one. What is open of the run before is closed.
// ErrEpoch if a higher epoch has begun, ErrOrder if the init would number segments again.
func (s *Stream) Begin(i *media.Init) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch d := i.Epoch.Compare(s.epoch); {
	case d < 0:
		return fmt.Errorf("init of epoch %v: %w", i.Epoch, ErrEpoch)
	case d > 0:
		s.epoch, s.chunks = i.Epoch, 0
	}
	s.close()
	if i.Segment < s.at.Segment {
		return fmt.Errorf("init for segment %d when %d is next: %w", i.Segment, s.at.Segment, ErrOrder)
	}
	if i.Segment > s.at.Segment {
		// Numbers in a playlist must not skip: what was listed before cannot stay.
		for _, r := range s.renditions() {
			r.forget()
		}
		s.at.Segment = i.Segment
	}
	if s.at.PartTarget == 0 {
		s.at.PartTarget, s.at.AudioPartTarget = i.PartTarget, i.AudioPartTarget
	}
	if i.Discontinuity {
		s.at.DiscontinuitySequence++
	}
	s.at.Discontinuity = true
	s.main.target = s.at.PartTarget
	s.main.begin(i, s.at.DiscontinuitySequence)
	switch _, both := i.Data[media.AudioOnly]; {
	case !both && s.audio != nil:
		s.audio.init = nil
	case both && s.audio == nil:
		s.audio = &rendition{id: media.AudioOnly, target: s.at.AudioPartTarget}
		fallthrough
	case both:
		if s.audio.init == nil {
			s.audio.forget() // it was not fed for a while: numbers in a playlist must not skip
		}
		s.audio.begin(i, s.at.DiscontinuitySequence)
	}
	s.init, s.ended = i, false
	return nil
}

// Append adds the next chunk. The stream keeps it: the caller must not change it any more. ErrEpoch if a higher epoch
// has begun, ErrOrder if the chunk does not follow the last one, ErrTooLarge if its segment would have more than
// Config.Bytes.
func (s *Stream) Append(c *media.Chunk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.Epoch != s.epoch:
		return fmt.Errorf("chunk of epoch %v: %w", c.Epoch, ErrEpoch)
	case s.init == nil || c.Seq != s.chunks:
		return fmt.Errorf("chunk %d when %d is next: %w", c.Seq, s.chunks, ErrOrder)
	case !s.main.follows(c, s.at.Segment):
		return fmt.Errorf("chunk %d for segment %d part %d: %w", c.Seq, c.Segment, c.Part, ErrOrder)
	case s.main.opened()+len(c.Data) > s.cfg.Bytes:
		return fmt.Errorf("chunk %d for segment %d: %w", c.Seq, c.Segment, ErrTooLarge)
	}
	s.chunks++
	s.updated = time.Now()
	if s.main.open() && c.Segment != s.main.segment.Number {
		s.endSegment()
	}
	s.main.add(c)
	if s.audio != nil && s.audio.init != nil && s.init.Carries(media.AudioOnly, c.Track) {
		s.audio.addAudio(c)
	}
	s.at.Segment = c.Segment + 1
	if c.EndsSegment {
		s.endSegment()
	}
	s.publish()
	return nil
}

// Interrupt closes what is open because its encoder is gone: what was cut is listed now, and whatever follows begins
// anew. Nothing happens if a higher epoch has begun. (A lower one may be in force: an encoder can go before its first
// chunk.)
func (s *Stream) Interrupt(e media.Epoch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Compare(s.epoch) >= 0 {
		s.close()
	}
}

// End ends the live: playlists say EXT-X-ENDLIST until a new epoch begins. Nothing happens if a higher epoch has begun.
func (s *Stream) End(e media.Epoch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Compare(s.epoch) < 0 || s.ended {
		return
	}
	s.ended = true
	for _, r := range s.renditions() {
		r.dirty = true
	}
	s.close()
}

// close ends the open part and segment of every rendition.
func (s *Stream) close() {
	s.endSegment()
	s.publish()
}

// endSegment ends the open segment of the main rendition and with it, number for number, that of the others.
func (s *Stream) endSegment() {
	done := s.main.endSegment()
	if done == nil {
		return
	}
	if s.audio != nil && s.audio.init != nil {
		s.audio.endWith(done)
	}
}

func (s *Stream) renditions() []*rendition {
	if s.audio == nil {
		return []*rendition{s.main}
	}
	return []*rendition{s.main, s.audio}
}

// publish drops what is too old and gives readers a new window of each rendition that has changed.
func (s *Stream) publish() {
	any := false
	first := s.main.expire(s.cfg)
	if s.audio != nil {
		s.audio.drop(first)
	}
	for _, r := range s.renditions() {
		if !r.dirty {
			continue
		}
		any = true
		s.version++
		r.publish(s.version, s.cfg.Listed, s.ended)
	}
	if any {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}
