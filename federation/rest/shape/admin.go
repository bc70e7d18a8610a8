package shape

import "time"

// Settings are what an admin sets for the whole instance.
type Settings struct {
	Name        string       `json:"name" rule:"required,line,min=1,max=50"`
	Short       string       `json:"short" rule:"required,line,max=250"`
	Description string       `json:"description" rule:"required,max=50000" doc:"Markdown."`
	Terms       string       `json:"terms" rule:"required,max=50000" doc:"Markdown."`
	SetUp       bool         `json:"setUp" rule:"required" doc:"Somebody has gone through the first set-up."`
	Language    string       `json:"language" rule:"required,line,min=2,max=10"`
	Live        LiveSettings `json:"live" rule:"required"`
	Replays     ReplayLimits `json:"replays" rule:"required"`
	Users       UserSettings `json:"users" rule:"required"`
}

// LiveSettings bound lives.
type LiveSettings struct {
	Enabled     bool  `json:"enabled" rule:"required"`
	MaxLives    int   `json:"maxLives" rule:"required,min=-1,max=1000" doc:"On the air at once; -1 for no limit."`
	MaxUser     int   `json:"maxUser" rule:"required,min=-1,max=1000" doc:"The same, of one user."`
	MaxDuration int64 `json:"maxDuration" rule:"required,min=0,max=31536000" doc:"Seconds of a broadcast; 0 for no limit."`
	MaxBitRate  int64 `json:"maxBitRate" rule:"required,min=0,max=1000000000" doc:"Bit/s; 0 for the configuration's."`
}

// ReplayLimits bound what is kept.
type ReplayLimits struct {
	Allowed  bool  `json:"allowed" rule:"required"`
	MaxBytes int64 `json:"maxBytes" rule:"required,min=-1" doc:"Of all recordings: beyond it the oldest replays go; -1 for no limit."`
	MaxAge   int64 `json:"maxAge" rule:"required,min=0,max=3153600000" doc:"Seconds until a replay goes; 0 for never."`
	DVR      int64 `json:"dvr" rule:"required,min=0,max=86400" doc:"Seconds that viewers of a live may go back."`
}

// UserSettings are what new users get.
type UserSettings struct {
	Quota      int64 `json:"quota" rule:"required,min=-1" doc:"Bytes; -1 for no limit."`
	DailyQuota int64 `json:"dailyQuota" rule:"required,min=-1" doc:"Bytes in 24 hours; -1 for no limit."`
}

// Storage is how the disk stands.
type Storage struct {
	Recordings int64         `json:"recordings" doc:"Bytes that recordings take."`
	Free       int64         `json:"free" doc:"Bytes."`
	Total      int64         `json:"total" doc:"Bytes."`
	Reserve    int64         `json:"reserve" doc:"Bytes that are kept free."`
	Low        bool          `json:"low" doc:"Less is free than the reserve: nothing is recorded."`
	Videos     []StoredVideo `json:"videos" doc:"The oldest replays, which go first."`
}

// StoredVideo is a replay and what it takes.
type StoredVideo struct {
	UUID      string    `json:"uuid" format:"uuid"`
	Name      string    `json:"name"`
	Bytes     int64     `json:"bytes"`
	Published time.Time `json:"published"`
}

// Status is how the node's state stands.
type Status struct {
	Node     string  `json:"node"`
	Leader   string  `json:"leader" doc:"Empty while there is none."`
	Term     uint64  `json:"term"`
	Applied  uint64  `json:"applied" doc:"The last change that this node has made."`
	DiskFull bool    `json:"diskFull"`
	Error    string  `json:"error" doc:"Why the node takes no changes; empty if it does."`
	Uptime   float64 `json:"uptime" doc:"Seconds."`
	Version  string  `json:"version"`
}
