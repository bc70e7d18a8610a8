package vitals

import "time"

const (
	// Frames are missing if 1 % of the last 10 s is, in three seconds of them at least, or 10 % at once. When a rate changes,
	// up to 5 % seem to be missing in two seconds.
	missingShare, missingSeconds, missingAtOnce = 0.01, 3, 0.10
	// The frame rate is variable if a fifth of the distances is not the usual one.
	irregularShare = 0.2
	// oddShare is how many distances that are no multiples of the usual one say that a rate is variable, rather than that
	// frames are missing.
	oddShare = 0.1
	// nearLimit is the share of the limit that is close to it; margin is by how much a rate must be lower again.
	nearLimit, margin = 0.85, 0.05
	// reorderLong is how long frames may wait for others, in milliseconds: x264's default of three B-frames that refer to each
	// other comes to 208 at 24 frames/s.
	reorderLong = 250
	// silentFrame is the mean size of audio frames, in bytes, below which there is nothing in them, of any encoder.
	silentFrame = 16
)

// close judges the second that is over.
func (m *Monitor) close() {
	s := &m.seconds
	longest := m.pictures.time(m.pictures.longest)
	if m.pictures.close(s.open()) {
		for n := max(0, s.last-4); n <= s.last; n++ {
			x := s.at(n)
			x.missing, x.irregular, x.odd = 0, 0, 0
		}
	}
	m.lookLosses()
	if !m.connected || s.last < m.first {
		return
	}
	m.lookKeys(longest)
	m.lookPictures()
	m.lookTracks()
	m.lookClock()
	m.lookBits()
}

// end is when the second that is judged is over.
func (m *Monitor) end() time.Duration { return time.Duration(m.seconds.last+1) * time.Second }

func (m *Monitor) look(i index, holds bool, values ...float64) {
	m.conditions[i].look(&rules[i], holds, m.end(), values...)
}

// age is how many whole seconds the encoder has been connected.
func (m *Monitor) age() int64 { return m.seconds.last - m.first + 1 }

func (m *Monitor) lookLosses() {
	n := 0
	for _, at := range m.lost[:m.lostCount] {
		if m.now-at < lossSpan {
			n++
		}
	}
	m.conditions[encoderReconnecting].look(&rules[encoderReconnecting], n >= losses, m.now, float64(n))
}

func (m *Monitor) lookKeys(longest time.Duration) {
	p := &m.pictures
	m.look(noKeyframe, longest >= noKeyFor, longest.Seconds())
	long := p.long(m.seconds.last)
	m.look(keyframeDistance, long > 0, long.Seconds())
}

func (m *Monitor) lookPictures() {
	t := m.seconds.sum(min(pictureSpan, m.age()-settling))
	all := float64(t.frames)
	irregular, odd := float64(t.irregular) > irregularShare*all, float64(t.odd) > oddShare*all
	m.look(frameRateVariable, t.frames >= pictureSpan && irregular, m.pictures.rate(), percent(t.irregular, t.frames))
	share := float64(t.missing) / max(1, all+float64(t.missing))
	missing := share >= missingShare && t.lossy >= missingSeconds || share >= missingAtOnce
	m.look(framesMissing, missing && !odd, float64(t.missing), 100*share)
	m.look(bFrames, t.reorder > reorderLong, float64(t.reorder)/1000)
}

func (m *Monitor) lookTracks() {
	if m.age() < quietSpan {
		return
	}
	r, t := &m.run, m.seconds.sum(quietSpan)
	sound := t.audio - t.silent
	video, audio := r.video.ID != 0, r.audio.ID != 0

	expected := 1.0
	if r.open && !video && !r.expected {
		expected = 0
	}
	m.look(noVideo, !r.open || t.frames == 0 && t.audio > 0, expected)
	quiet := r.open && (audio && t.frames+t.audio > 0 && t.silent >= 3*sound || !audio && t.frames > 0)
	m.look(noAudio, quiet, truth(audio))
	m.look(audioSilent, !quiet && t.audio > 0 && t.sound < int64(silentFrame*t.audio))
}

func (m *Monitor) lookClock() {
	ms, share, ok := m.seconds.drift(m.run.began)
	if !ok {
		return // what was found before is as right as it was
	}
	wrong := func(i index, ms, share float64) {
		least := 1.0
		if m.conditions[i].active {
			least = 0.5
		}
		m.look(i, ms >= least*driftMillis && share >= least*driftPercent, share, ms/1000)
	}
	wrong(clockSlow, -ms, -share)
	wrong(clockFast, ms, share)
}

func (m *Monitor) lookBits() {
	s := &m.seconds
	low, actual, usual := m.fall.look(s, m.first)
	late := s.late(m.run.began) || s.sum(pictureSpan).missing > 0
	m.look(bitRateCollapsed, low, actual, usual, truth(late))
	if !m.conditions[bitRateCollapsed].active {
		m.fall = fall{}
	}

	limit := float64(m.limit)
	if m.age() < limitSpan || limit <= 0 {
		return
	}
	rate := s.rate(limitSpan, m.run.began)
	above := func(i index, share float64) bool {
		if m.conditions[i].active {
			share -= margin
		}
		return rate > share*limit
	}
	m.look(bitRateOverLimit, above(bitRateOverLimit, 1), rate, limit)
	m.look(bitRateNearLimit, above(bitRateNearLimit, nearLimit) && !m.conditions[bitRateOverLimit].active, rate, limit)
}

func percent(part, whole int) float64 { return 100 * float64(part) / max(1, float64(whole)) }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
