package shape

import "time"

// Studio is all that the organizer of a live sees.
type Studio struct {
	Live          Live            `json:"live"`
	RTMPURL       string          `json:"rtmpUrl"`
	RTMPURLs      []string        `json:"rtmpUrls"`
	StreamKey     string          `json:"streamKey" doc:"Empty for a moderator: only the live's owner and admins see it."`
	State         string          `json:"state" enum:"waiting,live,interrupted,ended,replay"`
	Since         *time.Time      `json:"since" doc:"Of the state; null if it is not known."`
	Encoder       string          `json:"encoder" doc:"What it calls itself; empty while none is there."`
	Protocol      string          `json:"protocol"`
	Session       *StudioSession  `json:"session"`
	Recording     StudioRecording `json:"recording"`
	Viewers       int             `json:"viewers"`
	BitRate       int             `json:"bitRate" doc:"Bit/s of the last second."`
	FrameRate     float64         `json:"frameRate"`
	KeyInterval   float64         `json:"keyInterval" doc:"Seconds between keyframes; 0 if unknown."`
	Samples       []StudioSample  `json:"samples"`
	Findings      []Finding       `json:"findings"`
	Takeover      int64           `json:"takeover"`
	Permanent     bool            `json:"permanent"`
	SaveReplay    bool            `json:"saveReplay"`
	ReplayPrivacy int64           `json:"replayPrivacy"`
	Declared      bool            `json:"declared"`
}

// StudioSession is the broadcast that runs or ran last.
type StudioSession struct {
	Start   time.Time `json:"start"`
	Seconds float64   `json:"seconds" doc:"Since its start."`
}

// StudioRecording is how the recording stands.
type StudioRecording struct {
	On      bool    `json:"on"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error" doc:"Why nothing is written now; empty if all is well."`
}

// StudioSample is one second of what came in.
type StudioSample struct {
	T       int64 `json:"t" doc:"Unix time in milliseconds."`
	BitRate int   `json:"bitRate"`
	Frames  int   `json:"frames"`
}

// Finding is something that is wrong with what comes in.
type Finding struct {
	Code     string             `json:"code"`
	Severity string             `json:"severity" enum:"info,warning,error"`
	Since    time.Time          `json:"since"`
	Values   map[string]float64 `json:"values"`
	Text     string             `json:"text" doc:"What it is and what to do, in English."`
}

// StreamKey is a live's new key.
type StreamKey struct {
	StreamKey string `json:"streamKey"`
}
