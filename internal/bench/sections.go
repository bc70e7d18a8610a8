package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shoal/internal/bench/proc"
	"shoal/internal/bench/viewer"
)

// tries is how often a short thing is measured; the median counts.
const tries = 5

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func (b *bench) addAll(figures ...figure) error {
	for _, f := range figures {
		if err := b.report.add(f); err != nil {
			return err
		}
	}
	return nil
}

// start measures nodes that do nothing.
func (b *bench) start(ctx context.Context) error {
	var listening []float64
	for range tries {
		err := b.with(ctx, 1, func(n *node) error {
			listening = append(listening, n.startup.Seconds()*1000)
			return nil
		})
		if err != nil {
			return err
		}
	}
	err := b.addAll(figure{"start", "exec to listening", median(listening), "ms", 300, fmt.Sprintf("median of %d", tries)})
	if err != nil {
		return err
	}
	return b.with(ctx, 1, func(n *node) error {
		if err := rest(ctx, 5*time.Second); err != nil {
			return err
		}
		anon, rss, err := n.memoryMB()
		if err != nil {
			return err
		}
		return b.addAll(
			figure{"start", "RssAnon, idle", anon, "MB", 25, "5 s after the start"},
			figure{"start", "RSS, idle", rss, "MB", 0, "with the binary's pages"})
	})
}

// first measures how soon a live can be watched.
func (b *bench) first(ctx context.Context) error {
	var took []float64
	err := b.with(ctx, tries, func(n *node) error {
		for _, l := range n.lives {
			ms, err := b.firstPart(ctx, n, l)
			if err != nil {
				return err
			}
			took = append(took, ms)
		}
		return nil
	})
	if err != nil {
		return err
	}
	middle := median(took)
	return b.addAll(figure{
		"first", "first keyframe sent to first part listed", middle, "ms", 400,
		fmt.Sprintf("median of %d, worst %.0f ms; polled every 5 ms", tries, took[len(took)-1]),
	})
}

// firstPart measures one live, in milliseconds.
func (b *bench) firstPart(ctx context.Context, n *node, l live) (ms float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	in := b.publish(ctx, n, l)
	defer func() { err = errors.Join(err, in.stop()) }()
	at, err := viewer.Await(ctx, n.http, l.playlist())
	if err != nil {
		return 0, err
	}
	return float64(at.UnixNano()-in.key.Load()) / 1e6, nil
}

// delay measures the way of a frame.
func (b *bench) delay(ctx context.Context) error {
	viewers := b.or(50)
	return b.withAudience(ctx, viewers, nil, func(s *seen) error {
		with := fmt.Sprintf("%d viewers, %s", viewers, s.note())
		return b.addAll(
			figure{"delay", "frame sent to part received, p50", s.frame.P50, "ms", 130, with},
			figure{"delay", "the same, p95", s.frame.P95, "ms", 250, fmt.Sprintf("%d frames looked at", s.frame.N)},
			figure{"delay", "the same, p99", s.frame.P99, "ms", 0, fmt.Sprintf("longest %.0f ms", s.frame.Max)},
			figure{"delay", "simulated player behind the encoder, p50", s.player.P50, "ms", 0, s.stalls()})
	})
}

func (s *seen) stalls() string {
	return fmt.Sprintf("%d stalls, %v in all, %d skips", s.counts.Stalls.Load(),
		time.Duration(s.counts.Stalled.Load()).Round(time.Millisecond), s.counts.Skips.Load())
}

// cost measures what requests cost.
func (b *bench) cost(ctx context.Context) error {
	viewers := b.or(200)
	return b.withAudience(ctx, viewers, nil, func(s *seen) error {
		return b.addAll(
			figure{"cost", "CPU of 1,000 requests", s.perThousand(), "s", 0.08, fmt.Sprintf("%d viewers, %s", viewers, s.note())},
			figure{"cost", "frame sent to part received, p95", s.frame.P95, "ms", 0, s.stalls()})
	})
}

