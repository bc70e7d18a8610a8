package encoder

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"time"

	"shoal/internal/amf0"
)

// Clip is a recording that can be published again and again. It is immutable and may be shared.
type Clip struct {
	// Head is what is sent once, first: the metadata and the sequence headers, all at time 0.
	Head []Tag
	// Frames are the frames in the order of the file. The earliest is at time 0.
	Frames []Tag
	// Duration is the length of one loop: that of the longest track, to the millisecond. Tracks of other lengths
	// leave a gap at the seam.
	Duration time.Duration
}

// LoadFLV reads an FLV file. A file that is cut off is read as far as it goes. The error wraps ErrFLV, or is what the
// reader said.
func LoadFLV(r io.Reader) (*Clip, error) {
	f, err := newReader(r)
	if err != nil {
		return nil, err
	}
	c := &Clip{}
	for {
		t, err := f.next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read FLV: %w", err)
		}
		switch {
		case t.Header():
			t.Time = 0
			c.Head = append(c.Head, t)
		case t.Frame():
			c.Frames = append(c.Frames, t)
		}
	}
	if len(c.Frames) == 0 {
		return nil, fmt.Errorf("%w: no frame in it", ErrFLV)
	}
	c.settle()
	return c, nil
}

// settle moves the clip to time 0 and finds its duration. A track's last frame lasts as long as its frames do on
// average: single distances are rounded to milliseconds.
func (c *Clip) settle() {
	first := c.Frames[0].Time
	for _, t := range c.Frames {
		first = min(first, t.Time)
	}
	type track struct {
		n           int
		first, last int64
	}
	tracks := map[Type]track{}
	for i := range c.Frames {
		t := &c.Frames[i]
		t.Time -= first
		k, ok := tracks[t.Type]
		if !ok {
			k.first, k.last = t.Time, t.Time
		}
		k.n, k.first, k.last = k.n+1, min(k.first, t.Time), max(k.last, t.Time)
		tracks[t.Type] = k
	}
	var ms float64
	for _, k := range tracks {
		length := 1.0 // a single frame has no distance; time must go on
		if k.n > 1 {
			length = max(1, float64(k.last-k.first)*float64(k.n)/float64(k.n-1))
		}
		ms = max(ms, length)
	}
	c.Duration = time.Duration(math.Round(ms)) * time.Millisecond
}

// Has says whether the clip has frames of a type.
func (c *Clip) Has(t Type) bool {
	for _, f := range c.Frames {
		if f.Type == t {
			return true
		}
	}
	return false
}

// WriteFLV writes the clip as an FLV file.
func (c *Clip) WriteFLV(w io.Writer) error {
	b := appendHeader(nil, c.Has(Audio), c.Has(Video))
	for _, part := range [][]Tag{c.Head, c.Frames} {
		for _, t := range part {
			b = appendTag(b, t)
		}
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write FLV: %w", err)
	}
	return nil
}

// Only returns the clip with one track, announced as such: what an encoder sends that has no other.
func (c *Clip) Only(t Type) *Clip {
	out := &Clip{}
	for _, h := range c.Head {
		if h.Type == Script {
			h.Data = announce(h.Data, t)
		}
		if h.Type == t || h.Type == Script {
			out.Head = append(out.Head, h)
		}
	}
	for _, f := range c.Frames {
		if f.Type == t {
			out.Frames = append(out.Frames, f)
		}
	}
	if len(out.Frames) > 0 {
		out.settle()
	}
	return out
}

// announce leaves out of onMetaData what it says of other tracks. Script data that it cannot read stays as it is.
func announce(script []byte, only Type) []byte {
	values, err := amf0.Decode(script)
	if err != nil {
		return script
	}
	for i, v := range values {
		all, ok := v.(amf0.Object)
		if !ok {
			continue
		}
		var kept amf0.ECMAArray
		for _, m := range all {
			if about := subject(m.Name); about == 0 || about == only {
				kept = append(kept, m)
			}
		}
		values[i] = kept
	}
	return amf0.Append(nil, values...)
}

// subject is the track that a key of onMetaData is about, 0 if it is about the whole (section E.5).
func subject(key string) Type {
	switch {
	case strings.HasPrefix(key, "audio"), key == "stereo":
		return Audio
	case strings.HasPrefix(key, "video"), key == "width", key == "height", key == "framerate":
		return Video
	}
	return 0
}

// Once is the clip's packets from its head to its end, each due at its time.
func (c *Clip) Once() iter.Seq[Packet] { return c.play(1) }

// Loop is the same without end: the frames again and again with times that go on by the clip's duration.
func (c *Clip) Loop() iter.Seq[Packet] { return c.play(math.MaxInt) }

func (c *Clip) play(times int) iter.Seq[Packet] {
	return func(yield func(Packet) bool) {
		for _, t := range c.Head {
			if !yield(Packet{Tag: t}) {
				return
			}
		}
		var due time.Duration
		for n := int64(0); n < int64(times) && len(c.Frames) > 0; n++ {
			for _, t := range c.Frames {
				t.Time += n * c.Duration.Milliseconds()
				due = max(due, time.Duration(t.Time)*time.Millisecond)
				if !yield(Packet{Tag: t, Due: due}) {
					return
				}
			}
		}
	}
}
