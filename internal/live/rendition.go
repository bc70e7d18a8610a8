package live

import (
	"cmp"
	"slices"
	"time"

	"shoal/internal/media"
)

// rendition puts chunks together to the parts and segments of one rendition. Its stream's lock guards it.
type rendition struct {
	id     media.RenditionID
	target time.Duration // PART-TARGET
	init   *media.Init   // in force; nil while the rendition is not fed
	disc   uint64        // discontinuity sequence of the init

	kept    []*media.Segment // complete, oldest first
	size    int              // bytes of kept
	segment *media.Segment   // open, nil between two; replaced, never changed, when it grows
	fresh   bool             // no segment of the init in force has begun
	chunks  []*media.Chunk   // of the open part
	end     time.Duration    // of the last closed part of the init in force
	dirty   bool             // changed since the last window
	first   uint64           // number of the first segment that is listed; it never goes back
	window  *Window

	peak      int // bit/s
	bytes     int64
	listening time.Duration // that bytes last
}

// begin puts an init in force.
func (r *rendition) begin(i *media.Init, disc uint64) {
	r.init, r.disc, r.fresh, r.end = i, disc, true, i.Start
}

// forget drops all segments.
func (r *rendition) forget() { r.kept, r.size = nil, 0 }

func (r *rendition) open() bool { return r.segment != nil }

// follows says whether a chunk's numbers go on from the last one's; next is the number of a segment that begins.
func (r *rendition) follows(c *media.Chunk, next uint64) bool {
	if !r.open() {
		return c.Segment == next && c.Part == 0
	}
	switch part := uint32(len(r.segment.Parts)); {
	case c.Segment == r.segment.Number:
		return c.Part == part || c.Part == part+1 && len(r.chunks) > 0
	case c.Segment == r.segment.Number+1:
		return c.Part == 0
	}
	return false
}

// add takes a chunk whose numbers say where it belongs.
func (r *rendition) add(c *media.Chunk) {
	if r.open() && int(c.Part) != len(r.segment.Parts) {
		r.endPart()
	}
	r.take(c)
	if c.EndsPart {
		r.endPart()
	}
}

// addAudio takes a chunk into a rendition that has parts of its own: longer ones, since audio chunks are small and
// requests are what costs. The segment's number is the main rendition's.
func (r *rendition) addAudio(c *media.Chunk) {
	if _, n := r.span(); r.open() && n+c.Length() > r.target {
		r.endPart()
	}
	r.take(c)
	if _, n := r.span(); n >= r.target*85/100 && n+c.Length() > r.target {
		r.endPart()
	}
}

func (r *rendition) take(c *media.Chunk) {
	if !r.open() {
		r.beginSegment(c)
	}
	r.chunks = append(r.chunks, c)
}

func (r *rendition) beginSegment(c *media.Chunk) {
	r.segment = &media.Segment{
		Number:                c.Segment,
		Init:                  r.init,
		Discontinuity:         r.fresh && r.init.Discontinuity,
		DiscontinuitySequence: r.disc,
		Date:                  r.init.Date.Add(c.Start() - r.init.Start),
		Start:                 c.Start(),
	}
	r.fresh = false
}

// endPart closes the open part, if it has a chunk.
func (r *rendition) endPart() {
	if len(r.chunks) == 0 {
		return
	}
	s := *r.segment
	start, length := r.span()
	p := r.part(s.Number, uint32(len(s.Parts)), length)
	if len(s.Parts) == 0 {
		first := p.Chunks[0]
		if v := slices.IndexFunc(p.Chunks, r.isVideo); v >= 0 {
			first = p.Chunks[v]
		}
		s.Start = start
		s.Date = s.Init.Date.Add(s.Start - s.Init.Start)
		s.Independent = first.Independent
	}
	r.end = max(r.end, start+length)
	s.Parts = append(slices.Clip(s.Parts), p)
	s.Duration += p.Duration
	s.Size += p.Size
	r.segment, r.chunks, r.dirty = &s, nil, true
	r.bytes += int64(p.Size)
	r.listening += p.Duration
}

// part makes the open part's chunks immutable in their final order: by start time, audio first on a tie (a player that
// meets video first loses the start of the audio).
func (r *rendition) part(segment uint64, number uint32, length time.Duration) *media.Part {
	p := &media.Part{Segment: segment, Number: number, Duration: length, Chunks: r.chunks}
	slices.SortStableFunc(p.Chunks, func(a, b *media.Chunk) int {
		return cmp.Or(cmp.Compare(a.Start(), b.Start()), cmp.Compare(r.rank(a), r.rank(b)))
	})
	video := false
	for _, c := range p.Chunks {
		p.Size += len(c.Data)
		if r.isVideo(c) {
			video = true
			p.Independent = p.Independent || c.Independent
		}
	}
	if !video {
		p.Independent = r.init.Track(media.Video) == nil || r.id != media.Main
	}
	return p
}

func (r *rendition) isVideo(c *media.Chunk) bool {
	v := r.init.Track(media.Video)
	return v != nil && v.ID == c.Track
}

func (r *rendition) rank(c *media.Chunk) int {
	if r.isVideo(c) {
		return 1
	}
	return 0
}

// span is where the open part begins and how long it lasts: its video, or its audio where it has none. It is summed in
// ticks, since a third of a tenth of a second is not a whole number of nanoseconds.
//
// Beside video, audio alone goes on from where the part before has ended, so that no time is counted twice or lost: its
// first frame hardly ever begins just there. If it does not reach beyond that, or leaves too much out, its own length counts.
func (r *rendition) span() (start, length time.Duration) {
	var first *media.Chunk
	var sum int64
	video := slices.ContainsFunc(r.chunks, r.isVideo)
	for _, c := range r.chunks {
		if r.isVideo(c) != video {
			continue
		}
		if first == nil {
			first = c
		}
		sum += c.Duration
	}
	if first == nil {
		return r.end, 0
	}
	start, length = first.Start(), media.Ticks(sum, first.Timescale)
	if video || r.id != media.Main || r.init.Track(media.Video) == nil {
		return start, length
	}
	if n := start + length - r.end; n > 0 && n <= r.target {
		return r.end, n
	}
	return max(start, r.end), min(length, r.target)
}

