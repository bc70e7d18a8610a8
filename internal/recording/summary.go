package recording

import (
	"math"
	"time"

	"shoal/internal/media"
)

// Summary is what a catalog keeps of a recording.
type Summary struct {
	Duration           time.Duration // of the main rendition
	Bytes              int64         // of all files
	Width, Height      int           // the largest of its pictures; 0 without video
	Rate               int           // frames per second, rounded; 0 if unknown
	HasVideo, HasAudio bool
}

// Summary sums up what is on disk now.
func (r *Recording) Summary() Summary {
	s := Summary{Bytes: r.Bytes()}
	for _, run := range r.Runs(media.Main) {
		e, err := r.ExtentOf(run)
		if err != nil || e.Segments == 0 {
			continue
		}
		s.Duration += e.Duration
		s.HasVideo, s.HasAudio = s.HasVideo || run.HasVideo, s.HasAudio || run.HasAudio
		if run.Height > s.Height {
			s.Width, s.Height = run.Width, run.Height
		}
		s.Rate = max(s.Rate, int(math.Round(run.FrameRate)))
	}
	return s
}
