package acceptance

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/browser"
	"shoal/internal/testkit/browser/paint"
	"shoal/internal/testkit/node"
)

var painting = flag.Duration("painting", 60*time.Second, "how long to look at a browser; 0 leaves it out")

// What is promised of frames painted, on a machine that has nothing else to do.
const (
	paintedP50   = time.Second
	paintedP95   = 1300 * time.Millisecond
	mostStalls   = 1 // in a minute
	frozenBeyond = 300 * time.Millisecond
)

// rate of the pictures that are published, per second; every 2 s is a keyframe.
const rate = 25

// TestPainted publishes pictures that carry their number, and reads the numbers off what Chromium paints of the watch
// page: how long after its sending each picture was on the screen, and how often the show stood still.
func TestPainted(t *testing.T) {
	if *painting == 0 {
		t.Skip("-painting is 0")
	}
	need(t, *painting+30*time.Second)
	s, sent := show(t, *painting+40*time.Second)
	s.reaches(2)

	p := browser.Start(t).Open(t, browser.Look{})
	s.opens(p)
	p.Do(budget)
	p.Do(`new Promise(r => setTimeout(r, ` + browser.Milliseconds(*painting) + `))`)
	seen := paint.Read(p)
	spent := browser.Eval[[]sample](p, `window.budgetSeen`)
	kept(t, "painted.png", p.Screenshot())
	if text, err := json.Marshal(spent); err == nil {
		kept(t, "painted.json", text)
	}
	for _, c := range p.Complaints() {
		t.Errorf("the page complains: %s", c)
	}

	delays := sent.delays(seen)
	p50, p95 := paint.Percentile(delays, 50), paint.Percentile(delays, 95)
	longest, frozen := gaps(seen.Frames)
	t.Logf("%d frames painted, %d unreadable; delay p50 %v p95 %v p99 %v; %d stalls, %d times still for more than %v (longest %v)",
		len(delays), seen.Wrong, ms(p50), ms(p95), ms(paint.Percentile(delays, 99)), seen.Stalls, frozen, frozenBeyond, ms(longest))
	t.Logf("the player: %s", summary(spent))
	if least := int(painting.Seconds() * rate * 9 / 10); len(delays) < least {
		t.Errorf("%d frames were painted, want at least %d", len(delays), least)
	}
	if p50 > paintedP50 {
		t.Errorf("from frame sent to frame painted the median is %v, want at most %v", ms(p50), paintedP50)
	}
	if p95 > paintedP95 {
		t.Errorf("from frame sent to frame painted the 95th percentile is %v, want at most %v", ms(p95), paintedP95)
	}
	most := mostStalls * max(1, int(painting.Round(time.Minute)/time.Minute))
	if seen.Stalls > most || frozen > most {
		t.Errorf("%d stalls, and %d times still, want at most %d", seen.Stalls, frozen, most)
	}
}

// TestFirstViewer opens the watch page when a live has just begun, and no segment is complete yet: the page must not load
// the same parts again and again.
func TestFirstViewer(t *testing.T) {
	b := browser.Start(t)
	s, _ := show(t, 20*time.Second)
	p := b.Open(t, browser.Look{})
	s.opens(p)
	s.reaches(3)
	kept(t, "first-viewer.png", p.Screenshot())
	kept(t, "first-viewer-requests.txt", []byte(strings.Join(p.Requests(), "\n")))
	count := map[string]int{}
	for _, url := range p.Requests() {
		if strings.HasSuffix(url, ".mp4") {
			count[path.Base(url)]++
		}
	}
	if len(count) < 5 {
		t.Errorf("the page loaded %d files", len(count))
	}
	for name, n := range count {
		if n > 2 { // twice may be a second thought
			t.Errorf("the page loaded %s %d times", name, n)
		}
	}
}

// show publishes numbered pictures for a while, and waits until there is something to watch.
func show(t *testing.T, length time.Duration) (*stage, *sendTimes) {
	t.Helper()
	pictures := paint.Clip(t, length, rate, 2*rate)
	s := &stage{t, node.Start(t, node.Options{Lives: []string{"stage"}}), "stage"}
	sent := &sendTimes{at: map[int]time.Time{}}
	pub := encoder.Publisher{URL: s.node.Publish(s.live), Source: pictures.Once(), Sent: sent.note}
	ctx, cancel := context.WithCancel(t.Context())
	published := make(chan error, 1)
	go func() { published <- pub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-published; err != nil {
			t.Errorf("publish: %v", err)
		}
	})
	if _, err := s.node.AwaitFile(soon(t), s.live, "master.m3u8"); err != nil {
		t.Fatalf("%v\n%s", err, s.node.Log())
	}
	return s, sent
}

// opens opens the watch page, waits until it plays, and begins to look.
func (s *stage) opens(p *browser.Page) {
	s.Helper()
	p.Goto(s.node.URL("/w/" + s.live))
	opened := time.Now()
	p.Wait(patience, `document.querySelector('.player[data-phase=playing]')`)
	s.Logf("playing %v after the page was loaded", ms(time.Since(opened)))
	paint.Watch(p)
}

// sendTimes notes when each picture was sent.
type sendTimes struct {
	mu sync.Mutex
	at map[int]time.Time
}

func (s *sendTimes) note(p encoder.Packet, at time.Time) {
	if p.Type != encoder.Video || !p.Frame() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[len(s.at)] = at
}

func (s *sendTimes) delays(seen paint.Seen) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return seen.Delays(s.at)
}

// gaps finds the longest time between two pictures, and how many were longer than a viewer overlooks.
func gaps(frames []paint.Frame) (longest time.Duration, beyond int) {
	for i := 1; i < len(frames); i++ {
		d := frames[i].At.Sub(frames[i-1].At)
		longest = max(longest, d)
		if d > frozenBeyond {
			beyond++
		}
	}
	return longest, beyond
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// budget looks ten times a second at how much the player holds and how fast it plays: where the delay is spent. It notes
// every seek, which nobody asked for.
const budget = `(() => {
	const video = document.querySelector('video');
	const seen = window.budgetSeen = [];
	const began = performance.now();
	const note = seek => {
		const b = video.buffered;
		const end = b.length ? b.end(b.length - 1) : 0;
		seen.push({ at: (performance.now() - began) / 1000, ahead: end - video.currentTime, rate: video.playbackRate, seek });
	};
	setInterval(() => note(false), 100);
	video.addEventListener('seeking', () => note(true));
})()`

// sample is the player at one moment.
type sample struct {
	At    float64 `json:"at"`    // seconds
	Ahead float64 `json:"ahead"` // buffered beyond what is shown, in seconds
	Rate  float64 `json:"rate"`  // of playback
	Seek  bool    `json:"seek"`  // it was just told to go elsewhere
}

// summary says where the delay was spent, and tells every seek.
func summary(all []sample) string {
	if len(all) == 0 {
		return "nothing was seen"
	}
	var ahead, fast float64
	var seeks strings.Builder
	least := all[0].Ahead
	for _, s := range all {
		ahead += s.Ahead
		least = min(least, s.Ahead)
		if s.Rate != 1 {
			fast++
		}
		if s.Seek {
			fmt.Fprintf(&seeks, "; a seek at %.1f s to %.3f s before the end of what was buffered", s.At, s.Ahead)
		}
	}
	n := float64(len(all))
	return fmt.Sprintf("ahead %.3f s on average, %.3f s at least; playing faster or slower %.0f %% of the time%s",
		ahead/n, least, 100*fast/n, seeks.String())
}
