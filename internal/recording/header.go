package recording

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// ErrDamaged says that a file of a recording does not hold what it should.
var ErrDamaged = errors.New("the recording is damaged")

// The index begins with a header of one block, so that entries are appended to a page of their own:
//
//	0   8  magic and version
//	8   4  length of the description
//	12  4  CRC-32C of the description
//	16  …  description: a Run as JSON, then zeros
const (
	magic      = "ShoalIX\x01"
	headerSize = 4096
	headerTop  = 16
)

// maxInit bounds an init segment: ours have 1 to 2 KB.
const maxInit = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendHeader writes the header of an index.
func appendHeader(dst []byte, r *Run) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("describe run %s: %w", r.Name, err)
	}
	if len(text) > headerSize-headerTop {
		return nil, fmt.Errorf("describe run %s: %d bytes are too many", r.Name, len(text))
	}
	at := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(text)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(text, castagnoli))
	dst = append(dst, text...)
	return append(dst, make([]byte, at+headerSize-len(dst))...), nil
}

// parseHeader reads the header of the index of a run with the given name. The error wraps ErrDamaged.
func parseHeader(b []byte, name Name) (Run, error) {
	var r Run
	if len(b) < headerSize || string(b[:8]) != magic {
		return r, fmt.Errorf("index of %v: no header: %w", name, ErrDamaged)
	}
	n := binary.LittleEndian.Uint32(b[8:])
	if n > headerSize-headerTop {
		return r, fmt.Errorf("index of %v: header of %d bytes: %w", name, n, ErrDamaged)
	}
	text := b[headerTop : headerTop+n]
	if crc32.Checksum(text, castagnoli) != binary.LittleEndian.Uint32(b[12:]) {
		return r, fmt.Errorf("index of %v: wrong checksum of the header: %w", name, ErrDamaged)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("index of %v: %w: %w", name, ErrDamaged, err)
	}
	if r.name() != name {
		return r, fmt.Errorf("index of %v: it is that of %v: %w", name, r.name(), ErrDamaged)
	}
	if err := r.check(); err != nil {
		return r, fmt.Errorf("index of %v: %w: %w", name, err, ErrDamaged)
	}
	r.settle()
	return r, nil
}

// check says what cannot be in a run's description.
func (r *Run) check() error {
	if r.InitSize < 16 || r.InitSize > maxInit {
		return fmt.Errorf("init of %d bytes", r.InitSize)
	}
	if len(r.Tracks) == 0 || len(r.Tracks) > 8 {
		return fmt.Errorf("%d tracks", len(r.Tracks))
	}
	for i, t := range r.Tracks {
		if t.ID == 0 || t.Timescale == 0 || t.Kind != "video" && t.Kind != "audio" {
			return fmt.Errorf("track %d: ID %d, timescale %d, kind %q", i, t.ID, t.Timescale, t.Kind)
		}
		for _, o := range r.Tracks[:i] {
			if o.ID == t.ID || o.Kind == t.Kind {
				return fmt.Errorf("two tracks of ID %d or kind %q", t.ID, t.Kind)
			}
		}
	}
	return nil
}
