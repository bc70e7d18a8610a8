package flv

import "encoding/binary"

// maxUnits bounds the NAL units of one access unit whose lengths are rewritten: with lengths of 1 byte, a message of
// empty units would else grow to four times its size.
const maxUnits = 4096

// lengthsOf4 returns an access unit whose NAL units have lengths of 4 bytes. One that has them already is returned as
// it is.
func lengthsOf4(b []byte, size int) ([]byte, error) {
	if size == 4 {
		return b, nil
	}
	units := 0
	for rest := b; len(rest) > 0; units++ {
		n, ok := unitLength(rest, size)
		if !ok || units == maxUnits {
			return nil, malformed("NAL units do not fit their access unit")
		}
		rest = rest[size+n:]
	}
	out := make([]byte, 0, len(b)+units*(4-size))
	for len(b) > 0 {
		n, _ := unitLength(b, size)
		out = binary.BigEndian.AppendUint32(out, uint32(n))
		out = append(out, b[size:size+n]...)
		b = b[size+n:]
	}
	return out, nil
}

// unitLength reads the length of the NAL unit at the front of b, false if the unit does not fit.
func unitLength(b []byte, size int) (int, bool) {
	if len(b) < size {
		return 0, false
	}
	n := 0
	for _, c := range b[:size] {
		n = n<<8 | int(c)
	}
	return n, n <= len(b)-size
}
