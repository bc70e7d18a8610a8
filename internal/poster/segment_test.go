package poster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// movie is a second of pictures in four colours, as an encoder's would be: its init, and a segment.
var movie = sync.OnceValues(func() ([2][]byte, error) {
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi",
		"-i", "color=0xe01010:s=160x90:r=5[a];color=0x10e010:s=160x90[b];color=0x1010e0:s=160x90[c];color=0xf0f0f0:s=160x90[d];[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack",
		"-t", "1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1",
		"-movflags", "empty_moov+default_base_moof+frag_keyframe", "-f", "mp4", "pipe:1")
	out, err := cmd.Output()
	at := bytes.Index(out, []byte("moof")) - 4
	if err != nil || at < 0 {
		return [2][]byte{}, fmt.Errorf("make a movie: %d bytes: %w", len(out), err)
	}
	return [2][]byte{out[:at], out[at:]}, nil
})

func TestFromSegment(t *testing.T) {
	m, err := movie()
	if err != nil {
		t.Fatal(err)
	}
	s, err := FromSegment(t.Context(), m[0], m[1])
	if err != nil {
		t.Fatal(err)
	}
	p := checked(t, s)
	if got := corners(p, p.Bounds()); !alike(got, red, green, blue, white) {
		t.Errorf("it shows %v", got)
	}
}

func TestFromSegmentRefuses(t *testing.T) {
	m, err := movie()
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, append(bytes.Clone(m[0]), m[1]...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		ctx           context.Context
		init, segment []byte
		want          string
	}{
		{"nothing", t.Context(), nil, nil, "ffmpeg"},
		{"no init", t.Context(), nil, m[1], "ffmpeg"},
		{"no media", t.Context(), m[0], nil, "ffmpeg"},
		{"noise", t.Context(), m[0], bytes.Repeat([]byte("noise"), 1000), "ffmpeg"},
		{"too much", t.Context(), m[0], make([]byte, maxSegment), "bytes are too many"},
		{"a playlist of files", t.Context(), []byte("ffconcat version 1.0\nfile " + secret + "\n"), nil, "ffmpeg"},
		{"a playlist of HLS", t.Context(), []byte("#EXTM3U\n#EXTINF:1,\n" + secret + "\n#EXT-X-ENDLIST\n"), nil, "ffmpeg"},
		{"nobody waits", over, m[0], m[1], "context canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := FromSegment(tt.ctx, tt.init, tt.segment)
			if err == nil || !strings.Contains(err.Error(), tt.want) || s.Preview != nil {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := FromSegment(t.Context(), m[0], m[1]); !errors.Is(err, ErrNoDecoder) {
		t.Errorf("without ffmpeg: %v", err)
	}
}

// TestFromSegmentEnds holds that a decoder which does not end is ended.
func TestFromSegmentEnds(t *testing.T) {
	dir := t.TempDir()
	// It reads nothing, and lasts longer than anybody waits for it.
	if err := os.WriteFile(dir+"/ffmpeg", []byte("#!/bin/sh\nexec /bin/sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := FromSegment(ctx, nil, make([]byte, 1<<20)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	if len(turn) != 0 {
		t.Error("it still has its turn")
	}
}

func TestOneAtATime(t *testing.T) {
	turn <- struct{}{}
	defer func() { <-turn }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FromSegment(ctx, nil, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "wait to decode") {
		t.Errorf("got %v", err)
	}
}

func TestParsePPM(t *testing.T) {
	for text, ok := range map[string]bool{
		"P6\n2 1\n255\nabcdef": true,
		"P6\n2 1\n255\nabcde":  false, "P6\n2 1\n255\nabcdefg": false, "P6\n0 1\n255\n": false, "P6\n-1 -1\n255\nabc": false,
		"P5\n2 1\n255\nabcdef": false, "": false, "P6\n99999 99999\n255\n": false, "P6\n2 1\n65535\nabcdefabcdef": false,
	} {
		if i, err := parsePPM([]byte(text)); (err == nil) != ok || ok && i.Bounds().Dx() != 2 {
			t.Errorf("%q: %v", text, err)
		}
	}
}
