package m3u8

import (
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// Past is what a live's playlist says that goes back further than what is in memory.
type Past struct {
	Rendition media.RenditionID
	// Segments are complete, and have consecutive numbers. At least one is needed.
	Segments []PastSegment
	// Discontinuities is the first segment's discontinuity sequence, its own discontinuity included.
	Discontinuities uint64
	Ended           bool // nothing will follow
}

// PastSegment is a segment of a Past.
type PastSegment struct {
	Number        uint64 // media sequence number
	Epoch         media.Epoch
	Init          uint32 // its init's index in the epoch
	Duration      time.Duration
	Date          time.Time
	Discontinuity bool // it does not go on from what was before
	Gap           bool // it has no media
}

// AppendPast appends a media playlist without parts, as AppendClassic does: the numbers are the live's, so that players
// and the viewers' mesh find the same segments under the same names.
func AppendPast(dst []byte, p *Past) []byte {
	version := 6 // see AppendClassic
	for i := range p.Segments {
		if p.Segments[i].Gap {
			version = 8
		}
	}
	first := &p.Segments[0]
	dst = appendHead(dst, version, live.TargetDuration)
	dst = appendNumbers(dst, first.Number, p.Discontinuities, first.Discontinuity)
	for i := range p.Segments {
		s := &p.Segments[i]
		if s.Discontinuity {
			dst = append(dst, "#EXT-X-DISCONTINUITY\n"...)
		}
		if i == 0 || s.Epoch != p.Segments[i-1].Epoch || s.Init != p.Segments[i-1].Init {
			dst = appendMap(dst, p.Rendition, s.Epoch, s.Init)
		}
		dst = appendDate(dst, s.Date)
		if s.Gap {
			dst = append(dst, "#EXT-X-GAP\n"...)
		}
		dst = appendExtinf(dst, s.Duration)
		dst = Name{SegmentFile, p.Rendition, s.Epoch, s.Number, 0}.Append(dst)
		dst = append(dst, '\n')
	}
	if p.Ended {
		dst = append(dst, "#EXT-X-ENDLIST\n"...)
	}
	return dst
}
