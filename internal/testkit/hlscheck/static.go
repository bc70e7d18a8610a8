package hlscheck

import (
	"fmt"
	"time"

	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// What Shoal's playlists say, whatever the live.
const (
	targetDuration = 2 * time.Second
	holdBack       = 6 * time.Second
	skipUntil      = 12 * time.Second
	partsFor       = 6 * time.Second
	// drift is how far a date may be from the one before and the duration between: dates are printed in milliseconds,
	// and timestamps of RTMP come in them.
	drift = 20 * time.Millisecond
)

// checker holds playlists of one rendition against the rules.
type checker struct {
	rec       *recorder
	file      string // of the playlist
	rendition media.RenditionID
	classic   bool
}

func (c *checker) fault(rule, where, format string, args ...any) {
	if where == "" {
		where = c.file
	} else {
		where = c.file + ", " + where
	}
	c.rec.fault(rule, where, format, args...)
}

func at(s *segment) string { return fmt.Sprintf("segment %d", s.number) }

func atPart(s *segment, n int) string { return fmt.Sprintf("segment %d part %d", s.number, n) }

// whole checks a playlist (not a delta update) by itself.
func (c *checker) whole(p *playlist) {
	if c.classic {
		if p.lowLatency {
			c.fault(ruleClassic, "", "it has tags of low latency")
		}
	} else {
		c.control(p)
	}
	if p.target != uint64(targetDuration/time.Second) {
		c.fault(ruleTarget, "", "TARGETDURATION is %d", p.target)
	}
	least := uint64(6) // EXT-X-MAP
	for i := range p.segments {
		if p.segments[i].gap {
			least = 8
		}
	}
	if p.version < least {
		c.fault(ruleVersion, "", "EXT-X-VERSION is %d, but %d is needed", p.version, least)
	}
	for i := range p.segments {
		s := &p.segments[i]
		c.segment(p, s)
		if i > 0 {
			c.succession(&p.segments[i-1], s)
		}
		if !s.complete() && i < len(p.segments)-1 {
			c.fault(ruleParse, at(s), "it is not complete, but not the last")
		}
	}
	if !c.classic {
		c.listedParts(p)
		c.hint(p)
	}
}

func (c *checker) control(p *playlist) {
	switch {
	case !p.lowLatency || p.partTarget == 0:
		c.fault(ruleControl, "", "it is not a low-latency playlist")
	case !p.canBlock:
		c.fault(ruleControl, "", "CAN-BLOCK-RELOAD is missing")
	case p.holdBack != holdBack || p.skipUntil != skipUntil:
		c.fault(ruleControl, "", "HOLD-BACK is %v, CAN-SKIP-UNTIL %v", p.holdBack, p.skipUntil)
	case p.partHoldBack.Seconds() < 3*p.partTarget.Seconds():
		c.fault(ruleControl, "", "PART-HOLD-BACK is %v, less than three times %v", p.partHoldBack, p.partTarget)
	}
	if p.version < 9 {
		c.fault(ruleVersion, "", "EXT-X-VERSION is %d, but EXT-X-SKIP needs 9", p.version)
	}
}

func (c *checker) segment(p *playlist, s *segment) {
	if !s.complete() && c.classic {
		c.fault(ruleClassic, at(s), "it is not complete")
	}
	if s.duration.Round(time.Second) > targetDuration {
		c.fault(ruleExtinf, at(s), "EXTINF is %v", s.duration)
	}
	c.names(s)
	if s.gap {
		if len(s.parts) > 0 {
			c.fault(ruleListedParts, at(s), "a gap has parts")
		}
		return
	}
	var sum time.Duration
	for n, q := range s.parts {
		sum += q.duration
		if q.duration > p.partTarget || q.duration == 0 {
			c.fault(ruleLongPart, atPart(s, n), "it lasts %v of %v", q.duration, p.partTarget)
		}
		if n < len(s.parts)-1 && q.duration < p.partTarget*85/100 {
			c.fault(ruleShortPart, atPart(s, n), "it lasts %v of %v and is not the last of its segment", q.duration, p.partTarget)
		}
	}
	if s.complete() && len(s.parts) > 0 && (sum-s.duration).Abs() > time.Millisecond {
		c.fault(rulePartSum, at(s), "the parts last %v, EXTINF is %v", sum, s.duration)
	}
}

// names holds that files are named flat, by rendition, epoch and number.
func (c *checker) names(s *segment) {
	i, ok := m3u8.ParseName(s.init)
	if !ok || i.Sort != m3u8.InitFile || i.Rendition != c.rendition {
		c.fault(ruleNames, at(s), "its init is %q", s.init)
		return
	}
	if s.complete() {
		n, ok := m3u8.ParseName(s.uri)
		want := m3u8.Name{Sort: m3u8.SegmentFile, Rendition: c.rendition, Epoch: i.Epoch, Number: s.number}
		if !ok || n != want {
			c.fault(ruleNames, at(s), "it is %q, not %q", s.uri, want)
		}
	}
	for k, q := range s.parts {
		n, ok := m3u8.ParseName(q.uri)
		want := m3u8.Name{Sort: m3u8.PartFile, Rendition: c.rendition, Epoch: i.Epoch, Number: s.number, Part: uint32(k)}
		if !ok || n != want {
			c.fault(ruleNames, atPart(s, k), "it is %q, not %q", q.uri, want)
		}
	}
}

// succession checks two segments that follow each other.
func (c *checker) succession(a, b *segment) {
	end := a.date.Add(a.length())
	switch {
	case b.disc && b.date.Before(end.Add(-time.Second)):
		// Behind a discontinuity, dates may overlap by less than a second (the draft, section 6.2.1).
		c.fault(ruleDate, at(b), "it begins %v before the end of the one before", end.Sub(b.date))
	case !b.disc && b.date.Sub(end).Abs() > drift:
		c.fault(ruleDate, at(b), "it begins %v beside the end of the one before", b.date.Sub(end))
	}
	if !b.disc && a.init != b.init {
		c.fault(ruleDiscontinue, at(b), "another init (%q) without a discontinuity", b.init)
	}
	x, okX := m3u8.ParseName(a.init)
	y, okY := m3u8.ParseName(b.init)
	if okX && okY && y.Epoch.Compare(x.Epoch) < 0 {
		c.fault(ruleBackwards, at(b), "epoch %v follows epoch %v", y.Epoch, x.Epoch)
	}
}

// listedParts holds that parts are listed for the last three target durations, and only for segments of which something
// lies there.
func (c *checker) listedParts(p *playlist) {
	var after time.Duration
	for i := len(p.segments) - 1; i >= 0; i-- {
		s := &p.segments[i]
		switch near := after < partsFor; {
		case s.gap:
		case near && len(s.parts) == 0:
			c.fault(ruleListedParts, at(s), "it has none, but ends %v before the end", after)
		case !near && len(s.parts) > 0:
			c.fault(ruleListedParts, at(s), "it has some, but ends %v before the end", after)
		}
		after += s.length()
	}
}

// hint holds that the next part is hinted at, by a name that it can have.
func (c *checker) hint(p *playlist) {
	if p.ended {
		if p.hint != "" {
			c.fault(ruleHint, "", "%q behind the end", p.hint)
		}
		return
	}
	n, ok := m3u8.ParseName(p.hint)
	s := p.last()
	here := n.Number == s.number && int(n.Part) == len(s.parts) && !s.complete()
	next := n.Number == s.number+1 && n.Part == 0
	if !ok || n.Sort != m3u8.PartFile || n.Rendition != c.rendition || !here && !next {
		c.fault(ruleHint, "", "%q after segment %d with %d parts", p.hint, s.number, len(s.parts))
	}
}
