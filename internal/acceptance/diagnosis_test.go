package acceptance

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/node"
)

// atRate sends a clip with ffmpeg, faster or slower than real time: as an encoder does whose clock is wrong.
func atRate(name, rate string) publish {
	return func(ctx context.Context, t *testing.T, n *node.Node, live string) error {
		path, err := file(t, clip(t, name))
		if err != nil {
			return err
		}
		p, err := start(t, nil, "ffmpeg", "-v", "error", "-nostdin", "-readrate", rate, "-stream_loop", "-1", "-i", path, "-c", "copy", "-f", "flv", n.Publish(live))
		if err != nil {
			return err
		}
		return runs(ctx, p)
	}
}

// TestDiagnosis sends streams that are wrong in one way each, and one that is right: the studio says what it is, and nothing
// else that would need somebody.
func TestDiagnosis(t *testing.T) {
	need(t, time.Minute)
	t.Parallel() // it mostly waits
	patients := []struct {
		name    string
		publish publish
		codes   []string // one of them must be found
		also    []string // and these may be
	}{
		{"healthy", looped("25"), nil, nil},
		{"keyframes-far-apart", looped("30 10s"), []string{"keyframe_distance"}, []string{"no_keyframe"}},
		{"without-audio", oneTrack("25", encoder.Video), []string{"no_audio"}, nil},
		{"without-video", oneTrack("25", encoder.Audio), []string{"no_video"}, nil},
		{"frames-are-missing", looped("25", encoder.Thin(0.5, 1, encoder.Always)), []string{"frames_missing", "frame_rate_variable"}, []string{"frames_missing", "frame_rate_variable"}},
		{"clock-slow", atRate("25", "0.9"), []string{"clock_slow"}, nil},
		{"clock-fast", atRate("25", "1.1"), []string{"clock_fast"}, nil},
		{"keeps-reconnecting", cutOff("25", 6*time.Second, time.Second), []string{"encoder_reconnecting"}, nil},
	}
	var names []string
	for _, p := range patients {
		names = append(names, p.name)
	}
	for name := range recipes { // before any clock runs
		clip(t, name)
	}
	h := newHouse(t, node.Options{Lives: names})
	ctx, leave := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	defer func() {
		leave()
		publishing.Wait()
	}()
	for _, p := range patients {
		publishing.Go(func() {
			if err := p.publish(ctx, t, h.node, p.name); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
		})
	}
	type finding struct {
		Code     string `json:"code"`
		Severity string `json:"severity"`
		Text     string `json:"text"`
	}
	findings := func(name string) []finding {
		var studio struct {
			Findings []finding `json:"findings"`
		}
		h.does(http.MethodGet, "/api/v1/shoal/studio/"+name, nil, &studio)
		return studio.Findings
	}
	late := time.Now().Add(90 * time.Second)
	for _, p := range patients {
		if p.codes == nil {
			continue
		}
		for said := false; !said; {
			var seen []string
			for _, f := range findings(p.name) {
				seen = append(seen, f.Code)
				if slices.Contains(p.codes, f.Code) {
					said = true
					t.Logf("%s: %s", p.name, f.Text)
				}
			}
			if time.Now().After(late) {
				t.Errorf("%s: the studio finds %q, not %q\n%s", p.name, seen, p.codes, h.node.Log())
				break
			}
			h.passes(500 * time.Millisecond)
		}
	}
	for _, p := range patients {
		for _, f := range findings(p.name) {
			if f.Severity != "info" && !slices.Contains(p.codes, f.Code) && !slices.Contains(p.also, f.Code) {
				t.Errorf("%s: the studio finds %s, too: %s", p.name, f.Code, f.Text)
			}
			if strings.TrimSpace(f.Text) == "" {
				t.Errorf("%s: %s is not put into words", p.name, f.Code)
			}
		}
	}
}
