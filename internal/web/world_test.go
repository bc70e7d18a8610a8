package web_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"shoal/internal/web"
)

const (
	liveUUID   = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	otherUUID  = "1c4b0b5e-33aa-4c57-9d56-0f3a2f1b7c22"
	endedUUID  = "e2a9d7c4-5b1e-4f6e-8a33-9f00c1d2b333"
	replayUUID = "4d0c1f7e-8a42-4b8b-9a55-70b1e2c3d444"

	rootPassword = "a long first password"
	festivalKey  = "festival-7Kq2"
)

// The states of a live.
const (
	waiting     = "waiting"
	onAir       = "live"
	interrupted = "interrupted"
	ended       = "ended"
	replay      = "replay"
)

// The privacies that tests set, with PeerTube's numbers.
const (
	public    = 1
	private   = 3
	internal  = 4
	protected = 5
)

// live is a live or a replay, as GET /api/v1/shoal/lives/REF tells it, with what else the fake node knows of it.
type live struct {
	UUID        string     `json:"uuid"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Channel     named      `json:"channel"`
	Privacy     int        `json:"privacy"`
	State       string     `json:"state"`
	IsLive      bool       `json:"isLive"`
	Permanent   bool       `json:"permanent"`
	StartedAt   *time.Time `json:"startedAt"`
	Viewers     int        `json:"viewers"`
	Views       int        `json:"views"`
	Poster      string     `json:"poster"`
	Duration    float64    `json:"duration"`

	LowLatencyURL string `json:"lowLatencyUrl"`
	ClassicURL    string `json:"classicUrl"`
	AudioURL      string `json:"audioUrl"`
	DVRURL        string `json:"dvrUrl"`
	DVRSeconds    int    `json:"dvrSeconds"`
	NextRef       string `json:"nextRef,omitempty"`
	VODURL        string `json:"vodUrl"`
	DownloadURL   string `json:"downloadUrl"`

	Width      int     `json:"width"`
	Height     int     `json:"height"`
	FrameRate  float64 `json:"frameRate"`
	VideoCodec string  `json:"videoCodec"`
	AudioCodec string  `json:"audioCodec"`
	Bitrate    int     `json:"bitrate"`

	tags          []string
	download      bool
	passwords     []string
	key           string
	save          bool
	takeover      int
	replayPrivacy int
	declared      bool
	findings      []finding
	recording     recording
	bytes         int64
}

type named struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type finding struct {
	Code     string             `json:"code"`
	Severity string             `json:"severity"`
	Since    time.Time          `json:"since"`
	Values   map[string]float64 `json:"values"`
	Text     string             `json:"text"`
}

type recording struct {
	On      bool    `json:"on"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error"`
}

type channel struct {
	ID int `json:"id"`
	named
	Description string `json:"description"`
}

type user struct {
	id         int
	name       string
	display    string
	about      string
	password   string
	role       int
	mustChange bool
	blocked    bool
	quota      int64
	daily      int64
	channels   []*channel
}

type shownKey struct {
	Live string `json:"live"`
	Key  string `json:"key"`
}

// world is what a fake node knows: all that the pages read and change, in memory.
type world struct {
	mu       sync.Mutex
	name     string
	short    string
	setUp    bool
	source   string
	encoders []shownKey
	hosts    []string

	lives    []*live
	users    []*user
	settings map[string]any
	diskFull bool
	next     int // number of what is made next

	access  map[string]*user // by cookie
	refresh map[string]*user
	views   map[string][]string // by video: the names of the sessions
	posters map[string][]byte
	// fail is a status that calls below a path are answered with instead.
	fail map[string]int
}

var started = time.Now().Add(-25 * time.Minute).Truncate(time.Second).UTC()

var town = named{"town", "Town channel"}

