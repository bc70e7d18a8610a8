package rtmp

import "encoding/binary"

// Type is an RTMP message type (RTMP 1.0, sections 5.4, 6.2 and 7.1).
type Type byte

// The message types that a publisher meets.
const (
	SetChunkSize Type = 1
	Ack          Type = 3
	UserControl  Type = 4
	WindowAck    Type = 5
	Audio        Type = 8
	Video        Type = 9
	Data         Type = 18 // AMF0
	Command      Type = 20 // AMF0
)

// message is what chunks are made of and make up.
type message struct {
	typ    Type
	stream uint32 // message stream ID
	time   uint32 // milliseconds, modulo 2^32
	body   []byte
}

// chunkStreams keeps each kind of message in a chunk stream of its own, as encoders do.
func chunkStream(t Type) byte {
	switch t {
	case Audio:
		return 4
	case Video:
		return 6
	case Command, Data:
		return 3
	}
	return 2 // protocol control (section 5.4)
}

// writer turns messages into chunks. It is owned by whoever sends.
type writer struct {
	chunkSize  int
	full       bool // no compressed headers
	shortType3 bool // extended timestamps are not repeated in continuation chunks
	last       map[byte]*lastHeader
}

// lastHeader is what the header of a chunk stream's last message said; a compressed header leaves out what is the same.
type lastHeader struct {
	message
	size  int
	delta uint32
	first bool // the message had a full header, so delta does not count
}

func newWriter(o Options) *writer {
	return &writer{chunkSize: o.ChunkSize, full: o.FullHeaders, shortType3: o.ShortType3, last: map[byte]*lastHeader{}}
}

// extended says that a header field of 24 bits cannot hold the time (section 5.3.1.3).
const extended = 0xffffff

// append appends the chunks of one message to b.
func (w *writer) append(b []byte, m message) []byte {
	cs := chunkStream(m.typ)
	format, field := w.header(cs, m)
	b = append(b, format<<6|cs)
	short := min(field, extended)
	if format < 3 {
		b = append(b, byte(short>>16), byte(short>>8), byte(short))
	}
	if format < 2 {
		b = append(b, byte(len(m.body)>>16), byte(len(m.body)>>8), byte(len(m.body)), byte(m.typ))
	}
	if format < 1 {
		b = binary.LittleEndian.AppendUint32(b, m.stream)
	}
	if short == extended {
		b = binary.BigEndian.AppendUint32(b, field)
	}
	for body := m.body; ; {
		n := min(len(body), w.chunkSize)
		b = append(b, body[:n]...)
		if body = body[n:]; len(body) == 0 {
			return b
		}
		b = append(b, 3<<6|cs)
		if short == extended && !w.shortType3 {
			b = binary.BigEndian.AppendUint32(b, field)
		}
	}
}

// header chooses the shortest header that says all (section 5.3.1.2) and its time field: the time itself in a full
// header, else what was added to it. A new message behind a full header always says its delta: receivers disagree on
// what it would be otherwise.
func (w *writer) header(cs byte, m message) (format byte, field uint32) {
	l, known := w.last[cs]
	now := &lastHeader{message: message{typ: m.typ, stream: m.stream, time: m.time}, size: len(m.body), first: true}
	w.last[cs] = now
	if w.full || !known || l.stream != m.stream || m.time < l.time {
		return 0, m.time
	}
	now.first, now.delta = false, m.time-l.time
	switch {
	case l.typ != m.typ || l.size != now.size:
		return 1, now.delta
	case l.first || l.delta != now.delta || now.delta >= extended:
		return 2, now.delta
	}
	return 3, now.delta
}
