package hlscheck

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"shoal/internal/m3u8"
)

// taker fetches what a rendition lists, in order, and checks the media. One goroutine uses it.
type taker struct {
	checker *checker
	client  *client
	base    string // URL of the playlist
	stats   Stats  // of what it fetched
	pauses  bool   // of the encoder are known
	inits   map[string]*initSegment

	// state: how far it has come
	started bool
	segment uint64 // the segment that the next part belongs to
	part    int
	begun   bool
	lost    bool   // a part of it could not be had
	bytes   []byte // of its parts so far
	chunks  []chunk
	next    map[uint32]uint64 // decode time that each track goes on at
	reached time.Duration     // where the part before ended, 0 if it was not seen

	segments []taken
	spans    []rate
}

// taken is a segment whose parts were all checked.
type taken struct {
	segment
	chunks []chunk
}

// rate is what a segment weighs.
type rate struct {
	bytes    int
	duration time.Duration
}

// take fetches what a version lists beyond the one before.
func (t *taker) take(ctx context.Context, v version) {
	t.hint(v)
	for i := range v.p.segments {
		s := &v.p.segments[i]
		if !t.started && len(s.parts) > 0 {
			t.started, t.segment = true, s.number
		}
		if !t.started || s.number < t.segment {
			continue
		}
		if t.pauses && (s.number > t.segment || s.complete() && len(s.parts) == 0 && !s.gap) {
			// An encoder that comes back with all that it could not send: more came at once than has its parts
			// listed. Where the tracks go on is seen again at the next part.
			t.jump()
			t.reset(s.number)
		}
		if s.number > t.segment {
			t.checker.fault(ruleFetch, at(s), "its parts came and went unseen after segment %d", t.segment)
			t.reset(s.number)
		}
		if !t.begun {
			t.begun = true
			t.begin(ctx, s)
		}
		for n := t.part; n < len(s.parts); n++ {
			t.take1(ctx, v, s, n)
			t.part = n + 1
		}
		if s.complete() {
			t.end(ctx, s, v.p)
			t.reset(s.number + 1)
		}
	}
}

func (t *taker) reset(segment uint64) {
	t.segment, t.part, t.begun, t.lost = segment, 0, false, false
	t.bytes, t.chunks = nil, nil
}

// jump takes note that what comes next need not go on from what was before.
func (t *taker) jump() { t.next, t.reached = map[uint32]uint64{}, 0 }

// begin sees to the init that a segment needs.
func (t *taker) begin(ctx context.Context, s *segment) {
	if s.disc {
		t.jump()
		t.stats.Discontinuities++
	}
	if _, ok := t.inits[s.init]; ok {
		return
	}
	t.inits[s.init] = nil
	res := t.fetch(ctx, s.init)
	if res == nil {
		return
	}
	init, err := parseInit(res.body)
	if err != nil {
		t.checker.fault(ruleInit, s.init, "%v", err)
		return
	}
	if !slices.Contains(init.brands, "iso6") {
		t.checker.fault(ruleInit, s.init, "its brands are %v, without iso6", init.brands)
	}
	t.inits[s.init] = init
	t.client.contentType(res, init.video() != nil)
}

// fetch gets a file; nil if it cannot be had.
func (t *taker) fetch(ctx context.Context, uri string) *response {
	u, err := resolve(t.base, uri)
	if err != nil {
		t.checker.fault(ruleFetch, uri, "%v", err)
		return nil
	}
	res, err := t.client.media(ctx, u)
	switch {
	case err != nil:
		t.checker.fault(ruleFetch, uri, "%v", err)
	case res.status != http.StatusOK:
		t.checker.fault(ruleFetch, uri, "it is listed, but answers with status %d", res.status)
	default:
		t.stats.Bytes += int64(len(res.body))
		return res
	}
	return nil
}

// hint judges the answer to a request for what was hinted at, now that it is known what came.
func (t *taker) hint(v version) {
	h := v.hint
	if h == nil {
		return
	}
	<-h.done
	listed := false
	for i := range v.p.segments {
		for _, q := range v.p.segments[i].parts {
			listed = listed || q.uri == h.uri
		}
	}
	switch {
	case h.err != nil:
		t.checker.fault(ruleHint, h.uri, "%v", h.err)
	case listed && h.res.status == http.StatusOK:
		t.stats.HintsTrue++
		t.client.mediaAnswer(h.res)
	case !listed && h.res.status == http.StatusNotFound:
		t.stats.HintsFalse++
	case t.pauses && (h.res.status == http.StatusServiceUnavailable || h.res.status == http.StatusOK):
		// It was held in vain, or it came with so much else that it is not listed any more.
	default:
		t.checker.fault(ruleHint, h.uri, "listed: %v, but the request for it was answered with status %d", listed, h.res.status)
		return
	}
	if h.err == nil && h.res.answered.Sub(v.at) > t.client.tolerance {
		t.checker.fault(ruleHint, h.uri, "answered %v after it was known what came", h.res.answered.Sub(v.at))
	}
}

// take1 fetches and checks a part.
func (t *taker) take1(ctx context.Context, v version, s *segment, n int) {
	q := &s.parts[n]
	var res *response
	if h := v.hint; h != nil && h.uri == q.uri && h.res != nil && h.res.status == http.StatusOK {
		res = h.res
		t.stats.Bytes += int64(len(res.body))
	} else {
		res = t.fetch(ctx, q.uri)
	}
	if res == nil {
		t.lost = true
		return
	}
	t.stats.Parts++
	if q.independent {
		t.stats.Independent++
	}
	if q.duration < v.p.partTarget*85/100 {
		t.stats.ShortParts++
	}
	t.bytes = append(t.bytes, res.body...)
	init := t.inits[s.init]
	if init == nil {
		return
	}
	t.client.contentType(res, init.video() != nil)
	chunks, err := parseChunks(init, res.body)
	if err != nil {
		t.checker.fault(ruleChunk, atPart(s, n), "%v", err)
		return
	}
	t.chunks = append(t.chunks, chunks...)
	t.media(init, chunks, s, n, v.p.partTarget)
}

