package media

import "time"

// Part is a run of whole chunks of a rendition: what EXT-X-PART names. Immutable.
type Part struct {
	Segment     uint64
	Number      uint32
	Duration    time.Duration
	Independent bool     // it contains a frame that a decoder may start at (audio alone: always)
	Chunks      []*Chunk // by start time, audio first on a tie; the part's bytes are theirs in this order
	Size        int      // in bytes
}

// Segment is a run of parts of a rendition. A Segment is immutable: one that grows is replaced.
type Segment struct {
	Number        uint64 // media sequence number
	Init          *Init
	Discontinuity bool // EXT-X-DISCONTINUITY stands before it
	// DiscontinuitySequence is the number of discontinuities before the segment since the live began, its own
	// included.
	DiscontinuitySequence uint64
	Date                  time.Time // EXT-X-PROGRAM-DATE-TIME
	Start                 time.Duration
	Duration              time.Duration // of the parts that it has so far
	Parts                 []*Part
	Complete              bool // no part will be added
	Independent           bool // its first video frame is one that a decoder may start at (audio alone: always)
	Size                  int  // in bytes, of the parts that it has so far
}
