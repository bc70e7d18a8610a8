package cutter

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"shoal/internal/media"
	"shoal/segmenter/cmaf"
)

// Output takes what is cut, in order. What it is given is immutable. *live.Stream is one.
type Output interface {
	Begin(*media.Init) error
	Append(*media.Chunk) error
}

// Mistakes of the caller.
var (
	ErrNotBegun = errors.New("a unit came before the begin of its run")
	ErrClosed   = errors.New("the cutter is closed")
	ErrTracks   = errors.New("a run has one video track, one audio track, or one of each, with IDs that differ")
	ErrTrack    = errors.New("the unit is of no track of its run")
	ErrEmpty    = errors.New("the unit is empty")
)

// Cutter cuts one epoch of a live. It is not safe for concurrent use: its owner is the goroutine of the encoder's
// connection. After an error it is of no more use.
type Cutter struct {
	live  media.LiveID
	epoch media.Epoch
	cfg   Config
	out   Output

	// of the epoch
	target, audioTarget time.Duration // part targets
	fixed               bool          // they were told, and stay for the life of the live
	listed              bool          // something was cut in the live before: what begins is a discontinuity
	inits               uint32        // that were emitted
	seq                 uint64        // of the next chunk
	closed              bool

	// of the run
	init         *media.Init   // nil before the first Begin; emitted with the first chunk
	dated        bool          // its first unit has come
	told         bool          // it was emitted
	zero         time.Duration // its time zero on the written clocks
	video, audio *track        // nil if the run has none
	planned      int64         // length of an audio frame that chunk and alone were chosen for; 0 before the first
	chunk, alone int           // audio frames per chunk, with video and alone
	hadKey       bool
	lastKey      int64         // decode time of the last independent picture, as its unit said
	distance     time.Duration // between the last two; 0 if unknown
	quiet        int64         // audio that has come since the last picture, in its ticks
	end          time.Duration // of the last closed part, on the written clocks

	segment segment
	part    part
	held    queue
}

// New makes a cutter that goes on at a position of a live. Zero fields of cfg mean their defaults.
func New(live media.LiveID, epoch media.Epoch, at media.Position, out Output, cfg Config) *Cutter {
	return &Cutter{
		live: live, epoch: epoch, out: out, cfg: cfg.withDefaults(),
		target: at.PartTarget, audioTarget: at.AudioPartTarget, fixed: at.PartTarget > 0,
		listed:  at.Discontinuity,
		segment: segment{number: at.Segment},
	}
}

// Begin opens a run of units. What is open of the run before is closed; its init goes out with its first chunk. ErrTracks
// if the tracks do not fit, an error of the output, or one of a codec that an init segment cannot describe.
func (c *Cutter) Begin(b media.Begin) error {
	if c.closed {
		return ErrClosed
	}
	video, audio, err := sort(b.Tracks)
	if err != nil {
		return err
	}
	data := make(map[media.RenditionID][]byte, 2)
	if data[media.Main], err = cmaf.Init(b.Tracks); err != nil {
		return fmt.Errorf("begin run: %w", err)
	}
	if video != nil && audio != nil {
		if data[media.AudioOnly], err = cmaf.Init([]media.Track{*audio}); err != nil {
			return fmt.Errorf("begin run: %w", err)
		}
	}
	if err := c.finish(); err != nil {
		return err
	}

	c.zero = c.reached()
	c.video, c.audio = nil, nil
	if video != nil {
		c.video = newTrack(*video, c.zero)
	}
	if audio != nil {
		c.audio = newTrack(*audio, c.zero)
	}
	c.planned = 0
	c.hadKey, c.distance, c.quiet = false, 0, 0
	c.init = &media.Init{Live: c.live, Epoch: c.epoch, Tracks: slices.Clone(b.Tracks), Reason: b.Reason, Data: data}
	c.dated, c.told = false, false
	c.chooseTargets(b.VideoExpected || video != nil)
	return nil
}

// sort finds the tracks by their kinds.
func sort(tracks []media.Track) (video, audio *media.Track, err error) {
	for i := range tracks {
		t := &tracks[i]
		if t.Codec == nil || t.ID == 0 || t.Timescale == 0 {
			return nil, nil, fmt.Errorf("track %d lacks an ID, a timescale or a codec: %w", i, ErrTracks)
		}
		switch k := t.Kind(); {
		case k == media.Video && video == nil:
			video = t
		case k == media.Audio && audio == nil:
			audio = t
		default:
			return nil, nil, fmt.Errorf("a second %v track: %w", k, ErrTracks)
		}
	}
	if len(tracks) == 0 || video != nil && audio != nil && video.ID == audio.ID {
		return nil, nil, ErrTracks
	}
	return video, audio, nil
}

