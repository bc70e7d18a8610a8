package recording

import (
	"encoding/binary"
	"fmt"
	"time"
)

// maxReferences bounds a sidx. It has room for 65,535, and could name other sidx boxes for more, but ffmpeg refuses files
// with such: so a reference stands for several segments where there would be too many. 16,384 is nine hours.
const maxReferences = 16384

// sidx is the box by which a player finds the place of a time without reading the whole file (ISO/IEC 14496-12, section
// 8.16.3). Its references are made when they are read: their number, and with it the box's size, is known before.
type sidx struct {
	track      uint32 // reference_ID
	timescale  uint32
	references int
}

const (
	sidxTop       = boxHeader + 4 + 8 + 16 + 4 // version 1: 64 bits
	sidxReference = 12
)

func (s *sidx) size() int64 { return sidxTop + int64(s.references)*sidxReference }

// planSidx says how many references there are, and tells each piece which are its own. None stands for segments of two.
func planSidx(pieces []piece, tracks []*outTrack, most int) sidx {
	total := 0
	for i := range pieces {
		total += pieces[i].n
	}
	group := 1 + (total-1)/most
	s := sidx{track: tracks[0].id, timescale: tracks[0].timescale}
	for _, t := range tracks {
		if t.handler == video {
			s.track, s.timescale = t.id, t.timescale
		}
	}
	for i := range pieces {
		p := &pieces[i]
		p.group, p.reference = group, s.references
		s.references += (p.n + group - 1) / group
	}
	return s
}

// top writes what stands before the references. start is where the first segment begins.
func (s *sidx) top(start time.Duration) []byte {
	be := binary.BigEndian
	b := be.AppendUint32(make([]byte, 0, sidxTop), uint32(s.size()))
	b = append(b, "sidx"...)
	b = be.AppendUint32(b, 1<<24)
	b = be.AppendUint32(b, s.track)
	b = be.AppendUint32(b, s.timescale)
	b = be.AppendUint64(b, uint64(max(0, ticksUp(start, s.timescale))))
	b = be.AppendUint64(b, 0) // the media follows at once
	return be.AppendUint32(b, uint32(s.references))
}

// append writes the references of a piece from one of its own up to, but without, another.
func (s *sidx) append(dst []byte, p *piece, x *index, from, to int) ([]byte, error) {
	for i := from; i < to; i++ {
		lo, hi := i*p.group, min((i+1)*p.group, p.n)
		e, err := x.at(lo)
		if err != nil {
			return nil, err
		}
		size, end := p.offset+p.size-p.at(&e), p.end
		if hi < p.n {
			next, err := x.at(hi)
			if err != nil {
				return nil, err
			}
			size, end = p.at(&next)-p.at(&e), p.shift+next.Start
		}
		start := p.shift + e.Start
		if i == 0 {
			start = p.shift + min(e.Start, e.low)
		}
		length := max(0, ticksUp(end, s.timescale)-ticksUp(start, s.timescale))
		if size < 0 || size >= 1<<31 || length >= 1<<32 {
			return nil, fmt.Errorf("index of %s: segment %d cannot be referred to: %w", p.run.Name, lo, ErrDamaged)
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(size)) // reference_type 0: media
		dst = binary.BigEndian.AppendUint32(dst, uint32(length))
		sap := uint32(0)
		if e.Independent {
			sap = 1<<31 | 1<<28 // starts_with_SAP, of type 1: closed, nothing before it is needed
		}
		dst = binary.BigEndian.AppendUint32(dst, sap)
	}
	return dst, nil
}
