package normalize

import (
	"time"

	"shoal/internal/media"
)

const (
	// jump is the step of a track's clock, against what was expected, from which on it is a discontinuity, in ms.
	jump = 500
	// apart is how far the tracks of one clock may be apart in what arrives, in ms: encoders have been seen whose
	// interleaving is off by 5 s. What is farther off is on another clock.
	apart = 6500
	// maxOffset bounds presentation against decode time, in ms: no reordering of pictures needs more.
	maxOffset = 10_000
	// Declared frame rates outside of these bounds are none (encoders declare 0, 1000, 90000).
	minRate, maxRate = 1, 240
)

// videoTrack is the state of the video track.
type videoTrack struct {
	codec media.Codec // in force now

	// Of the run.
	started bool
	time    int64 // of the last unit on the encoder's clock, the highest so far, in milliseconds
	dts     int64 // of the last unit

	// Of the session.
	pace     pace
	duration int64     // predicted, of the last unit, in ticks
	intact   bool      // no picture was left out since the last one: decoders can go on
	refused  time.Time // arrival of the first picture that was left out because a decoder cannot start at it
	arrival  time.Time // of the last unit
	keyTime  int64     // of the last independent picture
	hasKey   bool
}

func (v *videoTrack) beginRun() {
	v.started, v.time, v.dts = false, 0, 0
}

// declaredRate is the frame rate that the encoder declares, 0 if it does not: what it announced, else what stands in
// its parameters.
func (n *Normalizer) declaredRate() float64 {
	if r := n.announced.FrameRate; r >= minRate && r <= maxRate {
		return r
	}
	return parameterRate(n.video.codec)
}

func parameterRate(c media.Codec) float64 {
	if c == nil {
		return 0
	}
	if r, ok := c.(interface{ FrameRate() float64 }); ok {
		return r.FrameRate()
	}
	if t := c.FrameTicks(videoTimescale); t > 0 {
		return videoTimescale / float64(t)
	}
	return 0
}

// mayStart says whether decoders can start at a picture, or have waited long enough for one.
func (n *Normalizer) mayStart(s *sample) bool {
	v := &n.video
	if s.independent() || !v.refused.IsZero() && s.arrival.Sub(v.refused) >= patienceKey {
		return true
	}
	if v.refused.IsZero() {
		v.refused = s.arrival
	}
	return false
}

// videoSample takes a picture in a run.
func (n *Normalizer) videoSample(s sample) error {
	v := &n.video
	if err := n.renew(&s); err != nil {
		return err
	}
	if n.run.video != s.codec {
		v.intact = false
		n.drop(media.Video, DropParameters)
		return nil
	}
	// Nothing is lost on the way (RTMP is reliable), so after a jump decoding goes on where it was: the new run starts
	// at once with whatever picture comes, and viewers need not wait up to 10 s for a keyframe.
	if !v.started && !v.intact && !n.mayStart(&s) {
		n.drop(media.Video, DropNoKey)
		return nil
	}
	if reason := n.videoJump(&s); reason != "" {
		v.hasKey = false
		if err := n.begin(reason, s.time); err != nil {
			return err
		}
	}
	if err := n.silence(&s); err != nil {
		return err
	}
	if err := n.videoUnit(&s); err != nil {
		return err
	}
	return n.release(s.arrival)
}

// renew opens a run if the picture, or audio that waits for a picture, needs one with other tracks or parameters: at the
// next picture that a decoder can start at, but no later than patienceKey.
func (n *Normalizer) renew(s *sample) error {
	reason := ""
	switch {
	case n.run.video != s.codec && n.mayStart(s):
		reason = changed(n.run.video)
	case n.run.video == s.codec && n.audio.changes() && (s.independent() || s.arrival.Sub(n.audio.refused) >= patienceKey):
		reason = changed(n.run.audio)
	default:
		return nil
	}
	return n.begin(reason, s.time)
}

// changed is the reason for a run with other parameters of a track than it had, or with a track that was not there.
func changed(before media.Codec) string {
	if before == nil {
		return "track"
	}
	return "parameters"
}

// videoJump is the reason for a discontinuity before a picture, "" if there is none.
func (n *Normalizer) videoJump(s *sample) string {
	v, a := &n.video, &n.audio
	if !v.started {
		// The first picture of a run that audio began, or of a run that begins with it.
		ahead := s.time - n.run.origin
		if a.started {
			ahead = s.time - a.lastTime
		}
		if s.time < n.run.origin-jump || ahead > apart || ahead < -apart {
			return jumped(ahead, s.arrival.Sub(a.arrival))
		}
		return ""
	}
	// What the distance says of the rate is kept even if it is a jump: a stream of one frame per second is regular.
	expected := v.time + v.duration/(videoTimescale/1000)
	v.pace.add(s.time - v.time)
	step := s.time - expected
	switch {
	case step < -jump:
		return "clock"
	case step <= jump:
		return ""
	case a.started && s.time-a.lastTime <= jump && a.lastTime-v.time > jump:
		return "late" // audio went on
	}
	return jumped(s.time-v.time, s.arrival.Sub(v.arrival))
}

// videoUnit makes a unit of a picture of the run.
func (n *Normalizer) videoUnit(s *sample) error {
	v := &n.video
	dts := (s.time - n.run.origin) * (videoTimescale / 1000)
	least := int64(0) // a first picture may be a little earlier than the audio that began the run
	if v.started {
		least = v.dts + 1
	}
	if dts < least {
		dts = least
		n.clamped(media.Video)
	}
	v.duration = v.pace.predict(n.announced.FrameRate, parameterRate(s.codec))
	if !v.started || s.time > v.time {
		v.time = s.time
	}
	v.started, v.intact, v.refused = true, true, time.Time{}
	v.dts, v.arrival = dts, s.arrival
	n.keyframe(s)
	offset := min(max(int64(s.offset), -maxOffset), maxOffset) * (videoTimescale / 1000)
	return n.emit(s, VideoTrack, dts, dts+offset, v.duration)
}

// keyframe measures the distance of the pictures that a viewer can start at.
func (n *Normalizer) keyframe(s *sample) {
	v := &n.video
	since := time.Duration(s.time-v.keyTime) * time.Millisecond
	switch {
	case !v.hasKey || since < 0:
		v.hasKey, v.keyTime = true, s.time
	case s.independent():
		v.keyTime = s.time
		n.stats.KeyInterval = since
	case since > n.stats.KeyInterval:
		n.stats.KeyInterval = since // it is at least so long
	}
	if seen := v.pace.seen(); seen > 0 {
		n.stats.FrameRate = 1000 / seen
	}
}
