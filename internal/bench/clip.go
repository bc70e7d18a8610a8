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

// The bit rates of the clips' video, in kbit/s. With 96 kbit/s of audio they have the 2 Mbit/s of a viewer and the
// 2.5 Mbit/s of an input that the promises are about.
const (
	viewerVideo = 1900
	inputVideo  = 2400
)

// clipArgs make 30 s of 720p at 30 frames/s with some noise, so that the bit rate is really used; keyframes every
// second, as low-latency encoders are set.
func clipArgs(kbit int) []string {
	return strings.Fields(fmt.Sprintf("-v error -y -f lavfi -i testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t "+
		"-f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000 -t 30 "+
		"-c:v libx264 -preset veryfast -tune zerolatency -profile:v main -pix_fmt yuv420p -b:v %dk -maxrate %dk -bufsize %dk "+
		"-g 30 -keyint_min 30 -sc_threshold 0 -bf 0 -c:a aac -b:a 96k -ac 2 -shortest -f flv", kbit, kbit, kbit/2))
}

// loadClip loads the clip to publish. The one that ffmpeg makes is kept among the system's temporary files, under a name
// that stands for the command. -clip names another one, for all sections.
func (b *bench) loadClip(ctx context.Context, kbit int) (*encoder.Clip, error) {
	path := b.opt.clip
	if path == "" {
		args := clipArgs(kbit)
		sum := sha256.Sum256([]byte(strings.Join(args, " ")))
		path = filepath.Join(os.TempDir(), fmt.Sprintf("shoal-bench-clip-%x.flv", sum[:6]))
		if _, err := os.Stat(path); err != nil {
			b.progress("making a clip with ffmpeg; it is kept as %s", path)
			unfinished := filepath.Join(b.dir, "clip.flv")
			out, err := exec.CommandContext(ctx, "ffmpeg", append(args, unfinished)...).CombinedOutput()
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
