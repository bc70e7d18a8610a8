package recording

import (
	"encoding/binary"
	"fmt"
	"math"
)

// assembly puts the chunks of a segment together to one fragment: moof and mdat, with one trun for each track, and the
// samples track by track. A download has one for each segment, with a reference in sidx for each: players that seek, ffmpeg
// among them, read one moof at a reference, and ffmpeg loses its way if a track has several trun boxes in it. Its memory is
// used again.
type assembly struct {
	tracks []assembled
	chunks []placed // as they stand in mdat
	head   []byte   // moof, and the header of mdat
	size   int64    // of all
}

// assembled is what an assembly has of one track.
type assembled struct {
	place   trackPlace
	samples []timed
	chunks  []placed
}

// timed is a sample with its time, as recorded.
type timed struct {
	fragmentSample
	dts, end int64
	before   bool // parameter sets stand before its bytes
}

// placed is a chunk in an assembly.
type placed struct {
	src  int64 // of its samples in the file
	out  int64 // of its samples, or what stands before them, from the start of the assembly
	size int64 // of its samples
	sets bool  // parameter sets stand before them
}

// Sizes of what an assembly writes, in bytes.
const (
	mfhdBytes = boxHeader + 8
	tfhdBytes = boxHeader + 12 // with a sample_description_index
	tfdtBytes = boxHeader + 12
	trunBytes = boxHeader + 12
	trafBytes = boxHeader + tfhdBytes + tfdtBytes + trunBytes
	trunEach  = 16
)

// assemblySize is the size of the assemblies of segments that come to a tally: with so many tracks, and keyframes that get
// so many bytes in front.
func assemblySize(t tally, tracks, sets int) int64 {
	each := int64(boxHeader + mfhdBytes + tracks*trafBytes + boxHeader)
	return t.filled*each + t.samples*trunEach + t.payload + t.keys*int64(sets)
}

// read makes the assembly of a segment: it reads the heads of its chunks.
func (a *assembly) read(s *scanner, p *piece, e *entry) error {
	a.begin(p)
	var found tally
	for at := e.Offset; at < e.end(); {
		c, err := s.chunk(at, e.end())
		if err != nil {
			return err
		}
		found = found.plus(tally{payload: c.payload, samples: int64(c.samples), chunks: 1})
		if found.chunks > e.own.chunks || found.samples > e.own.samples {
			return fmt.Errorf("more chunks than the index tells of: %w", ErrDamaged)
		}
		key, err := a.take(&c, at+c.moof+boxHeader, len(p.sets) > 0)
		if err != nil {
			return err
		}
		if key {
			found.keys++
		}
		at += c.size
	}
	if found.filled = 1; found != e.own {
		return fmt.Errorf("not the chunks that the index tells of: %w", ErrDamaged)
	}
	a.size = assemblySize(found, len(a.tracks), len(p.sets))
	return a.write(p, e)
}

// begin forgets the segment before.
func (a *assembly) begin(p *piece) {
	if len(a.tracks) != len(p.places) {
		a.tracks = make([]assembled, len(p.places))
	}
	for i := range a.tracks {
		t := &a.tracks[i]
		t.place, t.samples, t.chunks = p.places[i], t.samples[:0], t.chunks[:0]
	}
}

// take adds a chunk whose samples are at a place in the file. key says that it is one of those that may get sets.
func (a *assembly) take(c *scanned, src int64, sets bool) (key bool, err error) {
	for i := range a.tracks {
		t := &a.tracks[i]
		if t.place.id != c.track {
			continue
		}
		dts := c.dts
		for n := range c.samples {
			s := timed{fragmentSample: c.sample(n), dts: dts}
			dts += int64(s.duration)
			s.end = dts
			t.samples = append(t.samples, s)
		}
		key = c.independent && t.place.track.handler == video
		chunk := placed{src: src, size: c.payload, sets: key && sets}
		if chunk.sets {
			t.samples[len(t.samples)-c.samples].before = true
		}
		t.chunks = append(t.chunks, chunk)
		return key, nil
	}
	return false, fmt.Errorf("a chunk of track %d, which the init does not have: %w", c.track, ErrDamaged)
}

// write writes the head, and places the chunks.
func (a *assembly) write(p *piece, e *entry) error {
	moof := int64(boxHeader + mfhdBytes)
	for i := range a.tracks {
		moof += trafBytes + int64(len(a.tracks[i].samples))*trunEach
	}
	at := moof + boxHeader
	b := openBox(a.head[:0], moof, "moof")
	b = openBox(b, mfhdBytes, "mfhd")
	b = put(b, 0, uint32((p.seq+e.past.filled)&math.MaxUint32))
	a.chunks = a.chunks[:0]
	var err error
	for i := range a.tracks {
		t := &a.tracks[i]
		if b, err = t.traf(b, p, at); err != nil {
			return err
		}
		for _, c := range t.chunks {
			c.out = at
			if at += c.size; c.sets {
				at += int64(len(p.sets))
			}
			a.chunks = append(a.chunks, c)
		}
	}
	if at != a.size {
		return fmt.Errorf("%d bytes come of it, not %d: %w", at, a.size, ErrDamaged)
	}
	a.head = openBox(b, a.size-moof, "mdat")
	return nil
}

// traf writes what a track has, whose samples begin at a place in the assembly. A track that has nothing leaves its room
// empty, so that the size does not depend on it.
func (t *assembled) traf(b []byte, p *piece, at int64) ([]byte, error) {
	if len(t.samples) == 0 {
		b = openBox(b, trafBytes, "free")
		return append(b, make([]byte, trafBytes-boxHeader)...), nil
	}
	to := t.place.track
	shift := ticksUp(p.shift, to.timescale)
	time := func(dts int64) int64 { return scale(dts, t.place.timescale, to.timescale) + shift }
	written := time(t.samples[0].dts)
	if written < 0 {
		return nil, fmt.Errorf("a decode time before the start: %w", ErrDamaged)
	}
	list := int64(len(t.samples)) * trunEach
	b = openBox(b, trafBytes+list, "traf")
	b = openBox(b, tfhdBytes, "tfhd")
	b = put(b, tfhdBaseIsMoof|tfhdDescription, to.id, t.place.description)
	b = openBox(b, tfdtBytes, "tfdt")
	b = put(b, 1<<24)
	b = binary.BigEndian.AppendUint64(b, uint64(written))
	b = openBox(b, trunBytes+list, "trun")
	b = put(b, 1<<24|trunDataOffset|trunDuration|trunSize|trunFlags|trunOffset, uint32(len(t.samples)), uint32(at))
	for i := range t.samples {
		s := &t.samples[i]
		// A sample lasts until the next begins: what is between two chunks, or is rounded, is not lost.
		end := time(s.end)
		if i+1 < len(t.samples) {
			end = time(t.samples[i+1].dts)
		}
		length := min(max(end-written, 0), math.MaxUint32)
		written += length
		size := s.size
		if s.before {
			size += uint32(len(p.sets))
		}
		offset := scale(int64(s.offset), t.place.timescale, to.timescale)
		b = put(b, uint32(length), size, s.flags, uint32(int32(min(max(offset, math.MinInt32), math.MaxInt32))))
	}
	return b, nil
}

// openBox appends the header of a box.
func openBox(b []byte, size int64, name string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(size)), name...)
}

// put appends 32-bit fields.
func put(b []byte, fields ...uint32) []byte {
	for _, v := range fields {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}
