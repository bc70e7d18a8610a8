package cutter

import (
	"time"

	"shoal/internal/media"
)

const (
	// videoSlack is how far a picture may be off the written clock before its sample makes up for it: encoders send
	// whole milliseconds (RTMP), and equal durations are worth more than a millisecond.
	videoSlack = time.Millisecond
	// audioSlack is the same for audio. An AAC frame has a length of its own: writing another one makes a gap or an
	// overlap. Some encoders stamp audio by when they captured it, and are off by some milliseconds; lips and sound
	// may be off by 40 (EBU R37).
	audioSlack = 10 * time.Millisecond

	// maxLag is how late a written clock may stay for the sake of full parts: audio and video are off by as much. It is
	// the lateness for which the units' maker begins a new run.
	maxLag = 500 * time.Millisecond
	// maxSlowLag is the same for frames so long that the following ones do not make up for it.
	maxSlowLag = 100 * time.Millisecond
)

// track is one track of the run in force, with its written clock. Times are in the track's timescale.
type track struct {
	media.Track
	slack int64

	base      int64 // time zero of the run on the written clock
	written   int64 // decode time of the next sample
	started   bool  // a unit has come
	frame     int64 // how long a unit lasts, as the last one said
	last      int64 // duration of the last sample
	reordered bool  // pictures are decoded in another order than they are shown in
}

func newTrack(t media.Track, zero time.Duration) *track {
	slack := videoSlack
	if t.Kind() == media.Audio {
		slack = audioSlack
	}
	// Rounded up, so that the clock does not go back.
	base := ticks(zero, t.Timescale)
	for media.Ticks(base, t.Timescale) < zero {
		base++
	}
	return &track{
		Track: t, slack: ticks(slack, t.Timescale) + 1,
		base: base, written: base, frame: t.Codec.FrameTicks(t.Timescale),
	}
}

// ticks is a duration on the track's clock, rounded down.
func (t *track) ticks(d time.Duration) int64 { return ticks(d, t.Timescale) }

// time is the opposite of ticks.
func (t *track) time(n int64) time.Duration { return media.Ticks(n, t.Timescale) }

// arrive takes note of a unit. The first one of a run starts the track's clock: a track may begin later than another.
func (t *track) arrive(u *media.Unit) {
	if !t.started {
		t.started = true
		t.written = max(t.base, t.base+u.DTS)
	}
	if u.Duration > 0 {
		t.frame = u.Duration
	} else if t.frame <= 0 {
		t.frame = max(1, int64(t.Timescale)/25)
	}
	t.reordered = t.reordered || u.PTS != u.DTS
}

// nominal is how long the sample of a unit has to be: until the next unit is due. most is the longest that a sample may
// be.
func (t *track) nominal(u *media.Unit, most int64) int64 {
	late := t.base + u.DTS - t.written
	hole := t.hole(late, most)
	t.written += hole
	late -= hole
	if -t.slack <= late && late <= t.slack {
		return t.frame
	}
	return max(1, late+t.frame)
}

// slow says that a frame fills a part by itself, so that the following ones have no room to make up for lateness.
func (t *track) slow(target int64) bool { return enough(t.frame, target) }

// lag is how late the clock may stay.
func (t *track) lag(target int64) int64 {
	if t.slow(target) {
		return t.ticks(maxSlowLag)
	}
	return t.ticks(maxLag)
}

// hole is how much of a lateness is left out in front of a sample since it cannot be made up for: of what the longest
// possible sample leaves.
//
// Frames that do not fill a part catch up in the next few, so they get no hole: their samples last. Slow ones would never.
// They get a hole not longer than the sample before it: Media Source Extensions take a step in decode time of more than two
// samples for a discontinuity, and drop all until the next keyframe (section 3.5.8, coded frame processing).
func (t *track) hole(late, most int64) int64 {
	rest := late + t.frame - most
	hole := rest - t.ticks(maxLag)
	if t.slow(most) {
		hole = max(hole, min(rest-t.ticks(maxSlowLag), t.last))
	}
	return max(0, min(hole, late))
}

// offset is presentation time minus decode time of the sample that is written next. Reordered pictures are shown exactly
// when the encoder said, or else their order could break where the written clock is late; others when they are decoded,
// so that there is no gap between them. What only rounding would show before it is decoded is shown then: ffmpeg moves a
// whole track for the sake of one negative offset.
func (t *track) offset(u *media.Unit) int64 {
	if !t.reordered {
		return 0
	}
	offset := t.base + u.PTS - t.written
	if -t.slack <= offset && offset < 0 {
		return 0
	}
	const most = 1<<31 - 1
	return min(max(offset, -most), most)
}

// advance moves the written clock past a sample.
func (t *track) advance(duration int64) {
	t.written += duration
	t.last = duration
}
