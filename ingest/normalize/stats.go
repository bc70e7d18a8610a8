package normalize

import (
	"fmt"
	"time"

	"shoal/internal/media"
)

// Drop is why something was left out.
type Drop uint8

// The reasons.
const (
	DropNoParameters Drop = iota // no parameters were declared before it
	DropEmpty                    // no data, or no picture in it
	DropDamaged                  // it cannot be read
	DropNoKey                    // no picture that a decoder can start at was there before it
	DropParameters               // it needs parameters whose run has not begun, or is over
	DropEarly                    // audio from before the start of the run
	DropCovered                  // audio whose time is already covered
	DropStray                    // audio on a clock that nothing else has
	DropOverflow                 // a queue was full
	dropCount
)

var dropNames = [dropCount]string{
	"no parameters", "empty", "damaged", "no keyframe", "parameters", "early", "covered", "stray", "overflow",
}

// String is the reason in a word or two, as in the metric's label.
func (d Drop) String() string {
	if d < dropCount {
		return dropNames[d]
	}
	return "unknown"
}

// TrackStats counts what happened to the units of a track.
type TrackStats struct {
	Units   uint64            // handed on, silence included
	Clamped uint64            // with a decode time moved forward, because it went back
	Dropped [dropCount]uint64 // by reason
}

// Stats is what a session has been like so far.
type Stats struct {
	Video, Audio TrackStats
	Silent       uint64 // frames of silence that filled in for audio
	Shifts       uint64 // times that audio got a clock of its own and was shifted to that of video
	Runs         uint64 // times that a run began
	LastReason   string // why the last one began

	FrameRate   float64       // measured, in frames per second; 0 if too few frames were seen
	KeyInterval time.Duration // the last distance between pictures that a viewer can start at, or longer if one is due
	AudioLag    time.Duration // how much later than video of the same time audio comes in; negative if earlier
	Encoder     string        // what the encoder calls itself
}

func (s *Stats) of(k media.Kind) *TrackStats {
	if k == media.Video {
		return &s.Video
	}
	return &s.Audio
}

// Stats is a copy of the counters. It belongs to the goroutine that calls Packet.
func (n *Normalizer) Stats() Stats {
	s := n.stats
	s.Encoder = n.announced.Encoder
	return s
}

func (n *Normalizer) drop(k media.Kind, why Drop) {
	if k != media.Video && k != media.Audio {
		return
	}
	n.stats.of(k).Dropped[why]++
	n.cfg.Metrics.drop(k, why)
}

func (n *Normalizer) clamped(k media.Kind) {
	n.stats.of(k).Clamped++
	n.cfg.Metrics.clamp(k)
}

// Note is something that the organizer should know of the encoder. Code is fixed, for translations and tests; Text says
// in plain words what is wrong and what to do.
type Note struct{ Code, Text string }

// longInterval is the distance between keyframes that makes segments end without one (2.5 s, see the cutter).
const longInterval = 2500 * time.Millisecond

// Notes says what is wrong with the encoder's settings, nothing if all is well. It belongs to the goroutine that calls
// Packet.
func (n *Normalizer) Notes() []Note {
	var notes []Note
	add := func(code, format string, args ...any) {
		notes = append(notes, Note{code, fmt.Sprintf(format, args...)})
	}
	for _, c := range []media.Codec{n.video.codec, n.audio.codec} {
		if w, ok := c.(interface{ Warning() string }); ok && w.Warning() != "" {
			add("codec", "%s", w.Warning())
		}
	}
	s := &n.stats
	if s.KeyInterval > longInterval {
		add("keyframes", "Keyframes come every %.1f s: viewers wait that long for a picture. Set the encoder's keyframe interval to 2 s.", s.KeyInterval.Seconds())
	}
	if r := n.announced.FrameRate; r >= minRate && r <= maxRate && s.FrameRate > 0 && (s.FrameRate < r*0.9 || s.FrameRate > r*1.1) {
		add("framerate", "The encoder announces %.4g frames per second but sends %.4g: it may be overloaded.", r, s.FrameRate)
	}
	switch lag := s.AudioLag; {
	case lag > time.Second:
		add("interleaving", "Audio comes %.1f s later than the video of the same time, so viewers get both that late. Check the encoder's audio delay.", lag.Seconds())
	case lag < -time.Second:
		add("interleaving", "Video comes %.1f s later than the audio of the same time, so viewers get both that late. Check the encoder's video delay.", -lag.Seconds())
	}
	if s.Silent > 0 {
		add("silence", "Audio paused; %d frames of silence filled in.", s.Silent)
	}
	if d := s.Video.Dropped[DropDamaged] + s.Audio.Dropped[DropDamaged]; d > 0 {
		add("damaged", "%d frames were damaged and left out. Restart the encoder if it goes on.", d)
	}
	if s.Shifts > 0 {
		add("clocks", "Audio and video do not have the same clock (%d times): sound and picture may be apart. Restart the encoder if they are.", s.Shifts)
	}
	return notes
}