// media checks the chunks of a part; target is the longest that it may be.
func (t *taker) media(init *initSegment, chunks []chunk, s *segment, n int, target time.Duration) {
	where, q := atPart(s, n), &s.parts[n]
	if !ordered(chunks) {
		t.checker.fault(ruleOrder, where, "chunks do not stand by start time, audio first")
	}
	var video, audio, videoEnd, audioEnd time.Duration
	key, independent := false, false
	for i := range chunks {
		c := &chunks[i]
		if due, ok := t.next[c.track]; ok && due != c.dts {
			t.checker.fault(ruleTime, where, "track %d goes on at %d, not at %d", c.track, c.dts, due)
		}
		t.next[c.track] = c.dts + c.duration
		if c.video {
			video += c.length()
			videoEnd = ticks(c.dts+c.duration, c.timescale)
			key, independent = key || c.key, independent || c.independent
		} else {
			audio += c.length()
			audioEnd = ticks(c.dts+c.duration, c.timescale)
		}
	}
	lasts, reached := video, videoEnd
	if video == 0 {
		lasts, reached = audio, audioEnd
		// Beside pictures, what sound takes the live on by counts: what lies before that was counted with them.
		if n := audioEnd - t.reached; init.video() != nil && t.reached > 0 && n > 0 && n <= target {
			lasts = n
		}
		// Sound alone can be entered anywhere; in a live with pictures it gives no place to enter.
		key = init.video() == nil
		independent = key
	}
	t.reached = max(t.reached, reached)
	if (lasts - q.duration).Abs() > time.Millisecond {
		t.checker.fault(ruleDuration, where, "listed with %v, it holds %v", q.duration, lasts)
	}
	switch {
	case q.independent && !independent:
		t.checker.fault(ruleIndependent, where, "it says INDEPENDENT, but holds no IDR picture or recovery point")
	case !q.independent && key:
		t.checker.fault(ruleIndependent, where, "it holds an IDR picture, but does not say INDEPENDENT")
	}
}

// end checks a segment that is complete.
func (t *taker) end(ctx context.Context, s *segment, p *playlist) {
	if s.gap {
		if u, err := resolve(t.base, s.uri); err == nil {
			if res, err := t.client.get(ctx, u, false); err == nil && res.status == http.StatusOK {
				t.checker.fault(ruleFetch, s.uri, "a gap has media")
			}
		}
		t.jump()
		return
	}
	if t.lost || t.part == 0 || t.part != len(s.parts) {
		return
	}
	res := t.fetch(ctx, s.uri)
	if res == nil {
		return
	}
	t.stats.Segments++
	if !bytes.Equal(res.body, t.bytes) {
		t.checker.fault(ruleSegmentBytes, at(s), "%d bytes, its parts have %d, or others", len(res.body), len(t.bytes))
	}
	if t.stats.Segments == 1 {
		t.ranges(ctx, s.uri, res.body)
	}
	t.segments = append(t.segments, taken{*s, t.chunks})
	t.spans = append(t.spans, rate{len(res.body), s.duration})
	// A part stays for three target durations after its tag is gone (the draft, section 6.2.2); one that is no longer
	// listed now was a moment ago.
	for i := len(p.segments) - 1; i >= 0; i-- {
		if old := &p.segments[i]; len(old.parts) == 0 && !old.gap && old.number >= t.segments[0].number {
			part := firstPart(old.uri)
			if u, err := resolve(t.base, part); err == nil {
				if res, err := t.client.get(ctx, u, false); err == nil && res.status != http.StatusOK {
					t.checker.fault(ruleFetch, part, "status %d, too soon after it was listed", res.status)
				}
			}
			break
		}
	}
}

// firstPart is the name of a segment's first part.
func firstPart(segment string) string {
	n, ok := m3u8.ParseName(segment)
	if !ok {
		return segment
	}
	n.Sort = m3u8.PartFile
	return n.String()
}

// ranges holds that a file can be had in ranges.
func (t *taker) ranges(ctx context.Context, uri string, whole []byte) {
	u, err := resolve(t.base, uri)
	if err != nil {
		return
	}
	n := len(whole)
	for _, r := range []struct {
		header   string
		from, to int
	}{
		{"bytes=0-99", 0, min(100, n)},
		{fmt.Sprintf("bytes=%d-", n/2), n / 2, n},
		{fmt.Sprintf("bytes=%d-%d", n/3, n+100), n / 3, n},
		{"bytes=-7", n - 7, n},
	} {
		res, err := t.client.get(ctx, u, false, "Range", r.header)
		if err != nil || res.status != http.StatusPartialContent || !bytes.Equal(res.body, whole[r.from:r.to]) ||
			res.header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", r.from, r.to-1, n) {
			t.checker.fault(ruleRange, uri, "%s is not answered with bytes %d to %d (%v)", r.header, r.from, r.to, err)
		}
	}
	res, err := t.client.get(ctx, u, false, "Range", fmt.Sprintf("bytes=%d-", n))
	if err != nil || res.status != http.StatusRequestedRangeNotSatisfiable {
		t.checker.fault(ruleRange, uri, "a range behind the end is not refused (%v)", err)
	}
}
