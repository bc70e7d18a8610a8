package auth

import (
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"
)

// pace says how failures slow down what comes next.
type pace struct {
	free   int           // so many cost nothing
	forget time.Duration // one is forgotten in this time
}

// The delay after the last free failure, doubled by each that follows, and the longest.
const firstDelay, longestDelay = time.Second, 15 * time.Minute

var (
	// Of one address against one name: what somebody is allowed who does not remember.
	pairPace = pace{free: 5, forget: 10 * time.Minute}
	// The same while the name is under attack: whoever comes from elsewhere still has a try of their own, so that strangers
	// lock nobody out, but a thousand addresses have only a thousand.
	wary = pace{free: 1, forget: 10 * time.Minute}
	// Of one address against all names: a hall of people may stand behind it.
	addressPace = pace{free: 20, forget: time.Minute}
)

const (
	// attacked is how many failures from elsewhere make a name one under attack.
	attacked = 10
	// remembered bounds each of the tables: at 100 bytes each, an attacker can fill 1 MB, and gains tries only by having as many
	// addresses.
	remembered = 8192
)

// tally counts failures and forgets them slowly.
type tally struct {
	level float64
	last  time.Time
}

// now is how many failures there are still.
func (t tally) now(at time.Time, p pace) float64 {
	return max(0, t.level-max(0, at.Sub(t.last).Seconds())/p.forget.Seconds())
}

// wait is how long to wait after the last failure, seen from a moment; 0 if long enough was waited.
func (t tally) wait(at time.Time, p pace) time.Duration {
	over := int(math.Round(t.now(at, p))) - p.free
	if over < 0 {
		return 0
	}
	delay := longestDelay
	if over < 10 { // 2^10 s are longer than that
		delay = min(delay, firstDelay<<over)
	}
	return max(0, delay-at.Sub(t.last))
}

// throttle slows down who tries passwords. Safe for concurrent use. It knows names and addresses by hashes only.
type throttle struct {
	seed maphash.Seed

	mu        sync.Mutex
	pairs     *lru[uint64, tally]
	addresses *lru[uint64, tally]
	names     *lru[uint64, tally]
}

func newThrottle() *throttle {
	return &throttle{
		seed:  maphash.MakeSeed(),
		pairs: newLRU[uint64, tally](remembered), addresses: newLRU[uint64, tally](remembered), names: newLRU[uint64, tally](remembered),
	}
}

// attempt is one try. It counts as a failure from its beginning, so that a thousand at once are a thousand; whoever made it says
// how it ended, unless it failed.
type attempt struct {
	throttle            *throttle
	pair, address, name uint64
}

// begin says how long to wait, or lets a try begin.
func (t *throttle) begin(name string, from netip.Addr, at time.Time) (attempt, time.Duration) {
	network := network(from)
	a := attempt{
		throttle: t,
		name:     maphash.Comparable(t.seed, name),
		address:  maphash.Comparable(t.seed, network),
		pair: maphash.Comparable(t.seed, struct {
			string
			netip.Prefix
		}{name, network}),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	pair, _ := t.pairs.get(a.pair)
	address, _ := t.addresses.get(a.address)
	all, _ := t.names.get(a.name)

	p := pairPace
	if all.now(at, wary)-pair.now(at, pairPace) >= attacked {
		p = wary
	}
	if wait := max(pair.wait(at, p), address.wait(at, addressPace)); wait > 0 {
		return attempt{}, max(wait, time.Second)
	}
	t.pairs.put(a.pair, tally{pair.now(at, pairPace) + 1, at})
	t.addresses.put(a.address, tally{address.now(at, addressPace) + 1, at})
	t.names.put(a.name, tally{all.now(at, wary) + 1, at})
	return a, 0
}

// succeeded ends a try with the right password. What else came from the address is not forgotten: else a stranger could try
// others' passwords between log-ins with their own.
func (a attempt) succeeded() {
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pairs.remove(a.pair)
	t.less(t.addresses, a.address)
	t.less(t.names, a.name)
}

// withdrawn ends a try whose password nobody looked at.
func (a attempt) withdrawn() {
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	t.less(t.pairs, a.pair)
	t.less(t.addresses, a.address)
	t.less(t.names, a.name)
}

func (t *throttle) less(of *lru[uint64, tally], key uint64) {
	if n, ok := of.get(key); ok {
		n.level = max(0, n.level-1)
		of.put(key, n)
	}
}

// network is what counts as one address: of IPv6 the /64, which is the least that anybody gets.
func network(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // the zero Prefix for no address: all without one are one
	return p
}
