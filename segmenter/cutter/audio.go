package cutter

import (
	"slices"
	"time"

	"shoal/internal/media"
	"shoal/segmenter/cmaf"
)

const (
	// pauseAfter is how much audio of a time past the video's has to come without a picture, on top of a part target,
	// before audio closes parts alone. Video that is late by up to 0.5 s still fills the time (more is a new run), and
	// encoders exist that interleave by the second.
	pauseAfter = time.Second
	// maxHeld is how much early audio waits for the video of its time. What is more goes into the open part.
	maxHeld = 1500 * time.Millisecond
	// maxPending bounds what is held whatever the reason. No encoder was seen to reach it.
	maxPending = 5 * time.Second
)

// queue holds the audio frames that are not in a chunk yet, oldest first.
type queue struct {
	samples []cmaf.Sample
	length  int64 // sum of their durations
}

func (q *queue) push(s cmaf.Sample) {
	q.samples = append(q.samples, s)
	q.length += s.Duration
}

// drop forgets the first n frames, which last so long.
func (q *queue) drop(n int, length int64) {
	q.samples = slices.Delete(q.samples, 0, n)
	q.length -= length
}

// sound takes a unit of the audio track.
func (c *Cutter) sound(u *media.Unit) error {
	a := c.audio
	c.arrive(a, u)
	c.planAudio()
	target := a.ticks(c.target)
	length := a.nominal(u, target)
	if c.video == nil {
		return c.soundAlone(u, length, target)
	}
	c.hold(u, min(length, target))
	c.quiet += a.last
	if c.videoPauses() || c.held.length > a.ticks(maxPending) {
		return c.soundParts(false)
	}
	return c.addSound(false)
}

// videoPauses says that no picture has come for so long that audio has to go on alone. Audio that was behind and catches
// up is no sign of it.
func (c *Cutter) videoPauses() bool {
	a, v := c.audio, c.video
	ahead := a.written - a.ticks(v.time(v.written))
	return min(c.quiet, ahead) > a.ticks(pauseAfter+c.target)
}

// planAudio settles how many audio frames go into a chunk, from how long they are.
func (c *Cutter) planAudio() {
	if c.planned == c.audio.frame {
		return
	}
	c.planned = c.audio.frame
	frame := c.audio.time(c.audio.frame)
	c.alone = audioChunk(frame, c.target)
	if c.video == nil && !c.fixed {
		c.target = raise(c.target, time.Duration(c.alone)*frame)
	}
	c.chunk = audioChunk(frame, c.audioTarget)
}

// hold puts a unit into the queue as a sample of the given duration.
func (c *Cutter) hold(u *media.Unit, duration int64) {
	c.held.push(cmaf.Sample{Duration: duration, Sync: true, Payload: u.Payload})
	c.audio.advance(duration)
}

// soundAlone takes a unit of a run without a video track. Chunks are emitted as they are complete; a part ends with the
// one after which another would not fit.
func (c *Cutter) soundAlone(u *media.Unit, length, target int64) error {
	a := c.audio
	if overflows(c.part.sound+c.held.length, length, target, a.lag(target)) {
		if err := c.endAlone(false); err != nil {
			return err
		}
	}
	c.hold(u, min(length, target-c.part.sound-c.held.length))

	filled := c.part.sound + c.held.length
	full := filled+a.frame > target
	if len(c.held.samples) < c.alone && !full {
		return nil
	}
	ends := full || enough(filled, target) && filled+int64(c.alone)*a.frame > target
	return c.emitSound(len(c.held.samples), c.alone, flags{part: ends, segment: ends && c.segmentEnds(a.time(filled))})
}

// endAlone closes the open part of a run without a video track, and with final the segment.
func (c *Cutter) endAlone(final bool) error {
	length := c.audio.time(c.part.sound + c.held.length)
	err := c.emitSound(len(c.held.samples), c.alone, flags{part: true, segment: final || c.segmentEnds(length)})
	c.closePart()
	return err
}

