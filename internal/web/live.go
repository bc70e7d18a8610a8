package web

import "time"

// Lives is what the pages know of the node's lives. Both methods are called once per request and must be cheap.
type Lives interface {
	// Lives lists all lives in the order in which they are to be shown.
	Lives() []Live
	// Live finds a live by its UUID or by its name.
	Live(id string) (Live, bool)
}

// State is where a live stands, in the words of the JSON interface.
type State string

// The states of a live.
const (
	Waiting     State = "waiting"     // no encoder has come yet
	OnAir       State = "live"        // frames are coming in
	Interrupted State = "interrupted" // the encoder was lost and may come back
	Ended       State = "ended"       // over; a permanent live may begin again
)

// Live is one live as the pages see it, and as it stands in the JSON interface.
type Live struct {
	UUID      string     `json:"uuid"`
	Name      string     `json:"name"`
	State     State      `json:"state"`
	StartedAt *time.Time `json:"startedAt"` // of the broadcast that runs or ran last; nil before the first

	// Addresses of multivariant playlists, absolute paths or URLs; "" if there is none.
	LowLatencyURL string `json:"lowLatencyUrl"`
	ClassicURL    string `json:"classicUrl"` // for players without low latency
	AudioURL      string `json:"audioUrl"`   // the audio alone

	Width      int     `json:"width"`      // pixels; 0 if unknown or without video
	Height     int     `json:"height"`     // likewise
	FrameRate  float64 `json:"frameRate"`  // per second; 0 if unknown
	VideoCodec string  `json:"videoCodec"` // "H.264"; "" without video
	AudioCodec string  `json:"audioCodec"` // "AAC"; "" without audio
	Bitrate    int     `json:"bitrate"`    // average of the main rendition in bit/s; 0 if unknown
}

// Encoder is the way in for one live.
type Encoder struct {
	Live string `json:"live"` // UUID
	Key  string `json:"key"`  // the stream key: whoever has it can publish
}

// Info is what the pages tell about the node itself.
type Info struct {
	Name     string // of the node, as people call it
	Version  string
	Source   string // where the source of this very version is, a URL; "" if it is not told (AGPL-3.0, section 13)
	RTMPPort int    // where encoders connect; 0 if this node takes none

	// Encoders are shown, keys and all, to whoever opens the home page. Fill it only on a node that is there to
	// be tried out (the demo).
	Encoders []Encoder
	// Hosts gives addresses under which other devices reach this node, the best first. It is asked only when the
	// page itself was opened as localhost, an address that would mean nothing in a QR code. May be nil.
	Hosts func() []string
}
