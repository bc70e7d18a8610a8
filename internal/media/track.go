package media

import "github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

// Kind is what a track carries.
type Kind uint8

// The kinds of tracks.
const (
	Video Kind = iota + 1
	Audio
)

// String is "video" or "audio".
func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	}
	return "unknown"
}

// Codec is all that the live path knows of a codec's parameters. A value is immutable. Implementations are in
// internal/codec; another codec is another implementation there and one more case where its bytes come in.
type Codec interface {
	Kind() Kind
	// Name is for people and metrics: "H.264", "AAC".
	Name() string
	// RFC6381 is the codec's entry in a CODECS attribute: "avc1.64001f", "mp4a.40.2".
	RFC6381() string
	// Config is the decoder configuration record as it stands in an MP4 sample entry: avcC for H.264
	// (ISO/IEC 14496-15), AudioSpecificConfig for AAC (ISO/IEC 14496-3). Two codecs of a kind with the same Config
	// can follow each other without a new init. The caller must not change it.
	Config() []byte
	// SampleEntry is what the init segment says of the codec.
	SampleEntry() codecs.Codec
	// FrameTicks is the declared duration of a frame in the given timescale, 0 if the parameters do not tell.
	FrameTicks(timescale uint32) int64
	// Access reads one access unit in the MP4 sample format of the codec.
	Access(data []byte) (Access, error)
	// Silence is one frame of silence, nil if the codec has no such thing (video) or none is known.
	Silence() []byte
}

// Access is what a codec says of one access unit.
type Access struct {
	// Payload is the unit as it goes into a sample: parameter sets and delimiters removed. It may share memory
	// with what was given.
	Payload []byte
	// Key says that a decoder can start here at once (an IDR picture; every audio frame).
	Key bool
	// Recovery says that a decoder that starts here is right after a while (H.264 recovery point SEI).
	Recovery bool
	// Next is set when the unit carried other parameters than the codec has: from this unit on, Next is in force.
	Next Codec
}

// Track is one elementary stream of a live, with all that an init segment says of it.
type Track struct {
	ID        uint32 // track_ID in the MP4: 1 for the first video, 2 for the first audio; never 0
	Codec     Codec
	Timescale uint32 // ticks per second: 90,000 for video, the sample rate for audio
	Language  string // ISO 639-2, "und" if unknown

	Width, Height int     // of video, in pixels; 0 if unknown
	FrameRate     float64 // of video, declared, per second; 0 if unknown
	Channels      int     // of audio; 0 if unknown
	Bitrate       int     // declared, in bit/s; 0 if unknown
}

// Kind is the kind of the track's codec.
func (t *Track) Kind() Kind { return t.Codec.Kind() }
