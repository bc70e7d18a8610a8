package cutter

import (
	"testing"

	"shoal/internal/media"
)

// discard is an output that costs nothing.
type discard struct{ chunks, bytes int }

func (d *discard) Begin(*media.Init) error { return nil }

func (d *discard) Append(c *media.Chunk) error {
	d.chunks++
	d.bytes += len(c.Data)
	return nil
}

// BenchmarkCutter cuts 10 s of 2.5 Mbit/s video (30 frames/s, keyframes every 2 s) with 128 kbit/s of audio per
// iteration. cpu-% is what a live in real time takes of one core.
func BenchmarkCutter(b *testing.B) {
	const seconds = 10
	v, a := video(pictures(30, seconds, 2), 30), audio(48000, 0, seconds)
	for i := range v {
		v[i].Payload = make([]byte, 2_500_000/8/30)
	}
	for i := range a {
		a[i].Payload = make([]byte, 128_000*1024/48000/8)
	}
	r := both(v, a)
	size := 0
	for i := range r.units {
		size += len(r.units[i].Payload)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	chunks := 0
	for b.Loop() {
		out := &discard{}
		c := New("live", media.Epoch{N: 7}, media.Position{}, out, Config{})
		if err := c.Begin(r.begin); err != nil {
			b.Fatal(err)
		}
		for i := range r.units {
			if err := c.Unit(r.units[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		chunks = out.chunks
	}
	perSecond := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / seconds
	b.ReportMetric(perSecond, "ns/stream-s")
	b.ReportMetric(perSecond/1e7, "cpu-%")
	b.ReportMetric(float64(chunks)/seconds, "chunks/stream-s")
}
