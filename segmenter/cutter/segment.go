package cutter

import "time"

const (
	// targetDuration is EXT-X-TARGETDURATION (live.TargetDuration): what a segment is cut towards.
	targetDuration = 2 * time.Second
	// limit is what no segment reaches: one of 2.5 s would round to more than the target duration (RFC 8216,
	// section 4.3.3.1). A millisecond is left for what playlists round.
	limit = targetDuration + 500*time.Millisecond - time.Millisecond
)

// segment is the open segment, or the next one if it is empty.
type segment struct {
	number uint64        // media sequence number
	part   uint32        // number of the open part, or of the next
	length time.Duration // of the closed parts in the main rendition
	sound  int64         // audio in it, in ticks of the audio track
	keyed  bool          // it began with an independent picture
	full   bool          // audio that was due found no room
}

// part is the open part; the zero value if none is open. On the wire, an open part of a live with video has video.
type part struct {
	pictures int64 // video in it, in ticks of the video track
	sound    int64 // audio in it, in ticks of the audio track
	end      int64 // of that audio, as decode time
}

func (p part) open() bool { return p.pictures > 0 || p.sound > 0 }

// partLength is the duration of the open part in the main rendition: of its video, or of its audio if it has no video.
func (c *Cutter) partLength() time.Duration {
	switch {
	case c.part.pictures > 0:
		return c.video.time(c.part.pictures)
	case c.part.sound > 0:
		return c.soundLength(c.part.sound, c.part.end)
	}
	return 0
}

// segmentEnds says whether the segment has to end with a part that is about to be closed with the given length: one more
// part could pass the limit, or the segment has no room for more audio.
func (c *Cutter) segmentEnds(length time.Duration) bool {
	return c.segment.length+length+c.target >= limit || c.segment.full
}

// closePart makes what comes next belong to the next part, and to the next segment where it has to.
func (c *Cutter) closePart() {
	if !c.part.open() {
		return
	}
	length := c.partLength()
	ends := c.segmentEnds(length)
	if c.part.pictures > 0 {
		c.end = max(c.end, c.video.time(c.video.written))
	} else {
		c.end = max(c.end, c.audio.time(c.part.end))
	}
	c.part = part{}
	c.segment.part++
	c.segment.length += length
	if ends {
		c.closeSegment()
	}
}

// closeSegment makes what comes next belong to the next segment. Nothing happens if the open one is empty.
func (c *Cutter) closeSegment() {
	if c.segment.part == 0 && !c.part.open() {
		return
	}
	c.segment = segment{number: c.segment.number + 1}
	c.part = part{}
}

// keyframeEnds says whether an independent picture begins a new segment: the open one is long enough (within half a
// frame, since encoders round), or began without a keyframe, or would pass the limit before the next keyframe is due, if
// it comes as soon as this one came.
func (c *Cutter) keyframeEnds() bool {
	length := c.segment.length + c.partLength()
	switch {
	case length == 0:
		return false // empty: the picture begins this one
	case !c.segment.keyed:
		return true
	case length+c.video.time(c.video.frame)/2 >= targetDuration:
		return true
	}
	return c.distance > 0 && length+c.distance >= limit
}
