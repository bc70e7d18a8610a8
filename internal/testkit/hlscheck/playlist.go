package hlscheck

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// playlist is a media playlist, as strictly read.
type playlist struct {
	version               uint64
	target                uint64
	partTarget            time.Duration
	partHoldBack          time.Duration
	holdBack, skipUntil   time.Duration
	canBlock              bool
	lowLatency            bool // it has a tag of low latency
	sequence              uint64
	discontinuities       uint64 // EXT-X-DISCONTINUITY-SEQUENCE
	hasSequence, hasDisc  bool
	skipped               int
	segments              []segment // the last may be incomplete
	hint                  string
	reports               []report
	ended                 bool
	hasControl, hasTarget bool
}

// segment is one of a playlist, with its parts.
type segment struct {
	number   uint64
	disc     bool
	discSeq  uint64
	init     string
	date     time.Time
	gap      bool
	duration time.Duration // EXTINF
	uri      string        // empty while it is incomplete
	parts    []part
}

type part struct {
	uri         string
	duration    time.Duration
	independent bool
}

type report struct {
	uri     string
	segment uint64
	part    int // negative if not given
}

func (s *segment) String() string {
	return fmt.Sprintf("%q of %v with %d parts, %s, init %q, discontinuity %d (tag: %v), gap: %v",
		s.uri, s.duration, len(s.parts), s.date.Format(time.RFC3339Nano), s.init, s.discSeq, s.disc, s.gap)
}

func (p part) String() string {
	return fmt.Sprintf("%q of %v, independent: %v", p.uri, p.duration, p.independent)
}

func (s *segment) complete() bool { return s.uri != "" }

func (s *segment) length() time.Duration {
	if s.complete() {
		return s.duration
	}
	var d time.Duration
	for _, p := range s.parts {
		d += p.duration
	}
	return d
}

func (p *playlist) last() *segment { return &p.segments[len(p.segments)-1] }

// find is a segment by its number, nil if it is not listed.
func (p *playlist) find(number uint64) *segment {
	if len(p.segments) == 0 || number < p.segments[0].number || number > p.last().number {
		return nil
	}
	return &p.segments[number-p.segments[0].number]
}

// parsePlaylist reads a media playlist. Whatever we would not write is an error.
func parsePlaylist(text string) (*playlist, error) {
	lines, err := tagLines(text)
	if err != nil {
		return nil, err
	}
	r := reader{p: &playlist{}, once: map[string]bool{}}
	for n, l := range lines {
		if r.p.ended {
			return nil, fmt.Errorf("line %d follows EXT-X-ENDLIST", n+2)
		}
		if err := r.line(l); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n+2, l, err)
		}
	}
	return r.finish()
}

// reader reads the lines of a media playlist.
type reader struct {
	p    *playlist
	once map[string]bool // tags that stand once and have stood

	open       segment // that the next lines belong to
	begun      bool    // it has a tag
	hasExtinf  bool
	currentMap string
	discs      uint64
	tail       bool // a tag that stands behind all segments has come
}

func (r *reader) line(l string) error {
	if !strings.HasPrefix(l, "#") {
		return r.uri(l)
	}
	tag, value, _ := strings.Cut(l, ":")
	switch tag {
	case "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-MEDIA-SEQUENCE",
		"#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-SKIP":
		if r.once[tag] {
			return errors.New("the tag stands twice")
		}
		r.once[tag] = true
		if r.begun || len(r.p.segments) > 0 || r.p.skipped > 0 {
			return errors.New("the tag stands behind segments")
		}
		return r.header(tag, value)
	case "#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT", "#EXT-X-ENDLIST":
		r.tail = true
		return r.trailer(tag, value)
	}
	if r.tail {
		return errors.New("the tag of a segment stands behind those of the end")
	}
	r.begun = true
	return r.media(tag, value)
}

