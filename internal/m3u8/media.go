package m3u8

import (
	"strconv"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// What every live's playlists say.
const (
	// HoldBack is three target durations, the least that is allowed (the draft, section 4.4.3.8).
	HoldBack = 3 * live.TargetDuration
	// SkipUntil is six target durations, the least that is allowed (the draft, section 4.4.3.8).
	SkipUntil = 6 * live.TargetDuration
	// PartsFor is how far from the playlist's end parts are listed (the draft, section 6.2.2).
	PartsFor = 3 * live.TargetDuration
)

// Media is what a low-latency media playlist says.
type Media struct {
	// Window is the rendition's: its segments have consecutive numbers.
	Window *live.Window
	// PartHoldBack is how far from the end a player should stay; three part targets at least, which also stand
	// where it is less.
	PartHoldBack time.Duration
	// Reports tell of the live's other renditions.
	Reports []Report
}

// Report is where another rendition of the live ends (EXT-X-RENDITION-REPORT).
type Report struct {
	URI     string
	Segment uint64 // the last that its playlist lists, complete or not
	Part    int    // the last part of it; negative if it has none
}

// AppendMedia appends a low-latency media playlist.
func AppendMedia(dst []byte, m *Media) []byte { return m.append(dst, 0) }

// AppendDelta appends a playlist delta update (the draft, section 6.2.5.1), or nothing and false where the whole
// playlist must be sent: when no segment is old enough to be skipped, and when the live has ended.
//
// Of what is skipped, neither EXT-X-MAP nor EXT-X-DISCONTINUITY is repeated: both are tags of the segments that
// EXT-X-SKIP stands for (section 4.4.5.2), and a client takes them from the playlist that it has (section 6.3.7);
// EXT-X-DISCONTINUITY-SEQUENCE belongs to the first skipped segment, as EXT-X-MEDIA-SEQUENCE does.
func AppendDelta(dst []byte, m *Media) ([]byte, bool) {
	n := skippable(m.Window)
	if n == 0 {
		return dst, false
	}
	return m.append(dst, n), true
}

// CanSkip says whether there is a delta update of a window's playlist.
func CanSkip(w *live.Window) bool { return skippable(w) > 0 }

// skippable counts the segments that lie wholly before the skip boundary. It is measured from the end of the last
// complete segment (the draft, section 6.2.5.1).
func skippable(w *live.Window) int {
	if w.Ended {
		return 0 // _HLS_skip is ignored then (section 6.2.5.1)
	}
	n := len(w.Segments)
	if !w.Last().Complete {
		n--
	}
	var after time.Duration
	for n > 0 && after <= SkipUntil {
		n--
		after += w.Segments[n].Duration
	}
	if after <= SkipUntil {
		return 0
	}
	return n
}

// append writes the playlist without its first segments.
func (m *Media) append(dst []byte, skip int) []byte {
	w := m.Window
	// EXT-X-SKIP needs version 9 (the draft, section 8); a playlist and its updates say the same.
	dst = appendHead(dst, 9, live.TargetDuration)
	dst = append(dst, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK="...)
	dst = appendPartHoldBack(dst, m.PartHoldBack, w.PartTarget)
	dst = append(dst, ",HOLD-BACK="...)
	dst = appendSeconds(dst, HoldBack)
	dst = append(dst, ",CAN-SKIP-UNTIL="...)
	dst = appendSeconds(dst, SkipUntil)
	dst = append(dst, "\n#EXT-X-PART-INF:PART-TARGET="...)
	dst = appendSeconds(dst, w.PartTarget)
	dst = append(dst, '\n')
	dst = appendSequences(dst, w.First())
	var init *media.Init
	if skip > 0 {
		dst = append(dst, "#EXT-X-SKIP:SKIPPED-SEGMENTS="...)
		dst = strconv.AppendInt(dst, int64(skip), 10)
		dst = append(dst, '\n')
		init = w.Segments[skip-1].Init
	}
	withParts := firstWithParts(w)
	for i, s := range w.Segments[skip:] {
		dst = appendOpening(dst, w.Rendition, s, init)
		init = s.Init
		if i+skip >= withParts {
			dst = appendParts(dst, w.Rendition, s)
		}
		if s.Complete {
			dst = appendSegment(dst, w.Rendition, s)
		}
	}
	if w.Ended {
		return append(dst, "#EXT-X-ENDLIST\n"...)
	}
	dst = append(dst, `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="`...)
	dst = Name{PartFile, w.Rendition, init.Epoch, w.HintSegment, w.HintPart}.Append(dst)
	dst = append(dst, "\"\n"...)
	for _, r := range m.Reports {
		dst = appendReport(dst, r)
	}
	return dst
}

// AppendClassic appends a media playlist for players that know no parts: the same complete segments and nothing of low
// latency. It appends nothing and says false while no segment is complete.
func AppendClassic(dst []byte, w *live.Window) ([]byte, bool) {
	// EXT-X-MAP needs version 6 and EXT-X-GAP version 8 (Apple, "About the EXT-X-VERSION tag"); players refuse what
	// is newer than they, so it says no more than it must (the draft, section 6.2.1).
	version, any := 6, false
	for _, s := range w.Segments {
		any = any || s.Complete
		if isGap(s) {
			version = 8
		}
	}
	if !any {
		return dst, false
	}
	dst = appendHead(dst, version, live.TargetDuration)
	dst = appendSequences(dst, w.First())
	var init *media.Init
	for _, s := range w.Segments {
		if !s.Complete {
			break
		}
		dst = appendOpening(dst, w.Rendition, s, init)
		init = s.Init
		dst = appendSegment(dst, w.Rendition, s)
	}
	if w.Ended {
		dst = append(dst, "#EXT-X-ENDLIST\n"...)
	}
	return dst, true
}

// appendHead begins a playlist. The target duration is written in whole seconds, rounded up.
func appendHead(dst []byte, version int, target time.Duration) []byte {
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:"...)
	dst = strconv.AppendInt(dst, int64(version), 10)
	dst = append(dst, "\n#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, int64((target+time.Second-1)/time.Second), 10)
	return append(dst, '\n')
}

func appendSequences(dst []byte, first *media.Segment) []byte {
	return appendNumbers(dst, first.Number, first.DiscontinuitySequence, first.Discontinuity)
}

// appendNumbers writes both sequence numbers of a first segment, also where they are 0: a playlist that loses segments
// must have them (the draft, section 6.2.2).
func appendNumbers(dst []byte, number, discontinuities uint64, cut bool) []byte {
	dst = append(dst, "#EXT-X-MEDIA-SEQUENCE:"...)
	dst = strconv.AppendUint(dst, number, 10)
	// The header counts the discontinuities that are no longer listed; that of the first segment still is.
	gone := discontinuities
	if cut && gone > 0 {
		gone--
	}
	dst = append(dst, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	dst = strconv.AppendUint(dst, gone, 10)
	return append(dst, '\n')
}

// firstWithParts is the index of the first segment whose parts are listed: one of which something lies within PartsFor
// of the end. A segment has all its parts or none, since players count them to number them.
func firstWithParts(w *live.Window) int {
	i := len(w.Segments)
	for after := time.Duration(0); i > 0 && after < PartsFor; i-- {
		after += w.Segments[i-1].Duration
	}
	return i
}

// appendOpening writes the tags that stand before a segment and its parts.
func appendOpening(dst []byte, r media.RenditionID, s *media.Segment, before *media.Init) []byte {
	if s.Discontinuity {
		dst = append(dst, "#EXT-X-DISCONTINUITY\n"...)
	}
	if before == nil || before.Epoch != s.Init.Epoch || before.Index != s.Init.Index {
		dst = appendMap(dst, r, s.Init.Epoch, s.Init.Index)
	}
	dst = appendDate(dst, s.Date)
	if isGap(s) {
		dst = append(dst, "#EXT-X-GAP\n"...)
	}
	return dst
}

func appendMap(dst []byte, r media.RenditionID, e media.Epoch, index uint32) []byte {
	dst = append(dst, `#EXT-X-MAP:URI="`...)
	dst = Name{InitFile, r, e, uint64(index), 0}.Append(dst)
	return append(dst, "\"\n"...)
}

func appendDate(dst []byte, t time.Time) []byte {
	dst = append(dst, "#EXT-X-PROGRAM-DATE-TIME:"...)
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z\n")
}

func appendParts(dst []byte, r media.RenditionID, s *media.Segment) []byte {
	for _, p := range s.Parts {
		dst = append(dst, "#EXT-X-PART:DURATION="...)
		dst = appendSeconds(dst, p.Duration)
		dst = append(dst, `,URI="`...)
		dst = Name{PartFile, r, s.Init.Epoch, p.Segment, p.Number}.Append(dst)
		dst = append(dst, '"')
		if p.Independent {
			dst = append(dst, ",INDEPENDENT=YES"...)
		}
		dst = append(dst, '\n')
	}
	return dst
}

func appendSegment(dst []byte, r media.RenditionID, s *media.Segment) []byte {
	dst = appendExtinf(dst, s.Duration)
	dst = Name{SegmentFile, r, s.Init.Epoch, s.Number, 0}.Append(dst)
	return append(dst, '\n')
}

func appendExtinf(dst []byte, d time.Duration) []byte {
	dst = append(dst, "#EXTINF:"...)
	dst = appendSeconds(dst, d)
	return append(dst, ",\n"...)
}

func appendReport(dst []byte, r Report) []byte {
	dst = append(dst, `#EXT-X-RENDITION-REPORT:URI="`...)
	dst = append(dst, r.URI...)
	dst = append(dst, `",LAST-MSN=`...)
	dst = strconv.AppendUint(dst, r.Segment, 10)
	if r.Part >= 0 {
		dst = append(dst, ",LAST-PART="...)
		dst = strconv.AppendInt(dst, int64(r.Part), 10)
	}
	return append(dst, '\n')
}

func isGap(s *media.Segment) bool { return s.Complete && len(s.Parts) == 0 }
