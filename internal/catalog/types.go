package catalog

import (
	"time"

	"shoal/internal/media"
)

// Role is what a user may do, with the numbers of PeerTube's API (packages/models/src/users/user-role.ts).
type Role int

// The roles.
const (
	Admin     Role = 0 // everything
	Moderator Role = 1 // other people's videos and lives too, but no settings and no users above it
	Ordinary  Role = 2 // what is their own
)

// Privacy says who may see a video, with the numbers of PeerTube's API (packages/models/src/videos/video-privacy.enum.ts).
type Privacy int

// The privacies.
const (
	Public    Privacy = 1
	Unlisted  Privacy = 2 // whoever has the link
	Private   Privacy = 3 // its owner, moderators and admins
	Internal  Privacy = 4 // whoever is logged in here
	Protected Privacy = 5 // whoever has one of its passwords
)

// VideoState is where a video is in its life, with the numbers of PeerTube's API (packages/models/src/videos/video-state.enum.ts).
type VideoState int

// The states that are used here.
const (
	Published      VideoState = 1 // can be watched: a replay, or a live that is on
	WaitingForLive VideoState = 4
	LiveEnded      VideoState = 5
)

// Latency is what a live's page aims for, with the numbers of PeerTube's API. Shoal's own page is fast in any case.
type Latency int

// The latency modes.
const (
	DefaultLatency Latency = 1
	HighLatency    Latency = 2
	SmallLatency   Latency = 3
)

// Takeover says what becomes of a second encoder that comes with a key in use.
type Takeover int

// The rules of takeover.
const (
	RefuseSecond Takeover = 0 // unless the first has been silent for a while
	NewestWins   Takeover = 1 // the first is sent away
)

// Unlimited is a limit or a quota that does not bind, as in PeerTube's API.
const Unlimited = -1

// User is somebody who can log in. Every user has one account of the same name.
type User struct {
	ID         int64
	Name       string // of the account, too
	Email      string // "" if none was given
	Role       Role
	Blocked    bool
	Reason     string // of the block
	Quota      int64  // bytes of videos, or Unlimited
	DailyQuota int64  // bytes in the last 24 hours, or Unlimited
	// MustChange says that the password was set by somebody else, and is to be changed.
	MustChange bool
	Created    time.Time
	Account    Account
}

// Account is who videos are by. A name is unique among accounts and channels.
type Account struct {
	ID          int64
	Name        string
	DisplayName string
	Description string
	UserID      int64
	Created     time.Time
	Updated     time.Time
}

// Channel is where an account's videos are. Every account has at least one.
type Channel struct {
	ID          int64
	Name        string
	DisplayName string
	Description string
	Support     string
	Account     Account
	Created     time.Time
	Updated     time.Time
}

// Video is a video, a live, or the replay of one.
type Video struct {
	ID          int64
	UUID        string
	Alias       string // short name in links, "" for none: lives of the configuration have one
	Name        string
	Description string
	Support     string
	Category    int64 // PeerTube's number, 0 for none
	Licence     int64 // likewise
	Language    string
	Tags        []string
	NSFW        bool
	Privacy     Privacy
	Comments    int // PeerTube's commentsPolicy: 1 on, 2 off, 3 with approval
	Download    bool
	State       VideoState
	IsLive      bool
	Duration    time.Duration // of what can be watched; 0 for a live
	Views       int64
	// Access counts changes of who may see the video: a media token of an earlier count is void.
	Access  int64
	Channel Channel
	// Live is what a live has beside; nil for a video that is none.
	Live *Live
	// Recordings are the broadcasts that a replay shows, in order; empty for a video without one.
	Recordings []Recording
	// Aspect is width / height times 10,000, 0 if unknown.
	Aspect int64
	// Poster is the version of its picture; 0 while it has none of its own.
	Poster    int64
	Created   time.Time
	Updated   time.Time
	Published time.Time
	Original  time.Time // originallyPublishedAt; zero for none
}

// LiveID is the UUID as the live path knows it.
func (v *Video) LiveID() media.LiveID { return media.LiveID(v.UUID) }

// Live is what a live has beside what every video has.
type Live struct {
	Key           string // the stream key: whoever has it can publish
	Permanent     bool
	SaveReplay    bool
	ReplayPrivacy Privacy
	Latency       Latency
	Takeover      Takeover
	// Declared says that the configuration sets the live up: only the configuration changes it.
	Declared bool
}

// Recording is the media of one broadcast, as it lies in the store under its session's UUID.
type Recording struct {
	Session  string // UUID
	Duration time.Duration
	Bytes    int64
	Width    int // of the largest rendition; 0 without video
	Height   int
	Rate     int // frames per second, rounded; 0 if unknown
	HasVideo bool
	HasAudio bool
}

// Session is one broadcast of a live, from its first encoder to its end: PeerTube's live session.
type Session struct {
	ID            int64
	UUID          string
	Video         string // the live's UUID
	Start         time.Time
	End           time.Time // zero while it runs
	SaveReplay    bool
	ReplayPrivacy Privacy
	Replay        string // UUID of the video that shows the recording; "" for none
	Error         string // why there is no replay, or only a part of one; "" if nothing went wrong
}

// Settings are what an admin sets for the whole instance. They are replicated; what belongs to one machine is in its
// configuration.
type Settings struct {
	Name        string // of the instance
	Short       string // one sentence
	Description string // Markdown
	Terms       string // Markdown
	// SetUp says that somebody has gone through the first set-up.
	SetUp bool

	Live     LiveLimits
	Replays  ReplayLimits
	Users    UserDefaults
	Language string // of the instance: "en"
}

// LiveLimits bound lives.
type LiveLimits struct {
	Enabled     bool          // whether lives may be made and published
	MaxLives    int           // on the air at once, or Unlimited
	MaxUser     int           // likewise, of one user
	MaxDuration time.Duration // of a broadcast; 0 for no limit
	MaxBitRate  int64         // bit/s; 0 for the configuration's
}

// ReplayLimits bound what is kept.
type ReplayLimits struct {
	Allowed  bool
	MaxBytes int64         // of all recordings, or Unlimited: beyond it the oldest replays go
	MaxAge   time.Duration // of a replay; 0 for no limit
	DVR      time.Duration // how far back viewers of a live may go
}

// UserDefaults are what new users get.
type UserDefaults struct {
	Quota      int64
	DailyQuota int64
}

// Token is a log-in. Only hashes of its secrets are kept.
type Token struct {
	ID             int64
	User           User
	AccessExpires  time.Time
	RefreshExpires time.Time
}
