package cutter

import (
	"encoding/binary"
	"fmt"
)

// sample is what a chunk says of one of its samples.
type sample struct {
	duration, offset int64
	sync             bool
	payload          []byte
}

// fragment is what a chunk says.
type fragment struct {
	seq, track uint32
	dts        int64
	samples    []sample
}

// boxes calls f with each box in b.
func boxes(b []byte, f func(name string, body []byte) error) error {
	for len(b) > 0 {
		if len(b) < 8 || int(binary.BigEndian.Uint32(b)) < 8 || int(binary.BigEndian.Uint32(b)) > len(b) {
			return fmt.Errorf("a box of a wrong size, %d bytes before the end", len(b))
		}
		n := int(binary.BigEndian.Uint32(b))
		if err := f(string(b[4:8]), b[8:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// readChunk reads a chunk as ISO/IEC 14496-12 has it, as far as chunks go. Readers that others wrote are in the tests of
// segmenter/cmaf; this one is quick enough for millions of chunks.
func readChunk(data []byte) (f fragment, err error) {
	u32 := binary.BigEndian.Uint32
	var duration, flags uint32
	var trun []byte
	var visit func(name string, b []byte) error
	visit = func(name string, b []byte) error {
		switch name {
		case "moof", "traf":
			return boxes(b, visit)
		case "mfhd":
			f.seq = u32(b[4:])
		case "tfhd":
			f.track = u32(b[4:])
			given := b[8:]
			for _, d := range []struct {
				flag  uint32
				value *uint32
			}{{0x08, &duration}, {0x20, &flags}} {
				if u32(b)&d.flag != 0 {
					*d.value, given = u32(given), given[4:]
				}
			}
		case "tfdt":
			f.dts = int64(binary.BigEndian.Uint64(b[4:]))
		case "trun":
			trun = b
		case "mdat":
		default:
			return fmt.Errorf("an unexpected box %q", name)
		}
		return nil
	}
	if err := boxes(data, visit); err != nil {
		return f, err
	}
	has := u32(trun)
	n, at, b := u32(trun[4:]), int(u32(trun[8:])), trun[12:]
	next := func(flag, otherwise uint32) uint32 {
		if has&flag == 0 {
			return otherwise
		}
		v := u32(b)
		b = b[4:]
		return v
	}
	for range n {
		s := sample{duration: int64(next(0x100, duration))}
		size := int(next(0x200, 0))
		s.sync = next(0x400, flags)&0x10000 == 0
		s.offset = int64(int32(next(0x800, 0)))
		s.payload = data[at : at+size]
		at += size
		f.samples = append(f.samples, s)
	}
	if len(b) != 0 || at != len(data) {
		return f, fmt.Errorf("%d bytes of trun and %d of mdat are left over", len(b), len(data)-at)
	}
	return f, nil
}
