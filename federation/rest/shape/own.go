package shape

import "time"

// Node is what a page needs to know of the node itself.
type Node struct {
	Name     string    `json:"name" doc:"Of the instance."`
	Short    string    `json:"short" doc:"One sentence about it."`
	Version  string    `json:"version"`
	Source   string    `json:"source,omitempty" doc:"Where the source of this very version is (AGPL-3.0, section 13)."`
	RTMPPort int       `json:"rtmpPort,omitempty"`
	Language string    `json:"language"`
	SetUp    bool      `json:"setUp" doc:"Somebody has gone through the first set-up."`
	Encoder  []Encoder `json:"encoder,omitempty" doc:"The way in, keys and all: only on a node that is there to be tried out."`
	Hosts    []string  `json:"hosts,omitempty" doc:"Addresses under which other devices reach the node: only for a page that was opened on the node itself."`
}

// Encoder is the way in for one live.
type Encoder struct {
	Live string `json:"live" format:"uuid"`
	Key  string `json:"key"`
}

// Lives are the lives that are on the air.
type Lives struct {
	Lives []Live `json:"lives"`
}

// Live is a live or a replay as the pages show it.
type Live struct {
	UUID        string     `json:"uuid" format:"uuid"`
	ShortUUID   string     `json:"shortUUID"`
	Alias       string     `json:"alias"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Channel     ChannelRef `json:"channel"`
	Privacy     int64      `json:"privacy" enum:"1,2,3,4,5" doc:"1 public, 2 unlisted, 3 private, 4 internal, 5 by password."`
	Tags        []string   `json:"tags"`
	NSFW        bool       `json:"nsfw"`
	State       string     `json:"state" enum:"waiting,live,interrupted,ended,replay"`
	IsLive      bool       `json:"isLive"`
	Permanent   bool       `json:"permanent"`
	StartedAt   *time.Time `json:"startedAt" doc:"Of the broadcast that runs or ran last, or when the replay was published; null before the first."`
	Viewers     int        `json:"viewers"`
	Views       int64      `json:"views"`
	Poster      string     `json:"poster" doc:"The path of a picture, 850 x 480."`
	Duration    float64    `json:"duration" doc:"Seconds of a replay; 0 for a live."`

	LowLatencyURL string `json:"lowLatencyUrl" doc:"Paths of playlists and files; empty for none. With a token where one is needed."`
	ClassicURL    string `json:"classicUrl"`
	AudioURL      string `json:"audioUrl"`
	DVRURL        string `json:"dvrUrl"`
	DVRSeconds    int64  `json:"dvrSeconds" doc:"How far the DVR playlist goes back; 0 for none."`
	NextRef       string `json:"nextRef,omitempty" doc:"Of a permanent live that is not on the air: the replay of its last broadcast, if the caller may see it."`
	VODURL        string `json:"vodUrl"`
	DownloadURL   string `json:"downloadUrl"`

	Width      int     `json:"width" doc:"Pixels; 0 if unknown or without video."`
	Height     int     `json:"height"`
	FrameRate  float64 `json:"frameRate"`
	VideoCodec string  `json:"videoCodec"`
	AudioCodec string  `json:"audioCodec"`
	Bitrate    int     `json:"bitrate" doc:"Average of the main rendition in bit/s; 0 if unknown."`
}

// ChannelRef is a channel's name.
type ChannelRef struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// Unlock asks for a media token with a video's password.
type Unlock struct {
	Password string `json:"password" rule:"required,min=1,max=255"`
}

// LogIn is a log-in of a page.
type LogIn struct {
	Username string `json:"username" rule:"required,min=1,max=320"`
	Password string `json:"password" rule:"required,min=1,max=255"`
}

// Me is who is logged in.
type Me struct {
	ID         int64       `json:"id"`
	Username   string      `json:"username"`
	Role       int64       `json:"role" enum:"0,1,2" doc:"0 admin, 1 moderator, 2 user."`
	MustChange bool        `json:"mustChange"`
	Account    MyAccount   `json:"account"`
	Channels   []MyChannel `json:"channels"`
	Quota      int64       `json:"quota" doc:"Bytes; -1 for no limit."`
	DailyQuota int64       `json:"dailyQuota" doc:"Bytes in 24 hours; -1 for no limit."`
	Used       int64       `json:"used" doc:"Bytes."`
	UsedToday  int64       `json:"usedToday" doc:"Bytes of the last 24 hours."`
}

// MyAccount is the account of who is logged in.
type MyAccount struct {
	ChannelRef
	Description string `json:"description"`
}

// MyChannel is a channel of who is logged in.
type MyChannel struct {
	ID int64 `json:"id"`
	ChannelRef
	Description string `json:"description"`
}

// Password is a change of one's password.
type Password struct {
	Current string `json:"current" rule:"required,max=255"`
	New     string `json:"new" rule:"required,min=6,max=255"`
}

// SetUp is the first set-up of an instance.
type SetUp struct {
	InstanceName string        `json:"instanceName" rule:"required,line,min=1,max=50"`
	Short        string        `json:"short" rule:"line,max=250"`
	Channel      *SetUpChannel `json:"channel"`
	Password     *string       `json:"password" rule:"min=6,max=255" doc:"A new one for who sets up."`
	Replays      bool          `json:"replays" doc:"Whether replays of lives are kept."`
}

// SetUpChannel names the first channel.
type SetUpChannel struct {
	Name        string `json:"name" rule:"required,line,min=1,max=50"`
	DisplayName string `json:"displayName" rule:"required,line,min=1,max=120"`
}

// Poster says which picture a video has now.
type Poster struct {
	Poster  string `json:"poster" doc:"Its path."`
	Changed bool   `json:"changed" doc:"false, if there was one and auto was asked for."`
}
