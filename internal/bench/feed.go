package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"shoal/internal/encoder"
)

// feed is a publisher that runs.
type feed struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // read it after done

	key   atomic.Int64 // when the first keyframe was sent, nanoseconds since the epoch; 0 if not yet
	bytes atomic.Int64 // of frames
}

// publish sends the marked clip to a live in a loop until stop.
func (b *bench) publish(ctx context.Context, n *node, l live) *feed {
	return publish(ctx, n, l, b.clip)
}

func publish(ctx context.Context, n *node, l live, clip *encoder.Clip) *feed {
	ctx, cancel := context.WithCancel(ctx)
	f := &feed{cancel: cancel, done: make(chan struct{})}
	p := &encoder.Publisher{URL: n.publishURL(l), Source: clip.Loop(), Mark: true, Sent: func(p encoder.Packet, at time.Time) {
		f.bytes.Add(int64(len(p.Data)))
		if p.Key() {
			f.key.CompareAndSwap(0, at.UnixNano())
		}
	}}
	go func() {
		defer close(f.done)
		f.err = p.Run(ctx)
	}()
	return f
}

// stop ends the publishing. The error says why it did not last until now.
func (f *feed) stop() error {
	early := false
	select {
	case <-f.done:
		early = true
	default:
	}
	f.cancel()
	<-f.done
	if early && f.err == nil {
		return fmt.Errorf("a publisher ended too early")
	}
	return f.err
}
