package audience

import "time"

// beatsPerMinute is how many signs a viewer gives in a window.
const beatsPerMinute = int(window / Beat)

// guests says what came from each address in the minute that runs.
type guests struct {
	from  map[Address]guest
	since time.Time
}

type guest struct{ viewers, signs int32 }

// admit counts a sign, and says whether it is within the limits. When the table is full, addresses that are not in it are
// not counted: whoever has so many is bounded by the number of all viewers.
func (g *guests) admit(from Address, first bool, limit, size int) bool {
	seen, known := g.from[from]
	if int(seen.signs) >= limit*beatsPerMinute || first && int(seen.viewers) >= limit {
		return false
	}
	seen.signs++
	if first {
		seen.viewers++
	}
	if known || len(g.from) < size {
		g.from[from] = seen
	}
	return true
}

// forget begins a new minute when one is over.
func (g *guests) forget(at time.Time) {
	if g.from == nil || at.Sub(g.since) >= window {
		*g = guests{from: map[Address]guest{}, since: at}
	}
}

// generations remember the sessions whose views were counted, for one to two hours.
type generations struct {
	present, past map[uint64]struct{}
	since         time.Time // of the present one
}

func (g *generations) has(key uint64) bool {
	_, now := g.present[key]
	_, before := g.past[key]
	return now || before
}

// add remembers a session. If there are more than limit, the oldest are forgotten earlier.
func (g *generations) add(key uint64, at time.Time, limit int) {
	if len(g.present) >= limit {
		g.turn(at)
	}
	g.present[key] = struct{}{}
}

func (g *generations) forget(at time.Time) {
	switch {
	case g.present == nil, at.Sub(g.since) >= 2*remember:
		*g = generations{present: map[uint64]struct{}{}, since: at}
	case at.Sub(g.since) >= remember:
		g.turn(at)
	}
}

func (g *generations) turn(at time.Time) {
	*g = generations{present: map[uint64]struct{}{}, past: g.present, since: at}
}
