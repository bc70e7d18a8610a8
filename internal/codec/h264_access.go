package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"shoal/internal/media"
)

// NAL unit types (ITU-T H.264, table 7-1).
const (
	nalSlice       = 1
	nalIDR         = 5
	nalSEI         = 6
	nalSPS         = 7
	nalPPS         = 8
	nalAUD         = 9
	nalEndSequence = 10
	nalEndStream   = 11
	nalFiller      = 12
	nalSPSExt      = 13
)

// seiRecoveryPoint is the payload type of a recovery point (ITU-T H.264, section D.1.8).
const seiRecoveryPoint = 6

// nalType is the type of a NAL unit, 0 ("unspecified") for an empty one.
func nalType(nal []byte) byte {
	if len(nal) == 0 {
		return 0
	}
	return nal[0] & 31
}

// Access reads an access unit: NAL units, each with its length before it in 4 bytes.
//
// Out go delimiters, parameter sets, filler and ends of sequence and stream: an "avc1" sample must not hold parameter
// sets (ISO/IEC 14496-15, section 5.4.2), the others say nothing to a player. If nothing, or only a beginning or an
// end, goes out, the payload shares the memory of data, else it is a copy. A unit without a picture has an empty
// payload, but may have a Next.
//
// An init names one parameter set of each type (see SampleEntry). Where there are more, the others stand in front of the
// payload of each picture that a decoder can start at: not what the standard wants, but decoders take it, and without
// them there would be no picture. The error wraps ErrH264Unit, or ErrH264Config for parameter sets that cannot be used.
func (c *H264) Access(data []byte) (media.Access, error) {
	var (
		a        media.Access
		sets     sets
		from, to int  // what stays, as long as it is one piece
		apart    bool // it is not
		size     int  // bytes of what stays, with lengths of 4 bytes
		picture  bool
	)
	for pos := 0; pos < len(data); {
		nal, end, err := nalAt(data, pos)
		if err != nil {
			return media.Access{}, err
		}
		t := nalType(nal)
		switch {
		case t >= nalSlice && t <= nalIDR:
			picture = true
			a.Key = a.Key || t == nalIDR
		case t == nalSEI:
			a.Recovery = a.Recovery || recoveryPoint(nal)
		case t == nalSPS && !contains(c.sps, nal):
			sets.sps = append(sets.sps, nal)
		case t == nalPPS && !contains(c.pps, nal):
			sets.pps = append(sets.pps, nal)
		}
		if len(sets.sps) > maxSPS || len(sets.pps) > maxPPS {
			return media.Access{}, fmt.Errorf("%w: it has too many parameter sets", ErrH264Unit)
		}
		if stays(nal) {
			if size == 0 {
				from, to = pos, pos
			}
			apart = apart || to != pos
			to = end
			size += 4 + len(nal)
		}
		pos = end
	}
	inForce := c
	if len(sets.sps)+len(sets.pps) > 0 {
		next, err := c.next(data, sets)
		if err != nil {
			return media.Access{}, err
		}
		inForce, a.Next = next, next
	}
	switch {
	case !picture:
		a.Key, a.Recovery = false, false
	case len(inForce.others) > 0 && (a.Key || a.Recovery):
		a.Payload = append(slices.Grow(slices.Clone(inForce.others), size), gather(data, size)...)
	case apart:
		a.Payload = gather(data, size)
	default:
		a.Payload = data[from:to:to]
	}
	return a, nil
}

// stays says whether a NAL unit belongs into a sample.
func stays(nal []byte) bool {
	switch nalType(nal) {
	case nalSPS, nalPPS, nalAUD, nalEndSequence, nalEndStream, nalFiller, nalSPSExt:
		return false
	}
	return len(nal) > 0
}

// nalAt is the NAL unit whose length stands at pos, and the position behind it.
func nalAt(data []byte, pos int) (nal []byte, end int, err error) {
	rest := data[pos:]
	if len(rest) < 4 {
		return nil, 0, fmt.Errorf("%w: it ends within a length", ErrH264Unit)
	}
	n := uint64(binary.BigEndian.Uint32(rest))
	if rest = rest[4:]; n > uint64(len(rest)) {
		return nil, 0, fmt.Errorf("%w: a NAL unit of %d bytes is said to have %d", ErrH264Unit, len(rest), n)
	}
	return rest[:n:n], pos + 4 + int(n), nil
}

// gather copies what stays of data, which Access has checked, into a new slice.
func gather(data []byte, size int) []byte {
	out := make([]byte, 0, size)
	for pos := 0; pos < len(data); {
		nal, end, err := nalAt(data, pos)
		if err != nil {
			break
		}
		if stays(nal) {
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(nal))), nal...)
		}
		pos = end
	}
	return out
}

// recoveryPoint says whether an SEI NAL unit holds a recovery point.
func recoveryPoint(nal []byte) bool {
	r := rbsp{data: nal[1:]}
	for {
		kind, ok := seiNumber(&r)
		if !ok {
			return false
		}
		size, ok := seiNumber(&r)
		if !ok {
			return false
		}
		// The payload of a recovery point has at least the bits of recovery_frame_cnt and three flags.
		if kind == seiRecoveryPoint && size > 0 {
			_, ok = r.next()
			return ok
		}
		for range size {
			if _, ok := r.next(); !ok {
				return false
			}
		}
	}
}

// seiNumber reads a payload type or size: bytes of 255 and a last one, added up (ITU-T H.264, section 7.3.2.3.1).
func seiNumber(r *rbsp) (int, bool) {
	n := 0
	for {
		b, ok := r.next()
		if !ok {
			return 0, false
		}
		if n += int(b); b != 255 {
			return n, true
		}
	}
}

func contains(sets [][]byte, nal []byte) bool {
	for _, s := range sets {
		if bytes.Equal(s, nal) {
			return true
		}
	}
	return false
}
