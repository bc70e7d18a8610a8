package flv

import "shoal/internal/media"

// Old audio codecs (FLV, E.4.2.1, SoundFormat).
const (
	soundAAC      = 10
	soundEnhanced = 9 // E-RTMP: ExAudioTagHeader follows
)

var oldAudio = map[byte]string{
	0: "PCM", 1: "ADPCM", 2: "MP3", 3: "PCM", 4: "Nellymoser", 5: "Nellymoser", 6: "Nellymoser", 7: "G.711 A-law",
	8: "G.711 mu-law", 11: "Speex", 13: "Opus", 14: "MP3", 15: "a device-specific format",
}

// Enhanced audio codecs (E-RTMP, AudioFourCc).
var (
	fourCCAAC     = fourCC{'m', 'p', '4', 'a'}
	enhancedAudio = map[fourCC]string{
		{'O', 'p', 'u', 's'}: "Opus", {'f', 'L', 'a', 'C'}: "FLAC", {'a', 'c', '-', '3'}: "AC-3",
		{'e', 'c', '-', '3'}: "E-AC-3", {'.', 'm', 'p', '3'}: "MP3",
	}
)

const (
	exMultichannel = 4 // E-RTMP, AudioPacketType
	exMultitrackA  = 5
)

// readAudio reads the header of an audio tag.
func readAudio(b []byte) (tag, error) {
	if len(b) < 1 {
		return tag{}, malformed("an audio tag is empty")
	}
	format := b[0] >> 4
	if format == soundEnhanced {
		return readEnhancedAudio(b)
	}
	if format != soundAAC {
		name, ok := oldAudio[format]
		if !ok {
			name = "an unknown codec"
		}
		return tag{}, &UnsupportedError{media.Audio, name}
	}
	if len(b) < 2 {
		return tag{}, malformed("an AAC tag ends within its header")
	}
	switch b[1] { // AACPacketType
	case 0:
		return tag{content: parametersTag, data: b[2:]}, nil
	case 1:
		return tag{content: frameTag, data: b[2:]}, nil
	}
	return tag{}, malformed("an AAC tag has an unknown packet type")
}

func readEnhancedAudio(b []byte) (tag, error) {
	kind, b, err := skipModEx(b[0]&0x0f, b[1:])
	if err != nil {
		return tag{}, err
	}
	if kind == exMultitrackA {
		return tag{}, &UnsupportedError{media.Audio, "several tracks"}
	}
	id, b, err := fourCCOf(b)
	if err != nil {
		return tag{}, err
	}
	if id != fourCCAAC {
		return tag{}, &UnsupportedError{media.Audio, id.name(enhancedAudio)}
	}
	switch kind {
	case exSequenceStart:
		return tag{content: parametersTag, data: b}, nil
	case exCodedFrames:
		return tag{content: frameTag, data: b}, nil
	case exSequenceEnd, exMultichannel:
		return tag{}, nil
	}
	return tag{}, malformed("an enhanced AAC tag has an unknown packet type")
}
