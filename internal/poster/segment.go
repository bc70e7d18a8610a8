package poster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os/exec"
	"strings"
	"time"
)

// ErrNoDecoder says that ffmpeg is not installed here: a picture can be sent, or drawn.
var ErrNoDecoder = errors.New("ffmpeg is not installed on this node")

// Limits of ffmpeg.
const (
	// decodeTime is what it has: a board needs about a second, most of it to start.
	decodeTime = 15 * time.Second
	// maxSegment bounds its input in bytes: a segment of 2.5 s has more only above 100 Mbit/s.
	maxSegment = 32 << 20
	// maxSide bounds the picture that it gives, in pixels.
	maxSide = 1280
	maxPPM  = 64 + 3*maxSide*maxSide
)

// FromSegment makes a set of the first picture of a segment: fragmented MP4 that begins at a keyframe, and its init.
// ErrNoDecoder if there is no ffmpeg; the context's error if that ends before.
func FromSegment(ctx context.Context, init, segment []byte) (Set, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return Set{}, ErrNoDecoder
	}
	if len(init)+len(segment) > maxSegment {
		return Set{}, fmt.Errorf("decode keyframe: %d bytes are too many: %w", len(init)+len(segment), ErrSize)
	}
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return Set{}, fmt.Errorf("wait to decode keyframe: %w", ctx.Err())
	}
	ppm, err := decodeFrame(ctx, path, init, segment)
	if err != nil {
		return Set{}, fmt.Errorf("decode keyframe: %w", err)
	}
	picture, err := parsePPM(ppm)
	if err != nil {
		return Set{}, fmt.Errorf("decode keyframe: %w", err)
	}
	return encode(frame(picture))
}

// scale makes pixels square and the picture no larger than it must be.
var scale = fmt.Sprintf("scale='max(2,iw*sar)':ih,setsar=1,scale='min(%d,iw)':'min(%d,ih)':force_original_aspect_ratio=decrease", maxSide, maxSide)

var arguments = []string{
	"-hide_banner", "-nostdin", "-v", "error",
	// Its input is what we give it: no other file or address, whatever stands in there, and no other format.
	"-protocol_whitelist", "pipe", "-f", "mp4", "-threads", "1", "-i", "pipe:0",
	"-an", "-sn", "-dn", "-frames:v", "1", "-filter_threads", "1", "-vf", scale,
	"-f", "image2pipe", "-c:v", "ppm", "-threads", "1", "pipe:1",
}

// decodeFrame has ffmpeg make a PPM image of a first picture.
func decodeFrame(ctx context.Context, path string, init, segment []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, decodeTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.Env, cmd.Dir = []string{"LC_ALL=C"}, "/"
	cmd.WaitDelay = time.Second
	out, said := &bounded{limit: maxPPM}, &bounded{limit: 2 << 10}
	cmd.Stdout, cmd.Stderr = out, said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	err = restrain(cmd.Process.Pid) // before it has anything to work on
	if err == nil {
		// It stops reading when it has its picture, and may end: what it says then counts.
		if _, err := in.Write(init); err == nil {
			_, _ = in.Write(segment)
		}
	} else {
		_ = cmd.Process.Kill()
	}
	_ = in.Close()
	switch ended := cmd.Wait(); {
	case err != nil:
		return nil, fmt.Errorf("restrain ffmpeg: %w", err)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("wait for ffmpeg: %w", context.Cause(ctx))
	case ended != nil:
		return nil, fmt.Errorf("ffmpeg: %w: %s", ended, strings.TrimSpace(said.String()))
	case out.Len() == 0:
		return nil, errors.New("ffmpeg found no picture")
	}
	return out.Bytes(), nil
}

// bounded is a buffer that refuses more than its limit.
type bounded struct {
	bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, errors.New("ffmpeg says too much")
	}
	return b.Buffer.Write(p)
}

// parsePPM reads a binary PPM image of 8 bits, in the one form that ffmpeg writes.
func parsePPM(b []byte) (image.Image, error) {
	var w, h, n int
	head := b[:min(len(b), 40)]
	if got, err := fmt.Sscanf(string(head), "P6\n%d %d\n255\n", &w, &h); err != nil || got != 2 {
		return nil, fmt.Errorf("no picture in what ffmpeg gives: %q", head)
	}
	n = len(fmt.Sprintf("P6\n%d %d\n255\n", w, h))
	if w < 1 || h < 1 || w > maxSide || h > maxSide || len(b) != n+3*w*h {
		return nil, fmt.Errorf("a picture of %d x %d in %d bytes", w, h, len(b))
	}
	i := image.NewRGBA(image.Rect(0, 0, w, h))
	for from, to := b[n:], i.Pix; len(from) > 0; from, to = from[3:], to[4:] {
		to[0], to[1], to[2], to[3] = from[0], from[1], from[2], 0xff
	}
	return i, nil
}
