// Package ingest owns the nouns that the ways in share: what an encoder said, before ingest/normalize makes units of it.
//
// It starts no goroutine and does no I/O. It never decides who may publish (see internal/broadcast) and never cuts.
package ingest

import (
	"time"

	"shoal/internal/media"
)

// Packet is one thing that an encoder said of one track.
type Packet struct {
	Kind media.Kind
	// Codec is set when the encoder declares parameters (an FLV sequence header): they are in force from now on,
	// and Data is empty.
	Codec media.Codec
	// Time is the decode time in milliseconds on the encoder's clock. It starts anywhere and wraps at 2^32
	// (RTMP 1.0, section 5.3.1.3).
	Time uint32
	// Offset is presentation time minus decode time, in milliseconds.
	Offset int32
	// Data is one access unit in the MP4 sample format of its codec: for H.264, NAL units with lengths of 4 bytes;
	// for AAC, one raw frame. Whoever gives the packet away does not touch it again.
	Data []byte
	// Arrival is when its last byte came in.
	Arrival time.Time
}

// Announcement is what an encoder says of what it will send (RTMP's onMetaData). Zero values mean "not said".
type Announcement struct {
	Video, Audio               bool
	Width, Height              int     // pixels
	FrameRate                  float64 // frames per second
	VideoBitrate, AudioBitrate int     // bit/s
	Encoder                    string  // name and version, for the organizer
}
