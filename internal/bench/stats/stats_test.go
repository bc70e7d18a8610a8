package stats

import (
	"math"
	"sync"
	"testing"
	"time"
)

func TestSummary(t *testing.T) {
	var h Histogram
	if got := h.Summary(); got != (Summary{}) {
		t.Errorf("empty: %+v", got)
	}
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part + 1; i <= 1000; i += 4 {
				h.Add(time.Duration(i) * time.Millisecond)
			}
		})
	}
	wg.Wait()
	got := h.Summary()
	if got.N != 1000 || got.Max != 1000 || got.Mean != 500.5 {
		t.Errorf("%+v, want 1000 values up to 1000 ms with a mean of 500.5 ms", got)
	}
	for _, c := range []struct{ got, want float64 }{{got.P50, 500}, {got.P95, 950}, {got.P99, 990}} {
		if math.Abs(c.got-c.want) > c.want/60 {
			t.Errorf("quantile %v ms, want %v", c.got, c.want)
		}
	}
}

func TestExtremes(t *testing.T) {
	var h Histogram
	h.Add(-time.Second)
	h.Add(1<<63 - 1)
	if got := h.Summary(); got.N != 2 || got.P50 <= 0 || got.Max < 9e15/1000 {
		t.Errorf("%+v", got)
	}
}

func TestBucketsAreOrderedAndNarrow(t *testing.T) {
	for us := int64(0); us < 1<<24; us += 37 {
		i := index(us)
		if low, high := floor(i), floor(i+1); us < low || us >= high || high-low > us/sub+1 {
			t.Fatalf("%d us is in the bucket from %d to %d", us, low, high)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	var h Histogram
	b.ReportAllocs()
	d := time.Duration(0)
	for b.Loop() {
		d += 977 * time.Nanosecond
		h.Add(d)
	}
}
