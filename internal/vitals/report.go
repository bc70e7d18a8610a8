package vitals

import (
	"cmp"
	"slices"
	"time"
)

// Sample is one second of a live, as it arrived.
type Sample struct {
	At          time.Time // when the second began
	BitRate     int       // bit/s of media, without what carries it
	Frames      int       // of video
	Keys        int       // pictures that a viewer can start at
	AudioFrames int       // silence that was filled in is not counted
	Missing     int       // frames that should have come, by the distances of the others
}

// Report is what is known of a live.
type Report struct {
	Connected   bool          // there is an encoder
	Findings    []Finding     // the worst first, then by the time since when
	Samples     []Sample      // up to the last 5 min, one per second, the oldest first; seconds without an encoder too
	BitRate     int           // bit/s, mean of the last 5 s
	Limit       int           // bit/s, 0 for none
	FrameRate   float64       // frames per second; 0 if unknown
	KeyInterval time.Duration // between keyframes, or more if the next is late; 0 if unknown
}

// Report says what is known at the given time.
func (m *Monitor) Report(at time.Time) Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.base.IsZero() {
		return Report{}
	}
	m.advance(at)
	r := Report{Connected: m.connected, Samples: m.samples()}
	for i := range m.conditions {
		if c := &m.conditions[i]; c.active {
			r.Findings = append(r.Findings, c.finding(&rules[i], m.base))
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.rank(), b.Severity.rank()), a.Since.Compare(b.Since))
	})
	if !m.connected {
		return r
	}
	r.Limit = int(m.limit)
	r.FrameRate, r.KeyInterval = m.pictures.rate(), m.pictures.interval()
	if n := min(5, m.seconds.last-m.first); n > 0 {
		for _, s := range r.Samples[max(0, len(r.Samples)-int(n)):] {
			r.BitRate += s.BitRate
		}
		r.BitRate /= int(n)
	}
	return r
}

// samples are the seconds that are over.
func (m *Monitor) samples() []Sample {
	s := &m.seconds
	from := max(0, s.last-span)
	all := make([]Sample, 0, s.last-from)
	for n := from; n < s.last; n++ {
		x := s.at(n)
		all = append(all, Sample{
			At:      m.base.Add(time.Duration(n) * time.Second),
			BitRate: int(min(int64(x.bytes)*8, 1<<31-1)), Frames: int(x.frames), Keys: int(x.keys),
			AudioFrames: int(x.audio - x.silent), Missing: int(x.missing),
		})
	}
	return all
}
