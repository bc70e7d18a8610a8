package cutter

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
)

// event is one thing that a cutter emitted.
type event struct {
	init  *media.Init
	chunk *media.Chunk
	unit  int  // number of the unit, over all runs, that was being taken
	flush bool // emitted at the end of a run
}

// tape records what a cutter emits, and lets a live.Stream judge its order.
type tape struct {
	stream *live.Stream
	events []event
	unit   int
	flush  bool
}

func (o *tape) Begin(i *media.Init) error {
	o.events = append(o.events, event{init: i, unit: o.unit, flush: o.flush})
	return o.stream.Begin(i)
}

func (o *tape) Append(c *media.Chunk) error {
	o.events = append(o.events, event{chunk: c, unit: o.unit, flush: o.flush})
	return o.stream.Append(c)
}

// cut runs a cutter over runs of units.
func cut(t testing.TB, at media.Position, runs ...run) *tape {
	t.Helper()
	all := live.Config{Window: 1000 * time.Hour, Listed: 1000 * time.Hour, Bytes: 1 << 30, Floor: time.Minute}
	o := &tape{stream: live.NewHub(all).Open("live", at)}
	c := New("live", media.Epoch{N: 7}, at, o, Config{})
	for _, r := range runs {
		o.flush = true
		if err := c.Begin(r.begin); err != nil {
			t.Fatal(err)
		}
		o.flush = false
		for i := range r.units {
			if err := c.Unit(r.units[i]); err != nil {
				t.Fatalf("unit %d: %v", o.unit, err)
			}
			o.unit++
		}
	}
	o.flush = true
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	o.stream.Interrupt(media.Epoch{N: 7})
	return o
}

