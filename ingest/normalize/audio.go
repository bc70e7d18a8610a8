package normalize

import (
	"time"

	"shoal/internal/media"
)

const (
	// minPatience is how far video may be ahead of the end of audio before silence fills in, in ms.
	minPatience = 200
	// patienceMargin is added to the lateness of audio that was seen, in ms.
	patienceMargin = 100
	// tolerance is what the time of an audio frame may be off from the mean error before it, without being a gap, in
	// ms: the rounding to 1 ms of the frame's time and of the one that the track's clock is anchored to, and room.
	tolerance = 3
	// lead is how far ahead of video audio may come back from a pause, in ms.
	lead = 250
	// driftFrames is the time constant over which the drift of audio against the encoder's clock is averaged.
	driftFrames = 32
	// lagWindow is after how much video the patience follows audio that has become punctual, in ms.
	lagWindow = 10_000
)

// audioTrack is the state of the audio track.
//
// RTMP rounds times to milliseconds; a frame of 1,024 samples at 44.1 kHz has 23.22 of them. As long as the input agrees
// with the sum of the frames to within tolerance, the sum counts: frames follow each other without a seam, exact to the
// sample. The mean error is watched: beyond 1.5 ms (more than rounding can do) each frame starts one sample earlier or
// later, which takes up 0.1 % of drift. Input that is suddenly later than the tolerance is a gap and is followed. Input
// that is earlier goes on at the sum: frames cannot overlap; two frames of that are let be and taken up like drift.
type audioTrack struct {
	codec media.Codec // in force now

	// Of the run, in ticks of its audio timescale.
	started  bool
	end      int64 // where the next frame is expected
	dts      int64 // of the last unit
	frame    int64 // duration of a frame
	drift    int64 // mean of input minus sum, times driftFrames
	quiet    bool  // the last unit was silence that we made
	lastTime int64 // of the last frame on the encoder's clock, in milliseconds

	// Of the session.
	arrival  time.Time // of the last unit
	refused  time.Time // arrival of the first frame that needs a run with other parameters
	shift    int64     // added to the encoder's clock to come to that of video, in milliseconds
	held     queue     // frames that wait for video to come to their clock
	patience int64     // how far video may be ahead before silence fills in, in milliseconds
	lag      int64     // how late audio was at most, against video, in the window that is open
	lagStart int64     // when that window began, on the encoder's clock
}

func (a *audioTrack) beginRun(c media.Codec, rate uint32) {
	a.started, a.end, a.dts, a.drift, a.quiet, a.lastTime = false, 0, 0, 0, false, 0
	a.refused = time.Time{}
	a.frame = 0
	if c != nil {
		// 20 ms is the usual frame of codecs whose parameters do not tell.
		if a.frame = c.FrameTicks(rate); a.frame <= 0 {
			a.frame = max(int64(rate)/50, 1)
		}
	}
}

// changes says whether audio waits for a run with other parameters.
func (a *audioTrack) changes() bool { return !a.refused.IsZero() }

// audioSample takes a frame in a run.
func (n *Normalizer) audioSample(s sample) error {
	a := &n.audio
	if n.run.audio != s.codec {
		if a.refused.IsZero() {
			a.refused = s.arrival
		}
		// With video, the run begins at a picture; without, or when none comes, here.
		n.enqueue(&a.held, s)
		if n.video.started && s.arrival.Sub(a.refused) < patienceKey {
			return nil
		}
		return n.leave(changed(n.run.audio))
	}
	switch n.judge(&s) {
	case early:
		n.late(&s)
		n.drop(media.Audio, DropEarly)
	case covered:
		n.late(&s)
		n.drop(media.Audio, DropCovered)
	case elsewhere:
		return n.hold(s)
	case broken:
		if err := n.begin(jumped(n.ahead(&s), s.arrival.Sub(a.arrival)), s.time); err != nil {
			return err
		}
		return n.audioUnit(&s)
	case next:
		// What waited for another clock waited in vain: the encoder goes on with this one.
		n.discard(&a.held, media.Audio, DropStray)
		return n.audioUnit(&s)
	}
	return nil
}

// verdict is what is to be done with an audio frame.
type verdict uint8

const (
	next      verdict = iota // it is the next one
	early                    // it is before the start of the run
	covered                  // its time is already covered
	elsewhere                // it does not fit the clock of video: wait what video does
	broken                   // it does not fit, and there is no video to ask
)

// ahead is by how many milliseconds a frame is later than expected.
func (n *Normalizer) ahead(s *sample) int64 {
	return s.time - n.run.origin - n.audio.end*1000/int64(n.run.rate)
}

// judge compares a frame with where audio is, and with where video is. With video in the run, audio never opens a new
// one by itself: its clock is right or wrong by that of video.
func (n *Normalizer) judge(s *sample) verdict {
	a, v := &n.audio, &n.video
	ahead := n.ahead(s)
	back := int64(-jump)
	if a.quiet || !a.started {
		back = -apart // how far audio may come back into what is silence, or was not there
	}
	// Real frames may overlap by two: encoders that stamp frames as they come jitter as much, and it evens out.
	overlap := -2 * a.frame * 1000 / int64(n.run.rate)
	if a.quiet {
		overlap = -a.frame * 500 / int64(n.run.rate)
	}
	if a.started && ahead >= overlap && ahead <= jump {
		return next // whatever video does: it may be gone
	}
	lateness := v.time - s.time
	switch {
	case !v.started && (ahead > jump && a.started || ahead > apart || ahead < back):
		return broken
	case v.started && (lateness > apart || lateness < -apart || ahead > jump && lateness < -lead):
		return elsewhere
	case v.started && ahead < back && s.arrival.Sub(v.arrival) > holdPatience:
		return elsewhere // video has fallen silent: it will not tell
	case s.time < n.run.origin:
		return early
	case ahead < overlap && a.started:
		return covered
	}
	return next
}

// audioUnit makes a unit of the frame that is next.
func (n *Normalizer) audioUnit(s *sample) error {
	a, rate := &n.audio, int64(n.run.rate)
	in := ((s.time-n.run.origin)*rate + 500) / 1000
	gap := in - a.end
	if n.run.audio.Silence() != nil && (gap*1000 >= minPatience*rate || a.quiet && gap >= a.frame/2) {
		// As many whole frames as fit best: what is left, at most half a frame, counts as drift.
		if err := n.fill((gap+a.frame/2)/a.frame, s.arrival); err != nil {
			return err
		}
	}
	dts := a.end
	switch off := in - a.end; {
	case !a.started:
		dts = in
	case a.quiet:
		a.drift = off * driftFrames
	case (off-max(a.drift/driftFrames, 0))*1000 > tolerance*rate:
		dts, a.drift = in, 0
	default:
		a.drift += off - a.drift/driftFrames
		if limit := rate * 3 / 2000 * driftFrames; a.drift > limit {
			dts++
			a.drift -= driftFrames
		} else if a.drift < -limit && a.frame > 1 {
			dts--
			a.drift += driftFrames
		}
	}
	if a.started && dts <= a.dts {
		dts = a.dts + 1
		n.clamped(media.Audio)
	}
	a.started, a.quiet = true, false
	a.dts, a.end, a.lastTime, a.arrival = dts, dts+a.frame, s.time, s.arrival
	n.punctual(s)
	return n.emit(s, AudioTrack, dts, dts, a.frame)
}
