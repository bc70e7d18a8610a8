package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"shoal/internal/encoder"
)

// clipArgs make 30 s of 720p at 30 frames/s with some noise, so that the bit rate is really used: 1.9 Mbit/s of video
// and 96 kbit/s of audio; keyframes every second, as low-latency encoders are set.
var clipArgs = strings.Fields("-v error -y -f lavfi -i testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t " +
	"-f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000 -t 30 " +
	"-c:v libx264 -preset veryfast -tune zerolatency -profile:v main -pix_fmt yuv420p -b:v 1900k -maxrate 1900k -bufsize 950k " +
	"-g 30 -keyint_min 30 -sc_threshold 0 -bf 0 -c:a aac -b:a 96k -ac 2 -shortest -f flv")

// loadClip loads the clip to publish. The one that ffmpeg makes is kept among the system's temporary files, under a name
// that stands for the command.
func (b *bench) loadClip(ctx context.Context) (*encoder.Clip, error) {
	path := b.opt.clip
	if path == "" {
		sum := sha256.Sum256([]byte(strings.Join(clipArgs, " ")))
		path = filepath.Join(os.TempDir(), fmt.Sprintf("shoal-bench-clip-%x.flv", sum[:6]))
		if _, err := os.Stat(path); err != nil {
			b.progress("making a clip with ffmpeg; it is kept as %s", path)
			unfinished := filepath.Join(b.dir, "clip.flv")
			out, err := exec.CommandContext(ctx, "ffmpeg", append(clipArgs, unfinished)...).CombinedOutput()
			if err != nil {
				return nil, fmt.Errorf("make a clip with ffmpeg: %w\n%s", err, out)
			}
			if err := os.Rename(unfinished, path); err != nil {
				return nil, fmt.Errorf("keep the clip: %w", err)
			}
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load the clip: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	c, err := encoder.LoadFLV(f)
	if err != nil {
		return nil, fmt.Errorf("load the clip %s: %w", path, err)
	}
	return c, nil
}

// clipMbit is the clip's bit rate in Mbit/s, as it is sent.
func (b *bench) clipMbit() float64 {
	bytes := 0
	for _, t := range b.clip.Frames {
		bytes += len(t.Data)
	}
	return float64(bytes) * 8 / 1e6 / b.clip.Duration.Seconds()
}
