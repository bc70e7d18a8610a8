package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrProtocol says that the server broke the protocol, or used more of it than a publisher has to bear.
var ErrProtocol = errors.New("the server broke the RTMP protocol")

// What a server has to say to a publisher is small: answers and status messages.
const (
	maxMessage = 1 << 20
	maxStreams = 64
)

// reader puts chunks together again. It is owned by one goroutine.
type reader struct {
	r         *bufio.Reader
	n         uint32 // bytes read, modulo 2^32, as acknowledgements count them
	chunkSize int
	streams   map[uint32]*partial
}

// partial is a message of which not all chunks have come.
type partial struct {
	message
	length   int
	extended bool
}

func newReader(r io.Reader) *reader {
	return &reader{r: bufio.NewReaderSize(r, 4<<10), chunkSize: 128, streams: map[uint32]*partial{}}
}

func (r *reader) read(b []byte) error {
	n, err := io.ReadFull(r.r, b)
	r.n += uint32(n)
	return err
}

// next returns the next whole message. The time of a message is not kept up: nothing that a server sends to a publisher
// depends on it.
func (r *reader) next() (message, error) {
	for {
		p, err := r.chunk()
		if err != nil {
			return message{}, err
		}
		if len(p.body) < p.length {
			continue
		}
		m := p.message
		p.body = nil
		if m.typ == SetChunkSize {
			if len(m.body) < 4 {
				return message{}, fmt.Errorf("%w: chunk size without a size", ErrProtocol)
			}
			if r.chunkSize = int(binary.BigEndian.Uint32(m.body) & 0x7fffffff); r.chunkSize == 0 {
				return message{}, fmt.Errorf("%w: chunk size 0", ErrProtocol)
			}
		}
		return m, nil
	}
}

// chunk reads one chunk into the message that it belongs to (section 5.3.1).
func (r *reader) chunk() (*partial, error) {
	var b [11]byte
	if err := r.read(b[:1]); err != nil {
		return nil, err
	}
	format, id := b[0]>>6, uint32(b[0]&0x3f)
	if id < 2 { // the number is in the next byte or two
		n := int(id) + 1
		if err := r.read(b[:n]); err != nil {
			return nil, err
		}
		id = 64 + uint32(b[0])
		if n == 2 {
			id += uint32(b[1]) << 8
		}
	}
	p := r.streams[id]
	if p == nil {
		if format != 0 {
			return nil, fmt.Errorf("%w: chunk stream %d begins with a compressed header", ErrProtocol, id)
		}
		if len(r.streams) == maxStreams {
			return nil, fmt.Errorf("%w: more than %d chunk streams", ErrProtocol, maxStreams)
		}
		p = &partial{}
		r.streams[id] = p
	}
	if size := [...]int{11, 7, 3, 0}[format]; size > 0 {
		if err := r.read(b[:size]); err != nil {
			return nil, err
		}
		p.body = nil
		p.extended = b[0] == 0xff && b[1] == 0xff && b[2] == 0xff
		if size >= 7 {
			p.length = int(b[3])<<16 | int(b[4])<<8 | int(b[5])
			p.typ = Type(b[6])
		}
		if size == 11 {
			p.stream = binary.LittleEndian.Uint32(b[7:])
		}
	}
	if p.length > maxMessage {
		return nil, fmt.Errorf("%w: a message of %d bytes", ErrProtocol, p.length)
	}
	if p.extended {
		if err := r.read(b[:4]); err != nil {
			return nil, err
		}
	}
	return p, r.body(p)
}

// body reads the payload of one chunk. It grows with what arrives, not with what was announced.
func (r *reader) body(p *partial) error {
	for left := min(p.length-len(p.body), r.chunkSize); left > 0; {
		n := min(left, 4<<10)
		have := len(p.body)
		p.body = append(p.body, make([]byte, n)...)
		if err := r.read(p.body[have:]); err != nil {
			return err
		}
		left -= n
	}
	return nil
}
