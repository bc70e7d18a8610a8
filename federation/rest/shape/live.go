package shape

import "time"

// ReplaySettings are what a live's replay gets.
type ReplaySettings struct {
	Privacy int64 `json:"privacy" rule:"required" enum:"1,2,3,4,5" doc:"5, by password, only if the live has a password itself."`
}

// NewLive makes a live.
type NewLive struct {
	VideoText
	Name      string `json:"name" rule:"required,line,min=3,max=120"`
	ChannelID int64  `json:"channelId" rule:"required,min=1"`
	LiveChange
}

// LiveChange is a change of what a live has beside every video.
type LiveChange struct {
	SaveReplay     *bool           `json:"saveReplay"`
	PermanentLive  *bool           `json:"permanentLive"`
	ReplaySettings *ReplaySettings `json:"replaySettings"`
	LatencyMode    *int64          `json:"latencyMode" enum:"1,2,3"`
	Takeover       *int64          `json:"takeover" enum:"0,1" doc:"Shoal's own: 0 refuses a second encoder with the same key while the first sends; 1 sends the first away."`
}

// CreatedVideo says which video was made.
type CreatedVideo struct {
	Video VideoID `json:"video"`
}

// VideoID names a video in three ways.
type VideoID struct {
	ID        int64  `json:"id"`
	UUID      string `json:"uuid" format:"uuid"`
	ShortUUID string `json:"shortUUID"`
}

// LiveVideo is what a live has beside every video. Who may not manage it gets null for its addresses.
type LiveVideo struct {
	StreamKey      *string         `json:"streamKey" doc:"Whoever has it can publish; null for all but the live's owner and admins."`
	RTMPURL        *string         `json:"rtmpUrl" doc:"The server to give to an encoder."`
	RTMPSURL       *string         `json:"rtmpsUrl"`
	PermanentLive  bool            `json:"permanentLive"`
	SaveReplay     bool            `json:"saveReplay"`
	ReplaySettings *ReplaySettings `json:"replaySettings,omitempty"`
	LatencyMode    int64           `json:"latencyMode"`
	Shoal          LiveExtra       `json:"shoal"`
}

// LiveExtra is what Shoal tells of a live beside.
type LiveExtra struct {
	RTMPURLs []string `json:"rtmpUrls" doc:"All addresses under which an encoder may reach the node, the best first; empty for who may not manage the live."`
	Takeover int64    `json:"takeover"`
	Declared bool     `json:"declared" doc:"The node's configuration sets the live up: only there it can be changed."`
}

// LiveSession is one broadcast of a live.
type LiveSession struct {
	ID              int64           `json:"id"`
	StartDate       time.Time       `json:"startDate"`
	EndDate         *time.Time      `json:"endDate"`
	EndingProcessed bool            `json:"endingProcessed"`
	SaveReplay      bool            `json:"saveReplay"`
	ReplaySettings  *ReplaySettings `json:"replaySettings,omitempty"`
	ReplayVideo     *VideoID        `json:"replayVideo"`
	Error           *int64          `json:"error" doc:"4 if something went wrong: shoal.error says what."`
	Shoal           SessionExtra    `json:"shoal"`
}

// SessionExtra is what Shoal tells of a broadcast beside.
type SessionExtra struct {
	Error *string `json:"error"`
}
