// Package stats owns the histogram that the benchmarks collect durations in.
//
// It starts no goroutine and does no I/O. It never keeps single values: a histogram has a fixed size however much is
// added.
package stats

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	sub     = 64 // buckets for each power of two: a value is off by at most 1/64
	subBits = 6
	buckets = 40 * sub // up to 2^39 us, six days
)

// Histogram counts durations, to the microsecond up to 64 us and to 1.6 % above. Its zero value is ready, and it may be
// used by many goroutines at once.
type Histogram struct {
	n, sum, max atomic.Int64 // microseconds
	bucket      [buckets]atomic.Int64
}

// index is the bucket of a number of microseconds.
func index(us int64) int {
	if us < sub {
		return int(us)
	}
	exponent := bits.Len64(uint64(us)) - subBits - 1
	return min(exponent*sub+int(us>>uint(exponent)), buckets-1)
}

// floor is the least number of microseconds in a bucket.
func floor(i int) int64 {
	if i < 2*sub {
		return int64(i)
	}
	exponent := i/sub - 1
	return int64(i-exponent*sub) << uint(exponent)
}

// Add counts one duration. A negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	us := max(d.Microseconds(), 0)
	h.n.Add(1)
	h.sum.Add(us)
	for {
		m := h.max.Load()
		if us <= m || h.max.CompareAndSwap(m, us) {
			break
		}
	}
	h.bucket[index(us)].Add(1)
}

// Summary is what a histogram says, in milliseconds. All is 0 if nothing was counted.
type Summary struct {
	N    int64   `json:"n"`
	Mean float64 `json:"mean_ms"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
	Max  float64 `json:"max_ms"`
}

// Summary sums up. What is added meanwhile may be in it or not.
func (h *Histogram) Summary() Summary {
	n := h.n.Load()
	if n == 0 {
		return Summary{}
	}
	ms := func(us int64) float64 { return float64(us) / 1000 }
	quantile := func(q float64) float64 {
		rank, seen := int64(q*float64(n)), int64(0)
		for i := range h.bucket {
			if seen += h.bucket[i].Load(); seen > rank {
				return ms(floor(i))
			}
		}
		return ms(h.max.Load())
	}
	return Summary{
		N: n, Mean: ms(h.sum.Load() / n), P50: quantile(0.50), P95: quantile(0.95), P99: quantile(0.99), Max: ms(h.max.Load()),
	}
}
