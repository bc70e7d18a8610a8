package encoder

import (
	"errors"
	"fmt"
	"time"

	"shoal/internal/encoder/stamp"
)

// marker puts marks into frames and counts them. It is owned by one run.
type marker struct {
	lengthSize int // bytes of a NAL unit's length, from the avcC
	seq        map[Type]uint32
}

func newMarker() *marker { return &marker{lengthSize: 4, seq: map[Type]uint32{}} }

// errNAL says that a video tag's NAL units do not fill it.
var errNAL = errors.New("NAL units do not fit the tag")

// mark returns the tag with a mark in its access unit. What is not a frame of H.264 or AAC comes back as it is.
func (m *marker) mark(t Tag, now time.Time) (Tag, error) {
	switch {
	case t.isH264() && t.Header():
		const lengthSizeAt = 5 + 4 // behind the tag's own header, in the avcC
		if len(t.Data) > lengthSizeAt {
			m.lengthSize = int(t.Data[lengthSizeAt]&3) + 1
		}
	case t.isH264() && t.Frame():
		at, err := firstSlice(t.Data, m.lengthSize)
		if err != nil {
			return t, fmt.Errorf("mark a frame: %w", err)
		}
		b := append(make([]byte, 0, len(t.Data)+m.lengthSize+stamp.SEILen), t.Data[:at]...)
		for i := m.lengthSize - 1; i >= 0; i-- {
			b = append(b, byte(stamp.SEILen>>(8*i)))
		}
		b = m.next(t.Type, stamp.Video, now).AppendSEI(b)
		t.Data = append(b, t.Data[at:]...)
	case t.isAAC() && t.Frame():
		b := append(make([]byte, 0, len(t.Data)+stamp.DSELen), t.Data[:2]...)
		b = m.next(t.Type, stamp.Audio, now).AppendDSE(b)
		t.Data = append(b, t.Data[2:]...)
	}
	return t, nil
}

func (m *marker) next(t Type, kind stamp.Kind, now time.Time) stamp.Mark {
	n := m.seq[t]
	m.seq[t] = n + 1
	return stamp.Mark{Kind: kind, Sent: now, Seq: n}
}

// firstSlice is where an SEI may stand: before the first NAL unit that is no access unit delimiter, SPS or PPS
// (ITU-T H.264, 7.4.1.2.3).
func firstSlice(b []byte, lengthSize int) (int, error) {
	const sps, delimiter = 7, 9
	for off := 5; off+lengthSize < len(b); {
		var n int64
		for _, c := range b[off : off+lengthSize] {
			n = n<<8 | int64(c)
		}
		if kind := b[off+lengthSize] & 0x1f; kind < sps || kind > delimiter {
			return off, nil
		}
		if n > int64(len(b)-off-lengthSize) {
			break
		}
		off += lengthSize + int(n)
	}
	return 0, fmt.Errorf("%w of %d bytes", errNAL, len(b))
}
