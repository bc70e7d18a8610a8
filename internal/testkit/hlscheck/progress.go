package hlscheck

import "time"

// progress checks what changed from one version of a playlist to the next.
func (c *checker) progress(a, b *playlist) {
	if b.sequence < a.sequence {
		c.fault(ruleBackwards, "", "MEDIA-SEQUENCE went from %d to %d", a.sequence, b.sequence)
	}
	if b.discontinuities < a.discontinuities {
		c.fault(ruleDiscontinue, "", "it went from %d to %d", a.discontinuities, b.discontinuities)
	}
	if an, ap := a.position(); !b.lists(an, ap) {
		bn, bp := b.position()
		c.fault(ruleBackwards, "the end", "it ended with segment %d part %d, then with %d part %d", an, ap, bn, bp)
	}
	if a.target != b.target || a.partTarget != b.partTarget {
		c.fault(ruleTarget, "", "they went from %d and %v to %d and %v", a.target, a.partTarget, b.target, b.partTarget)
	}
	if a.partHoldBack != b.partHoldBack || a.holdBack != b.holdBack || a.skipUntil != b.skipUntil || a.canBlock != b.canBlock {
		c.fault(ruleControl, "", "EXT-X-SERVER-CONTROL changed")
	}
	if b.sequence > a.sequence && !b.ended {
		var length time.Duration
		for i := range b.segments {
			length += b.segments[i].length()
		}
		if length < 3*targetDuration {
			c.fault(ruleWindow, "", "segments were removed, and %v is left", length)
		}
	}
	for i := range a.segments {
		if s, t := &a.segments[i], b.find(a.segments[i].number); t != nil {
			c.kept(s, t, b)
		}
	}
}

// kept checks a segment that both versions list.
func (c *checker) kept(s, t *segment, b *playlist) {
	switch {
	case s.discSeq != t.discSeq || s.disc != t.disc:
		c.fault(ruleDiscontinue, at(s), "its number went from %d to %d, its tag from %v to %v", s.discSeq, t.discSeq, s.disc, t.disc)
	case s.init != t.init || !s.date.Equal(t.date) || s.gap != t.gap && s.complete():
		c.fault(ruleChanged, at(s), "it was %v; it is %v", s, t)
	case s.complete() && (s.uri != t.uri || s.duration != t.duration):
		c.fault(ruleChanged, at(s), "it was %v; it is %v", s, t)
	}
	if len(t.parts) == 0 {
		return // which parts are listed is another rule's affair
	}
	if len(t.parts) < len(s.parts) || s.complete() && len(s.parts) > 0 && len(t.parts) != len(s.parts) {
		c.fault(ruleChanged, at(s), "it had %d parts and has %d", len(s.parts), len(t.parts))
		return
	}
	for n := range s.parts {
		if s.parts[n] != t.parts[n] {
			c.fault(ruleChanged, atPart(s, n), "it was %v, it is %v", s.parts[n], t.parts[n])
		}
	}
}

// position is the last segment and its last part; -1 if it has none.
func (p *playlist) position() (segment uint64, part int) {
	s := p.last()
	return s.number, len(s.parts) - 1
}

// lists says whether a playlist has come as far as a part.
func (p *playlist) lists(segment uint64, part int) bool {
	n, last := p.position()
	return n > segment || n == segment && last >= part
}

// next is what a player asks for after this playlist.
func (p *playlist) next() (segment uint64, part int) {
	if s := p.last(); s.complete() {
		return s.number + 1, 0
	}
	n, last := p.position()
	return n, last + 1
}

// same compares what a delta update, merged, must have in common with the whole playlist. Rendition reports tell of
// other playlists, and of the moment when each was written.
func (p *playlist) same(o *playlist) bool {
	if p.sequence != o.sequence || p.discontinuities != o.discontinuities || p.hint != o.hint || p.ended != o.ended ||
		p.version != o.version || p.target != o.target || p.partTarget != o.partTarget || p.partHoldBack != o.partHoldBack ||
		len(p.segments) != len(o.segments) {
		return false
	}
	for i := range p.segments {
		if !p.segments[i].same(&o.segments[i]) {
			return false
		}
	}
	return true
}

func (s *segment) same(o *segment) bool {
	if s.number != o.number || s.disc != o.disc || s.discSeq != o.discSeq || s.init != o.init || !s.date.Equal(o.date) ||
		s.gap != o.gap || s.duration != o.duration || s.uri != o.uri || len(s.parts) != len(o.parts) {
		return false
	}
	for n := range s.parts {
		if s.parts[n] != o.parts[n] {
			return false
		}
	}
	return true
}