func (r *reader) header(tag, value string) (err error) {
	p := r.p
	switch tag {
	case "#EXT-X-VERSION":
		p.version, err = parseInteger(value)
	case "#EXT-X-TARGETDURATION":
		p.target, err = parseInteger(value)
		p.hasTarget = true
	case "#EXT-X-MEDIA-SEQUENCE":
		p.sequence, err = parseInteger(value)
		p.hasSequence = true
	case "#EXT-X-DISCONTINUITY-SEQUENCE":
		p.discontinuities, err = parseInteger(value)
		p.hasDisc = true
	case "#EXT-X-PART-INF":
		p.lowLatency = true
		var a attributes
		if a, err = parseAttributes(value, nil, []string{"PART-TARGET"}); err == nil {
			p.partTarget, err = parseSeconds(a["PART-TARGET"])
		}
	case "#EXT-X-SERVER-CONTROL":
		p.lowLatency, p.hasControl = true, true
		return r.control(value)
	case "#EXT-X-SKIP":
		p.lowLatency = true
		var a attributes
		if a, err = parseAttributes(value, nil, []string{"SKIPPED-SEGMENTS"}); err != nil {
			return err
		}
		n, err := parseInteger(a["SKIPPED-SEGMENTS"])
		if err != nil || n == 0 || n > 1<<20 {
			return fmt.Errorf("skips %d segments (%v)", n, err)
		}
		p.skipped = int(n)
	}
	return err
}

func (r *reader) control(value string) error {
	a, err := parseAttributes(value, nil, []string{"CAN-BLOCK-RELOAD", "PART-HOLD-BACK", "HOLD-BACK", "CAN-SKIP-UNTIL"})
	if err != nil {
		return err
	}
	if err := a.need("CAN-BLOCK-RELOAD", "PART-HOLD-BACK", "HOLD-BACK", "CAN-SKIP-UNTIL"); err != nil {
		return err
	}
	p := r.p
	var errs [4]error
	p.canBlock, errs[0] = a.flag("CAN-BLOCK-RELOAD")
	p.partHoldBack, errs[1] = parseSeconds(a["PART-HOLD-BACK"])
	p.holdBack, errs[2] = parseSeconds(a["HOLD-BACK"])
	p.skipUntil, errs[3] = parseSeconds(a["CAN-SKIP-UNTIL"])
	return errors.Join(errs[:]...)
}

func (r *reader) media(tag, value string) (err error) {
	s := &r.open
	if len(s.parts) > 0 && tag != "#EXT-X-PART" && tag != "#EXTINF" {
		return errors.New("the tag stands behind a part of its segment")
	}
	switch tag {
	case "#EXT-X-DISCONTINUITY":
		if s.disc {
			return errors.New("the tag stands twice")
		}
		s.disc = true
	case "#EXT-X-MAP":
		a, err := parseAttributes(value, []string{"URI"}, nil)
		if err != nil {
			return err
		}
		if err := a.need("URI"); err != nil {
			return err
		}
		if a["URI"] == r.currentMap {
			return errors.New("the same init again")
		}
		r.currentMap = a["URI"]
	case "#EXT-X-PROGRAM-DATE-TIME":
		if !s.date.IsZero() {
			return errors.New("the tag stands twice")
		}
		s.date, err = time.Parse("2006-01-02T15:04:05.000Z", value)
	case "#EXT-X-GAP":
		s.gap = true
	case "#EXT-X-PART":
		r.p.lowLatency = true
		return r.part(value)
	case "#EXTINF":
		if r.hasExtinf {
			return errors.New("the tag stands twice")
		}
		duration, ok := strings.CutSuffix(value, ",")
		if !ok {
			return errors.New("no comma, or a title")
		}
		r.hasExtinf = true
		s.duration, err = parseSeconds(duration)
	default:
		return errors.New("a tag that a live does not have")
	}
	return err
}

func (r *reader) part(value string) error {
	a, err := parseAttributes(value, []string{"URI"}, []string{"DURATION", "INDEPENDENT"})
	if err != nil {
		return err
	}
	if err := a.need("URI", "DURATION"); err != nil {
		return err
	}
	if r.hasExtinf {
		return errors.New("a part behind its segment's EXTINF")
	}
	p := part{uri: a["URI"]}
	if p.duration, err = parseSeconds(a["DURATION"]); err != nil {
		return err
	}
	if p.independent, err = a.flag("INDEPENDENT"); err != nil {
		return err
	}
	r.open.parts = append(r.open.parts, p)
	return nil
}

