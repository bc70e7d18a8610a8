package encoder

import (
	"iter"
	"math/rand/v2"
	"time"
)

// Transform bends a sequence of packets. Transforms compose: each sees what the one before it made.
type Transform func(iter.Seq[Packet]) iter.Seq[Packet]

// Apply bends a sequence by each transform in turn.
func Apply(src iter.Seq[Packet], transforms ...Transform) iter.Seq[Packet] {
	for _, t := range transforms {
		src = t(src)
	}
	return src
}

// Interval is a stretch of a run: packets that are due at From or later, and before To. A To of 0 is the end of time.
type Interval struct{ From, To time.Duration }

// Contains says whether something due at d is in the interval.
func (i Interval) Contains(d time.Duration) bool { return d >= i.From && (i.To == 0 || d < i.To) }

// Always is the whole run.
var Always = Interval{}

// each makes a transform of a function that changes a packet, or drops it by saying false. make is called once per
// run, so that a run has a state of its own.
func each(start func() func(*Packet) bool) Transform {
	return func(src iter.Seq[Packet]) iter.Seq[Packet] {
		return func(yield func(Packet) bool) {
			change := start()
			for p := range src {
				if change(&p) && !yield(p) {
					return
				}
			}
		}
	}
}

// stateless is each for a function that remembers nothing.
func stateless(change func(*Packet) bool) Transform {
	return each(func() func(*Packet) bool { return change })
}

// StartAt moves the clock: times begin at ms. Any value will do; on the wire a time is taken modulo 2^32, so
// 1<<32 - 5000 wraps after five seconds.
func StartAt(ms int64) Transform {
	return stateless(func(p *Packet) bool {
		p.Time += ms
		return true
	})
}

// Jump moves the clock by the given milliseconds from a moment on, forwards or (negative) back. Packets stay due when
// they were.
func Jump(at time.Duration, ms int64) Transform {
	return stateless(func(p *Packet) bool {
		if p.Due >= at {
			p.Time += ms
		}
		return true
	})
}

// Drop leaves out the frames of a type. What announces them stays.
func Drop(t Type, in Interval) Transform {
	return stateless(func(p *Packet) bool { return p.Type != t || !p.Frame() || !in.Contains(p.Due) })
}

// Late makes a track that comes later, its sequence header too. The metadata still announces it.
func Late(t Type, d time.Duration) Transform {
	return func(src iter.Seq[Packet]) iter.Seq[Packet] {
		return func(yield func(Packet) bool) {
			var held []Packet
			for p := range src {
				if p.Type == t && p.Due < d {
					if p.Header() {
						held = append(held, p)
					}
					continue
				}
				if p.Due >= d {
					for _, h := range held {
						h.Due, h.Time = p.Due, p.Time
						if !yield(h) {
							return
						}
					}
					held = nil
				}
				if !yield(p) {
					return
				}
			}
		}
	}
}

// Keep sends n of every m video frames: another frame rate. Keyframes always stay. Pictures that were predicted from
// dropped ones will not decode well; this is for what looks at times.
func Keep(n, m int, in Interval) Transform {
	return each(func() func(*Packet) bool {
		i := -1
		return func(p *Packet) bool {
			if p.Type != Video || !p.Frame() || !in.Contains(p.Due) {
				return true
			}
			i++
			return p.Key() || i*n%m < n
		}
	})
}

// Thin drops each video frame that is no keyframe with the given probability: a variable frame rate. The same seed
// drops the same frames.
func Thin(probability float64, seed uint64, in Interval) Transform {
	return each(func() func(*Packet) bool {
		random := rand.New(rand.NewPCG(seed, 0))
		return func(p *Packet) bool {
			if p.Type != Video || !p.Frame() || p.Key() || !in.Contains(p.Due) {
				return true
			}
			return random.Float64() >= probability
		}
	})
}

// Thaw says how a frozen encoder comes back.
type Thaw int

// The ways to come back.
const (
	// ClockStopped goes on where it stopped: the times have no gap (a paused encoder).
	ClockStopped Thaw = iota
	// ClockRan goes on with times as late as it is (a capture device that hung).
	ClockRan
	// Backlog sends at once what it could not send (a process that was stopped, a network that was down). Nothing is
	// lost, and the times have no gap.
	Backlog
)

// Freeze sends nothing for a while from a moment on.
func Freeze(at, length time.Duration, thaw Thaw) Transform {
	return stateless(func(p *Packet) bool {
		switch {
		case p.Due < at:
		case thaw == Backlog:
			p.Due = max(p.Due, at+length)
		default:
			p.Due += length
			if thaw == ClockRan {
				p.Time += length.Milliseconds()
			}
		}
		return true
	})
}

// Lag sends a track's frames later than their times say, behind the other's: bad interleaving.
func Lag(t Type, by time.Duration) Transform {
	return func(src iter.Seq[Packet]) iter.Seq[Packet] {
		return func(yield func(Packet) bool) {
			var late []Packet // due by in the order that they came
			release := func(now time.Duration) bool {
				for len(late) > 0 && late[0].Due <= now {
					if !yield(late[0]) {
						return false
					}
					late = late[1:]
				}
				return true
			}
			for p := range src {
				if !release(p.Due) {
					return
				}
				if p.Type == t && p.Frame() {
					p.Due += by
					late = append(late, p)
				} else if !yield(p) {
					return
				}
			}
			for _, p := range late {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// Empty puts a tag without data behind every n-th frame of a type: what some encoders send as a sign of life.
func Empty(t Type, n int) Transform {
	return func(src iter.Seq[Packet]) iter.Seq[Packet] {
		return func(yield func(Packet) bool) {
			i := 0
			for p := range src {
				if !yield(p) {
					return
				}
				if p.Type != t || !p.Frame() {
					continue
				}
				i++
				p.Data = nil
				if i%n == 0 && !yield(p) {
					return
				}
			}
		}
	}
}

// Until ends the sequence: nothing that is due at d or later is sent.
func Until(d time.Duration) Transform {
	return func(src iter.Seq[Packet]) iter.Seq[Packet] {
		return func(yield func(Packet) bool) {
			for p := range src {
				if p.Due >= d || !yield(p) {
					return
				}
			}
		}
	}
}

// Chain sends one sequence after another over the same connection, as an encoder does whose settings change: the next
// begins, with its head, where the one before it ended. All but the last must end (see Until).
func Chain(seqs ...iter.Seq[Packet]) iter.Seq[Packet] {
	return func(yield func(Packet) bool) {
		var base, end Packet
		for _, seq := range seqs {
			var step time.Duration // between the last two moments: how long the last frame lasts
			for p := range seq {
				p.Due += base.Due
				p.Time += base.Time
				if p.Due > end.Due {
					step = p.Due - end.Due
				}
				end.Due, end.Time = max(end.Due, p.Due), max(end.Time, p.Time)
				if !yield(p) {
					return
				}
			}
			base.Due, base.Time = end.Due+step, end.Time+step.Milliseconds()
		}
	}
}
