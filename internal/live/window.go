package live

import (
	"sort"
	"time"

	"shoal/internal/media"
)

// TargetDuration is EXT-X-TARGETDURATION of every live: fixed for its life. A segment is shorter than 2.5 s, so that
// it rounds to this (RFC 8216, section 4.3.3.1).
const TargetDuration = 2 * time.Second

// Window is what a rendition of a live has at one moment. Immutable: Changed tells when there is a newer one.
type Window struct {
	Rendition  media.RenditionID
	Version    uint64        // greater in every later window of the stream's life in this process
	PartTarget time.Duration // PART-TARGET, fixed for the life of the live
	Ended      bool          // nothing will follow, unless the live is taken up again: EXT-X-ENDLIST
	// Segments are those to list, oldest first, at least one; only the last can be incomplete, and it is never
	// without a part. A complete segment without parts is a gap (EXT-X-GAP).
	Segments []*media.Segment
	// HintSegment and HintPart are the numbers that the next part will most probably have.
	HintSegment uint64
	HintPart    uint32

	kept    []*media.Segment // all that are in memory: Segments and those before
	changed chan struct{}
}

// Changed is closed when the stream has a newer window.
func (w *Window) Changed() <-chan struct{} { return w.changed }

// First is the oldest segment that is listed.
func (w *Window) First() *media.Segment { return w.Segments[0] }

// Last is the newest segment, complete or not.
func (w *Window) Last() *media.Segment { return w.Segments[len(w.Segments)-1] }

// Segment finds a segment by its media sequence number among all that are in memory, listed or not; nil if there is
// none.
func (w *Window) Segment(number uint64) *media.Segment {
	i := sort.Search(len(w.kept), func(i int) bool { return w.kept[i].Number >= number })
	if i == len(w.kept) || w.kept[i].Number != number {
		return nil
	}
	return w.kept[i]
}

// Has says whether the window holds a part, or, with part < 0, the whole segment; also when it was dropped since. A part
// past the last one of a complete segment means part 0 of the next (draft-pantos-hls-rfc8216bis, section 6.2.5.2).
func (w *Window) Has(segment uint64, part int) bool {
	last := w.Last()
	switch {
	case segment < last.Number:
		if part < 0 {
			return true
		}
		if s := w.Segment(segment); s != nil && part >= len(s.Parts) {
			return w.Has(segment+1, 0)
		}
		return true
	case segment > last.Number:
		return false
	case part < 0:
		return last.Complete
	}
	return part < len(last.Parts)
}
