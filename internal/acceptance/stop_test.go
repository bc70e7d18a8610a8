package acceptance

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/node"
)

// stopWithin bounds the stop of a node that has work: encoders and viewers are told to go, nobody is waited for.
const stopWithin = 5 * time.Second

// TestStopUnderLoad ends a node by SIGTERM while encoders send and viewers' requests are held, and starts it again on the
// same folder: it stops in time, the lives are interrupted and not ended, and numbers go on above those that were seen.
func TestStopUnderLoad(t *testing.T) {
	live := "stage"
	names := []string{live, "second", "third", "fourth"}
	clip(t, "25")
	n := node.Start(t, node.Options{Lives: names})
	gone := broadcasts(t, n, names)
	s := &stage{t, n, live}
	s.becomes(node.OnAir)
	for _, name := range names {
		if _, err := n.AwaitFile(soon(t), name, "main.m3u8"); err != nil {
			t.Fatalf("%v\n%s", err, n.Log())
		}
	}
	before := s.reaches(1)
	var held sync.WaitGroup
	for range 20 {
		held.Go(func() { holds(t.Context(), n, live) })
	}
	s.counts(20, "shoal_hls_held_requests")

	took := n.Stop()
	t.Logf("stopped in %v", took)
	if took > stopWithin {
		t.Errorf("the node took %v to stop, want at most %v", took, stopWithin)
	}
	held.Wait()
	for range names {
		select {
		case <-gone:
		case <-time.After(patience):
			t.Fatal("an encoder still sends to a node that has stopped")
		}
	}

	for _, end := range []func(*node.Node){func(n *node.Node) { n.Kill() }, func(n *node.Node) { n.Stop() }} {
		n = node.Start(t, node.Options{Lives: names, Data: n.Data})
		s = &stage{t, n, live}
		gone = broadcasts(t, n, []string{live})
		after := s.reaches(before.next)
		if after.first < before.next {
			t.Errorf("after a restart numbers go back:\n%s\nit was\n%s", after.text, before.text)
		}
		before = after
		end(n)
		<-gone
	}
}

// broadcasts publishes to lives until their connections break, which it tells, or the test ends.
func broadcasts(t *testing.T, n *node.Node, names []string) (gone <-chan struct{}) {
	over := make(chan struct{}, len(names))
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			p := &encoder.Publisher{URL: n.Publish(name), Source: clip(t, "25").Loop()}
			if err := p.Run(ctx); err == nil && ctx.Err() == nil {
				t.Errorf("the encoder of %s ended by itself", name)
			}
			over <- struct{}{}
		})
	}
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	return over
}

// holds asks for a part of the far future (of a segment that is allowed to be named), and waits as long as the node does.
func holds(ctx context.Context, n *node.Node, live string) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, n.HLS(live, "main.m3u8?_HLS_msn=3&_HLS_part=0"), nil)
	if err != nil {
		return
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if res, err := client.Do(q); err == nil { // how it ends is not what matters, but that it does
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}
