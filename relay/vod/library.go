package vod

import (
	"time"

	"shoal/internal/recording"
)

// Library knows what was recorded. It is asked for every request, so it should answer from memory.
type Library interface {
	// Video finds a video by its UUID; false if there is none with a recording.
	Video(uuid string) (Video, bool)
	// Live finds a live that is on the air and recorded; false if there is none.
	Live(uuid string) (Live, bool)
	// Open opens the recording of a session. The error wraps fs.ErrNotExist if there is none.
	Open(session string) (*recording.Recording, error)
}

// Video is what is to be known of a video.
type Video struct {
	Name string // for people
	// Recordings are the sessions that it shows, in order.
	Recordings []string
	// Download says that its owner lets everybody who may see it keep it.
	Download bool
}

// Live is what is to be known of a running live.
type Live struct {
	Session string        // whose recording grows
	Back    time.Duration // how far back viewers may go; 0 for not at all
}
