package vitals

const (
	// driftSpan and driftLeast are over how many seconds a clock is measured; edge is how many of them make up the
	// beginning, the middle and the end.
	driftSpan, driftLeast, edge = 60, 30, 10
	// settling is how many seconds of a run are left out: encoders begin with what they had kept.
	settling = 3
	// A clock is wrong if it is off by so much of the time, in percent, and by so many milliseconds: the network's delay
	// changes by less, unless it cannot carry the stream.
	driftPercent, driftMillis = 1.0, 500
)

// drift measures media time against the time that passed, over the seconds up to the open one, of a run that began in the
// given second. It gives milliseconds (ahead is positive) and percent, and whether there was enough to measure.
func (s *seconds) drift(began int64) (ms, percent float64, ok bool) {
	n := min(s.last-began-settling+1, driftSpan)
	if n < driftLeast {
		return 0, 0, false
	}
	from := s.last - n + 1
	head, middle, tail := s.lead(from, edge), s.lead(from+(n-edge)/2, edge), s.lead(from+n-edge, edge)
	if head == none || middle == none || tail == none {
		return 0, 0, false
	}
	all, first := float64(tail)-float64(head), float64(middle)-float64(head)
	// A clock that is wrong is so all the time. A step (an encoder that paused, a network that became slower) falls into
	// one half, and is none.
	if share := first / all; all == 0 || share < 0.25 || share > 0.75 {
		return 0, 0, true
	}
	return all, all / 10 / float64(n-edge), true
}
