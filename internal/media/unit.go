package media

import "time"

// Unit is one access unit of one track: a video picture or an audio frame.
type Unit struct {
	Track    uint32 // Track.ID
	DTS      int64  // decode time in the track's timescale, 64 bits, unwrapped, never less than the one before
	PTS      int64  // presentation time in the track's timescale, on the same clock
	Duration int64  // in the track's timescale as declared or predicted by normalize; the cutter writes its own
	Key      bool   // see Access.Key
	Recovery bool   // see Access.Recovery
	Payload  []byte // MP4 sample format of the codec; immutable once handed on
	// Arrival is when the last byte of the unit came in. It dates the stream (EXT-X-PROGRAM-DATE-TIME); no cut
	// depends on it.
	Arrival time.Time
}

// Independent says whether a decoder may start at the unit.
func (u *Unit) Independent() bool { return u.Key || u.Recovery }
