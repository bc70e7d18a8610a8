package cutter

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"shoal/internal/media"
)

// random makes runs of units out of bytes: steps in time of any size and direction that a unit can have, wrong
// predictions, any interleaving, any tracks.
func random(data []byte) []run {
	var runs []run
	var v, a int64
	var n [3]int
	take := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	begin := func(kind int) {
		b := media.Begin{VideoExpected: kind&4 != 0, Reason: "clock"}
		if kind%3 != 1 {
			b.Tracks = append(b.Tracks, videoTrack())
		}
		if kind%3 != 2 {
			b.Tracks = append(b.Tracks, audioTrack([]int{48000, 44100, 8000, 96000}[kind/8%4]))
		}
		runs = append(runs, run{begin: b})
		v, a = int64(kind)*90, 0
	}
	begin(take())
	for len(data) > 0 {
		op, x := take(), int64(take())
		r := &runs[len(runs)-1]
		tr := r.begin.Tracks[op%len(r.begin.Tracks)]
		if op > 250 {
			begin(int(x))
			continue
		}
		if tr.ID == videoID {
			u := media.Unit{Track: videoID, DTS: v, PTS: v + int64(op%3)*3000, Duration: 3000, Key: op&8 != 0, Recovery: op&16 != 0}
			if op&32 != 0 {
				u.Duration = x * 400 // 0 to 1.1 s
			}
			v += u.Duration
			if op&64 != 0 {
				v += x * x // to 0.7 s
			}
			if op&128 != 0 && x < 100 {
				v -= min(x*90, u.Duration)
			}
			n[1]++
			u.Payload = payload(videoID, n[1], 8)
			r.units = append(r.units, u)
			continue
		}
		u := media.Unit{Track: audioID, DTS: a, PTS: a, Duration: 1024, Key: true}
		a += u.Duration
		if op&64 != 0 {
			a += x * x / 8
		}
		if op&128 != 0 && x == 7 {
			a += 100 * int64(tr.Timescale)
		}
		n[2]++
		u.Payload = payload(audioID, n[2], 8)
		r.units = append(r.units, u)
	}
	for i := range runs {
		for j := range runs[i].units {
			runs[i].units[j].Arrival = date.Add(time.Duration(j) * time.Millisecond)
		}
	}
	return runs
}

// holds is what no input may break: nothing is lost or invented, numbers and clocks go on, parts and segments keep their
// limits, the same input gives the same output.
func holds(t *testing.T, data []byte) {
	runs := random(data)
	for _, at := range []media.Position{{}, {Segment: 9, Discontinuity: true, PartTarget: 210 * time.Millisecond}} {
		o := cut(t, at, runs...)
		check(t, o, at, runs)
		if o.sum() != cut(t, at, runs...).sum() {
			t.Error("the same units gave other bytes")
		}
	}
}

func TestRandom(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		data := make([]byte, rng.IntN(2000))
		mask := byte(rng.IntN(256)) // some kinds of trouble at a time
		for i := 0; i+8 <= len(data); i += 8 {
			binary.LittleEndian.PutUint64(data[i:], rng.Uint64())
		}
		for i := 1; i < len(data); i += 2 {
			data[i] &= mask | 3
		}
		holds(t, data)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzCutter(f *testing.F) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 4))
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(rng.IntN(256))
		}
		f.Add(data)
	}
	f.Fuzz(holds)
}
