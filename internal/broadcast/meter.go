package broadcast

import "time"

// meterSpan is over what time a bit rate counts: encoders send keyframes and scene changes in bursts.
const meterSpan = 10 * time.Second

// meter holds an encoder to a bit rate.
type meter struct {
	limit int64 // bit/s, 0 for none
	began time.Time
	bytes int64
}

// pass counts bytes and says whether they keep to the limit.
func (m *meter) pass(n int, now time.Time) bool {
	if m.limit == 0 {
		return true
	}
	if now.Sub(m.began) >= meterSpan {
		m.began, m.bytes = now, 0
	}
	m.bytes += int64(n)
	return m.bytes*8 <= m.limit*int64(meterSpan/time.Second)
}
