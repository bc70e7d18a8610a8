package recording

import (
	"encoding/binary"
	"fmt"
	"math"
)

// assembly puts the chunks of a segment together to one fragment: moof and mdat. A download has one for each segment, with
// a reference in sidx for each, since ffmpeg, and with it Chromium, seek to a reference and read one moof there. The
// samples stay in their order, a trun for each chunk, so that they are copied as they are read. Its memory is used again.
type assembly struct {
	chunks []placed
	tracks []laneOf // in the order of the movie's
	head   []byte   // moof, and the header of mdat
	size   int64    // of all
}

// placed is a chunk in an assembly.
type placed struct {
	src  int64 // of its samples in the file
	out  int64 // of its samples, or what stands before them, from the start of the assembly
	size int64 // of its samples
	sets bool  // parameter sets stand before them
}

// laneOf is what an assembly has of one track.
type laneOf struct {
	place   trackPlace
	samples []laneSample
	runs    []laneRun
}

type laneSample struct {
	dts int64 // as recorded
	end int64
	fragmentSample
}

// laneRun is the chunk that a trun tells of.
type laneRun struct {
	n     int // samples
	chunk int
}

// Sizes of what an assembly writes, in bytes.
const (
	mfhdBytes = boxHeader + 8
	tfhdBytes = boxHeader + 12 // with a sample_description_index
	tfdtBytes = boxHeader + 12
	trafBytes = boxHeader + tfhdBytes + tfdtBytes
	trunBytes = boxHeader + 12
	trunEach  = 16
)

// assembled is the size of assemblies: of filled segments of a run with so many tracks, whose keyframes get sets.
func assembled(t tally, tracks int, sets int) int64 {
	each := int64(boxHeader + mfhdBytes + tracks*trafBytes + boxHeader)
	return t.filled*each + t.chunks*trunBytes + t.samples*trunEach + t.payload + t.keys*int64(sets)
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
	a.size = assembled(found, len(a.tracks), len(p.sets))
	return a.write(p, e)
}

// begin forgets the segment before.
func (a *assembly) begin(p *piece) {
	a.chunks = a.chunks[:0]
	if len(a.tracks) != len(p.places) {
		a.tracks = make([]laneOf, len(p.places))
	}
	for i := range a.tracks {
		l := &a.tracks[i]
		l.place, l.samples, l.runs = p.places[i], l.samples[:0], l.runs[:0]
	}
}

// take adds a chunk whose samples are at a place in the file. key says that it is one of those that may get sets.
func (a *assembly) take(c *scanned, src int64, sets bool) (key bool, err error) {
	for i := range a.tracks {
		l := &a.tracks[i]
		if l.place.id != c.track {
			continue
		}
		key = c.independent && l.place.track.handler == video
		l.runs = append(l.runs, laneRun{c.samples, len(a.chunks)})
		dts := c.dts
		for n := range c.samples {
			s := laneSample{dts: dts, fragmentSample: c.sample(n)}
			dts += int64(s.duration)
			s.end = dts
			l.samples = append(l.samples, s)
		}
		a.chunks = append(a.chunks, placed{src: src, size: c.payload, sets: key && sets})
		return key, nil
	}
	return false, fmt.Errorf("a chunk of track %d, which the init does not have: %w", c.track, ErrDamaged)
}

// write writes the head.
func (a *assembly) write(p *piece, e *entry) error {
	moof := int64(boxHeader + mfhdBytes)
	for i := range a.tracks {
		moof += trafBytes + int64(len(a.tracks[i].runs))*trunBytes + int64(len(a.tracks[i].samples))*trunEach
	}
	at := moof + boxHeader
	for i := range a.chunks {
		c := &a.chunks[i]
		c.out = at
		at += c.size
		if c.sets {
			at += int64(len(p.sets))
		}
	}
	if at != a.size {
		return fmt.Errorf("%d bytes come of it, not %d: %w", at, a.size, ErrDamaged)
	}
	b := openBox(a.head[:0], moof, "moof")
	b = openBox(b, mfhdBytes, "mfhd")
	b = put(b, 0, uint32((p.seq+e.past.filled)&math.MaxUint32))
	var err error
	for i := range a.tracks {
		if b, err = a.traf(b, &a.tracks[i], p); err != nil {
			return err
		}
	}
	a.head = openBox(b, a.size-moof, "mdat")
	return nil
}

// traf writes what a track has. One that has nothing leaves its room empty, so that the size does not depend on it.
func (a *assembly) traf(b []byte, l *laneOf, p *piece) ([]byte, error) {
	if len(l.samples) == 0 {
		b = openBox(b, trafBytes, "free")
		return append(b, make([]byte, trafBytes-boxHeader)...), nil
	}
	t := l.place.track
	shift := ticksUp(p.shift, t.timescale)
	time := func(dts int64) int64 { return scale(dts, l.place.timescale, t.timescale) + shift }
	first := time(l.samples[0].dts)
	if first < 0 {
		return nil, fmt.Errorf("a decode time before the start: %w", ErrDamaged)
	}
	b = openBox(b, trafBytes+int64(len(l.runs))*trunBytes+int64(len(l.samples))*trunEach, "traf")
	b = openBox(b, tfhdBytes, "tfhd")
	b = put(b, tfhdBaseIsMoof|tfhdDescription, t.id, l.place.description)
	b = openBox(b, tfdtBytes, "tfdt")
	b = put(b, 1<<24)
	b = binary.BigEndian.AppendUint64(b, uint64(first))
	at := first
	rest := l.samples
	for _, run := range l.runs {
		c := &a.chunks[run.chunk]
		b = openBox(b, trunBytes+int64(run.n)*trunEach, "trun")
		b = put(b, 1<<24|trunDataOffset|trunDuration|trunSize|trunFlags|trunOffset, uint32(run.n), uint32(c.out))
		for n := range run.n {
			s := &rest[0]
			// A sample lasts until the next begins: what is between two chunks, or is rounded, is not lost.
			end := time(s.end)
			if rest = rest[1:]; len(rest) > 0 {
				end = time(rest[0].dts)
			}
			length := min(max(end-at, 0), math.MaxUint32)
			at += length
			size := s.size
			if n == 0 && c.sets {
				size += uint32(len(p.sets))
			}
			offset := scale(int64(s.offset), l.place.timescale, t.timescale)
			b = put(b, uint32(length), size, s.flags, uint32(int32(min(max(offset, math.MinInt32), math.MaxInt32))))
		}
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
