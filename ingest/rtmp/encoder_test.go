package rtmp

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"shoal/internal/broadcast"
	"shoal/internal/media"
)

// encoder runs a real encoder, which is killed when the test ends.
type encoder struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan error
}

func run(t *testing.T, name string, args ...string) *encoder {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	e := &encoder{cmd: exec.Command(name, args...), ended: make(chan error, 1)}
	e.cmd.Stdout, e.cmd.Stderr = &e.output, &e.output
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { e.ended <- e.cmd.Wait() }()
	t.Cleanup(func() {
		_ = e.cmd.Process.Kill()
		<-e.ended
	})
	return e
}

// wait waits for the encoder to end.
func (e *encoder) wait(t *testing.T) (output string, code int) {
	t.Helper()
	err := <-e.ended
	e.ended <- err
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return e.output.String(), e.cmd.ProcessState.ExitCode()
}

// ffmpeg publishes two seconds of 25 frames per second and some 94 AAC frames; before are options before the output.
func ffmpeg(t *testing.T, url string, before ...string) *encoder {
	t.Helper()
	args := strings.Fields("-hide_banner -loglevel error -f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine=r=48000" +
		" -t 2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 300k -g 25 -c:a aac -ac 2")
	args = append(args, before...)
	return run(t, "ffmpeg", append(args, "-f", "flv", url)...)
}

// url is where to publish with a key.
func (h *harness) url(key string) string { return "rtmp://" + h.addr.String() + "/live/" + key }

// expectStream reads what a whole encoder sent: its parameters, and as many access units in order.
func (s *session) expectStream(t *testing.T, video, audio int, from uint32) {
	t.Helper()
	var units [3]int
	var last [3]uint32
	for p := range s.packets {
		if p.Codec != nil {
			if units[p.Kind] > 0 {
				continue // repeated
			}
			last[p.Kind] = p.Time
			continue
		}
		if len(p.Data) == 0 || p.Time-last[p.Kind] > 1000 && units[p.Kind] > 0 {
			t.Fatalf("a packet of %v at %d, after %d, has %d bytes", p.Kind, p.Time, last[p.Kind], len(p.Data))
		}
		if units[p.Kind] == 0 && (p.Time+50 < from || p.Time > from+500) { // AAC starts a frame before
			t.Errorf("%v starts at %d; want about %d", p.Kind, p.Time, from)
		}
		units[p.Kind]++
		last[p.Kind] = p.Time
	}
	if v, a := units[media.Video], units[media.Audio]; v != video || a < audio-3 || a > audio+3 {
		t.Errorf("got %d pictures and %d audio frames; want %d and %d", v, a, video, audio)
	}
}

func TestFFmpeg(t *testing.T) {
	tests := []struct {
		name         string
		args         string
		video, audio int
		from         uint32
	}{
		{"both", "", 50, 94, 0},
		{"B-frames", "-bf 2", 50, 94, 0},
		{"timestamps of 4.7 hours", "-output_ts_offset 17000", 50, 94, 17_000_000},
		{"timestamps that FFmpeg cuts to 31 bits", "-output_ts_offset 4294960", 50, 94, 4_294_960_000 & (1<<31 - 1)},
		{"video only", "-an", 50, 0, 0},
		{"audio only", "-vn", 0, 94, 0},
		{"query in the key", "query", 50, 94, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, nil)
			url, args := h.url(goodKey), strings.Fields(tt.args)
			if tt.args == "query" {
				url, args = url+"?token=x", nil
			}
			e := ffmpeg(t, url, args...)
			s := h.session(t)
			s.left(t, broadcast.Goodbye)
			if out, code := e.wait(t); code != 0 || out != "" {
				t.Fatalf("ffmpeg ended with %d:\n%s", code, out)
			}
			s.expectStream(t, tt.video, tt.audio, tt.from)
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.announcements) == 0 {
				t.Fatal("nothing was announced")
			}
			a := s.announcements[0]
			if a.Video != (tt.video > 0) || a.Audio != (tt.audio > 0) || !strings.HasPrefix(a.Encoder, "Lavf") ||
				tt.video > 0 && (a.Width != 320 || a.Height != 180 || a.FrameRate != 25) {
				t.Errorf("announced was %+v", a)
			}
		})
	}
}

