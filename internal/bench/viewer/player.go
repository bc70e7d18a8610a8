package viewer

import "time"

// player is a simulated player: it starts with the first part it gets, plays in real time and stalls whenever it runs
// dry.
type player struct {
	began   time.Time
	media   time.Duration // that it was given
	stalled time.Duration
}

// feed gives it media and returns how long it had stalled before.
func (p *player) feed(now time.Time, d time.Duration) (stall time.Duration) {
	if p.began.IsZero() {
		p.began = now
	}
	if lack := now.Sub(p.began) - p.stalled - p.media; lack > 0 && p.media > 0 {
		stall = lack
		p.stalled += lack
	}
	p.media += d
	return stall
}

// delay is how far the player is behind a frame that was sent at the given time and was the first that it got.
func (p *player) delay(firstSent time.Time) time.Duration { return p.began.Sub(firstSent) + p.stalled }
