package normalize

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"shoal/ingest"
	"shoal/internal/media"
)

// huge is a picture of 1 MB. It is made once: making it is slower than all that is tested with it.
var huge = append([]byte{0, 0x0f, 0, 0, 0x41}, make([]byte, 0xeffff)...)

// decode makes packets of any bytes: 6 bytes each say what, how long after the one before, on the encoder's clock and on
// ours, and how large.
func decode(t testing.TB, data []byte) []ingest.Packet {
	var (
		out     []ingest.Packet
		clock   uint32
		arrival = day
		codecs  = []media.Codec{h264(t, avcC320), h264(t, avcC640), aac(t, 48000), aac(t, 44100), aac(t, 24000)}
		sps, _  = h264(t, avcC640).ParameterSets()
	)
	for i := 0; len(data) >= 6; i++ {
		op, scale := data[0], data[1]
		step := int64(int16(binary.BigEndian.Uint16(data[2:])))
		wait := time.Duration(data[4]) * time.Millisecond
		switch {
		case scale > 250:
			step <<= 12 // hours
		case scale > 200:
			wait *= 40
		case scale < 200:
			step %= 64
		}
		clock += uint32(step)
		arrival = arrival.Add(wait)
		p := ingest.Packet{Kind: media.Kind(1 + op&1), Time: clock, Arrival: arrival, Offset: int32(step) << (data[5] & 15)}
		switch op >> 1 & 31 {
		case 0:
			p.Codec = codecs[int(data[5])%len(codecs)]
			p.Kind = p.Codec.Kind()
		case 1: // empty
		case 2:
			p.Data = data[:6]
		case 3:
			p.Data = append(append([]byte{0, 0, 0, byte(len(sps[0]))}, sps[0]...), picture(true, i)...)
		case 4:
			p.Data = append(picture(false, i), 0, 0, 0, 5, 6, 6, 1, 0xc4, 0x80)
		case 5:
			p.Kind = 3
		case 6:
			p.Data = huge
			if p.Kind == media.Audio {
				p.Data = huge[4 : 4+12_000]
			}
		default:
			p.Data = frame(i)
			if p.Kind == media.Video {
				p.Data = picture(op&0x40 != 0, i)
			}
		}
		out = append(out, p)
		data = data[6:]
	}
	return out
}

// check plays packets and holds against the normalizer what it promises whatever comes: see recorder, too.
func check(t *testing.T, a *ingest.Announcement, ps []ingest.Packet) *recorder {
	r := &recorder{t: t}
	n := New(r, Config{})
	if a != nil {
		n.Announce(*a)
	}
	units := func() uint64 { return n.stats.Video.Units + n.stats.Audio.Units }
	for i, p := range ps {
		before := units()
		if err := n.Packet(p); err != nil {
			t.Fatal(err)
		}
		for _, q := range []*queue{&n.wait, &n.audio.held} {
			sum := 0
			for _, s := range q.samples {
				sum += len(s.payload)
			}
			if sum != q.bytes || len(q.samples) > queueSamples || len(q.samples) > 1 && q.bytes > queueBytes {
				t.Fatalf("packet %d: a queue says %d bytes, holds %d samples of %d bytes", i, q.bytes, len(q.samples), sum)
			}
		}
		// A jump that is let pass, filled with silence, and the queue's release.
		if d := units() - before; d > queueSamples+2*700 {
			t.Fatalf("packet %d gives %d units", i, d)
		}
	}
	s := n.Stats()
	var out, dropped uint64
	for _, tr := range []TrackStats{s.Video, s.Audio} {
		out += tr.Units
		for _, d := range tr.Dropped {
			dropped += d
		}
	}
	data := uint64(count(ps, func(p *ingest.Packet) bool { return p.Codec == nil && (p.Kind == media.Video || p.Kind == media.Audio) }))
	waiting := uint64(len(n.wait.samples) + len(n.audio.held.samples))
	alone := out - s.Silent + dropped + waiting
	if alone > data {
		t.Fatalf("%d packets became %d units, %d dropped and %d waiting", data, out-s.Silent, dropped, waiting)
	}
	return r
}

func FuzzNormalizer(f *testing.F) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		b := make([]byte, 600)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		copy(b, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}) // parameters of both tracks first
		f.Add(b, true, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, video, audio bool) {
		a := &ingest.Announcement{Video: video, Audio: audio}
		one := check(t, a, decode(t, data))
		two := check(t, a, decode(t, data))
		equalRuns(t, one.runs, two.runs)
	})
}

// TestHostile sends long streams that mostly make sense, with damage of every kind in between.
func TestHostile(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		ps := source{fps: 25, rate: 48000, base: rnd.Uint32(), length: 30 * time.Second}.packets(t)
		late := time.Duration(0)
		shift := [2]uint32{}
		ps = edit(ps, func(p *ingest.Packet) bool {
			switch rnd.IntN(200) {
			case 0:
				late += time.Duration(rnd.IntN(3000)) * time.Millisecond
			case 1:
				shift[rnd.IntN(2)] += uint32(rnd.IntN(8000) - 4000)
			case 2:
				shift[rnd.IntN(2)] = rnd.Uint32()
			case 3:
				shift = [2]uint32{}
			case 4:
				return false
			case 5:
				p.Data = p.Data[:rnd.IntN(len(p.Data))]
			}
			p.Arrival = p.Arrival.Add(late)
			p.Time += shift[p.Kind-1] + uint32(rnd.IntN(3))
			return true
		})
		r := check(t, both, ps)
		units := 0
		for _, run := range r.runs {
			units += len(run.video)
		}
		if units < 650 {
			t.Errorf("seed %d: %d of 750 pictures came through", seed, units)
		}
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	n := New(&recorder{t: t}, Config{Metrics: NewMetrics(reg)})
	n.Announce(*both)
	ps := without(source{fps: 25, rate: 48000, length: 4 * time.Second}.packets(t), media.Audio, time.Second, 3*time.Second)
	for _, p := range ps {
		if err := n.Packet(p); err != nil {
			t.Fatal(err)
		}
	}
	if got := testutil.ToFloat64(n.cfg.Metrics.units[0]); got != 100 {
		t.Errorf("%v pictures are counted", got)
	}
	if got := testutil.ToFloat64(n.cfg.Metrics.silence); got != float64(n.Stats().Silent) || got == 0 {
		t.Errorf("%v frames of silence are counted, %d in the session", got, n.Stats().Silent)
	}
	if got := testutil.ToFloat64(n.cfg.Metrics.runs.WithLabelValues("start")); got != 1 {
		t.Errorf("%v runs are counted", got)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

type discard struct{}

func (discard) Begin(media.Begin) error { return nil }
func (discard) Unit(media.Unit) error   { return nil }

// BenchmarkPacket measures a packet of a stream of 30 frames per second and 48 kHz.
func BenchmarkPacket(b *testing.B) {
	ps := source{fps: 30, rate: 48000, length: 60 * time.Second}.packets(b)
	n := New(discard{}, Config{Metrics: NewMetrics(prometheus.NewRegistry())})
	n.Announce(*both)
	b.ReportAllocs()
	i, round := 0, uint32(0)
	for b.Loop() {
		p := ps[i]
		p.Time += round * 60_000
		p.Arrival = p.Arrival.Add(time.Duration(round) * time.Minute)
		if err := n.Packet(p); err != nil {
			b.Fatal(err)
		}
		if i++; i == len(ps) {
			i, round = 2, round+1
		}
	}
	if s := n.Stats(); s.Runs > 1 {
		b.Fatalf("%+v", s)
	}
}
