package m3u8

import (
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// builder makes windows of segments as a live has them.
type builder struct {
	w    live.Window
	init *media.Init
	next uint64
	disc uint64
	at   time.Duration
	date time.Time
	cut  bool // the next segment is a discontinuity
}

func build(r media.RenditionID, first uint64, target time.Duration) *builder {
	return &builder{
		w:    live.Window{Rendition: r, PartTarget: target},
		init: &media.Init{Epoch: media.Epoch{N: 7}},
		next: first,
		date: time.Date(2026, 11, 24, 12, 0, 0, 123_456_789, time.FixedZone("", 3600)),
	}
}

// segment adds a complete segment of parts of the given durations, the first of them independent.
func (b *builder) segment(parts ...time.Duration) *builder {
	b.open(parts...)
	s := b.w.Segments[len(b.w.Segments)-1]
	s.Complete = true
	b.w.HintSegment, b.w.HintPart = s.Number+1, 0
	return b
}

// open adds a segment that is not complete.
func (b *builder) open(parts ...time.Duration) *builder {
	if b.cut {
		b.disc++
	}
	s := &media.Segment{
		Number: b.next, Init: b.init, Discontinuity: b.cut, DiscontinuitySequence: b.disc,
		Date: b.date.Add(b.at), Start: b.at, Independent: true,
	}
	b.cut = false
	for i, d := range parts {
		s.Parts = append(s.Parts, &media.Part{Segment: s.Number, Number: uint32(i), Duration: d, Independent: i == 0})
		s.Duration += d
	}
	b.w.Segments = append(b.w.Segments, s)
	b.at += s.Duration
	b.next++
	b.w.HintSegment, b.w.HintPart = s.Number, uint32(len(parts))
	return b
}

// gap adds a segment without media.
func (b *builder) gap(d time.Duration) *builder {
	b.segment()
	b.w.Segments[len(b.w.Segments)-1].Duration = d
	b.at += d
	return b
}

// discontinuity lets the next segment begin anew, with another init.
func (b *builder) discontinuity(e media.Epoch, index uint32) *builder {
	b.init = &media.Init{Epoch: e, Index: index}
	b.cut = true
	return b
}

func (b *builder) ended() *live.Window {
	b.w.Ended = true
	return &b.w
}

// steady adds n segments of 2 s with ten parts.
func (b *builder) steady(n int) *builder {
	for range n {
		b.segment(repeat(10, 200*time.Millisecond)...)
	}
	return b
}

func repeat(n int, d time.Duration) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = d
	}
	return all
}