// endSegment closes the open part and segment and returns the segment; nil if none was open.
func (r *rendition) endSegment() *media.Segment {
	if !r.open() {
		return nil
	}
	r.endPart()
	s := *r.segment
	s.Complete = true
	r.segment, r.dirty = nil, true
	r.keep(&s)
	return &s
}

// endWith ends the segment that goes with one of the main rendition. Where that had no chunk for this rendition, a gap
// stands in its place, so that the numbers agree.
func (r *rendition) endWith(main *media.Segment) {
	if r.open() && r.segment.Number == main.Number {
		r.endSegment()
		return
	}
	if len(r.kept) == 0 && r.window == nil {
		return // it has not begun: there is nothing to keep in step
	}
	r.keep(&media.Segment{
		Number: main.Number, Init: main.Init,
		Discontinuity: r.fresh && main.Init.Discontinuity, DiscontinuitySequence: r.disc,
		Date: main.Date, Start: main.Start, Duration: main.Duration, Complete: true,
	})
	r.fresh, r.dirty = false, true
}

func (r *rendition) keep(s *media.Segment) {
	r.kept = append(r.kept, s)
	r.size += s.Size
	// Short segments say little about the bit rate: a keyframe alone would pass for a peak.
	if s.Duration >= TargetDuration/2 {
		r.peak = max(r.peak, int(float64(s.Size)*8/s.Duration.Seconds()))
	}
}

// rate measures; before the first whole segment, by what is there.
func (r *rendition) rate() Rate {
	if r.listening == 0 {
		return Rate{}
	}
	avg := int(float64(r.bytes) * 8 / r.listening.Seconds())
	return Rate{Peak: max(r.peak, avg), Average: avg}
}

// ceiling is how many times Config.Bytes a live may keep for the sake of Config.Floor: 20 s of 20 Mbit/s, by default. An
// encoder whose clock hardly moves would fill the memory otherwise.
const ceiling = 4

// opened is the size of the open segment, with its open part.
func (r *rendition) opened() int {
	if !r.open() {
		return 0
	}
	size := r.segment.Size
	for _, c := range r.chunks {
		size += len(c.Data)
	}
	return size
}

// expire drops what is above the limits and returns the number of the first segment that is kept.
func (r *rendition) expire(cfg Config) uint64 {
	var length time.Duration
	for _, s := range r.kept {
		length += s.Duration
	}
	n := 0
	for size := r.size; n < len(r.kept); n++ {
		s := r.kept[n]
		if length <= cfg.Window && size <= cfg.Bytes || length-s.Duration < cfg.Floor && size <= ceiling*cfg.Bytes {
			break
		}
		length -= s.Duration
		size -= s.Size
	}
	if n < len(r.kept) {
		r.drop(r.kept[n].Number)
		return r.kept[0].Number
	}
	return 0
}

// drop forgets the segments before a number.
func (r *rendition) drop(first uint64) {
	n := 0
	for ; n < len(r.kept) && r.kept[n].Number < first; n++ {
		r.size -= r.kept[n].Size
	}
	if n > 0 {
		// A new array: the old one is in the hands of readers, and would hold on to what is dropped.
		r.kept = append(make([]*media.Segment, 0, len(r.kept)+8), r.kept[n:]...)
	}
}

// publish makes the next window and wakes who waits for it.
func (r *rendition) publish(version uint64, listed time.Duration, ended bool) {
	r.dirty = false
	all := slices.Clip(r.kept)
	if r.open() && len(r.segment.Parts) > 0 {
		all = append(all, r.segment)
	}
	if len(all) == 0 {
		return
	}
	// What leaves the list must be there for a while yet (RFC 8216, section 6.2.2), so at most half of what is kept is
	// listed. A delta update needs 12 s.
	var total time.Duration
	for _, s := range all {
		total += s.Duration
	}
	listed = min(listed, max(6*TargetDuration, total/2))
	first := len(all) - 1
	for length := all[first].Duration; first > 0 && length+all[first-1].Duration <= listed && all[first-1].Number >= r.first; first-- {
		length += all[first-1].Duration
	}
	r.first = all[first].Number
	w := &Window{
		Rendition: r.id, Version: version, PartTarget: r.target, Ended: ended,
		Segments: all[first:], kept: all, changed: make(chan struct{}),
	}
	w.HintSegment, w.HintPart = r.hint(all)
	old := r.window
	r.window = w
	if old != nil {
		close(old.changed)
	}
}

// hint says which numbers the next part will have. After a segment that is as long as the one before, when both began
// at a keyframe, a keyframe is due: the next part begins the next segment.
func (r *rendition) hint(all []*media.Segment) (segment uint64, part uint32) {
	s := all[len(all)-1]
	if s.Complete {
		return s.Number + 1, 0
	}
	if n := len(all); n > 1 && len(r.chunks) == 0 && r.id == media.Main && r.init.Track(media.Video) != nil {
		before := all[n-2]
		const tolerance = 20 * time.Millisecond // less than a frame at 50/s, more than what milliseconds round
		// A segment behind a discontinuity follows one that was cut short: its length says nothing.
		if s.Independent && before.Independent && !s.Discontinuity && s.Duration > before.Duration-tolerance {
			return s.Number + 1, 0
		}
	}
	return s.Number, uint32(len(s.Parts))
}