// sum is a hash of all that was emitted.
func (o *tape) sum() [sha256.Size]byte {
	h := sha256.New()
	for _, e := range o.events {
		if i := e.init; i != nil {
			fmt.Fprint(h, i.Index, i.Segment, i.Discontinuity, i.Date, i.Start, i.PartTarget, i.AudioPartTarget, i.Reason)
			h.Write(i.Data[media.Main])
			h.Write(i.Data[media.AudioOnly])
			continue
		}
		c := e.chunk
		b, err := binary.Append(nil, binary.BigEndian, []int64{
			int64(c.Seq), int64(c.Track), c.DTS, c.Duration, int64(c.Segment), int64(c.Part),
		})
		if err != nil {
			panic(err) // it takes any integers
		}
		for i, set := range []bool{c.Independent, c.EndsPart, c.EndsSegment} {
			if set {
				b[i] |= 0x80
			}
		}
		h.Write(b)
		h.Write(c.Data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// cutPart and cutSegment are what the chunks' numbers make of them.
type cutPart struct {
	pictures, sound int64 // ticks
	number          uint32
	last, lastOfRun bool // of its segment, of its run
	length          time.Duration
}

type cutSegment struct {
	number          uint64
	parts           []*cutPart
	pictures, sound int64
	rate            uint32 // of sound
	length          time.Duration
	keyed           bool // begins with an independent picture
	hasVideo        bool // its run has a video track
	lastOfRun       bool
}

// result is what a check found.
type result struct {
	segments   []*cutSegment
	target     time.Duration
	parts      int
	short      int           // parts under 85 % that are not the last of a segment or of a run
	soundParts int           // parts without video in a run with a video track, but for the last
	holes      int           // steps in decode time
	wide       int           // those of them that are longer than the sample before
	late       time.Duration // the furthest that a written clock was off after a picture
	drift      time.Duration // the furthest that a segment begins beside the end of the one before, in a run
	sizes      map[int]int   // how many audio chunks have how many frames
}

// check holds the rules that always hold over what was cut from runs, and returns what is left to a test's judgement.
func check(t testing.TB, o *tape, at media.Position, runs []run) *result {
	t.Helper()
	k := &checker{t: t, at: at, runs: runs, result: &result{sizes: map[int]int{}}, discontinuity: at.Discontinuity, next: at.Segment}
	for _, e := range o.events {
		if e.init != nil {
			k.begin(e.init)
		} else {
			k.chunk(e)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	k.endRun()
	k.conserved()
	if k.init == nil {
		return k.result
	}
	k.listed(o.stream.Window(media.Main))
	for i, s := range k.segments {
		k.checkSegment(s)
		if i > 0 {
			k.checkCut(k.segments[i-1], s)
		}
	}
	return k.result
}

type checker struct {
	t    testing.TB
	at   media.Position
	runs []run
	*result

	init          *media.Init
	run           int                     // of the init in force
	units         map[uint32][]media.Unit // of that run, by track
	inits         uint32
	discontinuity bool
	next          uint64 // segment
	seq           uint64
	lastKey       int64 // time of the last keyframe's unit; -1 if there was none
	distance      time.Duration
	previous      *media.Chunk
	flushed       bool // previous was, at the end of its run
	segment       *cutSegment
	part          *cutPart
	written       map[uint32]int64 // per track of the run
	lasted        map[uint32]int64 // duration of the last chunk of a track
	taken         []map[uint32]int // units that came out, per run and track
	furthest      time.Duration
	base          time.Duration    // written time of the run's zero
	bases         map[uint32]int64 // the same, by track
}

func (k *checker) track(id uint32) *media.Track {
	for i := range k.init.Tracks {
		if k.init.Tracks[i].ID == id {
			return &k.init.Tracks[i]
		}
	}
	k.t.Fatalf("no track %d", id)
	return nil
}

func (k *checker) isVideo(id uint32) bool { return k.track(id).Kind() == media.Video }

func (k *checker) begin(i *media.Init) {
	t := k.t
	k.endRun()
	if k.init != nil {
		k.run++
	}
	for k.run < len(k.runs)-1 && len(k.runs[k.run].units) == 0 {
		k.run++
	}
	k.taken = append(k.taken, map[uint32]int{})
	r := k.runs[k.run]
	if i.Index != k.inits || i.Discontinuity != k.discontinuity || i.Segment != k.next {
		t.Errorf("init %d, discontinuity %v, segment %d: want %d, %v, %d", i.Index, i.Discontinuity, i.Segment, k.inits,
			k.discontinuity, k.next)
	}
	if k.init != nil && (i.PartTarget != k.target || i.AudioPartTarget != k.init.AudioPartTarget) {
		t.Errorf("part target changed from %v to %v", k.target, i.PartTarget)
	}
	if k.at.PartTarget != 0 && i.PartTarget != k.at.PartTarget {
		t.Errorf("part target is %v, was fixed to %v", i.PartTarget, k.at.PartTarget)
	}
	if !i.Date.Equal(r.units[0].Arrival) || i.Reason != r.begin.Reason {
		t.Errorf("init is of %v (%s), its first unit of %v (%s)", i.Date, i.Reason, r.units[0].Arrival, r.begin.Reason)
	}
	if (len(i.Tracks) == 2) != (i.Data[media.AudioOnly] != nil) || len(i.Data[media.Main]) == 0 {
		t.Errorf("init has data for %d renditions and %d tracks", len(i.Data), len(i.Tracks))
	}
	k.units = map[uint32][]media.Unit{}
	for _, u := range r.units {
		k.units[u.Track] = append(k.units[u.Track], u)
	}
	k.base, k.bases = k.furthest, map[uint32]int64{}
	for _, tr := range i.Tracks {
		for media.Ticks(k.bases[tr.ID], tr.Timescale) < k.base {
			k.bases[tr.ID] = max(k.bases[tr.ID]+1, ticks(k.base, tr.Timescale))
		}
	}
	k.init, k.target = i, i.PartTarget
	k.inits++
	k.discontinuity = true
	k.written, k.lasted = map[uint32]int64{}, map[uint32]int64{}
	k.previous, k.lastKey, k.distance = nil, -1, 0
}

func (k *checker) chunk(e event) {
	t, c := k.t, e.chunk
	if k.init == nil {
		t.Fatalf("chunk %d before an init", c.Seq)
	}
	if c.Seq != k.seq || c.Live != "live" || c.Epoch.N != 7 || c.Timescale != k.track(c.Track).Timescale {
		t.Errorf("chunk %d of %v in %v (%d): want number %d", c.Seq, c.Live, c.Epoch, c.Timescale, k.seq)
	}
	k.seq++
	k.bytes(c)
	k.clock(c)
	k.numbers(c)
	k.previous, k.flushed = c, e.flush

	p, s := k.part, k.segment
	if k.isVideo(c.Track) {
		if len(s.parts) == 1 && p.pictures == 0 {
			s.keyed = c.Independent
		} else if c.Independent {
			k.stays(c)
		}
		p.pictures += c.Duration
		s.pictures += c.Duration
	} else {
		p.sound += c.Duration
		s.sound += c.Duration
		s.rate = c.Timescale
	}
}

// listed takes how long parts are, and how well segments follow each other, from what viewers are told.
func (k *checker) listed(w *live.Window) {
	var before *media.Segment
	for _, cut := range k.segments {
		s := w.Segment(cut.number)
		if s == nil || len(s.Parts) != len(cut.parts) {
			k.t.Fatalf("segment %d with %d parts was cut: it is kept as %+v", cut.number, len(cut.parts), s)
		}
		for i, p := range s.Parts {
			cut.parts[i].length = p.Duration
		}
		if before != nil && s.Init == before.Init {
			k.drift = max(k.drift, s.Date.Sub(before.Date.Add(before.Duration)).Abs())
		}
		before = s
	}
}

// bytes compares a chunk with the units that went in: all samples, in order, with their own bytes.
func (k *checker) bytes(c *media.Chunk) {
	t := k.t
	f, err := readChunk(c.Data)
	if err != nil || len(f.samples) == 0 {
		t.Fatalf("chunk %d cannot be read: %v", c.Seq, err)
	}
	if f.track != c.Track || f.dts != c.DTS || uint64(f.seq) != c.Seq+1 {
		t.Errorf("chunk %d says track %d at %d, sequence %d", c.Seq, f.track, f.dts, f.seq)
	}
	units := k.units[c.Track]
	n := k.taken[len(k.taken)-1][c.Track]
	if n+len(f.samples) > len(units) {
		t.Fatalf("chunk %d has more samples than there are units", c.Seq)
	}
	video, base := k.isVideo(c.Track), k.bases[c.Track]
	at, sum := c.DTS, int64(0)
	for i, s := range f.samples {
		u := units[n+i]
		if !bytes.Equal(s.payload, u.Payload) || s.sync != u.Independent() {
			t.Errorf("chunk %d, sample %d is not unit %d of its track", c.Seq, i, n+i)
		}
		if s.duration == 0 || media.Ticks(s.duration, c.Timescale) > k.target {
			t.Errorf("chunk %d, sample %d lasts %d ticks", c.Seq, i, s.duration)
		}
		if off := at + s.offset - base - u.PTS; u.PTS != u.DTS && off != 0 && (s.offset != 0 || off > 91) {
			t.Errorf("chunk %d is shown at %d, not at %d", c.Seq, at+s.offset, base+u.PTS)
		}
		sum += s.duration
		at += s.duration
		if video && u.Independent() {
			if k.lastKey >= 0 {
				k.distance = media.Ticks(u.DTS-k.lastKey, c.Timescale)
			}
			k.lastKey = u.DTS
		}
		if video {
			off := media.Ticks(max(at-base-u.DTS-u.Duration, base+u.DTS+u.Duration-at), c.Timescale)
			k.late = max(k.late, off)
		}
	}
	if sum != c.Duration {
		t.Errorf("chunk %d lasts %d, its samples %d", c.Seq, c.Duration, sum)
	}
	if video && len(f.samples) != 1 || video && c.Independent != f.samples[0].sync || !video && !c.Independent {
		t.Errorf("chunk %d: %d samples, independent %v", c.Seq, len(f.samples), c.Independent)
	}
	if !video {
		k.sizes[len(f.samples)]++
	}
	k.taken[len(k.taken)-1][c.Track] += len(f.samples)
}

// clock holds decode times: contiguous within a run, never back in the epoch.
func (k *checker) clock(c *media.Chunk) {
	w, begun := k.written[c.Track]
	switch {
	case !begun && c.Start() < k.base:
		k.t.Errorf("chunk %d starts at %v, the run before reached %v", c.Seq, c.Start(), k.base)
	case begun && c.DTS < w:
		k.t.Errorf("chunk %d starts at %d before %d", c.Seq, c.DTS, w)
	case begun && c.DTS > w:
		k.holes++
		if c.DTS-w > k.lasted[c.Track] {
			k.wide++
		}
	}
	k.lasted[c.Track] = c.Duration
	k.written[c.Track] = c.DTS + c.Duration
	end := media.Ticks(c.DTS+c.Duration, c.Timescale)
	if ticks(end, c.Timescale) < c.DTS+c.Duration {
		end++
	}
	k.furthest = max(k.furthest, end)
}

// numbers holds that segments and parts are counted without a gap, and that nothing follows what was said to be the end.
func (k *checker) numbers(c *media.Chunk) {
	t, p := k.t, k.previous
	if p == nil { // first of the run
		if c.Segment != k.next || c.Part != 0 {
			t.Errorf("chunk %d begins a run in segment %d part %d, not in %d", c.Seq, c.Segment, c.Part, k.next)
		}
		k.openSegment(c)
		return
	}
	switch {
	case p.EndsSegment && !p.EndsPart:
		t.Errorf("chunk %d ends its segment but not its part", p.Seq)
	case c.Segment == p.Segment && c.Part == p.Part:
		if p.EndsPart || p.EndsSegment {
			t.Errorf("chunk %d follows the end of its part", c.Seq)
		}
	case c.Segment == p.Segment && c.Part == p.Part+1:
		if p.EndsSegment {
			t.Errorf("chunk %d follows the end of its segment", c.Seq)
		}
		k.openPart(c)
	case c.Segment == p.Segment+1 && c.Part == 0:
		k.part.last = true
		k.openSegment(c)
	default:
		t.Errorf("chunk %d in segment %d part %d follows %d part %d", c.Seq, c.Segment, c.Part, p.Segment, p.Part)
	}
}

func (k *checker) openSegment(c *media.Chunk) {
	k.segment = &cutSegment{number: c.Segment, hasVideo: k.init.Track(media.Video) != nil}
	k.segments = append(k.segments, k.segment)
	k.next = c.Segment + 1
	k.openPart(c)
}

func (k *checker) openPart(c *media.Chunk) {
	k.part = &cutPart{number: c.Part}
	k.segment.parts = append(k.segment.parts, k.part)
}

// stays holds that an independent picture that does not begin a segment had no reason to.
func (k *checker) stays(c *media.Chunk) {
	before := media.Ticks(k.segment.pictures, 90000)
	if !k.segment.keyed {
		k.t.Errorf("keyframe chunk %d should have ended a segment that began without one", c.Seq)
	}
	if before >= targetDuration {
		k.t.Errorf("keyframe chunk %d should have ended a segment of %v", c.Seq, before)
	}
	if k.distance > 0 && before+k.distance > limit {
		k.t.Errorf("keyframe chunk %d should have ended a segment of %v: the next is %v away", c.Seq, before, k.distance)
	}
	if p := k.part; p.pictures > 0 && enough(p.pictures, ticks(k.target, 90000)) {
		k.t.Errorf("keyframe chunk %d should have begun a part", c.Seq)
	}
}

func (k *checker) endRun() {
	if k.part == nil || k.part.lastOfRun {
		return
	}
	k.part.last, k.part.lastOfRun, k.segment.lastOfRun = true, true, true
	if p := k.previous; k.flushed && !(p.EndsPart && p.EndsSegment) {
		k.t.Errorf("chunk %d was flushed last, and does not end its part and segment", p.Seq)
	}
}

// conserved holds that every unit came out once.
func (k *checker) conserved() {
	run := 0
	for _, r := range k.runs {
		if len(r.units) == 0 {
			continue
		}
		in := map[uint32]int{}
		for _, u := range r.units {
			in[u.Track]++
		}
		if run >= len(k.taken) {
			k.t.Fatal("a run is missing")
		}
		for id, n := range in {
			if k.taken[run][id] != n {
				k.t.Errorf("run %d: %d units of track %d came out of %d", run, k.taken[run][id], id, n)
			}
		}
		run++
	}
}

func (k *checker) checkSegment(s *cutSegment) {
	t := k.t
	k.parts += len(s.parts)
	for _, p := range s.parts {
		s.length += p.length
		if p.length > k.target || p.length <= 0 {
			t.Errorf("part %d.%d lasts %v: the target is %v", s.number, p.number, p.length, k.target)
		}
		if !p.last && !enough(p.length, k.target) {
			k.short++
		}
		if p.pictures == 0 && !p.lastOfRun && s.hasVideo {
			k.soundParts++
		}
	}
	for what, n := range map[string]time.Duration{
		"video": media.Ticks(s.pictures, 90000), "audio": media.Ticks(s.sound, s.rate), "parts": s.length,
	} {
		if n >= 2500*time.Millisecond {
			t.Errorf("segment %d has %v of %s", s.number, n, what)
		}
	}
}

// checkCut holds that a segment was only ended without a keyframe where another part, or more audio, could have made it too
// long, or where its last part could not be filled.
func (k *checker) checkCut(before, s *cutSegment) {
	if before.lastOfRun || s.keyed {
		return
	}
	sound := media.Ticks(before.sound, max(before.rate, 1))
	short := !enough(before.parts[len(before.parts)-1].length, k.target) // video stopped
	next := max(k.target, media.Ticks(s.parts[0].sound, max(s.rate, 1))) // late audio goes along with what is due
	if before.length+k.target < limit && sound+next < limit && !short {
		k.t.Errorf("segment %d was cut by force at %v, with %v of audio", before.number, before.length, sound)
	}
}
