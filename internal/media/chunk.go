package media

import (
	"crypto/sha256"
	"time"
)

// Chunk is the atom of a live: one moof+mdat of one track, holding one video frame or 60-100 ms of audio. It is cut
// once; from then on it is an immutable run of bytes that every way out serves as it is.
type Chunk struct {
	Live  LiveID
	Epoch Epoch
	Seq   uint64 // number of the chunk within its epoch, from 0

	Track       uint32
	DTS         int64  // tfdt: decode time of the first sample, in the track's timescale
	Duration    int64  // sum of the samples' durations, in the track's timescale
	Timescale   uint32 // of the track, so that a chunk can be read alone
	Independent bool   // a decoder may start at its first sample

	Segment     uint64 // media sequence number of the segment that it belongs to
	Part        uint32 // number of the part within the segment
	EndsPart    bool   // known to be the last of its part; the next chunk's numbers may say it too
	EndsSegment bool   // known to be the last of its segment; likewise

	// Data is the moof and the mdat. Immutable.
	Data []byte
}

// SHA256 is the hash of Data. It is computed anew at each call: boards without SHA instructions should not pay for it
// where nobody checks it.
func (c *Chunk) SHA256() [sha256.Size]byte { return sha256.Sum256(c.Data) }

// Start is the decode time of the first sample since the start of the epoch's clock.
func (c *Chunk) Start() time.Duration { return Ticks(c.DTS, c.Timescale) }

// Length is the duration of the chunk.
func (c *Chunk) Length() time.Duration { return Ticks(c.Duration, c.Timescale) }

// Ticks converts a count of ticks of a timescale to a duration, exactly but for the last nanosecond, without overflow
// for any count below 2^63/10^9 seconds.
func Ticks(n int64, timescale uint32) time.Duration {
	ts := int64(timescale)
	if ts == 0 {
		return 0
	}
	sec, rest := n/ts, n%ts
	return time.Duration(sec)*time.Second + time.Duration(rest*int64(time.Second)/ts)
}
