package acceptance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/encoder/rtmp"
	"shoal/internal/testkit/hlscheck"
	"shoal/internal/testkit/node"
)

// stage is one live of one node, with ffmpeg as its encoder.
type stage struct {
	*testing.T
	node *node.Node
	live string
}

func newStage(t *testing.T, args ...string) *stage {
	t.Helper()
	clip(t, "25") // before any clock runs
	return &stage{t, node.Start(t, node.Options{Lives: []string{"stage"}, Args: args}), "stage"}
}

// enters starts ffmpeg and waits until there is something to watch, or to watch again.
func (s *stage) enters(name string) *program {
	s.Helper()
	p, err := startFFmpeg(s.T, name, s.node.Publish(s.live))
	if err != nil {
		s.Fatal(err)
	}
	s.becomes(node.OnAir)
	if _, err := s.node.AwaitFile(soon(s.T), s.live, "master.m3u8"); err != nil {
		s.Fatalf("%v\nthe encoder says: %s\nthe node says: %s", err, p.output(), s.node.Log())
	}
	return p
}

func (s *stage) becomes(want node.State) {
	s.Helper()
	if err := s.node.AwaitState(soon(s.T), s.live, want); err != nil {
		s.Fatalf("%v\n%s", err, s.node.Log())
	}
}

// follows follows the live for a while, beside the test; the function that it returns waits for the report.
func (s *stage) follows(length time.Duration) (report func() *hlscheck.Report) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	var r *hlscheck.Report
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, err = hlscheck.Follow(ctx, s.node.HLS(s.live, "master.m3u8"), hlscheck.Options{
			For: length, Tolerance: *tolerance, Pauses: true, Changes: true,
		})
	}()
	s.Cleanup(func() {
		cancel()
		<-done
	})
	return func() *hlscheck.Report {
		s.Helper()
		<-done
		if err != nil {
			s.Fatalf("follow: %v\n%v\n%s", err, r, s.node.Log())
		}
		if len(r.Violations) > 0 {
			s.Errorf("rules were broken:\n%v", r)
		}
		return r
	}
}

// playlist is what tests ask of a media playlist.
type playlist struct {
	first, next uint64 // media sequence numbers: of the first segment, and of the one after the last complete one
	breaks      int    // EXT-X-DISCONTINUITY
	ended       bool
	text        string
}

var sequence = regexp.MustCompile(`#EXT-X-MEDIA-SEQUENCE:(\d+)`)

func (s *stage) playlist() playlist {
	s.Helper()
	text, err := s.node.AwaitFile(soon(s.T), s.live, "main.m3u8")
	if err != nil {
		s.Fatal(err)
	}
	p := playlist{text: string(text)}
	m := sequence.FindStringSubmatch(p.text)
	if m == nil {
		s.Fatalf("the playlist has no media sequence number:\n%s", p.text)
	}
	if p.first, err = strconv.ParseUint(m[1], 10, 64); err != nil {
		s.Fatal(err)
	}
	p.next = p.first + uint64(strings.Count(p.text, "#EXTINF:"))
	p.breaks = strings.Count(p.text, "#EXT-X-DISCONTINUITY\n")
	p.ended = strings.Contains(p.text, "#EXT-X-ENDLIST")
	return p
}

// reaches waits until so many segments are complete.
func (s *stage) reaches(segment uint64) playlist {
	s.Helper()
	return s.shows(fmt.Sprintf("segment %d", segment), func(p playlist) bool { return p.next > segment })
}

func (s *stage) shows(what string, is func(playlist) bool) playlist {
	s.Helper()
	ctx := soon(s.T)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		p := s.playlist()
		if is(p) {
			return p
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			s.Fatalf("the playlist never shows %s:\n%s\n%s", what, p.text, s.node.Log())
		}
	}
}

// counts waits until a metric has a value: what happens on a connection is counted when it is over.
func (s *stage) counts(want float64, metric string, labels ...string) {
	s.Helper()
	ctx := soon(s.T)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		got, err := s.node.Metric(ctx, metric, labels...)
		if err == nil && got == want {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			s.Fatalf("%s%q is %v (%v), want %v", metric, labels, got, err, want)
		}
	}
}

