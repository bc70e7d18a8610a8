package normalize

import (
	"time"

	"shoal/internal/media"
)

// starting takes a sample before the first run. The run starts at the first picture that a decoder can start at, or, if
// there is no video, at the first audio frame; as soon as every track that is expected has its parameters, but at most
// patienceTracks after the first packet.
func (n *Normalizer) starting(s sample) error {
	if s.kind == media.Video && n.wait.first(media.Video) < 0 && !n.mayStart(&s) {
		n.drop(media.Video, DropNoKey)
		return nil
	}
	// A burst can fill the queue in less than the patience: then the start cannot wait, lest its picture be lost.
	full := n.wait.bytes+len(s.payload) > queueBytes || len(n.wait.samples) >= queueSamples
	if !full {
		n.enqueue(&n.wait, s)
	}
	waited := full || s.arrival.Sub(n.first) >= patienceTracks
	if at := n.startAt(waited, s.arrival); at >= 0 && (waited || n.complete()) {
		if err := n.start(n.wait.take(at)); err != nil {
			return err
		}
	}
	switch {
	case full && n.run.open:
		return n.sample(s)
	case full:
		n.enqueue(&n.wait, s)
	}
	return nil
}

// start opens the first run at a sample, and takes up what waited.
func (n *Normalizer) start(s sample) error {
	if err := n.begin("start", s.time); err != nil {
		return err
	}
	// The sample that time 0 is from comes first: others are judged by it.
	for {
		if err := n.sample(s); err != nil {
			return err
		}
		if n.wait.empty() {
			return nil
		}
		s = n.wait.take(0)
	}
}

// startAt is the index of the waiting sample that the run would start at now, negative if there is none.
func (n *Normalizer) startAt(waited bool, now time.Time) int {
	if v := n.wait.first(media.Video); v >= 0 {
		return v
	}
	refused := n.video.refused
	keyless := !refused.IsZero() && now.Sub(refused) < patienceKey // pictures come, but none to start at yet
	if keyless || !waited && (n.video.codec != nil || n.announced.Video) {
		return -1
	}
	return n.wait.first(media.Audio)
}

// complete says whether every track that is expected has its parameters. Who announced nothing may send either.
func (n *Normalizer) complete() bool {
	video, audio := n.announced.Video, n.announced.Audio
	if !video && !audio {
		video, audio = true, true
	}
	return (!video || n.video.codec != nil) && (!audio || n.audio.codec != nil)
}
