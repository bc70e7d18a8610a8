package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"shoal/internal/bench/proc"
	"shoal/internal/bench/stats"
	"shoal/internal/bench/viewer"
)

// seen is what an audience saw, and what it cost the server.
type seen struct {
	counts *viewer.Counters
	server proc.Usage
	load   proc.Usage
	frame  stats.Summary
	player stats.Summary
}

// perThousand is the server's CPU time in seconds for a thousand requests.
func (s *seen) perThousand() float64 {
	return s.server.CPU.Seconds() / (float64(s.counts.Requests.Load()) / 1000)
}

// note says under what circumstances something was measured.
func (s *seen) note() string {
	wall := s.server.Wall.Seconds()
	text := fmt.Sprintf("%.0f requests/s, %.0f Mbit/s, node %.0f %% of a core, load %.0f %%, others %.0f %%",
		float64(s.counts.Requests.Load())/wall, float64(s.counts.Bytes.Load())*8/1e6/wall,
		100*s.server.Cores(), 100*s.load.Cores(), 100*s.server.Foreign)
	if n := s.counts.Errors.Load(); n > 0 {
		text += fmt.Sprintf(", %d errors %v", n, s.counts.Causes())
	}
	return text
}

const (
	joinRate = 200             // viewers per second who join
	settling = 3 * time.Second // between the last who joins and the window
	lookers  = 50              // viewers who look for marks, about; all of a small audience
)

// watch runs viewers of a live and measures for a window. keep, if set, gets what the first viewer fetches.
func (b *bench) watch(ctx context.Context, n *node, l live, viewers int, keep func(bool, []byte)) (*seen, error) {
	listed, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := viewer.Await(listed, n.http, l.playlist()); err != nil {
		return nil, err
	}
	s := &seen{counts: &viewer.Counters{}}
	watching, end := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer end()
	began := time.Now()
	for i := range viewers {
		o := viewer.Options{Addr: n.http, Playlist: l.playlist(), Hint: b.opt.hint, Look: i%max(1, viewers/lookers) == 0}
		if i == 0 {
			o.Keep = keep
		}
		v, err := viewer.New(watching, o, s.counts)
		if err != nil {
			return nil, err
		}
		if err := rest(ctx, time.Until(began.Add(time.Duration(i)*time.Second/joinRate))); err != nil {
			return nil, err
		}
		wg.Go(func() { v.Run(watching) })
	}
	if err := rest(ctx, settling); err != nil {
		return nil, err
	}
	var err error
	s.server, s.load, err = b.window(ctx, n.pid, s.counts)
	if err != nil {
		return nil, err
	}
	end()
	wg.Wait()
	s.frame, s.player = s.counts.Frame.Summary(), s.counts.Player.Summary()
	if s.counts.Requests.Load() == 0 {
		return nil, errors.New("the viewers made no request")
	}
	return s, nil
}

// window counts for the length of a window what viewers see, and what the server and this process use.
func (b *bench) window(ctx context.Context, pid int, c *viewer.Counters) (server, load proc.Usage, err error) {
	own, other := proc.Start(os.Getpid(), pid), proc.Start(pid)
	c.On()
	err = rest(ctx, b.opt.window)
	server, load = other.Stop(), own.Stop()
	c.Off()
	b.report.others = max(b.report.others, server.Foreign)
	return server, load, err
}

// or is the number of viewers that the flag says, else the usual one.
func (b *bench) or(usual int) int {
	if b.opt.viewers > 0 {
		return b.opt.viewers
	}
	return usual
}

// withAudience runs f with what viewers saw of one live on a fresh node.
func (b *bench) withAudience(ctx context.Context, viewers int, keep func(bool, []byte), f func(*seen) error) error {
	return b.with(ctx, 1, func(n *node) (err error) {
		in := b.publish(ctx, n, n.lives[0])
		defer func() { err = errors.Join(err, in.stop()) }()
		s, err := b.watch(ctx, n, n.lives[0], viewers, keep)
		if err != nil {
			return err
		}
		return f(s)
	})
}
