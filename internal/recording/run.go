package recording

import (
	"time"

	"shoal/internal/media"
)

// Run is a file of segments of one rendition under one init, that follow each other without a hole. Media sequence
// numbers go up by one from segment to segment.
type Run struct {
	Name string `json:"-"` // of its files, without their extensions; a Name's text

	Rendition media.RenditionID `json:"rendition"`
	Epoch     media.Epoch       `json:"epoch"`
	Index     uint32            `json:"init"`  // number of the init within its epoch
	Piece     uint32            `json:"piece"` // number of the run among those of the init
	// First is the media sequence number of the first segment.
	First uint64 `json:"first"`
	// Discontinuity says that the first segment does not go on from the run before it.
	Discontinuity bool `json:"discontinuity"`
	// Date is the wall-clock time that Start, a decode time on the epoch's clock, belongs to.
	Date  time.Time     `json:"date"`
	Start time.Duration `json:"start"` // in ns

	InitSize int64   `json:"initSize"` // bytes of the init segment, with which the file begins
	Codecs   string  `json:"codecs"`   // the CODECS attribute (RFC 8216, section 4.3.4.2)
	Tracks   []Track `json:"tracks"`

	Width, Height      int     `json:"-"` // of the video, in pixels; 0 if unknown
	FrameRate          float64 `json:"-"` // of the video, declared, per second; 0 if unknown
	HasVideo, HasAudio bool    `json:"-"`
}

// Track is what is to be known of a track to read a run.
type Track struct {
	ID        uint32  `json:"id"`
	Kind      string  `json:"kind"`      // "video", "audio"
	Timescale uint32  `json:"timescale"` // ticks per second
	Width     int     `json:"width,omitempty"`
	Height    int     `json:"height,omitempty"`
	FrameRate float64 `json:"frameRate,omitempty"`
	Channels  int     `json:"channels,omitempty"`
}

// Segment is one segment of a run. Times are those of the playlists that it stood in.
type Segment struct {
	Number uint64 // media sequence number
	Offset int64  // of its first byte in the file
	// Size is 0 for a gap: time of the rendition in which it had nothing (EXT-X-GAP).
	Size          int64
	Start         time.Duration // decode time on the epoch's clock
	Duration      time.Duration
	Date          time.Time
	Discontinuity bool // it does not go on from the segment before, which is of another run
	Independent   bool // its first video frame is one that a decoder may start at (audio alone: always)
	Chunks        int  // moof+mdat pairs
}

// RunOf describes the run that a segment of a live begins.
func RunOf(r media.RenditionID, s *media.Segment) Run {
	run := Run{
		Rendition: r, Epoch: s.Init.Epoch, Index: s.Init.Index, First: s.Number, Discontinuity: s.Discontinuity,
		Date: s.Init.Date, Start: s.Init.Start, InitSize: int64(len(s.Init.Data[r])), Codecs: s.Init.Codecs(r),
	}
	for i := range s.Init.Tracks {
		t := &s.Init.Tracks[i]
		if !s.Init.Carries(r, t.ID) {
			continue
		}
		run.Tracks = append(run.Tracks, Track{
			ID: t.ID, Kind: t.Kind().String(), Timescale: t.Timescale,
			Width: t.Width, Height: t.Height, FrameRate: t.FrameRate, Channels: t.Channels,
		})
	}
	run.settle()
	return run
}

// name is that of the run's files.
func (r *Run) name() Name {
	return Name{Rendition: r.Rendition, Epoch: r.Epoch, Index: r.Index, Piece: r.Piece}
}

// settle fills in what follows from other fields.
func (r *Run) settle() {
	r.Name = r.name().String()
	if v := r.track(media.Video); v != nil {
		r.HasVideo, r.Width, r.Height, r.FrameRate = true, v.Width, v.Height, v.FrameRate
	}
	r.HasAudio = r.track(media.Audio) != nil
}

// track is the first of a kind, nil if there is none.
func (r *Run) track(k media.Kind) *Track {
	for i := range r.Tracks {
		if r.Tracks[i].Kind == k.String() {
			return &r.Tracks[i]
		}
	}
	return nil
}

// date is the wall-clock time of a decode time.
func (r *Run) date(start time.Duration) time.Time { return r.Date.Add(start - r.Start) }
