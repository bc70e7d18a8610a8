package guard

import (
	"bytes"
	"encoding/binary"
)

// Message types (RTMP, sections 5.4 and 7.1). All others are dropped.
const (
	typeSetChunkSize  = 1
	typeAbort         = 2
	typeAck           = 3
	typeUserControl   = 4
	typeWindowAckSize = 5
	typePeerBandwidth = 6
	typeAudio         = 8
	typeVideo         = 9
	typeDataAMF3      = 15
	typeCommandAMF3   = 17
	typeData          = 18
	typeCommand       = 20
	typeAggregate     = 22
)

// wanted says whether a message is worth keeping; it is asked when its header came.
func (c *Conn) wanted(kind byte, stream uint32) bool {
	switch kind {
	case typeSetChunkSize, typeAbort, typeWindowAckSize, typeCommand, typeCommandAMF3:
		return true
	case typeAudio, typeVideo, typeAggregate, typeData, typeDataAMF3:
		return c.accepted && !c.goodbye && stream == c.publish
	}
	return false
}

// unwanted says why a message was not kept.
func (c *Conn) unwanted(kind byte) Drop {
	switch kind {
	case typeAck, typeUserControl, typePeerBandwidth:
		return DropControl
	case typeAudio, typeVideo, typeAggregate, typeData, typeDataAMF3:
		switch {
		case !c.accepted:
			return DropEarly
		case c.goodbye:
			return DropLate
		}
		return DropStream
	}
	return DropType
}

// message deals with a message that was kept.
func (c *Conn) message(kind byte, stream, timestamp uint32, b []byte) error {
	switch kind {
	case typeSetChunkSize, typeAbort, typeWindowAckSize:
		if len(b) < 4 {
			c.watch.Dropped(DropMalformed)
			return nil
		}
		return c.control(kind, binary.BigEndian.Uint32(b))
	case typeAudio, typeVideo, typeData:
		return c.media(Kind(kind), timestamp, b)
	case typeAggregate:
		return c.aggregate(timestamp, b)
	case typeDataAMF3, typeCommandAMF3:
		// A byte says the encoding of what follows: 0 is AMF0, and no encoder uses another (RTMP, section 7.1.1).
		if len(b) == 0 || b[0] != 0 {
			c.watch.Dropped(DropType)
			return nil
		}
		if b = b[1:]; kind == typeCommandAMF3 {
			return c.command(stream, b)
		}
		return c.media(Data, timestamp, b)
	}
	return c.command(stream, b)
}

// control deals with what concerns the chunk stream itself (RTMP, section 5.4).
func (c *Conn) control(kind byte, value uint32) error {
	switch kind {
	case typeSetChunkSize:
		size := value & 0x7fffffff
		if size == 0 {
			return broken(ReasonChunk, "a chunk size of 0")
		}
		c.chunks.chunk = int(min(size, maxChunk))
	case typeAbort:
		c.chunks.abortID(value)
	case typeWindowAckSize:
		c.setWindow(value)
	}
	return nil
}

// media hands a media message over, and keeps the connection alive with it.
func (c *Conn) media(kind Kind, timestamp uint32, b []byte) error {
	if len(b) == 0 {
		c.watch.Dropped(DropEmpty)
		return nil
	}
	if kind != Data {
		c.last = c.wire.at
	}
	return c.watch.Media(Message{Kind: kind, Timestamp: timestamp, Payload: b, Arrival: c.wire.at})
}

// aggregate splits an aggregate message (RTMP, section 7.1.6), a run of FLV tags each followed by its size. The first
// tag has the time of the message, the others theirs after it. Each part gets memory of its own: it may live long.
func (c *Conn) aggregate(timestamp uint32, b []byte) error {
	const head, tail = 11, 4
	var base uint32
	for first := true; len(b) > 0; first = false {
		if len(b) < head {
			c.watch.Dropped(DropMalformed)
			return nil
		}
		kind, size := b[0], int(b[1])<<16|int(b[2])<<8|int(b[3])
		stamp := uint32(b[7])<<24 | uint32(b[4])<<16 | uint32(b[5])<<8 | uint32(b[6])
		if first {
			base = stamp
		}
		if len(b) < head+size {
			c.watch.Dropped(DropMalformed)
			return nil
		}
		switch kind {
		case typeAudio, typeVideo, typeData:
			if err := c.media(Kind(kind), timestamp+stamp-base, bytes.Clone(b[head:head+size])); err != nil {
				return err
			}
		default:
			c.watch.Dropped(DropType)
		}
		b = b[min(len(b), head+size+tail):]
	}
	return nil
}
