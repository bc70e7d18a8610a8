package acceptance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"syscall"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/encoder/rtmp"
	"shoal/internal/testkit/node"
)

// publish sends to a live until ctx ends or it has no more to send.
type publish func(ctx context.Context, t *testing.T, n *node.Node, live string) error

// ours sends a sequence with our own encoder. It is made when the encoder starts.
func ours(source func(t *testing.T) iter.Seq[encoder.Packet]) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		p := &encoder.Publisher{URL: n.Publish(live), Source: source(t)}
		return p.Run(ctx)
	}
}

// looped is a clip, over and over, bent by transforms.
func looped(name string, bend ...encoder.Transform) publish {
	return ours(func(t *testing.T) iter.Seq[encoder.Packet] { return encoder.Apply(clip(t, name).Loop(), bend...) })
}

// oldOBS is looped, sent as OBS sent it before late 2024: without repeating extended timestamps.
func oldOBS(name string, bend ...encoder.Transform) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		p := &encoder.Publisher{
			URL: n.Publish(live), Source: encoder.Apply(clip(t, name).Loop(), bend...),
			Client: rtmp.Options{ShortType3: true, ChunkSize: 128},
		}
		return p.Run(ctx)
	}
}

// oneTrack is looped without the other track.
func oneTrack(name string, track encoder.Type) publish {
	return ours(func(t *testing.T) iter.Seq[encoder.Packet] { return clip(t, name).Only(track).Loop() })
}

// alternating changes between clips over one connection, as an encoder does whose settings change.
func alternating(each time.Duration, names ...string) publish {
	return ours(func(t *testing.T) iter.Seq[encoder.Packet] {
		var seqs []iter.Seq[encoder.Packet]
		for range 100 {
			for _, name := range names {
				seqs = append(seqs, encoder.Apply(clip(t, name).Loop(), encoder.Until(each)))
			}
		}
		return encoder.Chain(seqs...)
	})
}

// cutOff loses its connection after a while, and is back a moment later, again and again.
func cutOff(name string, after, pause time.Duration) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		for {
			p := &encoder.Publisher{
				URL: n.Publish(live), Rude: true,
				Source: encoder.Apply(clip(t, name).Loop(), encoder.Until(after)),
			}
			if err := p.Run(ctx); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
		}
	}
}

// takenOver falls silent without closing its connection; another encoder, with another clip, takes its place.
func takenOver(first, second string, after, silence time.Duration) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		silent, cancel := context.WithCancel(ctx)
		accepted, replaced := make(chan struct{}), make(chan error, 1)
		a := &encoder.Publisher{
			URL:      n.Publish(live),
			Source:   encoder.Apply(clip(t, first).Loop(), encoder.Freeze(after, time.Hour, encoder.ClockRan)),
			Accepted: func() { close(accepted) },
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			replaced <- a.Run(silent)
		}()
		defer func() {
			cancel()
			<-gone
		}()
		for _, moment := range []<-chan struct{}{accepted, later(after + silence)} {
			select {
			case <-ctx.Done():
				return nil
			case err := <-replaced:
				return fmt.Errorf("the first encoder went away before another came: %w", err)
			case <-moment:
			}
		}
		b := &encoder.Publisher{URL: n.Publish(live), Source: clip(t, second).Loop()}
		return b.Run(ctx)
	}
}

// later is closed after a while.
func later(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}

// ffmpeg loops a clip with ffmpeg.
func ffmpeg(name string, options ...string) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		p, err := startFFmpeg(t, name, n.Publish(live), options...)
		if err != nil {
			return err
		}
		return runs(ctx, p)
	}
}

func startFFmpeg(t *testing.T, name, to string, options ...string) (*program, error) {
	path, err := file(t, clip(t, name))
	if err != nil {
		return nil, err
	}
	args := append([]string{"-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", path, "-c", "copy"}, options...)
	return start(t, nil, "ffmpeg", append(args, "-f", "flv", to)...)
}

// gstreamer encodes a test picture with GStreamer and sends it with one of its two RTMP sinks.
func gstreamer(sink string) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		p, err := startGStreamer(t, sink, n.Publish(live))
		if err != nil {
			return err
		}
		return runs(ctx, p)
	}
}

func startGStreamer(t *testing.T, sink, to string) (*program, error) {
	return start(t, nil, "gst-launch-1.0", "-e",
		"videotestsrc", "is-live=true", "pattern=ball", "!", "video/x-raw,width=320,height=180,framerate=25/1", "!",
		"x264enc", "speed-preset=ultrafast", "tune=zerolatency", "bitrate=300", "key-int-max=50", "threads=1", "!", "h264parse", "!", "queue", "!", "m.",
		"audiotestsrc", "is-live=true", "wave=ticks", "!", "audio/x-raw,rate=48000,channels=2", "!",
		"voaacenc", "bitrate=96000", "!", "aacparse", "!", "queue", "!", "m.",
		"flvmux", "name=m", "streamable=true", "!", sink, "location="+to)
}

// runs waits for a program that must run until ctx ends, and then ends it in its own good way.
func runs(ctx context.Context, p *program) error {
	select {
	case <-ctx.Done():
		return p.stop(syscall.SIGINT)
	case <-p.ended:
		return errors.Join(fmt.Errorf("%s ended by itself: %s", p.cmd.Args[0], p.output()), p.err)
	}
}