// TestCutAndBack kills an encoder and starts it again within the grace period: who watches keeps address, numbers and
// playlist.
func TestCutAndBack(t *testing.T) {
	t.Parallel() // it mostly waits
	s := newStage(t)
	first := s.enters("25")
	report := s.follows(20 * time.Second)
	s.reaches(1)
	if err := first.stop(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.becomes(node.Interrupted)
	before := s.playlist()
	if before.ended {
		t.Errorf("the live ended with the connection:\n%s", before.text)
	}
	s.enters("25")
	after := s.reaches(before.next + 1)
	if after.breaks != 1 || after.first > before.next {
		t.Errorf("the playlist does not go on with a discontinuity:\n%s\nit was\n%s", after.text, before.text)
	}
	if r := report(); r.Renditions["main.m3u8"].Discontinuities != 1 || r.Ended {
		t.Errorf("followed through the cut:\n%v", r)
	}
	s.counts(1, "shoal_ingest_departures_total", "departure", "lost")
	s.counts(1, "shoal_broadcast_lives")
}

// TestGoodbye ends an encoder in good order: the live is over at once, and can begin again under the same address.
func TestGoodbye(t *testing.T) {
	t.Parallel() // it mostly waits
	s := newStage(t)
	first := s.enters("25")
	report := s.follows(time.Minute)
	s.reaches(3)
	if err := first.stop(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.becomes(node.Ended)
	before := s.playlist()
	if !before.ended {
		t.Errorf("the playlist does not say that the live has ended:\n%s", before.text)
	}
	if r := report(); !r.Ended {
		t.Errorf("followed to the end:\n%v", r)
	}
	s.enters("50")
	after := s.reaches(before.next)
	if after.ended || after.breaks != 1 {
		t.Errorf("the live does not begin again:\n%s", after.text)
	}
	s.counts(1, "shoal_ingest_departures_total", "departure", "goodbye")
}

// TestGraceEnds lets a live wait in vain for its encoder.
func TestGraceEnds(t *testing.T) {
	t.Parallel() // it mostly waits
	s := newStage(t, "--broadcast.grace", "2s")
	first := s.enters("25")
	report := s.follows(time.Minute)
	s.reaches(0)
	if err := first.stop(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.becomes(node.Interrupted)
	s.becomes(node.Ended)
	if r := report(); !r.Ended {
		t.Errorf("followed to the end:\n%v", r)
	}
}

// TestRefused holds that an encoder with a wrong key, or with one that is in use, is turned away with a reason, and that
// nobody else is disturbed.
func TestRefused(t *testing.T) {
	t.Parallel() // it mostly waits
	s := newStage(t)
	s.enters("25")
	report := s.follows(10 * time.Second)
	const wrong = "a-key-that-nobody-has"
	for _, tt := range []struct {
		to, code, reason string
	}{
		{s.node.Server() + "/" + wrong, "NetStream.Publish.Denied", "unknown_key"},
		{s.node.Publish(s.live), "NetStream.Publish.BadName", "key_in_use"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			p, err := startFFmpeg(t, "25", tt.to)
			if err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.ended:
				if p.err == nil {
					t.Errorf("ffmpeg was let in: %s", p.output())
				}
			case <-time.After(patience):
				t.Fatal("ffmpeg publishes")
			}
			ours := &encoder.Publisher{URL: tt.to, Source: clip(t, "25").Loop()}
			var no *rtmp.Refused
			if err := ours.Run(t.Context()); !errors.As(err, &no) || no.Code != tt.code || no.Description == "" {
				t.Errorf("our encoder is told %v, want %s and a reason", err, tt.code)
			}
			(&stage{t, s.node, s.live}).counts(2, "shoal_ingest_refused_total", "reason", tt.reason)
		})
	}
	if log := s.node.Log(); strings.Contains(log, wrong) || strings.Contains(log, s.node.Key(s.live)) {
		t.Errorf("a stream key is in the log:\n%s", log)
	}
	s.reaches(s.playlist().next)
	if r := report(); r.Ended || r.Renditions["main.m3u8"].Discontinuities != 0 {
		t.Errorf("the one who was there first was disturbed:\n%v", r)
	}
}

// TestFrozen stops ffmpeg for 20 s, as a machine does that hangs. It comes back with all that it could not send, or, if
// the node has given it up, as a new encoder: either way the live goes on.
func TestFrozen(t *testing.T) {
	need(t, 45*time.Second)
	t.Parallel() // it mostly waits
	s := newStage(t)
	first := s.enters("25")
	report := s.follows(40 * time.Second)
	s.reaches(1)
	first.signal(syscall.SIGSTOP)
	select {
	case <-time.After(20 * time.Second):
	case <-t.Context().Done():
	}
	before := s.playlist()
	if before.ended {
		t.Errorf("the live ended while its encoder was frozen:\n%s", before.text)
	}
	first.signal(syscall.SIGCONT)
	select {
	case <-first.ended:
		t.Logf("the node gave ffmpeg up: %s", first.output())
		s.enters("25")
	case <-time.After(time.Second):
	}
	after := s.reaches(before.next + 1)
	if after.ended || after.breaks > 1 {
		t.Errorf("the live does not go on:\n%s", after.text)
	}
	report()
	t.Logf("%d discontinuities", after.breaks)
}
