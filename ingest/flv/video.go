package flv

import "shoal/internal/media"

// Old video codecs (FLV, E.4.3.1, CodecID; 12 to 14 are what Asian encoders and servers added).
const codecAVC = 7

var oldVideo = map[byte]string{
	1: "JPEG", 2: "Sorenson H.263", 3: "Screen Video", 4: "VP6", 5: "VP6 with alpha", 6: "Screen Video 2",
	8: "H.263", 9: "MPEG-4 Part 2", 12: "H.265", 13: "AV1", 14: "H.266",
}

// Enhanced video codecs (E-RTMP, VideoFourCc).
var (
	fourCCAVC     = fourCC{'a', 'v', 'c', '1'}
	enhancedVideo = map[fourCC]string{
		{'h', 'v', 'c', '1'}: "H.265", {'v', 'v', 'c', '1'}: "H.266", {'a', 'v', '0', '1'}: "AV1",
		{'v', 'p', '0', '8'}: "VP8", {'v', 'p', '0', '9'}: "VP9",
	}
)

const (
	frameCommand  = 5 // frame type "video info/command frame" (FLV, E.4.3.1)
	exFramesX     = 3 // coded frames without a composition time (E-RTMP, VideoPacketType)
	exMetadata    = 4
	exMPEG2TS     = 5
	exMultitrackV = 6
)

// readVideo reads the header of a video tag.
func readVideo(b []byte) (tag, error) {
	if len(b) < 1 {
		return tag{}, malformed("a video tag is empty")
	}
	if b[0]&0x80 != 0 {
		return readEnhancedVideo(b)
	}
	if b[0]>>4 == frameCommand {
		return tag{}, nil
	}
	if id := b[0] & 0x0f; id != codecAVC {
		name, ok := oldVideo[id]
		if !ok {
			name = "an unknown codec"
		}
		return tag{}, &UnsupportedError{media.Video, name}
	}
	if len(b) < 5 {
		return tag{}, malformed("an AVC tag ends within its header")
	}
	switch b[1] { // AVCPacketType
	case 0:
		return tag{content: parametersTag, data: b[5:]}, nil
	case 1:
		return tag{content: frameTag, offset: int24(b[2:]), data: b[5:]}, nil
	case 2: // end of sequence
		return tag{}, nil
	}
	return tag{}, malformed("an AVC tag has an unknown packet type")
}

func readEnhancedVideo(b []byte) (tag, error) {
	frame := b[0] >> 4 & 7
	kind, b, err := skipModEx(b[0]&0x0f, b[1:])
	if err != nil {
		return tag{}, err
	}
	if kind != exMetadata && frame == frameCommand {
		return tag{}, nil
	}
	if kind == exMultitrackV {
		return tag{}, &UnsupportedError{media.Video, "several tracks"}
	}
	id, b, err := fourCCOf(b)
	if err != nil {
		return tag{}, err
	}
	if kind == exMetadata { // colour information; it says nothing of the codec
		return tag{}, nil
	}
	if id != fourCCAVC {
		return tag{}, &UnsupportedError{media.Video, id.name(enhancedVideo)}
	}
	switch kind {
	case exSequenceStart:
		return tag{content: parametersTag, data: b}, nil
	case exCodedFrames:
		if len(b) < 3 {
			return tag{}, malformed("an enhanced AVC tag ends within its composition time")
		}
		return tag{content: frameTag, offset: int24(b), data: b[3:]}, nil
	case exFramesX:
		return tag{content: frameTag, data: b}, nil
	case exSequenceEnd, exMPEG2TS:
		return tag{}, nil
	}
	return tag{}, malformed("an enhanced AVC tag has an unknown packet type")
}
