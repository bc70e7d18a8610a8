package flv

// content says what a tag holds.
type content uint8

const (
	nothingTag    content = iota // nothing that concerns us
	parametersTag                // a sequence header
	frameTag                     // an access unit
)

// tag is an audio or video tag without its header.
type tag struct {
	content content
	offset  int32 // composition time offset in milliseconds; 0 of audio
	data    []byte
}

// fourCC is a codec's name in E-RTMP, as it stands in the tag.
type fourCC [4]byte

func fourCCOf(b []byte) (fourCC, []byte, error) {
	if len(b) < 4 {
		return fourCC{}, nil, malformed("an enhanced tag ends within its FourCC")
	}
	return fourCC(b), b[4:], nil
}

// name says a FourCC to people; what is not text is left out.
func (f fourCC) name(known map[fourCC]string) string {
	if n, ok := known[f]; ok {
		return n
	}
	text := make([]byte, 0, len(f))
	for _, c := range f {
		if c > ' ' && c < 0x7f {
			text = append(text, c)
		}
	}
	return "an unknown codec (FourCC \"" + string(text) + "\")"
}

// int24 reads a signed 24-bit number (FLV, E.1: SI24).
func int24(b []byte) int32 {
	return int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8
}

// Packet types that enhanced audio and video have in common (E-RTMP, AudioPacketType and VideoPacketType).
const (
	exSequenceStart = 0
	exCodedFrames   = 1
	exSequenceEnd   = 2
	exModEx         = 7
)

// skipModEx skips the modifiers before an enhanced packet and returns the type of that packet (E-RTMP, "ModEx"). They
// refine timestamps to nanoseconds, which we do not use.
func skipModEx(kind byte, b []byte) (byte, []byte, error) {
	for kind == exModEx {
		if len(b) < 1 {
			return 0, nil, malformed("an enhanced tag ends within a modifier")
		}
		size := int(b[0]) + 1
		b = b[1:]
		if size == 256 {
			if len(b) < 2 {
				return 0, nil, malformed("an enhanced tag ends within a modifier")
			}
			size = (int(b[0])<<8 | int(b[1])) + 1
			b = b[2:]
		}
		if len(b) < size+1 {
			return 0, nil, malformed("an enhanced tag ends within a modifier")
		}
		kind = b[size] & 0x0f
		b = b[size+1:]
	}
	return kind, b, nil
}
