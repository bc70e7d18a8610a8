package recording

import (
	"encoding/binary"
	"fmt"
	"sort"
	"time"
)

// maxReferences is how many a sidx has room for: 36 hours of segments of 2 s. It could name other sidx boxes for more, but
// ffmpeg refuses files with such: so a reference stands for several segments where there would be too many.
const maxReferences = 65535

// sidx is the box by which a player finds the place of a time without reading the whole file (ISO/IEC 14496-12, section
// 8.16.3), for one track. Each track has one, to the same places: ffmpeg seeks each track by its own. The references are
// made when they are read: their number, and with it the box's size, is known before.
type sidx struct {
	track      uint32 // reference_ID
	timescale  uint32
	references int
	behind     int64 // bytes of the other tracks' boxes that follow
}

const (
	sidxTop       = boxHeader + 4 + 8 + 16 + 4 // version 1: 64 bits
	sidxReference = 12
)

func (s *sidx) size() int64 { return sidxTop + int64(s.references)*sidxReference }

// planSidx says how many references there are, at most so many and one for each piece, and tells each piece which are its
// own. None stands for segments of two.
func planSidx(pieces []piece, tracks []*outTrack, most int) []sidx {
	total := int64(0)
	for i := range pieces {
		total += pieces[i].last.total().filled
	}
	group := 1 + int((total-1)/int64(max(1, most-len(pieces))))
	references := 0
	for i := range pieces {
		p := &pieces[i]
		p.group, p.reference = group, references
		references += (int(p.last.total().filled) + group - 1) / group
	}
	all := make([]sidx, len(tracks))
	for i, t := range tracks {
		s := sidx{track: t.id, timescale: t.timescale, references: references}
		s.behind = int64(len(tracks)-1-i) * s.size()
		all[i] = s
	}
	return all
}

// ticks converts a time of the download, which is not negative. It rounds down: a track is never said to begin later than
// it does.
func (s *sidx) ticks(d time.Duration) int64 {
	const second = int64(time.Second)
	d = max(d, 0)
	// What was rounded down to a nanosecond is not rounded down a second time.
	return int64(d)/second*int64(s.timescale) + (int64(d)%second*int64(s.timescale)+int64(s.timescale))/second
}

// top writes what stands before the references. start is where the first segment begins.
func (s *sidx) top(start time.Duration) []byte {
	be := binary.BigEndian
	b := openBox(make([]byte, 0, sidxTop), s.size(), "sidx")
	b = put(b, 1<<24, s.track, s.timescale)
	b = be.AppendUint64(b, uint64(s.ticks(start)))
	b = be.AppendUint64(b, uint64(s.behind))
	return put(b, uint32(s.references)&0xffff)
}

// append writes the references of a piece from one of its own up to, but without, another.
func (s *sidx) append(dst []byte, p *piece, x *index, from, to int) ([]byte, error) {
	at, err := p.filled(x, from*p.group)
	if err != nil {
		return nil, err
	}
	for i := from; i < to; i++ {
		next := p.n
		if (i+1)*p.group < int(p.last.total().filled) {
			if next, err = p.filled(x, (i+1)*p.group); err != nil {
				return nil, err
			}
		}
		if dst, err = s.reference(dst, p, x, i, at, next); err != nil {
			return nil, err
		}
		at = next
	}
	return dst, nil
}

// filled finds the segment of a piece that is the n-th that is not a gap.
func (p *piece) filled(x *index, n int) (int, error) {
	// Nearly always there are no gaps.
	if n < p.n {
		if e, err := x.at(n); err != nil {
			return 0, err
		} else if e.own.filled == 1 && e.past.filled == int64(n) {
			return n, nil
		}
	}
	i, err := x.search(p.n, func(e *entry) bool { return e.past.filled > int64(n) })
	return max(i-1, 0), err
}

// reference writes reference i, for the segments from one up to, but without, another.
func (s *sidx) reference(dst []byte, p *piece, x *index, i, from, to int) ([]byte, error) {
	e, err := x.at(from)
	if err != nil {
		return nil, err
	}
	size, end := p.offset+p.size-p.at(&e), p.end
	if to < p.n {
		next, err := x.at(to)
		if err != nil {
			return nil, err
		}
		size, end = p.at(&next)-p.at(&e), p.shift+next.Start
	}
	start := p.shift + e.Start
	if i == 0 {
		start = p.begin
	}
	length := max(0, s.ticks(end)-s.ticks(start))
	if size < 0 || size >= 1<<31 || length >= 1<<32 {
		return nil, fmt.Errorf("index of %s: segment %d cannot be referred to: %w", p.run.Name, e.Number, ErrDamaged)
	}
	sap := uint32(0)
	if e.Independent {
		sap = 1<<31 | 1<<28 // starts_with_SAP, of type 1: a decoder may begin
	}
	return put(dst, uint32(size), uint32(length), sap), nil // reference_type 0: media
}

// of finds the piece that a reference is of, and the piece's references.
func (s *sidx) of(pieces []piece, n int) (p *piece, first, last int) {
	k := sort.Search(len(pieces), func(i int) bool { return pieces[i].reference > n }) - 1
	last = s.references
	if k+1 < len(pieces) {
		last = pieces[k+1].reference
	}
	return &pieces[k], pieces[k].reference, last
}
