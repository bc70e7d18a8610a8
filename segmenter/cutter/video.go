package cutter

import (
	"shoal/internal/media"
	"shoal/segmenter/cmaf"
)

// picture takes a unit of the video track: it becomes a chunk at once.
func (c *Cutter) picture(u *media.Unit) error {
	v := c.video
	c.arrive(v, u)
	c.quiet = 0
	if !c.fixed {
		c.target = raise(c.target, v.time(v.frame))
	}
	target := v.ticks(c.target)
	length := v.nominal(u, target)

	key := u.Independent()
	if key {
		c.measureKeyframes(u.DTS)
	}
	var err error
	switch filled := c.part.pictures; {
	case key && c.keyframeEnds():
		err = c.endPart(true)
	case key && enough(filled, target), overflows(filled, length, target, v.lag(target)):
		err = c.endPart(false)
	}
	if err != nil {
		return err
	}
	if c.segment.part == 0 && !c.part.open() {
		c.segment.keyed = key
	}

	length = min(length, target-c.part.pictures)
	sample := [1]cmaf.Sample{{Duration: length, Offset: v.offset(u), Sync: key, Payload: u.Payload}}
	dts := v.written
	v.advance(length)
	c.part.pictures += length
	ends := enough(c.part.pictures, target) && c.part.pictures+v.frame > target
	if err := c.addSound(ends); err != nil {
		return err
	}
	return c.emit(v, dts, sample[:], key, flags{part: ends, segment: ends && c.segmentEnds(c.partLength())})
}

// measureKeyframes takes note of how far apart independent pictures are.
func (c *Cutter) measureKeyframes(dts int64) {
	if c.hadKey {
		c.distance = c.video.time(dts - c.lastKey)
	}
	c.lastKey, c.hadKey = dts, true
}

// overflows says whether the open part, filled so far, has to be closed before a sample joins that would be so long.
//
// A sample that is too long for the room in a part that is not full enough yet is cut to fill it; the following samples
// make up for the rest. But where the rest is more than they can be asked to, the part stays short: a player does not mind
// that, and does mind lips that are off.
func overflows(filled, length, target, lag int64) bool {
	room := target - filled
	return filled > 0 && length > room && (enough(filled, target) || length-room > lag)
}
