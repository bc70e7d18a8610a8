package guard

import "encoding/binary"

const (
	maxChunkStreams = 16      // per connection; encoders use up to 6
	defaultChunk    = 128     // bytes (RTMP, section 5.4.1)
	maxChunk        = 4 << 20 // bytes; more is the same, since no message is larger
	extended        = 0xffffff
)

// messageHeader is the size of the message header of each chunk format (RTMP, section 5.3.1.2).
var messageHeader = [4]int{11, 7, 3, 0}

// limits bound what a connection may hold of messages that are not complete.
type limits struct {
	media   int // bytes of an audio, video or aggregate message
	other   int // bytes of any other message
	total   int // bytes of memory for all together
	atFirst int // bytes that a message may claim before they arrive
}

// chunkStream is one chunk stream: its last header and the message under way. A message of which nothing is kept has no
// buffer.
type chunkStream struct {
	id        int
	timestamp uint32 // of the message, in milliseconds
	delta     uint32
	stamp     uint32 // the extended timestamp as it stood in the last header
	extended  bool
	length    int
	kind      byte
	stream    uint32

	open bool // a message is under way
	keep bool
	got  int // bytes of it
	buf  []byte
}

// assembler puts messages together from chunks.
type assembler struct {
	wire   *wire
	limits limits
	keep   func(kind byte, stream uint32) bool // whether a message is wanted

	chunk   int // the sender's chunk size
	streams []*chunkStream
	memory  int // capacity of all buffers
	partial int // bytes received of messages under way that are kept
	aborted int // messages given up half-way, to be counted by the caller
}

// next reads one chunk. It returns the chunk stream if that completes a message, whose bytes belong to the caller until
// it calls release, else nil.
func (a *assembler) next() (*chunkStream, error) {
	b, err := a.wire.peek(1)
	if err != nil {
		return nil, err
	}
	format, id, head := b[0]>>6, int(b[0]&0x3f), 1
	if id < 2 {
		head += id + 1
	}
	size := head + messageHeader[format]
	if b, err = a.wire.peek(size); err != nil {
		return nil, err
	}
	switch head { // RTMP, section 5.3.1.1
	case 2:
		id = int(b[1]) + 64
	case 3:
		id = int(b[2])<<8 + int(b[1]) + 64
	}
	s, err := a.find(id, format)
	if err != nil {
		return nil, err
	}
	if s.open && format != 3 { // a new header gives up the message under way
		a.abort(s)
	}
	stamp := s.header(format, b[head:])
	a.wire.discard(size)
	if s.extended {
		if stamp, err = a.extendedTimestamp(s, format, stamp); err != nil {
			return nil, err
		}
	}
	if !s.open {
		if err := a.begin(s, format, stamp); err != nil {
			return nil, err
		}
	}
	if err := a.payload(s, min(s.length-s.got, a.chunk)); err != nil {
		return nil, err
	}
	if s.got < s.length {
		return nil, nil
	}
	s.open = false
	if s.keep {
		a.partial -= s.got
	}
	return s, nil
}

// find returns a chunk stream, which only a full header may open.
func (a *assembler) find(id int, format byte) (*chunkStream, error) {
	for _, s := range a.streams {
		if s.id == id {
			return s, nil
		}
	}
	if format != 0 {
		return nil, broken(ReasonChunk, "chunk stream %d starts with a compressed header", id)
	}
	if len(a.streams) == maxChunkStreams {
		return nil, broken(ReasonChunkStreams, "more than %d chunk streams", maxChunkStreams)
	}
	s := &chunkStream{id: id}
	a.streams = append(a.streams, s)
	return s, nil
}

// header takes what a message header says and returns its timestamp field.
func (s *chunkStream) header(format byte, b []byte) uint32 {
	var stamp uint32
	if format < 3 {
		stamp = uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		s.extended = stamp == extended
	}
	if format < 2 {
		s.length = int(b[3])<<16 | int(b[4])<<8 | int(b[5])
		s.kind = b[6]
	}
	if format == 0 {
		s.stream = binary.LittleEndian.Uint32(b[7:])
	}
	return stamp
}