// chooseTargets sets the part targets, unless the live has them.
func (c *Cutter) chooseTargets(video bool) {
	if c.audioTarget == 0 {
		c.audioTarget = c.cfg.AudioPartTarget
	}
	switch {
	case c.fixed:
	case video:
		c.target = c.cfg.PartTarget
	default:
		c.target = c.audioTarget
	}
}

// reached is the furthest that a track was written to.
func (c *Cutter) reached() time.Duration {
	most := c.zero
	for _, t := range []*track{c.video, c.audio} {
		if t == nil || !t.started {
			continue
		}
		w := t.time(t.written)
		if t.ticks(w) < t.written {
			w++ // it was rounded down
		}
		most = max(most, w)
	}
	return most
}

// Unit takes the next unit of the run: ErrNotBegun, ErrTrack or ErrEmpty if it cannot be one, or an error of the output.
func (c *Cutter) Unit(u media.Unit) error {
	switch {
	case c.closed:
		return ErrClosed
	case c.init == nil:
		return ErrNotBegun
	case len(u.Payload) == 0:
		return fmt.Errorf("unit of track %d at %d: %w", u.Track, u.DTS, ErrEmpty)
	case c.video != nil && c.video.ID == u.Track:
		return c.picture(&u)
	case c.audio != nil && c.audio.ID == u.Track:
		return c.sound(&u)
	}
	return fmt.Errorf("unit of track %d: %w", u.Track, ErrTrack)
}

// Close flushes what is held. The last chunk that comes of it ends its segment; where none does, the end of the epoch says
// that what is open ends. A second Close does nothing.
func (c *Cutter) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	return c.finish()
}

// finish closes the run in force.
func (c *Cutter) finish() error {
	var err error
	switch {
	case c.audio == nil || !c.audio.started: // nothing is held
	case c.video == nil:
		err = c.endAlone(true)
	default:
		err = c.soundParts(true)
	}
	c.closeSegment()
	return err
}

// arrive takes note of a unit; the first one of a run dates it.
func (c *Cutter) arrive(t *track, u *media.Unit) {
	t.arrive(u)
	if !c.dated {
		c.dated = true
		c.init.Date, c.init.Start = u.Arrival, t.time(t.written)
		c.end = c.init.Start
	}
}

// flags say what ends with a chunk.
type flags struct{ part, segment bool }

// emit makes a chunk of samples that are counted into the open part already, and hands it on.
func (c *Cutter) emit(t *track, dts int64, samples []cmaf.Sample, independent bool, f flags) error {
	if !c.told {
		if err := c.tell(); err != nil {
			return err
		}
	}
	chunk := &media.Chunk{
		Live: c.live, Epoch: c.epoch, Seq: c.seq,
		Track: t.ID, DTS: dts, Timescale: t.Timescale, Independent: independent,
		Segment: c.segment.number, Part: c.segment.part, EndsPart: f.part, EndsSegment: f.segment,
		Data: cmaf.Chunk(nil, uint32(c.seq+1), t.ID, dts, samples),
	}
	for i := range samples {
		chunk.Duration += samples[i].Duration
	}
	c.seq++
	if err := c.out.Append(chunk); err != nil {
		return fmt.Errorf("append chunk %d: %w", chunk.Seq, err)
	}
	if f.part {
		c.closePart()
	}
	if f.segment {
		c.closeSegment()
	}
	return nil
}

// tell emits the init of the run.
func (c *Cutter) tell() error {
	i := c.init
	i.Index = c.inits
	i.Segment = c.segment.number
	i.Discontinuity = c.listed
	i.PartTarget, i.AudioPartTarget = c.target, c.audioTarget
	c.inits++
	c.listed, c.fixed, c.told = true, true, true
	if err := c.out.Begin(i); err != nil {
		return fmt.Errorf("begin init %d: %w", i.Index, err)
	}
	return nil
}

// endPart closes the open part before what comes next, and with segment the segment. Audio that is due goes in first: it
// can say what ends with it, which the pictures that were emitted could not.
func (c *Cutter) endPart(segment bool) error {
	if c.audio != nil && c.part.pictures > 0 {
		n := c.due(c.video.written)
		f := flags{part: true, segment: segment || c.segmentEnds(c.partLength())}
		if err := c.emitSound(n, c.chunk, f); err != nil {
			return err
		}
	}
	c.closePart()
	if segment {
		c.closeSegment()
	}
	return nil
}
