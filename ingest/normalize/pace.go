package normalize

import (
	"math"
	"slices"
)

// paceDistances is how many distances between frames are remembered: half a second at 30 frames per second, and more
// than the rounding to milliseconds needs to average out.
const paceDistances = 15

// pace predicts how long a frame lasts, from the distances between the frames before it.
type pace struct {
	ring [paceDistances]int32 // milliseconds
	n    int                  // distances seen
}

// add takes a distance in milliseconds. Distances of more than 2 s are pauses, and say nothing of the rate.
func (p *pace) add(ms int64) {
	if ms > 0 && ms <= 2000 {
		p.ring[p.n%paceDistances] = int32(ms)
		p.n++
	}
}

// seen is the usual distance in milliseconds, 0 if fewer than three are known: the median, or rather the mean of the
// distances that are as long as the median but for rounding (at 30 frames per second the median of 33, 33 and 34 is 1 %
// short). Of the middle it is the lower side, since of three distances two may well be pauses of a variable rate.
func (p *pace) seen() float64 {
	n := min(p.n, paceDistances)
	if n < 3 {
		return 0
	}
	sorted := p.ring
	slices.Sort(sorted[:n])
	median := sorted[n/2-1]
	sum, count := 0, 0
	for _, d := range sorted[:n] {
		if d >= median-1 && d <= median+1 {
			sum += int(d)
			count++
		}
	}
	return float64(sum) / float64(count)
}

// predict is the duration of a frame in ticks of videoTimescale: the first declared rate, in frames per second, that
// agrees within 10 % with what is seen, else what is seen. Before anything is seen the first declared rate counts, or
// 30 frames per second.
func (p *pace) predict(declared ...float64) int64 {
	seen := p.seen() * videoTimescale / 1000
	for _, rate := range declared {
		if rate < minRate || rate > maxRate {
			continue
		}
		ticks := videoTimescale / rate
		if seen == 0 || math.Abs(ticks-seen) <= seen/10 {
			return int64(math.Round(ticks))
		}
	}
	if seen == 0 {
		return videoTimescale / 30
	}
	return int64(math.Round(seen))
}
