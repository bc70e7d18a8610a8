package normalize

import (
	"time"

	"shoal/internal/media"
)

// holdPatience is how long audio that does not fit the clock of video waits for video to come to it. Encoders send the
// tracks interleaved to a few hundred milliseconds.
const holdPatience = time.Second

// hold keeps a frame that does not fit the clock of video. When an encoder's clock jumps, either track may be the first
// to show it: video begins a new run by itself (see videoJump), audio waits here until video has jumped too. If video
// goes on as before, audio alone has got another clock, and is shifted to that of video. If no video comes, audio
// begins a new run.
func (n *Normalizer) hold(s sample) error {
	a, v := &n.audio, &n.video
	n.enqueue(&a.held, s)
	head := &a.held.samples[0]
	if s.arrival.Sub(head.arrival) < holdPatience {
		return nil
	}
	if s.arrival.Sub(v.arrival) >= holdPatience {
		return n.leave(jumped(n.ahead(head), head.arrival.Sub(a.arrival)))
	}
	if d := head.time - v.time; d <= apart && d >= -apart {
		return nil // video will come there; the queue's bound is beyond that
	}
	// What came in together belongs together, as well as can be known.
	shift := v.time - s.time
	a.shift += shift
	for i := range a.held.samples {
		a.held.samples[i].time += shift
	}
	n.stats.Shifts++
	return n.release(s.arrival)
}

// leave begins a run at the audio that is held.
func (n *Normalizer) leave(reason string) error {
	if err := n.begin(reason, n.audio.held.samples[0].time); err != nil {
		return err
	}
	return n.release(n.audio.held.samples[0].arrival)
}

// release takes up what is held, as far as it fits the clock of the run now.
func (n *Normalizer) release(now time.Time) error {
	a := &n.audio
	for !a.held.empty() {
		s := &a.held.samples[0]
		if s.codec != n.run.audio {
			return nil // it waits for a run of its own
		}
		switch n.judge(s) {
		case next:
			taken := a.held.take(0)
			if err := n.audioUnit(&taken); err != nil {
				return err
			}
		case early, covered:
			a.held.take(0)
			n.drop(media.Audio, DropCovered)
		case elsewhere, broken:
			if now.Sub(s.arrival) <= holdSpan {
				return nil
			}
			a.held.take(0)
			n.drop(media.Audio, DropStray)
		}
	}
	return nil
}