// extendedTimestamp reads the extended timestamp (RTMP, section 5.3.1.3). In a chunk of format 3 the specification and
// FFmpeg repeat it; librtmp, and OBS until 2024, do not. So there it is taken only if it has one of the two values that
// a repetition can have: the one of the last header, or the timestamp of the message. It is compared byte by byte:
// the last chunk of a message may have fewer than four bytes, and the next ones may be long in coming.
func (a *assembler) extendedTimestamp(s *chunkStream, format byte, stamp uint32) (uint32, error) {
	if format < 3 {
		b, err := a.wire.peek(4)
		if err != nil {
			return 0, err
		}
		s.stamp = binary.BigEndian.Uint32(b)
		a.wire.discard(4)
		return s.stamp, nil
	}
	for n := 1; n <= 4; n++ {
		b, err := a.wire.peek(n)
		if err != nil {
			return 0, err
		}
		if !startsWith(s.stamp, b) && !startsWith(s.timestamp, b) {
			return stamp, nil
		}
	}
	a.wire.discard(4)
	return stamp, nil
}

// startsWith reports whether the big-endian form of v starts with b.
func startsWith(v uint32, b []byte) bool {
	shift := 32 - 8*len(b)
	var got uint32
	for _, c := range b {
		got = got<<8 | uint32(c)
	}
	return v>>shift == got
}

// begin starts a message. After a full header, a chunk of format 3 starts one at the same time: the specification
// (section 5.3.1.2.4) would have the whole timestamp as its delta, but encoders and other servers do not.
func (a *assembler) begin(s *chunkStream, format byte, stamp uint32) error {
	switch format {
	case 0:
		s.timestamp, s.delta = stamp, 0
	case 1, 2:
		s.delta = stamp
		s.timestamp += stamp
	case 3:
		s.timestamp += s.delta
	}
	limit := a.limits.other
	if s.kind == typeAudio || s.kind == typeVideo || s.kind == typeAggregate {
		limit = a.limits.media
	}
	if s.length > limit {
		return broken(ReasonMessage, "a message of type %d has %d bytes; the limit is %d", s.kind, s.length, limit)
	}
	s.open, s.got = true, 0
	s.keep = a.keep(s.kind, s.stream)
	return nil
}

// payload reads n bytes of a message.
func (a *assembler) payload(s *chunkStream, n int) error {
	if !s.keep {
		s.got += n
		return a.wire.skip(n)
	}
	for n > 0 {
		if s.got == cap(s.buf) {
			if err := a.enlarge(s); err != nil {
				return err
			}
		}
		k := min(n, cap(s.buf)-s.got)
		s.buf = s.buf[:s.got+k]
		if err := a.wire.read(s.buf[s.got:]); err != nil {
			return err
		}
		s.got += k
		a.partial += k
		n -= k
	}
	return nil
}

// enlarge makes room for more of a message: as much as was received, never more than its length.
func (a *assembler) enlarge(s *chunkStream) error {
	size := min(s.length, max(2*cap(s.buf), a.limits.atFirst))
	if a.memory += size - cap(s.buf); a.memory > a.limits.total {
		return broken(ReasonMemory, "unfinished messages need more than %d bytes", a.limits.total)
	}
	buf := make([]byte, s.got, size)
	copy(buf, s.buf)
	s.buf = buf
	return nil
}

// release gives the buffer of a message away.
func (a *assembler) release(s *chunkStream) []byte {
	b := s.buf
	a.memory -= cap(b)
	s.buf = nil
	return b
}

// abort gives a message up that is under way.
func (a *assembler) abort(s *chunkStream) {
	s.open = false
	if s.keep {
		a.partial -= s.got
	}
	a.release(s)
	a.aborted++
}

// abortID gives up the message under way on a chunk stream, if there is one (RTMP, section 5.4.2).
func (a *assembler) abortID(id uint32) {
	for _, s := range a.streams {
		if uint32(s.id) == id && s.open {
			a.abort(s)
		}
	}
}
