package rtmp

import "time"

// allowance is how much of a meter's rate may come ahead of time: it forgives keyframes of any size, and an encoder
// that empties its queue after its network was gone.
const allowance = 10 * time.Second

// meter says when something has come faster than a rate for too long. It is a bucket that leaks at the rate.
type meter struct {
	rate  float64 // per second
	level float64
	at    time.Time
}

// add counts n at a time not before the last one and reports whether that is still all right.
func (m *meter) add(n float64, at time.Time) bool {
	m.level = max(0, m.level-at.Sub(m.at).Seconds()*m.rate) + n
	m.at = at
	return m.level <= m.rate*allowance.Seconds()
}
