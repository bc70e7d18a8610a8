package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkPropose is the time until a change is on disk and in the state.
func BenchmarkPropose(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			n := start(b, b.TempDir())
			all := make([][]time.Duration, writers)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for i := range (b.N + writers - 1) / writers {
						began := time.Now()
						if _, err := n.Propose(context.Background(), put{fmt.Sprintf("%d-%d", w, i), fmt.Sprintf("%0200d", i)}); err != nil {
							b.Error(err)
							return
						}
						all[w] = append(all[w], time.Since(began))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			times := slices.Sorted(slices.Values(slices.Concat(all...)))
			b.ReportMetric(times[len(times)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}

// BenchmarkStart is the time from Open to Ready.
func BenchmarkStart(b *testing.B) {
	for _, rows := range []int{0, 100_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			data := b.TempDir()
			n := start(b, data)
			for i := 0; i < rows; i += 1000 {
				if _, err := n.Propose(b.Context(), fill{i, 1000}); err != nil {
					b.Fatal(err)
				}
			}
			closed(b, n)
			var opening time.Duration
			for b.Loop() {
				began := time.Now()
				n, err := Open(Config{Data: data}, registry(), slog.New(slog.DiscardHandler), nil)
				if err != nil {
					b.Fatal(err)
				}
				opening += time.Since(began)
				ready(b, n)
				b.StopTimer()
				closed(b, n)
				b.StartTimer()
			}
			b.ReportMetric(opening.Seconds()*1000/float64(b.N), "open-ms")
		})
	}
}
