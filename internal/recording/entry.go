package recording

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// entry is what the index says of a segment, and of all before it in its run: so the last one tells of the whole run, and
// any one is found and placed in a download without reading the others.
type entry struct {
	Segment
	own  tally         // of the segment; own.filled is 1, or 0 for a gap
	past tally         // of all segments of the run before it
	low  time.Duration // lowest decode time of the run so far
	high time.Duration // furthest end of a chunk of the run so far
	peak uint32        // bit/s of the segment of the run so far with the highest rate
}

// tally counts what the size of a download depends on.
type tally struct {
	payload int64 // bytes of samples
	samples int64
	chunks  int64
	keys    int64 // video chunks that a decoder may start at
	filled  int64 // segments that are not gaps
}

func (t tally) plus(o tally) tally {
	return tally{t.payload + o.payload, t.samples + o.samples, t.chunks + o.chunks, t.keys + o.keys, t.filled + o.filled}
}

// Layout of an entry, little-endian:
//
//	  0  8 each  Number, Offset, Size, Start, Duration, Date (ns since 1970), low, high
//	 64  8 each  of the segments before: payload, samples
//	 80  4 each  of the segments before: chunks, keys, filled
//	 92  4 each  of the segment: payload, samples, Chunks, keys
//	108  4 each  peak, flags, 0, 0
//	124  4       CRC-32C of all this and of the entry's own position, so that an old block in a wrong place is seen
const (
	entrySize = 128
	entryCRC  = 124

	flagDiscontinuity = 1 << 0
	flagIndependent   = 1 << 1
)

// What a segment may have at most: ten times what a segment of 2.5 s has at 120 pictures a second. A download holds as
// much in memory.
const (
	maxChunks  = 8 << 10
	maxSamples = 16 << 10
)

func (e *entry) end() int64 { return e.Offset + e.Size }

// total counts the run up to the end of the segment.
func (e *entry) total() tally { return e.past.plus(e.own) }

// append writes the entry for position i.
func (e *entry) append(dst []byte, i int) []byte {
	at := len(dst)
	le := binary.LittleEndian
	for _, v := range [...]int64{
		int64(e.Number), e.Offset, e.Size, int64(e.Start), int64(e.Duration), e.Date.UnixNano(),
		int64(e.low), int64(e.high), e.past.payload, e.past.samples,
	} {
		dst = le.AppendUint64(dst, uint64(v))
	}
	var flags uint32
	if e.Discontinuity {
		flags |= flagDiscontinuity
	}
	if e.Independent {
		flags |= flagIndependent
	}
	for _, v := range [...]int64{
		e.past.chunks, e.past.keys, e.past.filled, e.own.payload, e.own.samples, e.own.chunks, e.own.keys,
		int64(e.peak), int64(flags), 0, 0,
	} {
		dst = le.AppendUint32(dst, uint32(v))
	}
	return le.AppendUint32(dst, checksum(dst[at:], i))
}

func checksum(b []byte, i int) uint32 {
	var at [8]byte
	binary.LittleEndian.PutUint64(at[:], uint64(i))
	return crc32.Update(crc32.Checksum(b[:entryCRC], castagnoli), castagnoli, at[:])
}

// parseEntry reads the entry at position i of a run. The error wraps ErrDamaged.
func parseEntry(b []byte, i int, r *Run) (entry, error) {
	le := binary.LittleEndian
	if len(b) < entrySize || le.Uint32(b[entryCRC:]) != checksum(b, i) {
		return entry{}, fmt.Errorf("index of %s: wrong checksum of entry %d: %w", r.Name, i, ErrDamaged)
	}
	word := func(n int) int64 { return int64(le.Uint64(b[8*n:])) }
	half := func(n int) int64 { return int64(le.Uint32(b[80+4*n:])) }
	flags := half(8)
	e := entry{
		Segment: Segment{
			Number: uint64(word(0)), Offset: word(1), Size: word(2),
			Start: time.Duration(word(3)), Duration: time.Duration(word(4)), Date: time.Unix(0, word(5)).UTC(),
			Discontinuity: flags&flagDiscontinuity != 0, Independent: flags&flagIndependent != 0, Chunks: int(half(5) & math.MaxInt32),
		},
		low: time.Duration(word(6)), high: time.Duration(word(7)), peak: uint32(half(7)),
		past: tally{payload: word(8), samples: word(9), chunks: half(0), keys: half(1), filled: half(2)},
		own:  tally{payload: half(3), samples: half(4), chunks: half(5), keys: half(6), filled: 1},
	}
	if e.Size == 0 {
		e.own.filled = 0
	}
	if e.Number != r.First+uint64(i) || !e.possible() || i == 0 && (e.Offset != r.InitSize || e.past != tally{}) || e.Offset < r.InitSize {
		return entry{}, fmt.Errorf("index of %s: entry %d cannot be: %w", r.Name, i, ErrDamaged)
	}
	return e, nil
}

// possible says whether the numbers are in bounds. A checksum protects from accidents, not from lies, and they are
// computed with.
func (e *entry) possible() bool {
	const far = math.MaxInt64 / 4
	within := func(n, limit int64) bool { return n >= 0 && n <= limit }
	times := e.Duration >= 0 && e.Duration <= time.Hour && abs(e.Start) <= far && abs(e.low) <= far && abs(e.high) <= far && e.low <= e.high
	place := within(e.Offset, far) && within(e.Size, math.MaxInt32) // a reference in sidx has 31 bits
	own := within(e.own.chunks, min(maxChunks, e.Size/minChunk)) && within(e.own.samples, maxSamples) && e.own.samples >= e.own.chunks &&
		within(e.own.keys, e.own.chunks) && within(e.own.payload, e.Size-e.own.chunks*minChunk) && (e.own.chunks == 0) == (e.Size == 0)
	past := within(e.past.payload, e.Offset) && within(e.past.samples, e.Offset) && within(e.past.chunks, e.past.samples) &&
		within(e.past.keys, e.past.chunks) && within(e.past.filled, e.past.chunks)
	return times && place && own && past
}

func abs(d time.Duration) time.Duration { return max(d, -d) }

// follow sets what the entry says of the run so far; low and high are those of its own chunks.
func (e *entry) follow(last *entry) {
	if d := e.Duration.Seconds(); e.Duration >= time.Second { // shorter ones say little about the rate
		e.peak = uint32(min(float64(e.Size)*8/d, math.MaxUint32))
	}
	if e.own.filled = 1; e.Size == 0 {
		e.own.filled = 0
		e.low, e.high = e.Start, e.Start+e.Duration
	}
	if last == nil {
		return
	}
	e.past = last.total()
	e.low, e.high = min(e.low, last.low), max(e.high, last.high)
	e.peak = max(e.peak, last.peak)
}
