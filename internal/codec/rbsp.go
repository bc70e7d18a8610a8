package codec

// rbsp reads the payload of a NAL unit byte by byte or bit by bit, without the emulation prevention bytes (ITU-T
// H.264, section 7.4.1), in place and without allocating.
type rbsp struct {
	data  []byte
	zeros int  // zero bytes in a row, just before data
	cur   byte // the byte that bits are taken from
	left  int  // bits of cur not yet taken
}

// next is the next byte, false at the end.
func (r *rbsp) next() (byte, bool) {
	if r.zeros >= 2 && len(r.data) > 0 && r.data[0] == 3 {
		r.data, r.zeros = r.data[1:], 0
	}
	if len(r.data) == 0 {
		return 0, false
	}
	b := r.data[0]
	r.data = r.data[1:]
	if b == 0 {
		r.zeros++
	} else {
		r.zeros = 0
	}
	return b, true
}

// bit is the next bit, false at the end.
func (r *rbsp) bit() (uint32, bool) {
	if r.left == 0 {
		b, ok := r.next()
		if !ok {
			return 0, false
		}
		r.cur, r.left = b, 8
	}
	r.left--
	return uint32(r.cur>>r.left) & 1, true
}

// ue reads an unsigned Exp-Golomb code (ITU-T H.264, section 9.1), false if it ends early or is longer than any value
// that the standard allows for an identifier (255: 8 leading zeros; 16 leave room).
func (r *rbsp) ue() (uint32, bool) {
	zeros := 0
	for {
		b, ok := r.bit()
		if !ok {
			return 0, false
		}
		if b == 1 {
			break
		}
		if zeros++; zeros > 16 {
			return 0, false
		}
	}
	v := uint32(1)
	for range zeros {
		b, ok := r.bit()
		if !ok {
			return 0, false
		}
		v = v<<1 | b
	}
	return v - 1, true
}
