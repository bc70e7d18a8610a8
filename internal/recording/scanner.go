package recording

import (
	"fmt"
	"io"
)

// scanner reads the heads of chunks in a file, and skips their samples.
type scanner struct {
	f      io.ReaderAt
	buffer []byte
}

// scanned is a chunk that it found.
type scanned struct {
	fragment       // valid until the next chunk is read
	moof     int64 // bytes of the moof
	size     int64 // of moof and mdat
}

// chunk reads the head of the chunk at a place; it must end at or before a limit. The error wraps ErrDamaged if there is
// no whole one.
func (s *scanner) chunk(at, limit int64) (scanned, error) {
	const first = 512 // takes the moof of nearly every chunk
	none := scanned{}
	if s.buffer == nil {
		s.buffer = make([]byte, first, maxMoof+boxHeader)
	}
	if limit-at < minChunk {
		return none, fmt.Errorf("%d bytes where a chunk should begin: %w", limit-at, ErrDamaged)
	}
	b := s.buffer[:min(first, limit-at)]
	if err := s.read(b, at); err != nil {
		return none, err
	}
	moof, _, err := boxTop(b)
	if err != nil {
		return none, err
	}
	if moof > maxMoof || moof+boxHeader > limit-at {
		return none, fmt.Errorf("a moof of %d bytes: %w", moof, ErrDamaged)
	}
	if need := moof + boxHeader; need > int64(len(b)) {
		b = s.buffer[:need]
		if err := s.read(b, at); err != nil {
			return none, err
		}
	}
	mdat, name, err := boxTop(b[moof:])
	if err != nil {
		return none, err
	}
	if name != "mdat" || moof+mdat > limit-at {
		return none, fmt.Errorf("a box %q of %d bytes behind a moof: %w", name, mdat, ErrDamaged)
	}
	f, err := parseFragment(b[:moof])
	if err != nil {
		return none, err
	}
	if f.payload != mdat-boxHeader {
		return none, fmt.Errorf("samples of %d bytes in an mdat of %d: %w", f.payload, mdat, ErrDamaged)
	}
	return scanned{f, moof, moof + mdat}, nil
}

func (s *scanner) read(b []byte, at int64) error {
	_, err := s.f.ReadAt(b, at)
	return damage(err)
}
