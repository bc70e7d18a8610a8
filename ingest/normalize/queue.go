package normalize

import (
	"slices"
	"time"

	"shoal/internal/media"
)

const (
	// waitSpan is what may wait for the start: as long as a picture to start at is waited for, and the wait for
	// tracks. Older audio could not be used anyhow: it would be before the run's start.
	waitSpan = patienceKey + patienceTracks
	// holdSpan is what may wait for video to come to the same clock: a little more than the tracks may be apart.
	holdSpan = apart*time.Millisecond + time.Second
	// queueBytes bounds a queue: as much as the largest message that is let in, and ten times what a stream of
	// 10 Mbit/s sends while tracks are waited for. Twenty lives may start at once on a small board.
	queueBytes = 4 << 20
	// queueSamples bounds the frames of a queue, however small: 7 s of audio at 96 kHz have 650.
	queueSamples = 2048
)

// queue holds samples in their order of arrival, at most queueBytes of payload, queueSamples samples and limit of the
// time of arrival: what is too much pushes the oldest out.
type queue struct {
	limit   time.Duration
	samples []sample
	bytes   int
}

// push appends a sample and says how many of each kind had to go.
func (q *queue) push(s sample) (video, audio int) {
	q.samples = append(q.samples, s)
	q.bytes += len(s.payload)
	for len(q.samples) > 1 && (q.bytes > queueBytes || len(q.samples) > queueSamples || s.arrival.Sub(q.samples[0].arrival) > q.limit) {
		if q.take(0).kind == media.Video {
			video++
		} else {
			audio++
		}
	}
	return video, audio
}

// take removes the sample at an index.
func (q *queue) take(i int) sample {
	s := q.samples[i]
	copy(q.samples[1:i+1], q.samples[:i])
	q.samples[0] = sample{} // let go of the payload
	q.samples = q.samples[1:]
	q.bytes -= len(s.payload)
	if len(q.samples) == 0 {
		q.samples = nil // give the array back
	}
	return s
}

func (q *queue) empty() bool { return len(q.samples) == 0 }

// first is the index of the oldest sample of a kind, negative if there is none.
func (q *queue) first(k media.Kind) int {
	return slices.IndexFunc(q.samples, func(s sample) bool { return s.kind == k })
}

// enqueue pushes a sample and counts what had to go.
func (n *Normalizer) enqueue(q *queue, s sample) {
	video, audio := q.push(s)
	for range video {
		n.drop(media.Video, DropOverflow)
	}
	for range audio {
		n.drop(media.Audio, DropOverflow)
	}
}

// discard drops the samples of a kind.
func (n *Normalizer) discard(q *queue, k media.Kind, why Drop) {
	for i := q.first(k); i >= 0; i = q.first(k) {
		q.take(i)
		n.drop(k, why)
	}
}
