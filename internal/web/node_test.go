package web_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/browser"
	"shoal/internal/testkit/browser/paint"
)

const nodeKey = "pages-test-key"

// node is the real binary with one live.
type node struct{ http, rtmp string }

// startNode builds and runs the binary, and waits until it listens.
func startNode(t *testing.T) node {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "shoal")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "shoal/cmd/shoal")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the node: %v\n%s", err, out)
	}
	config := filepath.Join(dir, "shoal.yaml")
	if err := os.WriteFile(config, []byte("lives: [{name: node, key: "+nodeKey+", uuid: "+liveUUID+"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--config", config, "--data", dir, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended with the test's context
		_ = cmd.Wait()
	})
	var addresses struct{ HTTP, RTMP string }
	for deadline := time.Now().Add(soon); ; time.Sleep(20 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join(dir, "addresses.json"))
		if err == nil && json.Unmarshal(b, &addresses) == nil && addresses.HTTP != "" && addresses.RTMP != "" {
			return node{addresses.HTTP, addresses.RTMP}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the node did not listen within %v", soon)
		}
	}
}

// publish sends packets until the test ends or stop is called.
func (n node) publish(t *testing.T, pub encoder.Publisher) (stop func()) {
	t.Helper()
	pub.URL = "rtmp://" + n.rtmp + "/live/" + nodeKey
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- pub.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("publish: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// TestNode leaves the page open while an encoder comes, is lost, comes back with other pictures, and says goodbye.
func TestNode(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the whole node")
	}
	n := startNode(t)
	clip := paint.Clip(t, 20*time.Second, 25, 50)
	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto("http://" + n.http + "/w/" + liveUUID)
	p.Wait(soon, status("This live has not started yet"))

	stop := n.publish(t, encoder.Publisher{Source: clip.Loop(), Rude: true})
	p.Wait(soon, playing)
	advances(t, p, 2)
	p.Press("i")
	p.Wait(soon, `[...document.querySelectorAll('.panel dd')].some(d => d.textContent === 'Low-latency HLS')`)

	t.Run("a long pause costs nothing, and ends at the live edge", func(t *testing.T) {
		p.Do(`performance.setResourceTimingBufferSize(10000)`)
		p.Press("k")
		p.Wait(soon, `performance.now() - performance.getEntriesByType('resource').at(-1).responseEnd > 3000`)
		p.Press("k")
		p.Wait(soon, playing+` && document.querySelector('.edge.at') && parseFloat(document.querySelector('.panel dd').textContent) < 1.5`)
		advances(t, p, 2)
	})
	t.Run("lost and back", func(t *testing.T) {
		stop()
		p.Wait(soon, status("The stream is interrupted"))
		stop = n.publish(t, encoder.Publisher{Source: clip.Loop(), Rude: true})
		p.Wait(soon, playing)
		advances(t, p, 2)
	})
	t.Run("back with other pictures", func(t *testing.T) {
		stop()
		demo, err := encoder.Demo()
		if err != nil {
			t.Fatal(err)
		}
		stop = n.publish(t, encoder.Publisher{Source: demo.Loop(), Rude: true})
		p.Wait(soon, playing+` && `+video+`.videoWidth === 1280`)
		advances(t, p, 2)
	})
	t.Run("back without sound", func(t *testing.T) {
		stop()
		stop = n.publish(t, encoder.Publisher{Source: clip.Only(encoder.Video).Loop()})
		p.Wait(soon, playing+` && `+video+`.videoWidth === 640`)
		advances(t, p, 2)
	})
	t.Run("goodbye", func(t *testing.T) {
		stop()
		p.Wait(soon, status("The live has ended"))
	})
	t.Run("begun again", func(t *testing.T) {
		stop = n.publish(t, encoder.Publisher{Source: clip.Loop()})
		p.Wait(soon, playing)
		advances(t, p, 2)
		p.Press("a")
		p.Wait(soon, `document.querySelector('.player.listening')`)
		advances(t, p, 2)
	})
}
