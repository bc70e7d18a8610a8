package rtmp

import (
	"net/netip"
	"time"
)

// standing is how far a connection got.
type standing uint8

const (
	pending   standing = iota + 1 // has not published yet
	published                     // has
	evicted                       // had to make room, and is about to leave
)

// grace is how long a connection may take to publish before it may have to make room for another: some twenty times
// what a real encoder takes on a loaded board.
const grace = time.Second

// visitors are the connections of a server, and where those that have not published come from. Guarded by Server.mu.
type visitors struct {
	cfg     Config
	known   map[*connection]standing
	pending int
	from    map[netip.Prefix]int // pending ones
}

func newVisitors(cfg Config) visitors {
	return visitors{cfg: cfg, known: make(map[*connection]standing), from: make(map[netip.Prefix]int)}
}

// enter notes a connection, or says why not: a label for metrics. If another one had to make room, that is returned to
// be closed.
func (v *visitors) enter(c *connection) (out *connection, reason string) {
	n := neighbourhood(c.remote.Addr())
	switch {
	case len(v.known) >= v.cfg.MaxConnections:
		return nil, "too_many"
	case v.from[n] >= v.cfg.MaxPendingPerAddress:
		if out = v.oldest(c.born, func(o *connection) bool { return neighbourhood(o.remote.Addr()) == n }); out == nil {
			return nil, "too_many_from_address"
		}
	case v.pending >= v.cfg.MaxPending:
		if out = v.oldest(c.born, func(*connection) bool { return true }); out == nil {
			return nil, "too_many_pending"
		}
	}
	if out != nil {
		v.change(out, evicted)
	}
	v.known[c] = pending
	v.pending++
	v.from[n]++
	return out, ""
}

// oldest is the pending connection that had the most time, nil if none had enough.
func (v *visitors) oldest(now time.Time, among func(*connection) bool) *connection {
	var oldest *connection
	for c, s := range v.known {
		if s == pending && now.Sub(c.born) >= grace && among(c) && (oldest == nil || c.born.Before(oldest.born)) {
			oldest = c
		}
	}
	return oldest
}

// publish notes that a connection has published.
func (v *visitors) publish(c *connection) { v.change(c, published) }

// leave forgets a connection.
func (v *visitors) leave(c *connection) {
	v.change(c, evicted)
	delete(v.known, c)
}

// change notes that a connection is not pending any more.
func (v *visitors) change(c *connection, s standing) {
	if v.known[c] != pending {
		return
	}
	v.known[c] = s
	v.pending--
	n := neighbourhood(c.remote.Addr())
	if v.from[n]--; v.from[n] == 0 {
		delete(v.from, n)
	}
}

func (v *visitors) all() []*connection {
	all := make([]*connection, 0, len(v.known))
	for c := range v.known {
		all = append(all, c)
	}
	return all
}

// neighbourhood is what one person can have all addresses of: an IPv4 address, or the /64 of an IPv6 address.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // the zero value if there is no address
	return p
}
