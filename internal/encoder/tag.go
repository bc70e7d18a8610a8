package encoder

import (
	"time"

	"shoal/internal/encoder/rtmp"
)

// Type says what a tag carries.
type Type = rtmp.Type

// The types of tags, which are also RTMP message types (Adobe Flash Video File Format 10.1, section E.4.1).
const (
	Audio  = rtmp.Audio
	Video  = rtmp.Video
	Script = rtmp.Data
)

// Tag is one FLV tag. Its data is shared by everybody who got it: nobody changes it.
type Tag struct {
	Type Type
	Time int64 // decode time in milliseconds; on the wire modulo 2^32
	Data []byte
}

// Packet is a tag that is to be sent.
type Packet struct {
	Tag
	Due time.Duration // when, since the first
}

const (
	codecH264 = 7  // low half of a video tag's first byte
	codecAAC  = 10 // high half of an audio tag's first byte
	frameKey  = 1  // high half of a video tag's first byte
	exHeader  = 8  // set in a video tag's first byte high half: Enhanced RTMP, the codec is a FourCC
)

// Header says whether the tag tells parameters rather than carrying a frame: script data or a sequence header.
func (t Tag) Header() bool {
	switch t.Type {
	case Script:
		return true
	case Video:
		if len(t.Data) > 0 && t.Data[0]>>4&exHeader != 0 { // packet types 0, 4 and 5 (Enhanced RTMP v2)
			kind := t.Data[0] & 0x0f
			return kind == 0 || kind == 4 || kind == 5
		}
		return t.isH264() && t.Data[1] == 0
	case Audio:
		return t.isAAC() && t.Data[1] == 0
	}
	return false
}

// Frame says whether the tag carries a frame.
func (t Tag) Frame() bool {
	if t.isH264() {
		return t.Data[1] == 1 // 2 is the end of the sequence
	}
	return len(t.Data) > 1 && (t.Type == Video || t.Type == Audio) && !t.Header()
}

// Key says whether the tag carries a video keyframe.
func (t Tag) Key() bool {
	return t.Type == Video && t.Frame() && t.Data[0]>>4&^exHeader == frameKey
}

func (t Tag) isH264() bool {
	return t.Type == Video && len(t.Data) >= 5 && t.Data[0]>>4 < exHeader && t.Data[0]&0x0f == codecH264
}

func (t Tag) isAAC() bool { return t.Type == Audio && len(t.Data) >= 2 && t.Data[0]>>4 == codecAAC }
