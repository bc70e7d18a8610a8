package encoder

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/message"
	"go.uber.org/goleak"

	"shoal/internal/encoder/rtmp"
	"shoal/internal/encoder/stamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPaceHoldsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var worst time.Duration
		n := 0
		err := pace(t.Context(), nil, Apply(demoLoop(t), Until(10*time.Minute)), func(p Packet) error {
			late := time.Since(start) - p.Due
			if late < 0 {
				t.Fatalf("packet due at %v went out %v early", p.Due, -late)
			}
			worst = max(worst, late)
			if n++; n == 5000 {
				time.Sleep(700 * time.Millisecond) // a server that does not read for a while
			}
			if p.Due > 70*time.Second && late > 0 {
				t.Fatalf("packet due at %v is still late by %v", p.Due, late)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n < 600*75 || worst < 600*time.Millisecond {
			t.Errorf("%d packets, the latest %v late", n, worst)
		}
	})
}

func demoLoop(t *testing.T) func(func(Packet) bool) { return demo(t).Loop() }

func TestPaceEnds(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		end  func(cancel func(), gone chan struct{})
		send error
		want error
	}{
		{"with its context", func(cancel func(), _ chan struct{}) { cancel() }, nil, nil},
		{"when the server is gone", func(_ func(), gone chan struct{}) { close(gone) }, broken, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				gone := make(chan struct{})
				time.AfterFunc(3*time.Second, func() { tt.end(cancel, gone) })
				start := time.Now()
				far := func(yield func(Packet) bool) {
					_ = yield(Packet{}) && yield(Packet{Due: time.Hour})
				}
				err := pace(ctx, gone, far, func(p Packet) error {
					if p.Due > 0 {
						return tt.send
					}
					return nil
				})
				if !errors.Is(err, tt.want) || time.Since(start) != 3*time.Second {
					t.Errorf("ended with %v after %v, want %v after 3 s", err, time.Since(start), tt.want)
				}
				cancel()
			})
		})
	}
}

// server takes one publisher and hands on its messages; the channel is closed at the end of the connection.
func server(t *testing.T) (address string, messages <-chan message.Message) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan message.Message, 10_000)
	go func() {
		defer close(out)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close() //nolint:errcheck // nothing to save
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		s := &gortmplib.ServerConn{RW: conn}
		if err := errors.Join(s.Initialize(), s.Accept()); err != nil {
			t.Errorf("server: %v", err)
			return
		}
		for {
			m, err := s.Read()
			if err != nil {
				return
			}
			out <- m
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		for range out { //nolint:revive // wait for the server
		}
	})
	return "rtmp://" + l.Addr().String() + "/live/key", out
}

func TestRunPublishes(t *testing.T) {
	address, messages := server(t)
	accepted, sent := 0, 0
	p := &Publisher{
		URL: address, Source: Apply(demo(t).Once(), Until(300*time.Millisecond), StartAt(1<<32-100)), Mark: true,
		Accepted: func() { accepted++ },
		Sent:     func(Packet, time.Time) { sent++ },
	}
	before := time.Now()
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var video, audio, data, marks int
	var goodbye []string
	var first, last time.Duration
	for m := range messages {
		switch m := m.(type) {
		case *message.DataAMF0:
			data++
			if name, _ := m.Payload[0].(string); name != "@setDataFrame" || m.Payload[1] != "onMetaData" {
				t.Errorf("data begins with %v", m.Payload[:2])
			}
		case *message.Video:
			if m.Type != message.VideoTypeAU {
				continue
			}
			if video++; video == 1 {
				first = m.DTS
			}
			last = m.DTS
			stamp.Scan(m.AU, func(_ int, k stamp.Mark) {
				marks++
				if k.Sent.Before(before.Truncate(time.Microsecond)) || k.Sent.After(time.Now()) {
					t.Errorf("mark says %v", k.Sent)
				}
			})
		case *message.Audio:
			if m.AACType == message.AudioAACTypeAU {
				audio++
				stamp.Scan(m.AU, func(int, stamp.Mark) { marks++ })
			}
		case *message.CommandAMF0:
			goodbye = append(goodbye, m.Name)
		}
	}
	if data != 1 || video != 9 || audio != 15 || marks != video+audio {
		t.Errorf("%d metadata, %d pictures, %d audio frames, %d marks; want 1, 9, 15, 24", data, video, audio, marks)
	}
	if accepted != 1 || sent != 3+video+audio {
		t.Errorf("Accepted was called %d times, Sent %d times", accepted, sent)
	}
	if f, l := uint32(first.Milliseconds()), uint32(last.Milliseconds()); f != 1<<32-100+21 || l != 288-100 {
		t.Errorf("times from %d to %d ms, want a wrap", f, l)
	}
	if got := strings.Join(goodbye, " "); got != "FCUnpublish deleteStream" {
		t.Errorf("goodbye %q", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	for _, rude := range []bool{false, true} {
		address, messages := server(t)
		ctx, cancel := context.WithCancel(t.Context())
		p := &Publisher{
			URL: address, Source: demo(t).Loop(), Rude: rude,
			Sent: func(p Packet, _ time.Time) {
				if p.Due > 100*time.Millisecond {
					cancel()
				}
			},
		}
		if err := p.Run(ctx); err != nil {
			t.Errorf("rude %v: %v", rude, err)
		}
		goodbye := false
		for m := range messages {
			c, ok := m.(*message.CommandAMF0)
			goodbye = goodbye || ok && c.Name == "deleteStream"
		}
		if goodbye == rude {
			t.Errorf("rude %v, goodbye %v", rude, goodbye)
		}
		cancel()
	}
}

func TestRunSaysWhyItFailed(t *testing.T) {
	if err := (&Publisher{URL: "http://127.0.0.1/live/x"}).Run(t.Context()); !errors.Is(err, rtmp.ErrURL) {
		t.Errorf("error %v, want rtmp.ErrURL", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing to save
	done := make(chan struct{})
	go func() { // a server that hangs up after the start of the stream
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s := &gortmplib.ServerConn{RW: conn}
		_ = errors.Join(s.Initialize(), s.Accept())
		_, _ = s.Read()
		_ = conn.Close()
	}()
	err = (&Publisher{URL: "rtmp://" + l.Addr().String() + "/live/x", Source: demo(t).Loop()}).Run(t.Context())
	<-done
	if err == nil {
		t.Errorf("error %v, want what ended the connection", err)
	}
}

// TestDemoDecodesOverItsSeam lets ffmpeg decode two loops, and complain about anything it does not like.
func TestDemoDecodesOverItsSeam(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	c := demo(t)
	long := &Clip{Head: c.Head}
	for p := range Apply(c.Loop(), Until(18*time.Second)) {
		if p.Frame() && p.Due >= 14*time.Second {
			long.Frames = append(long.Frames, p.Tag)
		}
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg, "-v", "warning", "-xerror", "-f", "flv", "-i", "-", "-f", "null", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(long.WriteFLV(in), in.Close(), cmd.Wait()); err != nil || complaints.Len() > 0 {
		t.Errorf("ffmpeg: %v\n%s", err, complaints.String())
	}
}
