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
	before uint64        // chunks in the run before this segment
	keys   uint32        // video chunks of the segment that a decoder may start at
	past   uint32        // such chunks in the run before this segment
	low    time.Duration // lowest decode time of the run so far
	high   time.Duration // furthest end of a chunk of the run so far
	peak   uint32        // bit/s of the segment of the run so far with the highest rate
}

// Layout of an entry, little-endian: Number, Offset, Size, Start, Duration, Date (ns since 1970), before, low and high of
// 64 bits each, then chunks, flags, peak, keys and past of 32, and the CRC-32C of what stands before it and of the
// entry's own position, so that an old block in a wrong place is seen.
const (
	entrySize = 96
	entryCRC  = 92

	flagDiscontinuity = 1 << 0
	flagIndependent   = 1 << 1
)

func (e *entry) end() int64 { return e.Offset + e.Size }

// chunks is how many the run has up to the end of this segment.
func (e *entry) chunks() uint64 { return e.before + uint64(e.Chunks) }

// append writes the entry for position i.
func (e *entry) append(dst []byte, i int) []byte {
	at := len(dst)
	le := binary.LittleEndian
	for _, v := range [...]int64{
		int64(e.Number), e.Offset, e.Size, int64(e.Start), int64(e.Duration), e.Date.UnixNano(),
		int64(e.before), int64(e.low), int64(e.high),
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
	for _, v := range [...]uint32{uint32(e.Chunks), flags, e.peak, e.keys, e.past} {
		dst = le.AppendUint32(dst, v)
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
	flags, chunks := le.Uint32(b[76:]), le.Uint32(b[72:])
	e := entry{
		Segment: Segment{
			Number: uint64(word(0)), Offset: word(1), Size: word(2),
			Start: time.Duration(word(3)), Duration: time.Duration(word(4)), Date: time.Unix(0, word(5)).UTC(),
			Discontinuity: flags&flagDiscontinuity != 0, Independent: flags&flagIndependent != 0, Chunks: int(chunks & math.MaxInt32),
		},
		before: uint64(word(6)), low: time.Duration(word(7)), high: time.Duration(word(8)), peak: le.Uint32(b[80:]),
		keys: le.Uint32(b[84:]), past: le.Uint32(b[88:]),
	}
	// A checksum protects from accidents, not from lies: what is computed with must be in bounds.
	const far = math.MaxInt64 / 4
	switch {
	case e.Number != r.First+uint64(i):
	case e.Offset < r.InitSize || e.Size < 0 || e.Offset > far || e.Size > math.MaxInt32: // a reference in sidx has 31 bits
	case e.Duration < 0 || e.Duration > time.Hour || abs(e.Start) > far || abs(e.low) > far || abs(e.high) > far || e.high < e.low:
	case chunks > math.MaxInt32/minChunk || int64(chunks)*minChunk > e.Size || e.before > uint64(e.Offset)/minChunk:
	case (e.Size == 0) != (chunks == 0) || e.keys > chunks || uint64(e.past) > e.before:
	case i == 0 && (e.Offset != r.InitSize || e.before != 0):
	default:
		return e, nil
	}
	return entry{}, fmt.Errorf("index of %s: entry %d cannot be: %w", r.Name, i, ErrDamaged)
}

func abs(d time.Duration) time.Duration { return max(d, -d) }

// follow sets what the entry says of the run so far; low and high are those of its own chunks.
func (e *entry) follow(last *entry) {
	if d := e.Duration.Seconds(); e.Duration >= time.Second { // shorter ones say little about the rate
		e.peak = uint32(min(float64(e.Size)*8/d, math.MaxUint32))
	}
	if e.Chunks == 0 {
		e.low, e.high = e.Start, e.Start+e.Duration
	}
	if last == nil {
		return
	}
	e.before, e.past = last.chunks(), last.past+last.keys
	e.low, e.high = min(e.low, last.low), max(e.high, last.high)
	e.peak = max(e.peak, last.peak)
}
