package recorder

import (
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/segmenter/cutter"
)

// BenchmarkLives feeds twenty lives of 2.5 Mbit/s in real time, without and with recorders, on a real disk. cpu-%/live is
// what a live takes of one core: the difference is what recording costs.
func BenchmarkLives(b *testing.B) {
	for _, bb := range []struct {
		name   string
		record bool
	}{{"unrecorded", false}, {"recorded", true}} {
		b.Run(bb.name, func(b *testing.B) {
			const (
				lives   = 20
				seconds = 15
			)
			events := heavy(b, seconds)
			var used time.Duration
			for b.Loop() {
				used += feedAll(b, events, lives, bb.record)
			}
			per := used.Seconds() / float64(b.N) / seconds / lives
			b.ReportMetric(per*100, "cpu-%/live")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// event is a step of a cutter's output.
type event struct {
	at    time.Duration
	init  *media.Init
	chunk *media.Chunk
}

// tape takes what is cut.
type tape struct{ events []event }

func (t *tape) Begin(i *media.Init) error { t.events = append(t.events, event{init: i}); return nil }

func (t *tape) Append(c *media.Chunk) error {
	t.events = append(t.events, event{at: c.Start() + c.Length(), chunk: c})
	return nil
}

// heavy cuts the demo with frames that are larger: 2.5 Mbit/s.
func heavy(b *testing.B, seconds int) []event {
	clip := *demoClip(b)
	out := &tape{}
	k := &cutting{t: b, clip: &clip}
	k.c = cutter.New(liveID, media.Epoch{N: 1}, media.Position{Segment: 1}, out, cutter.Config{})
	for i := range clip.units {
		if clip.units[i].Track == 1 {
			clip.units[i].Payload = append(clip.units[i].Payload, make([]byte, 2_500_000/8/30)...)[:2_500_000/8/30]
		}
	}
	k.run("start")
	k.feed(time.Duration(seconds)*time.Second, false)
	if err := k.c.Close(); err != nil {
		b.Fatal(err)
	}
	return out.events
}

// feedAll feeds lives, all from one goroutine, every 20 ms as encoders are read, and gives the processor's time.
func feedAll(b *testing.B, events []event, lives int, record bool) time.Duration {
	hub := live.NewHub(live.DefaultConfig())
	dir := b.TempDir()
	var streams []*live.Stream
	var recorders []*Recorder
	for n := range lives {
		s := hub.Open(media.LiveID(liveID[:34]+strconv.Itoa(10+n)), media.Position{Segment: 1})
		streams = append(streams, s)
		if record {
			r, err := Record(s, filepath.Join(dir, strconv.Itoa(n)), Config{}, nil)
			if err != nil {
				b.Fatal(err)
			}
			recorders = append(recorders, r)
		}
	}
	before, began := processor(b), time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(events) > 0 {
		<-tick.C
		for now := time.Since(began); len(events) > 0 && events[0].at <= now; events = events[1:] {
			for _, s := range streams {
				var err error
				if events[0].init != nil {
					err = s.Begin(events[0].init)
				} else {
					err = s.Append(events[0].chunk)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	for _, s := range streams {
		s.End(media.Epoch{N: 1})
	}
	var wait sync.WaitGroup
	for _, r := range recorders {
		wait.Go(func() {
			if s, err := r.Finish(b.Context()); err != nil || s.Lost > 0 {
				b.Errorf("%+v, %v", s, err)
			}
		})
	}
	wait.Wait()
	return processor(b) - before
}

// processor is the time that this process has had.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