// addSound puts the audio that is due into the open part: whole chunks, and, if the part ends, the rest.
func (c *Cutter) addSound(ends bool) error {
	if len(c.held.samples) == 0 || c.part.pictures == 0 {
		return nil
	}
	n := c.due(c.video.written)
	if !ends {
		n -= n % c.chunk
	}
	return c.emitSound(n, c.chunk, flags{})
}

// due counts the held frames that go into the open part: those that start before a time on the video's written clock, or
// that have waited for too long, as far as the segment has room for them.
func (c *Cutter) due(video int64) int {
	a := c.audio
	until, most, held := a.ticks(c.video.time(video)), a.ticks(maxHeld), c.held.length
	room := a.ticks(limit) - c.segment.sound
	for i := range c.held.samples {
		if a.written-held >= until && held <= most {
			return i
		}
		length := c.held.samples[i].Duration
		if room -= length; room <= 0 {
			c.segment.full = true
			return i
		}
		held -= length
	}
	return len(c.held.samples)
}

// soundParts closes the open part and makes parts of the held audio alone. Without final, whole parts: what is left
// over waits for a picture, or for more audio. With final, all of it, and the last chunk ends the segment.
func (c *Cutter) soundParts(final bool) error {
	a := c.audio
	target := a.ticks(c.target)
	if c.part.pictures > 0 {
		// What would have had room in the part, had it become full, goes in: no splinter of a part for the last frame or two.
		end := a.ticks(c.video.time(c.video.written-c.part.pictures)) + target
		if final && a.written <= end && c.segment.sound+c.held.length < a.ticks(limit) {
			return c.emitSound(len(c.held.samples), c.chunk, flags{part: true, segment: true})
		}
		// More follows: a short part is the last of its segment.
		if err := c.endPart(!enough(c.partLength(), c.target)); err != nil {
			return err
		}
	}
	for len(c.held.samples) > 0 {
		// Audio that was too late for the parts of its time goes along, and does not count. More than a part of it
		// does, or the part could become as large as a segment.
		start := a.written - c.held.length
		room := target + min(a.ticks(c.end)-start, target)
		if !final && c.held.length+a.frame <= room {
			return nil
		}
		n, length := 1, c.held.samples[0].Duration
		for n < len(c.held.samples) && length+c.held.samples[n].Duration <= room {
			length += c.held.samples[n].Duration
			n++
		}
		if c.segment.sound+length >= a.ticks(limit) {
			c.closeSegment()
		}
		last := final && n == len(c.held.samples)
		err := c.emitSound(n, c.alone, flags{part: true, segment: last || c.segmentEnds(c.soundLength(length, start+length))})
		if err != nil {
			return err
		}
	}
	return nil
}

// soundLength is how long a part without a picture is, of so much audio that ends at a time: where the live has video, it
// goes on from where the part before has ended, whether its first frame began before or after that.
func (c *Cutter) soundLength(sound, end int64) time.Duration {
	length := c.audio.time(sound)
	if c.video == nil {
		return length
	}
	if n := c.audio.time(end) - c.end; n > 0 && n <= c.target {
		return n
	}
	return min(length, c.target)
}

// emitSound emits the first n held frames in chunks of at most size frames. The flags go to the last chunk.
func (c *Cutter) emitSound(n, size int, f flags) error {
	for n > 0 {
		k := min(n, size)
		n -= k
		samples := c.held.samples[:k]
		length := int64(0)
		for i := range samples {
			length += samples[i].Duration
		}
		start := c.audio.written - c.held.length
		c.part.sound += length
		c.part.end = start + length
		c.segment.sound += length
		now := flags{}
		if n == 0 {
			now = f
		}
		if err := c.emit(c.audio, start, samples, true, now); err != nil {
			return err
		}
		c.held.drop(k, length)
	}
	return nil
}
