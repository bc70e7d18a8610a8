package encoder

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFLV says that bytes are not an FLV file, or that nothing in it can be published.
var ErrFLV = errors.New("not an FLV file with audio or video")

// reader reads the tags of an FLV file (Adobe Flash Video File Format 10.1, annex E).
type reader struct{ r *bufio.Reader }

func newReader(r io.Reader) (*reader, error) {
	f := &reader{bufio.NewReader(r)}
	var h [9]byte
	if _, err := io.ReadFull(f.r, h[:]); err != nil || string(h[:3]) != "FLV" {
		return nil, errors.Join(ErrFLV, err)
	}
	// What is between the header and the first tag: the rest of a longer header, and PreviousTagSize0.
	skip := int64(binary.BigEndian.Uint32(h[5:])) - int64(len(h)) + 4
	if skip < 4 {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrFLV, skip+5)
	}
	if _, err := io.CopyN(io.Discard, f.r, skip); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFLV, err)
	}
	return f, nil
}

// next returns the next tag, io.EOF at the end, io.ErrUnexpectedEOF where the file is cut off.
func (f *reader) next() (Tag, error) {
	var h [11]byte
	if _, err := io.ReadFull(f.r, h[:]); err != nil {
		return Tag{}, err
	}
	size := int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
	var body bytes.Buffer // grows with what is there, not with what is announced
	if n, err := io.CopyN(&body, f.r, size+4); err != nil && n < size {
		return Tag{}, io.ErrUnexpectedEOF
	}
	const typeBits = 0x1f // above them: reserved, and Filter, which nobody sets
	return Tag{
		Type: Type(h[0] & typeBits),
		Time: int64(h[7])<<24 | int64(h[4])<<16 | int64(h[5])<<8 | int64(h[6]),
		Data: body.Bytes()[:size:size],
	}, nil
}

// appendTag appends a tag with the size that follows it.
func appendTag(b []byte, t Tag) []byte {
	size, ms := len(t.Data), uint32(t.Time)
	b = append(b, byte(t.Type), byte(size>>16), byte(size>>8), byte(size),
		byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0)
	b = append(b, t.Data...)
	return binary.BigEndian.AppendUint32(b, uint32(11+size))
}

// appendHeader appends the file's header with PreviousTagSize0.
func appendHeader(b []byte, audio, video bool) []byte {
	var flags byte
	if audio {
		flags |= 4
	}
	if video {
		flags |= 1
	}
	return append(b, 'F', 'L', 'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0)
}
