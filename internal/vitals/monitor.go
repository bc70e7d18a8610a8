package vitals

import (
	"bytes"
	"sync"
	"time"

	"shoal/internal/media"
)

const (
	// noKeyFor is without a keyframe for how long viewers cannot join.
	noKeyFor = 4 * time.Second
	// quietSpan is for how many seconds a track must be silent to be missed.
	quietSpan = 5
	// pictureSpan is over how many seconds frames are judged.
	pictureSpan = 10
	// losses within lossSpan make an encoder one that keeps reconnecting.
	losses   = 2
	lossSpan = 5 * time.Minute
)

// Monitor looks at one live, over all its encoders. Safe for concurrent use.
type Monitor struct {
	mu   sync.Mutex
	base time.Time     // time 0; zero before the first encoder
	now  time.Duration // since base: the latest that was heard of

	seconds    seconds
	pictures   pictures
	fall       fall
	conditions [ruleCount]condition
	lost       [8]time.Duration // when encoders were lost, the latest first
	lostCount  int

	connected bool
	limit     int64 // bit/s, 0 for none
	first     int64 // the first whole second since the encoder connected
	run       run
}

// run is what one media.Begin opened.
type run struct {
	began   int64         // the second in which it did
	at      time.Duration // when its first unit came
	started bool          // one came
	open    bool          // there is a run
	late    bool          // the encoder's clock went on while it sent nothing: what came between is missing
	picture time.Duration // when the last picture came, of whatever run

	video, audio media.Track // of an ID of 0 if there is none
	expected     bool        // the encoder announced video
	silence      []byte      // of the audio track, as ingest fills it in
}

// New makes the monitor of a live that nobody has published to yet.
func New() *Monitor {
	m := &Monitor{}
	m.seconds.open().lead = none
	return m
}

// Connected begins with an encoder. What was measured of the one before says nothing about it; charts go on, and losses are
// remembered. The limit is in bit/s, 0 for none.
func (m *Monitor) Connected(at time.Time, bitRateLimit int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.base.IsZero() {
		m.base = at
	}
	m.advance(at)
	m.reset()
	m.connected, m.limit, m.first = true, bitRateLimit, m.seconds.last+1
}

// Departed ends with an encoder. Whether it said goodbye, or was sent away, counts as a goodbye: only losses are a sign of a
// bad network.
func (m *Monitor) Departed(at time.Time, goodbye bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.connected {
		return
	}
	m.advance(at)
	m.reset()
	if !goodbye {
		copy(m.lost[1:], m.lost[:])
		m.lost[0] = m.now
		m.lostCount = min(m.lostCount+1, len(m.lost))
		m.lookLosses()
	}
}

// reset forgets what was measured of an encoder.
func (m *Monitor) reset() {
	m.connected = false
	m.pictures, m.fall, m.run = pictures{}, fall{}, run{}
	for i := range m.conditions {
		if index(i) != encoderReconnecting {
			m.conditions[i] = condition{}
		}
	}
}

// Begin takes the start of a run of units.
func (m *Monitor) Begin(b media.Begin, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.connected {
		return
	}
	m.advance(at)
	r := run{
		open: true, began: m.seconds.last, expected: b.VideoExpected,
		picture: m.run.picture, late: b.Reason == "late" && m.pictures.begun,
	}
	for _, t := range b.Tracks {
		switch {
		case t.Timescale == 0:
		case t.Kind() == media.Video && r.video.ID == 0:
			r.video = t
		case t.Kind() == media.Audio && r.audio.ID == 0:
			r.audio, r.silence = t, t.Codec.Silence()
		}
	}
	m.run = r
	m.pictures.begin(r.video.Timescale)
}

// Unit takes the next unit, which arrived at the given time. It costs some 50 ns and keeps nothing of it.
func (m *Monitor) Unit(u *media.Unit, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.run
	if !r.open || u.Track == 0 {
		return
	}
	m.advance(at)
	s := m.seconds.open()
	s.bytes += uint32(len(u.Payload))
	switch u.Track {
	case r.video.ID:
		m.picture(u, s)
		m.lead(u.DTS, r.video.Timescale, s)
	case r.audio.ID:
		add(&s.audio, 1)
		s.sound += uint32(len(u.Payload))
		if len(r.silence) > 0 && bytes.Equal(u.Payload, r.silence) {
			add(&s.silent, 1)
		}
		m.lead(u.DTS, r.audio.Timescale, s)
	}
}

func (m *Monitor) picture(u *media.Unit, s *second) {
	r := &m.run
	add(&s.frames, 1)
	if u.Independent() {
		add(&s.keys, 1)
	}
	if r.late {
		add(&s.missing, m.pictures.gap(m.now-r.picture))
		r.late = false
	}
	r.picture = m.now
	m.pictures.add(u.DTS, u.Independent(), m.seconds.last)
	if d := u.PTS - u.DTS; d > 0 {
		s.reorder = max(s.reorder, uint16(min(d*1000/m.pictures.timescale, 1<<16-1)))
	}
}

// lead takes how far media time is ahead of the time that passed.
func (m *Monitor) lead(dts int64, timescale uint32, s *second) {
	r := &m.run
	if !r.started {
		r.started, r.at, r.began = true, m.now, m.seconds.last
	}
	ms := dts*1000/int64(timescale) - (m.now - r.at).Milliseconds()
	s.lead = max(s.lead, int32(min(max(ms, none+1), 1<<31-1)))
}

// advance closes the seconds that are over. Times that go back, as callers overtake each other, stand still.
func (m *Monitor) advance(at time.Time) {
	m.now = max(m.now, at.Sub(m.base))
	now := int64(m.now / time.Second)
	if now-m.seconds.last > 2*span { // nobody has looked for long: what is in between is not kept anyway
		m.seconds = seconds{last: now - span - 1}
		m.seconds.turn()
	}
	for m.seconds.last < now {
		m.close()
		m.seconds.turn()
	}
}
