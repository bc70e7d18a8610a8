package recording

import (
	"encoding/binary"
	"fmt"
)

const boxHeader = 8

// box is one box of an MP4 (ISO/IEC 14496-12, section 4.2) in memory.
type box struct {
	name string
	all  []byte // with its header
}

func (b box) body() []byte { return b.all[boxHeader:] }

// boxes splits bytes into boxes. Boxes with 64-bit sizes and boxes up to the end of the file are not taken: nothing of ours
// has them.
func boxes(b []byte) ([]box, error) {
	var all []box
	for len(b) > 0 {
		n, name, err := boxTop(b)
		if err != nil {
			return nil, err
		}
		if n > int64(len(b)) {
			return nil, fmt.Errorf("a box %q of %d bytes in %d: %w", name, n, len(b), ErrDamaged)
		}
		all = append(all, box{name, b[:n]})
		b = b[n:]
	}
	return all, nil
}

// boxTop reads the header of a box: its size with the header, and its name.
func boxTop(b []byte) (size int64, name string, err error) {
	if len(b) < boxHeader {
		return 0, "", fmt.Errorf("%d bytes where a box should begin: %w", len(b), ErrDamaged)
	}
	size, name = int64(binary.BigEndian.Uint32(b)), string(b[4:boxHeader])
	if size < boxHeader {
		return 0, "", fmt.Errorf("a box %q of %d bytes: %w", name, size, ErrDamaged)
	}
	return size, name, nil
}

// child finds the first box of a name.
func child(all []box, name string) (box, error) {
	for _, b := range all {
		if b.name == name {
			return b, nil
		}
	}
	return box{}, fmt.Errorf("no box %q: %w", name, ErrDamaged)
}

// descend finds a box by the names on the way to it.
func descend(b []byte, names ...string) (box, error) {
	var found box
	for _, name := range names {
		all, err := boxes(b)
		if err != nil {
			return box{}, err
		}
		if found, err = child(all, name); err != nil {
			return box{}, err
		}
		b = found.body()
	}
	return found, nil
}

// wrap puts a box around bytes.
func wrap(name string, body ...[]byte) []byte {
	n := boxHeader
	for _, b := range body {
		n += len(b)
	}
	out := append(binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)), name...)
	for _, b := range body {
		out = append(out, b...)
	}
	return out
}
