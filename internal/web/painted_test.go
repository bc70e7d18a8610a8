package web_test

import (
	"flag"
	"sync"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/browser"
	"shoal/internal/testkit/browser/paint"
)

var painted = flag.Duration("painted", 0, "measure frames painted from a whole node for so long (60s is a good measure)")

// TestPainted publishes to the real binary and looks at what a real browser paints. It takes longer than other tests,
// and its figures mean something only on a quiet machine: hence the flag.
func TestPainted(t *testing.T) {
	if *painted == 0 {
		t.Skip("run with -painted 60s")
	}
	clip := paint.Clip(t, *painted+20*time.Second, 25, 50)
	n := startNode(t)

	var mu sync.Mutex
	sent := map[int]time.Time{}
	number := 0
	stop := n.publish(t, encoder.Publisher{
		Source: clip.Once(),
		Sent: func(p encoder.Packet, at time.Time) {
			if p.Tag.Type != encoder.Video || !p.Tag.Frame() {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			sent[number] = at
			number++
		},
	})

	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto("http://" + n.http + "/w/" + liveUUID)
	opened := time.Now()
	p.Wait(soon, `document.querySelector('.player[data-phase=playing]')`)
	t.Logf("playing %v after the page was loaded", time.Since(opened).Round(time.Millisecond))
	paint.Watch(p)
	p.Do(`new Promise(r => setTimeout(r, ` + browser.Milliseconds(*painted) + `))`)

	seen := paint.Read(p)
	stop()
	mu.Lock()
	defer mu.Unlock()
	delays := seen.Delays(sent)
	t.Logf("%d frames painted, %d unreadable; delay p50 %v p95 %v p99 %v; %d stalls", len(delays), seen.Wrong,
		paint.Percentile(delays, 50).Round(time.Millisecond), paint.Percentile(delays, 95).Round(time.Millisecond),
		paint.Percentile(delays, 99).Round(time.Millisecond), seen.Stalls)
	for at, d := range seen.Course(sent, 2*time.Second) {
		t.Logf("after %v: delay %v", at, d.Round(time.Millisecond))
	}
	look(t, p, "painted")
	if want := int(painted.Seconds() * 25 * 0.9); len(delays) < want {
		t.Errorf("painted %d frames, want %d", len(delays), want)
	}
	if d := paint.Percentile(delays, 50); d > time.Second {
		t.Errorf("median delay %v, want at most 1 s", d)
	}
	if d := paint.Percentile(delays, 95); d > 1300*time.Millisecond {
		t.Errorf("95th percentile of the delay %v, want at most 1.3 s", d)
	}
	if most := 1 + int(*painted/time.Minute); seen.Stalls > most {
		t.Errorf("%d stalls, want at most one a minute", seen.Stalls)
	}
}