// some is one live of each kind, a replay, and the user root, on a node for trying out.
func some() *world {
	before := started.Add(-26 * time.Hour)
	w := empty()
	w.short, w.setUp = "What happens in town, as it happens", true
	w.source = "https://git.example/shoal"
	w.encoders = []shownKey{{liveUUID, festivalKey}}
	w.lives = []*live{
		{
			UUID: liveUUID, Name: "Harbour festival", State: onAir, StartedAt: &started, IsLive: true, Privacy: public, Channel: town,
			Description:   "Boats, bands and fireworks.\n\nProgramme: https://harbour.example/programme.",
			LowLatencyURL: "/hls/main.m3u8", ClassicURL: "/hls/main.m3u8", AudioURL: "/hls/audio.m3u8", Viewers: 12,
			Width: 640, Height: 360, FrameRate: 25, VideoCodec: "H.264", AudioCodec: "AAC", Bitrate: 900_000, Poster: "/lazy-static/previews/" + liveUUID + "-0.jpg",
			key: festivalKey, save: true, replayPrivacy: public, recording: recording{On: true, Bytes: 168_000_000, Seconds: 1500},
		},
		{UUID: otherUUID, Name: "Town council", State: waiting, IsLive: true, Permanent: true, Privacy: public, Channel: town, key: "council-2Wd8", declared: true},
		{UUID: endedUUID, Name: "School play", State: ended, IsLive: true, StartedAt: &before, Privacy: public, Channel: town, key: "school-9Hj1", declared: true},
		{
			UUID: replayUUID, Name: "Regatta, the final race", State: replay, StartedAt: &before, Privacy: public, Channel: town, Duration: 5025,
			Description: "From the pier.", Views: 341, VODURL: "/hls/vod.m3u8", DownloadURL: "/download/regatta.mp4",
			Width: 640, Height: 360, Poster: "/lazy-static/previews/" + replayUUID + "-1.jpg", tags: []string{"sailing"}, download: true, bytes: 2_400_000_000,
		},
	}
	return w
}

// empty is a node that nobody has set up.
func empty() *world {
	root := &user{id: 1, name: "root", display: "Harbour master", password: rootPassword, quota: -1, daily: -1}
	root.channels = []*channel{{ID: 1, named: town, Description: "All that is public."}}
	return &world{
		name: "Harbour TV", hosts: []string{"192.168.1.20"}, users: []*user{root}, next: 2,
		access: map[string]*user{}, refresh: map[string]*user{}, views: map[string][]string{}, posters: map[string][]byte{}, fail: map[string]int{},
		settings: map[string]any{
			"name": "Harbour TV", "short": "What happens in town, as it happens", "description": "Run by the harbour office.", "terms": "Be kind.",
			"setUp": true, "language": "en",
			"live":    map[string]any{"enabled": true, "maxLives": 20, "maxUser": -1, "maxDuration": 0, "maxBitRate": 0},
			"replays": map[string]any{"allowed": true, "maxBytes": 50_000_000_000, "maxAge": 2_592_000, "dvr": 1800},
			"users":   map[string]any{"quota": -1, "dailyQuota": -1},
		},
	}
}

// Exists implements web.Pages.
func (w *world) Exists(_ context.Context, kind web.Kind, ref string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case web.Video:
		return w.live(ref) != nil
	case web.Channel:
		_, c := w.channel(ref)
		return c != nil
	case web.Account:
		return w.user(ref) != nil
	}
	return false
}

// live, channel and user find things; the lock is held.
func (w *world) live(ref string) *live {
	for _, l := range w.lives {
		if l.UUID == ref || strings.EqualFold(l.Name, ref) {
			return l
		}
	}
	return nil
}

func (w *world) channel(name string) (*user, *channel) {
	for _, u := range w.users {
		for _, c := range u.channels {
			if c.Name == name {
				return u, c
			}
		}
	}
	return nil, nil
}

func (w *world) user(name string) *user {
	i := slices.IndexFunc(w.users, func(u *user) bool { return u.name == name })
	if i < 0 {
		return nil
	}
	return w.users[i]
}

// number gives the next number; the lock is held.
func (w *world) number() int {
	w.next++
	return w.next
}

// set brings a live into a state.
func (w *world) set(uuid, state string) { w.change(uuid, func(l *live) { l.State = state }) }

// change changes a live.
func (w *world) change(uuid string, change func(*live)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.live(uuid); l != nil {
		change(l)
	}
}

// locked calls while nothing else changes.
func (w *world) locked(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}