func (r *reader) uri(l string) error {
	if r.tail {
		return errors.New("a segment behind the tags of the end")
	}
	if !r.hasExtinf {
		return errors.New("a segment without EXTINF")
	}
	r.open.uri = l
	r.close()
	return nil
}

// close ends the segment that the lines so far belong to.
func (r *reader) close() {
	s := r.open
	if s.disc {
		r.discs++
	}
	s.number = r.p.sequence + uint64(r.p.skipped+len(r.p.segments))
	s.discSeq, s.init = r.p.discontinuities+r.discs, r.currentMap
	r.p.segments = append(r.p.segments, s)
	r.open, r.begun, r.hasExtinf = segment{}, false, false
}

func (r *reader) trailer(tag, value string) error {
	p := r.p
	switch tag {
	case "#EXT-X-ENDLIST":
		if value != "" {
			return errors.New("the tag has a value")
		}
		p.ended = true
	case "#EXT-X-PRELOAD-HINT":
		p.lowLatency = true
		a, err := parseAttributes(value, []string{"URI"}, []string{"TYPE"})
		if err != nil {
			return err
		}
		if a["TYPE"] != "PART" || a["URI"] == "" || p.hint != "" {
			return errors.New("not one hint of a part")
		}
		p.hint = a["URI"]
	case "#EXT-X-RENDITION-REPORT":
		p.lowLatency = true
		a, err := parseAttributes(value, []string{"URI"}, []string{"LAST-MSN", "LAST-PART"})
		if err != nil {
			return err
		}
		if err := a.need("URI", "LAST-MSN"); err != nil {
			return err
		}
		rep := report{uri: a["URI"], part: -1}
		if rep.segment, err = parseInteger(a["LAST-MSN"]); err != nil {
			return err
		}
		if v, ok := a["LAST-PART"]; ok {
			n, err := parseInteger(v)
			if err != nil || n > 1<<20 {
				return fmt.Errorf("LAST-PART is %q", v)
			}
			rep.part = int(n)
		}
		p.reports = append(p.reports, rep)
	}
	return nil
}

func (r *reader) finish() (*playlist, error) {
	p := r.p
	switch {
	case r.hasExtinf:
		return nil, errors.New("ends behind EXTINF")
	case r.begun && len(r.open.parts) == 0:
		return nil, errors.New("ends with tags of no segment")
	case r.begun:
		r.close()
	}
	switch {
	case !p.hasTarget || !p.hasSequence || !p.hasDisc || p.version == 0:
		return nil, errors.New("EXT-X-VERSION, TARGETDURATION, MEDIA-SEQUENCE or DISCONTINUITY-SEQUENCE is missing")
	case p.lowLatency && (!p.hasControl || p.partTarget == 0):
		return nil, errors.New("EXT-X-SERVER-CONTROL or PART-INF is missing")
	case len(p.segments) == 0:
		return nil, errors.New("lists no segment")
	case p.skipped == 0 && p.segments[0].init == "":
		return nil, errors.New("the first segment has no EXT-X-MAP")
	}
	for i := range p.segments {
		if p.segments[i].date.IsZero() {
			return nil, fmt.Errorf("segment %d has no EXT-X-PROGRAM-DATE-TIME", p.segments[i].number)
		}
	}
	return p, nil
}

// merge makes a whole playlist of a delta update and the playlist before it (the draft, section 6.3.7).
func merge(old, delta *playlist) (*playlist, error) {
	whole := *delta
	whole.skipped = 0
	whole.segments = nil
	for n := range uint64(delta.skipped) {
		s := old.find(delta.sequence + n)
		if s == nil || !s.complete() {
			return nil, fmt.Errorf("segment %d is skipped, but was not known", delta.sequence+n)
		}
		kept := *s
		kept.parts = nil // none is listed so far from the end
		whole.segments = append(whole.segments, kept)
	}
	whole.segments = append(whole.segments, delta.segments...)
	discs, init := delta.discontinuities, ""
	for i := range whole.segments {
		s := &whole.segments[i]
		if s.disc {
			discs++
		}
		if i < delta.skipped || s.init != "" {
			init = s.init
		}
		s.init, s.discSeq = init, discs
	}
	return &whole, nil
}
