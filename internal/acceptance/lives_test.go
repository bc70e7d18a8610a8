package acceptance

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/testkit/hlscheck"
	"shoal/internal/testkit/node"
)

// TestLives publishes every kind of input to one node at once, follows all of them, and has what comes out judged by
// other people's programs while it runs.
func TestLives(t *testing.T) {
	length := *following
	if testing.Short() {
		length /= 4
	}
	var all []input
	var names []string
	some := regexp.MustCompile(*only)
	for _, in := range inputs {
		if in.events < length && some.MatchString(in.name) {
			all, names = append(all, in), append(names, in.name)
		}
	}
	if len(all) < 20 && *only == "" {
		t.Fatalf("%d lives at once are too few: -follow must be longer than %v", len(all), length)
	}
	for name := range recipes { // before the clock runs: it takes a while
		clip(t, name)
	}
	n := node.Start(t, node.Options{Lives: names})
	idle := memory(t, n)

	encoders, leave := context.WithCancel(t.Context())
	defer leave()
	var publishing sync.WaitGroup
	starting := make(chan struct{}, mayStart)
	for _, in := range all {
		publishing.Go(func() {
			starting <- struct{}{}
			if err := in.publish(encoders, t, n, in.name); err != nil {
				t.Errorf("%s: %v", in.name, err)
			}
		})
	}
	began, cpu := time.Now(), processor(t, n)
	reports := make([]*hlscheck.Report, len(all))
	var watching sync.WaitGroup
	for i, in := range all {
		watching.Go(func() { reports[i] = watch(t, n, in, length, func() { <-starting }) })
	}
	watching.Wait()
	took, used := time.Since(began), processor(t, n)-cpu
	t.Logf("%d lives: RssAnon %.1f MB idle, %.1f MB after %v; %.1f %% of a core, viewers included",
		len(all), mb(idle), mb(memory(t, n)), took.Round(time.Second), 100*used.Seconds()/took.Seconds())

	t.Run("judges", func(t *testing.T) { judge(t, n, all) })
	leave()
	publishing.Wait()
	for i, in := range all {
		t.Run(in.name, func(t *testing.T) {
			if reports[i] == nil {
				t.Fatal("it was not followed")
			}
			in.holds(t, n, reports[i], length)
		})
	}
	t.Logf("stopped in %v", n.Stop())
}

// mayStart is how many encoders are on their way in at once: a node lets in only so many strangers of one address.
const mayStart = 8

// watch waits until a live has begun, tells so, and follows it.
func watch(t *testing.T, n *node.Node, in input, length time.Duration, begun func()) *hlscheck.Report {
	ctx, cancel := context.WithTimeout(t.Context(), length+2*patience)
	defer cancel()
	_, err := n.AwaitFile(ctx, in.name, "master.m3u8")
	begun()
	if err != nil {
		t.Errorf("%s: %v\n%s", in.name, err, about(n, in.name))
		return nil
	}
	r, err := hlscheck.Follow(ctx, n.HLS(in.name, "master.m3u8"), hlscheck.Options{
		For: length, Tolerance: *tolerance, Pauses: in.pauses, Changes: in.change,
	})
	if err != nil {
		t.Errorf("%s: %v\n%v", in.name, err, r)
	}
	return r
}

// holds says whether a live was what its input should give.
func (in input) holds(t *testing.T, n *node.Node, r *hlscheck.Report, length time.Duration) {
	kept(t, in.name+".txt", []byte(r.String()))
	r.Violations = slices.DeleteFunc(r.Violations, in.excuses)
	if len(r.Violations) > 0 {
		t.Errorf("rules were broken:\n%v", r)
	}
	if r.Ended {
		t.Error("it ended, but its encoder was there to the end")
	}
	main := r.Renditions["main.m3u8"]
	if main == nil {
		t.Fatalf("it has no main rendition:\n%v", r)
	}
	if d := main.Discontinuities; d < in.breaks || d > in.breaks+in.mayBe {
		t.Errorf("%d discontinuities, want %d to %d\n%s", d, in.breaks, in.breaks+in.mayBe, about(n, in.name))
	}
	if _, ok := r.Renditions["audio.m3u8"]; ok != (in.look.audio && in.look.width != 0) && !in.change {
		t.Errorf("an audio-only rendition beside the main one: %v", ok)
	}
	target := 210 * time.Millisecond
	if in.look.width == 0 {
		target = 1050 * time.Millisecond
	}
	// A tenth less, and two parts at either end: parts are 95 to 99 % full, and the first may have been listed before.
	if least := int(length/target)*9/10 - 4; !in.pauses && main.Parts < least {
		t.Errorf("%d parts in %v, want at least %d", main.Parts, length, least)
	}
	if main.Segments < int(length/(2500*time.Millisecond))-1 && !in.pauses {
		t.Errorf("%d segments in %v", main.Segments, length)
	}
	l, err := n.Live(soon(t), in.name)
	if err != nil {
		t.Fatal(err)
	}
	in.look.holds(t, l)
}

// excuses says that a rule cannot be held, since the input itself breaks it.
func (in input) excuses(v hlscheck.Violation) bool {
	switch {
	case in.lag && v.Rule == "audio-only rendition" && strings.HasSuffix(v.Detail, " apart"):
		return true // segments end where video does, and their audio comes later
	case in.change && v.Rule == "rendition report":
		return true // a rendition that was not there when the multivariant playlist was read
	case in.burst && slices.Contains([]string{"rendition report", "preload hint", "decode times"}, v.Rule):
		return true // parts came and went between two playlists; whoever follows parts has not seen them
	}
	return false
}

func (k look) holds(t *testing.T, l node.Live) {
	t.Helper()
	if k.width >= 0 && (l.Width != k.width || l.Height != k.height) {
		t.Errorf("it is %d by %d pixels, want %d by %d", l.Width, l.Height, k.width, k.height)
	}
	if math.Abs(l.FrameRate-k.rate) > 0.01 {
		t.Errorf("it has %v frames per second, want %v", l.FrameRate, k.rate)
	}
	codecs := map[bool]string{true: "H.264"}[k.width != 0] + " " + map[bool]string{true: "AAC"}[k.audio]
	if got := l.VideoCodec + " " + l.AudioCodec; got != codecs {
		t.Errorf("it has the codecs %q, want %q", got, codecs)
	}
	if l.Bitrate < 20_000 || l.Bitrate > 2_000_000 {
		t.Errorf("it has %d bit/s", l.Bitrate)
	}
}

// about is what the node's log says of a live.
func about(n *node.Node, live string) string {
	var lines strings.Builder
	for line := range strings.Lines(n.Log()) {
		if strings.Contains(line, "live="+live+" ") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func memory(t *testing.T, n *node.Node) int64 {
	t.Helper()
	b, err := n.Memory()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func processor(t *testing.T, n *node.Node) time.Duration {
	t.Helper()
	d, err := n.CPU()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }
