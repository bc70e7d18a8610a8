package normalize

import (
	"time"

	"shoal/internal/media"
)

// silence fills audio in before a picture, if video has gone ahead of it by more than the patience: players stop at the
// end of either track. It fills up to the patience, so that frames that come a little late still find their place.
func (n *Normalizer) silence(s *sample) error {
	a := &n.audio
	if n.run.audio == nil || n.run.audio.Silence() == nil {
		return nil
	}
	until := (s.time - n.run.origin - a.patience) * int64(n.run.rate) / 1000
	if until <= a.end {
		return nil
	}
	// A run's start aside, the step of video is at most a jump and a frame, so the frames are few.
	return n.fill((until-a.end+a.frame-1)/a.frame, s.arrival)
}

// fill writes frames of silence at the end of audio. None of the callers asks for more than the tracks may be apart.
func (n *Normalizer) fill(frames int64, arrival time.Time) error {
	a := &n.audio
	for range frames {
		s := sample{kind: media.Audio, key: true, payload: n.run.audio.Silence(), arrival: arrival}
		dts := a.end
		a.started, a.quiet = true, true
		a.dts, a.end, a.drift = dts, dts+a.frame, 0
		a.lastTime = n.run.origin + a.end*1000/int64(n.run.rate)
		n.stats.Silent++
		n.cfg.Metrics.silent()
		if err := n.emit(&s, AudioTrack, dts, dts, a.frame); err != nil {
			return err
		}
	}
	return nil
}

// late learns from a frame that came too late: its place was taken by silence, or was before the start. Some encoders
// send audio later than the video of the same time, always by as much. The patience grows to that, so that this happens
// once, and silence and sound do not alternate for ever.
func (n *Normalizer) late(s *sample) {
	a, v := &n.audio, &n.video
	if !v.started || !a.quiet {
		return
	}
	lag := v.time - s.time
	if want := min(lag+patienceMargin, apart); want > a.patience {
		a.patience = want
		a.lag, a.lagStart = lag, v.time
	}
	a.lag = max(a.lag, lag)
	n.stats.AudioLag = time.Duration(lag) * time.Millisecond
}

// punctual takes the patience back when audio has come in time for a while.
func (n *Normalizer) punctual(s *sample) {
	a, v := &n.audio, &n.video
	if !v.started {
		return
	}
	lag := v.time - s.time
	n.stats.AudioLag = time.Duration(lag) * time.Millisecond
	a.lag = max(a.lag, lag)
	if passed := v.time - a.lagStart; passed > lagWindow || passed < 0 {
		a.patience = min(max(a.lag+patienceMargin, minPatience), apart)
		a.lag, a.lagStart = lag, v.time
	}
}