// static measures requests, and then nginx with the same bytes as files, the same number of clients and requests.
func (b *bench) static(ctx context.Context) error {
	viewers := b.or(400)
	tape, err := newTape(b.dir)
	if err != nil {
		return err
	}
	var ours *seen
	err = b.withAudience(ctx, viewers, tape.keep, func(s *seen) error {
		ours = s
		return tape.err
	})
	if err != nil {
		return err
	}
	theirs, err := b.replay(ctx, tape, viewers, ours)
	if err != nil {
		return err
	}
	return b.addAll(
		figure{"static", "CPU of 1,000 requests, node", ours.perThousand(), "s", 0, fmt.Sprintf("%d viewers, %s", viewers, ours.note())},
		figure{"static", "CPU of 1,000 requests, nginx", theirs.perThousand(), "s", 0, fmt.Sprintf("%d clients, %s", viewers, theirs.note())},
		figure{"static", "node divided by nginx", ours.perThousand() / theirs.perThousand(), "times", 1.5, "same bytes, clients and request rate, one run"})
}

// crowded measures the delay when the core is full.
func (b *bench) crowded(ctx context.Context) error {
	return b.withAudience(ctx, b.opt.crowd, nil, func(s *seen) error {
		with := fmt.Sprintf("%d viewers of %.1f Mbit/s, %s", b.opt.crowd, b.clipMbit(), s.note())
		return b.addAll(
			figure{"crowd", "frame sent to part received, p95", s.frame.P95, "ms", 350, with},
			figure{"crowd", "the same, p50", s.frame.P50, "ms", 0, s.stalls()},
			figure{"crowd", "RssAnon at most", mb(s.server.AnonPeak), "MB", 0, ""})
	})
}

const (
	// publishers is how many lives at once the section inputs measures.
	publishers = 20
	// pictured is how long it takes until each has its picture, which costs once what the live costs in half a minute.
	pictured = 30 * time.Second
)

// inputs measures what lives cost that nobody watches.
func (b *bench) inputs(ctx context.Context) error {
	clip, err := b.loadClip(ctx, inputVideo)
	if err != nil {
		return err
	}
	return b.with(ctx, publishers, func(n *node) (err error) {
		var feeds []*feed
		defer func() {
			for _, f := range feeds {
				err = errors.Join(err, f.stop())
			}
		}()
		for _, l := range n.lives {
			feeds = append(feeds, publish(ctx, n, l, clip))
			if err := rest(ctx, 50*time.Millisecond); err != nil { // so that keyframes are not all at once
				return err
			}
		}
		if err := rest(ctx, pictured); err != nil {
			return err
		}
		sent := func() (sum int64) {
			for _, f := range feeds {
				sum += f.bytes.Load()
			}
			return sum
		}
		before := sent()
		server, load, err := b.window(ctx, n.pid, &viewer.Counters{})
		if err != nil {
			return err
		}
		mbit := float64(sent()-before) * 8 / 1e6 / server.Wall.Seconds()
		return b.addAll(
			figure{
				"inputs", "CPU of an input of 2.5 Mbit/s", 100 * server.Cores() / mbit * 2.5, "% of a core", 0.5,
				fmt.Sprintf("%d lives, %.1f Mbit/s in all, load %.0f %%, others %.0f %%", publishers, mbit, 100*load.Cores(), 100*server.Foreign),
			},
			figure{"inputs", "RssAnon at most", mb(server.AnonPeak), "MB", 0, fmt.Sprintf("%d lives", publishers)})
	})
}

// fullWindow is when a live's window in memory is full: 12 MB of 2 Mbit/s.
const fullWindow = 50 * time.Second

// memory measures what one live holds.
func (b *bench) memory(ctx context.Context) error {
	return b.with(ctx, 1, func(n *node) (err error) {
		in := b.publish(ctx, n, n.lives[0])
		defer func() { err = errors.Join(err, in.stop()) }()
		s := proc.Start(n.pid)
		err = rest(ctx, fullWindow)
		u := s.Stop()
		if err != nil {
			return err
		}
		anon, rss, err := n.memoryMB()
		if err != nil {
			return err
		}
		return b.addAll(
			figure{"memory", "RssAnon, one live", anon, "MB", 40, fmt.Sprintf("after %v; at most %.1f MB, on average %.1f MB", fullWindow, mb(u.AnonPeak), mb(u.AnonMean))},
			figure{"memory", "RSS, one live", rss, "MB", 0, "with the binary's pages"})
	})
}
