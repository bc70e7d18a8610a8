package audience

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Address stands for where a viewer is: a hash that means nothing outside this process. See Audience.Address.
type Address uint64

// Sign is what a player says every Beat.
type Sign struct {
	Video    string        // UUID of a video; the caller has looked whether there is such a one
	Duration time.Duration // of the video; 0 for a live
	// Session is what the player calls itself. A player that has no name for itself is known by its address while it
	// watches.
	Session  string
	From     Address
	Position time.Duration // in the video: currentTime of PeerTube's API
}

// Audience counts viewers and views. Safe for concurrent use.
type Audience struct {
	cfg     Config
	seed    maphash.Seed
	refused prometheus.Counter

	mu      sync.Mutex
	now     time.Time // the latest that was heard of: callers overtake each other
	viewers viewers
	counted generations
	guests  guests
	views   map[string]int64 // to be taken
}

// New makes an empty audience. The configuration has been validated.
func New(cfg Config, reg prometheus.Registerer) *Audience {
	a := &Audience{
		cfg:  cfg,
		seed: maphash.MakeSeed(),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "shoal", Subsystem: "audience", Name: "refused_signs_total",
			Help: "Signs of viewers that were not counted: too many from one address, or too many viewers.",
		}),
		views: map[string]int64{},
	}
	a.viewers.reset()
	reg.MustRegister(a.refused, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "shoal", Subsystem: "audience", Name: "viewers", Help: "Viewers now, of all videos.",
	}, func() float64 { return float64(a.Total(time.Now())) }))
	return a
}

// Address makes of an address what a Sign may carry: of IPv6 the /64 counts, since one viewer may have all of it.
func (a *Audience) Address(ip netip.Addr) Address {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		p, _ := ip.Prefix(64) // cannot fail
		ip = p.Addr()
	}
	return Address(maphash.Comparable(a.seed, ip))
}

// Watch takes a player's sign. It says whether this is a viewer who was not there before. A sign that is beyond a bound
// changes nothing and is counted by a metric.
func (a *Audience) Watch(s Sign, at time.Time) (first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at = a.advance(at)

	key := a.key(s)
	v := a.viewers.find(key)
	if !a.guests.admit(s.From, v == nil, a.cfg.MaxPerAddress, a.cfg.MaxViewers) || v == nil && a.viewers.len() >= a.cfg.MaxViewers {
		a.refused.Inc()
		return false
	}
	if v == nil {
		a.viewers.add(&viewer{key: key, video: s.Video, last: at, position: s.Position, counted: a.counted.has(key)})
		return true
	}
	v.watch(s.Position, at)
	a.viewers.renew(v, at)
	if !v.counted && v.enough(s.Duration) {
		v.counted = true
		a.counted.add(key, at, a.cfg.MaxViewers)
		a.views[s.Video]++
	}
	return false
}

// Count is how many watch a video now.
func (a *Audience) Count(video string, at time.Time) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.advance(at)
	return a.viewers.of[video]
}

// Total is how many watch anything now.
func (a *Audience) Total(at time.Time) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.advance(at)
	return a.viewers.len()
}

// Take gives the views since the last call, by video: nil if there are none. Whoever cannot keep them gives them back.
func (a *Audience) Take(at time.Time) map[string]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.advance(at)
	if len(a.views) == 0 {
		return nil
	}
	views := a.views
	a.views = map[string]int64{}
	return views
}

// GiveBack takes views that could not be kept: the next Take gives them again.
func (a *Audience) GiveBack(views map[string]int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for video, n := range views {
		a.views[video] += n
	}
}

// advance forgets what is over, and gives a time that is not before the last one.
func (a *Audience) advance(at time.Time) time.Time {
	if at.Before(a.now) {
		return a.now
	}
	a.now = at
	a.viewers.forget(at.Add(-stay))
	a.guests.forget(at)
	a.counted.forget(at)
	return at
}

// key is what a session of a video is known by.
func (a *Audience) key(s Sign) uint64 {
	type session struct {
		video, name string
		from        Address
	}
	if s.Session != "" {
		s.From = 0 // a viewer may go from one network to another
	}
	return maphash.Comparable(a.seed, session{s.Video, s.Session, s.From})
}
