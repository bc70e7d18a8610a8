package hlscheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Violation is a rule that was broken.
type Violation struct {
	Rule   string // a word for the rule, the same for all of its violations
	Where  string // file or playlist
	Detail string
}

// String is a line for people.
func (v Violation) String() string { return v.Rule + ": " + v.Where + ": " + v.Detail }

// Report is what following a live found.
type Report struct {
	// Violations are the first of each rule, at most maxPerRule; Counts has all of them.
	Violations []Violation
	Counts     map[string]int
	// Renditions are by the name of their playlist ("main.m3u8").
	Renditions map[string]*Stats
	Ended      bool // the live ended while it was followed
}

// Stats count what was checked of a rendition.
type Stats struct {
	Playlists, Deltas, DeltasCompared int
	Segments, Parts                   int // that were fetched and checked
	Bytes                             int64
	ShortParts                        int // below 85 % of the target, where that is allowed
	Independent                       int // parts that say so
	Discontinuities                   int
	HintsTrue, HintsFalse             int
	Pauses                            int // requests that were held in vain (503)
	// Delay is how long answers to blocking reloads took.
	Delay Delay
}

// add adds what another goroutine counted.
func (s *Stats) add(o *Stats) {
	s.Segments += o.Segments
	s.Parts += o.Parts
	s.Bytes += o.Bytes
	s.ShortParts += o.ShortParts
	s.Independent += o.Independent
	s.Discontinuities += o.Discontinuities
	s.HintsTrue += o.HintsTrue
	s.HintsFalse += o.HintsFalse
}

// Delay sums up durations.
type Delay struct{ P50, P95, Max time.Duration }

func delayOf(all []time.Duration) Delay {
	if len(all) == 0 {
		return Delay{}
	}
	slices.Sort(all)
	return Delay{all[len(all)/2], all[len(all)*95/100], all[len(all)-1]}
}

// String is the report for people.
func (r *Report) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Renditions)) {
		s := r.Renditions[name]
		fmt.Fprintf(&b, "%s: %d playlists, %d deltas (%d compared), %d segments, %d parts (%d short, %d independent), %d bytes, "+
			"%d discontinuities, hints %d true %d false, %d pauses, blocking answers p50 %v p95 %v max %v\n",
			name, s.Playlists, s.Deltas, s.DeltasCompared, s.Segments, s.Parts, s.ShortParts, s.Independent, s.Bytes,
			s.Discontinuities, s.HintsTrue, s.HintsFalse, s.Pauses, s.Delay.P50, s.Delay.P95, s.Delay.Max)
	}
	for _, v := range r.Violations {
		fmt.Fprintln(&b, v)
	}
	for _, rule := range slices.Sorted(maps.Keys(r.Counts)) {
		if n := r.Counts[rule]; n > maxPerRule {
			fmt.Fprintf(&b, "%s: %d in all\n", rule, n)
		}
	}
	return b.String()
}

const maxPerRule = 10

// recorder collects violations. Safe for concurrent use.
type recorder struct {
	mu   sync.Mutex
	all  []Violation
	seen map[[2]string]bool // by rule and where: a fault that stays is one fault
	n    map[string]int
}

func newRecorder() *recorder {
	return &recorder{seen: map[[2]string]bool{}, n: map[string]int{}}
}

func (r *recorder) fault(rule, where, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := [2]string{rule, where}; r.seen[key] {
		return
	} else {
		r.seen[key] = true
	}
	if r.n[rule]++; r.n[rule] <= maxPerRule {
		r.all = append(r.all, Violation{rule, where, fmt.Sprintf(format, args...)})
	}
}

func (r *recorder) violations() ([]Violation, map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.all, func(a, b Violation) int { return cmp.Compare(a.Rule, b.Rule) })
	return r.all, r.n
}