func TestFFmpegRefused(t *testing.T) {
	h := start(t, nil)
	out, code := ffmpeg(t, h.url("wrong")).wait(t)
	if code == 0 || !strings.Contains(out, broadcast.ErrUnknownKey.Error()) {
		t.Errorf("wrong key: ffmpeg ended with %d:\n%s", code, out)
	}
	h.refused(t, "unknown_key", 1)

	first := dial(t, h.addr)
	first.publish(goodKey)
	out, code = ffmpeg(t, h.url(goodKey)).wait(t)
	if code == 0 || !strings.Contains(out, broadcast.ErrKeyInUse.Error()) {
		t.Errorf("key in use: ffmpeg ended with %d:\n%s", code, out)
	}
	h.refused(t, "key_in_use", 1)

	out, code = ffmpeg(t, "rtmp://"+h.addr.String()+"/vod/"+goodKey).wait(t)
	if code == 0 || !strings.Contains(out, errApplication.Error()) {
		t.Errorf("wrong application: ffmpeg ended with %d:\n%s", code, out)
	}
	out, code = run(t, "ffmpeg", "-hide_banner", "-loglevel", "error", "-i", h.url(goodKey), "-f", "null", "-").wait(t)
	if code == 0 || !strings.Contains(out, "not offered") {
		t.Errorf("play: ffmpeg ended with %d:\n%s", code, out)
	}
	h.refused(t, "play", 1)
	_, code = ffmpeg(t, h.url(goodKey+"-mp3"), "-ar", "44100", "-c:a", "libmp3lame").wait(t)
	t.Logf("MP3: ffmpeg ended with %d", code) // it may have sent all before it is told
	h.refused(t, "codec", 1)
	first.media()
	h.session(t).expectMedia(t)
}

func TestFFmpegKilled(t *testing.T) {
	h := start(t, nil)
	e := run(t, "ffmpeg", strings.Fields("-loglevel error -re -f lavfi -i testsrc2=size=320x180:rate=25"+
		" -c:v libx264 -preset ultrafast -pix_fmt yuv420p -f flv "+h.url(goodKey))...)
	s := h.session(t)
	for range 5 {
		s.next(t)
	}
	if err := e.cmd.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	s.left(t, broadcast.Lost)
}

func TestGStreamer(t *testing.T) {
	for _, sink := range []string{"rtmpsink", "rtmp2sink"} {
		t.Run(sink, func(t *testing.T) {
			if err := exec.Command("gst-inspect-1.0", sink).Run(); err != nil {
				t.Skipf("GStreamer has no %s", sink)
			}
			h := start(t, nil)
			e := run(t, "gst-launch-1.0", strings.Fields("-q flvmux name=m streamable=true ! "+sink+" location="+h.url(goodKey)+
				" videotestsrc num-buffers=50 ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc tune=zerolatency"+
				" key-int-max=25 bitrate=300 ! video/x-h264,profile=main ! h264parse ! m."+
				" audiotestsrc num-buffers=94 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! m.")...)
			s := h.session(t)
			s.left(t, broadcast.Goodbye)
			if out, code := e.wait(t); code != 0 {
				t.Fatalf("gst-launch-1.0 ended with %d:\n%s", code, out)
			}
			s.expectStream(t, 50, 94, 0)
			if len(s.announcements) == 0 || !s.announcements[0].Video {
				t.Errorf("announced was %+v", s.announcements)
			}
		})
	}
}

func TestIPv6(t *testing.T) {
	h := startAt(t, "[::1]:0", nil)
	h.works(t)
	e := ffmpeg(t, h.url(goodKey))
	s := h.session(t)
	if a := s.request.Remote.Addr(); a.String() != "::1" {
		t.Errorf("the encoder is at %v", a)
	}
	s.left(t, broadcast.Goodbye)
	if out, code := e.wait(t); code != 0 {
		t.Fatalf("ffmpeg ended with %d:\n%s", code, out)
	}
	s.expectStream(t, 50, 94, 0)
}
