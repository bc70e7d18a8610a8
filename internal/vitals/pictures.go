package vitals

import (
	"slices"
	"time"
)

const (
	// sampled is how many distances the usual one is found from: about a second.
	sampled = 32
	// fewest is how many distances say what is usual.
	fewest = 8
	// longDistance is the distance of keyframes above which segments are cut without one (see the cutter), with room for
	// times that are rounded to milliseconds.
	longDistance = 2500*time.Millisecond + 20*time.Millisecond
	// distanceSpan is for how long a distance of keyframes says something, in seconds.
	distanceSpan = 120
)

// pictures measures the distances of video frames and keyframes, in media time.
type pictures struct {
	timescale int64
	follows   bool  // there is a frame before, in the run
	dts       int64 // its decode time

	distances [256]uint32 // a ring, in ticks
	count     int         // of all so far
	fresh     int         // since the second began
	usual     uint32      // 0 if not yet known

	since   int64 // media time since the last keyframe, in ticks
	longest int64 // the largest of it in the second
	keyed   bool  // a keyframe came in the run: the distance to the next will be right
	begun   bool  // a picture came since the encoder connected
	keys    [6]distance
	last    time.Duration // the last distance of keyframes
}

// distance is one between keyframes, and the second in which it ended.
type distance struct {
	length time.Duration
	at     int64
}

// begin starts a run: its times have nothing to do with those before.
func (p *pictures) begin(timescale uint32) {
	p.follows, p.keyed = false, false
	p.timescale = int64(timescale)
}

// add takes a frame in the given second.
func (p *pictures) add(dts int64, independent bool, at int64) {
	if p.follows {
		d := dts - p.dts
		p.distances[p.count%len(p.distances)] = uint32(min(max(d, 0), 1<<32-1))
		p.count++
		p.fresh = min(p.fresh+1, len(p.distances))
		p.since += d
	}
	p.follows, p.dts = true, dts
	if !p.begun && !independent {
		// Normalize has waited so long for a keyframe.
		p.since = int64(noKeyFor/time.Second) * p.timescale
	}
	p.begun = true
	if !independent {
		p.longest = max(p.longest, p.since)
		return
	}
	if p.keyed {
		p.last = p.time(p.since)
		copy(p.keys[1:], p.keys[:])
		p.keys[0] = distance{p.last, at}
	}
	p.keyed, p.since = true, 0
}

// close says of the frames of the second which are missing before them and which are out of step. It reports whether the
// rate has changed: then frames that seemed to be missing lately were none.
func (p *pictures) close(s *second) (changed bool) {
	p.longest = p.since
	fresh := p.fresh
	p.fresh = 0
	if p.count < fewest {
		return false
	}
	before := int64(p.usual)
	p.usual = p.median()
	usual := int64(p.usual)
	changed = before > 0 && (usual > before*5/4 || usual < before*3/4) && p.steady()
	for i := range fresh {
		d := p.distance(i)
		if p.regular(d) {
			continue
		}
		add(&s.irregular, 1)
		times := (d + usual/2) / usual
		if off, room := d-times*usual, max(usual/4, p.room()); times >= 2 && off <= room && off >= -room {
			add(&s.missing, int(min(times-1, 1<<16)))
		} else {
			add(&s.odd, 1)
		}
	}
	return changed
}

// distance gives the last distance but i.
func (p *pictures) distance(i int) int64 {
	return int64(p.distances[(p.count-1-i)%len(p.distances)])
}

func (p *pictures) median() uint32 {
	var sorted [sampled]uint32
	known := min(p.count, sampled)
	for i := range known {
		sorted[i] = uint32(p.distance(i))
	}
	slices.Sort(sorted[:known])
	return max(sorted[known/2], 1)
}

// room is by how much a distance may differ from the usual one. Times that are rounded to milliseconds are up to 1 ms off;
// encoders that stamp frames as they come, some more.
func (p *pictures) room() int64 { return max(int64(p.usual)/5, p.timescale/400) }

func (p *pictures) regular(d int64) bool {
	off := d - int64(p.usual)
	return off <= p.room() && off >= -p.room()
}

// steady says whether nearly all of the distances that just were are the usual one.
func (p *pictures) steady() bool {
	known, n := min(p.count, sampled/2), 0
	for i := range known {
		if p.regular(p.distance(i)) {
			n++
		}
	}
	return n*8 >= known*7
}

// gap says how many frames a gap between two runs has swallowed.
func (p *pictures) gap(d time.Duration) int {
	if p.usual == 0 || p.timescale == 0 {
		return 0
	}
	return int(min(max(int64(d.Seconds()*float64(p.timescale))/int64(p.usual)-1, 0), 1<<16))
}

// rate is the average of the last frames per second, 0 if unknown.
func (p *pictures) rate() float64 {
	known := min(p.count, 2*sampled)
	var sum int64
	for i := range known {
		sum += p.distance(i)
	}
	if known < fewest || sum == 0 {
		return 0
	}
	return float64(known) * float64(p.timescale) / float64(sum)
}

// interval is the last distance of keyframes, or what it is at least if the next is late.
func (p *pictures) interval() time.Duration { return max(p.last, p.time(p.since)) }

// long is the mean of the distances of keyframes that are too long, 0 if less than two were so lately.
func (p *pictures) long(now int64) time.Duration {
	var n, sum time.Duration
	for _, k := range p.keys {
		if k.length > longDistance && now-k.at < distanceSpan {
			n, sum = n+1, sum+k.length
		}
	}
	if n < 2 {
		return 0
	}
	return sum / n
}

func (p *pictures) time(ticks int64) time.Duration {
	if p.timescale == 0 {
		return 0
	}
	return time.Duration(ticks/p.timescale)*time.Second + time.Duration(ticks%p.timescale*int64(time.Second)/p.timescale)
}
