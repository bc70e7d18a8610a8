package vitals

import "slices"

const (
	// limitSpan is over how many seconds the bit rate is held against the limit, as ingest does.
	limitSpan = 10
	// usualSpan is how many seconds say what the bit rate usually is, usualLeast how many at least.
	usualSpan, usualLeast = 60, 20
	// fallSpan is for how many seconds the bit rate must be low.
	fallSpan = 3
	// The bit rate has fallen below 40 % of the usual, and has recovered above 60 %: as much as one second alone may have.
	fallen, recovered = 0.4, 0.6
	// fallLeast is the usual rate, in bit/s, below which nothing can collapse.
	fallLeast = 32_000
	// acceptance is after how many seconds a low rate is the usual one.
	acceptance = 120
	// lateBy is how far media time must have fallen behind for frames to be late, in milliseconds.
	lateBy = 1000
)

// rate is the bit rate of the n seconds that end with the open one, in bit/s: by the time that passed, or by media time if
// that is more: what was held up and then comes at once is no higher rate.
func (s *seconds) rate(n, began int64) float64 {
	time := float64(n)
	if from, ok := s.position(s.last-n, began); ok {
		to, _ := s.position(s.last, began)
		time = max(time, float64(to-from)/1000)
	}
	return float64(s.sum(n).bytes*8) / time
}

// position is how far media time had come by the end of a second, in milliseconds, on a clock of its own: it stands still
// while nothing comes. It is not known before a run began.
func (s *seconds) position(n, began int64) (ms int64, ok bool) {
	for ; n >= began && n > s.last-span; n-- {
		if lead := s.at(n).lead; lead != none {
			return n*1000 + int64(lead), true
		}
	}
	return 0, false
}

// fall watches whether the bit rate collapses.
type fall struct {
	usual float64 // before it did; 0 while it has not
	since int64   // the second in which it did
}

// look says whether the bit rate is low in the open second, and how much it is and was. first is the first whole second
// since the encoder connected, first of the run or not.
func (f *fall) look(s *seconds, first int64) (low bool, actual, usual float64) {
	actual = float64(s.sum(fallSpan).bytes) * 8 / fallSpan
	if f.usual > 0 {
		if s.last-f.since < acceptance {
			return actual < recovered*f.usual, actual, f.usual
		}
		f.usual = 0
	}
	n := min(s.last-fallSpan-first+1, usualSpan)
	if n < usualLeast {
		return false, actual, 0
	}
	var sorted [usualSpan]uint32
	for i := range n {
		sorted[i] = s.at(s.last - fallSpan - i).bytes
	}
	slices.Sort(sorted[:n])
	usual = float64(sorted[n/2]) * 8
	best := uint32(0)
	for i := range int64(fallSpan) {
		best = max(best, s.at(s.last-i).bytes)
	}
	if usual < fallLeast || actual >= fallen*usual || float64(best)*8 >= recovered*usual {
		return false, actual, usual
	}
	f.usual, f.since = usual, s.last
	return true, actual, usual
}

// late says whether what comes is late, or nothing comes.
func (s *seconds) late(began int64) bool {
	n := min(s.last-began+1, usualSpan)
	if n <= fallSpan {
		return false
	}
	best, now := s.lead(s.last-n+1, n), s.lead(s.last-fallSpan+1, fallSpan)
	return now == none || int64(best)-int64(now) > lateBy
}
