package judges

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Stream is an elementary stream as ffprobe sees it.
type Stream struct {
	Codec  string `json:"codec_name"` // "h264", "aac"
	Kind   string `json:"codec_type"` // "video", "audio"
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Rate   string `json:"sample_rate"` // of audio, in Hz
}

// FFProbe opens a playlist or a file and says what is in it, and what ffprobe complains of on the way: "" if all is well.
func FFProbe(ctx context.Context, url string) (streams []Stream, complaint string, err error) {
	out, complaint, err := run(ctx, "ffprobe", "-v", "warning", "-show_entries", "stream=codec_name,codec_type,width,height,sample_rate", "-of", "json", url)
	if err != nil {
		return nil, complaint, err
	}
	var found struct {
		Streams []Stream `json:"streams"`
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return nil, complaint, fmt.Errorf("read what ffprobe says of %s: %w", url, err)
	}
	return found.Streams, complaint, nil
}

// Decoded is how much of each kind ffmpeg has decoded.
type Decoded struct{ Video, Audio int } // pictures; audio frames

// Decode plays a playlist for some seconds through ffmpeg's decoders, and says what they complain of: "" if all is well.
func Decode(ctx context.Context, url string, seconds float64) (d Decoded, complaint string, err error) {
	// Behind EXT-X-DISCONTINUITY time may go back. By itself ffmpeg overlooks steps of less than 10 s, and would play for
	// ever what begins anew every few seconds: hence the threshold. The output is the checksums of decoded frames, one a
	// line, behind comments: "0, dts, pts, duration, size, hash".
	out, complaint, err := run(ctx, "ffmpeg", "-v", "error", "-nostdin", "-dts_delta_threshold", "1", "-i", url, "-t", strconv.FormatFloat(seconds, 'f', -1, 64),
		"-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "framecrc", "-")
	if err != nil {
		return d, complaint, err
	}
	kinds := map[string]string{}
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, "#media_type "); ok {
			stream, kind, _ := strings.Cut(strings.TrimSpace(rest), ": ")
			kinds[stream] = kind
			continue
		}
		stream, _, ok := strings.Cut(line, ",")
		switch {
		case !ok:
		case kinds[strings.TrimSpace(stream)] == "video":
			d.Video++
		case kinds[strings.TrimSpace(stream)] == "audio":
			d.Audio++
		}
	}
	return d, complaint, nil
}

// run runs a program and gives its output, and apart from that what it says to people.
func run(ctx context.Context, name string, args ...string) (out, complaint string, err error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", stderr.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), stderr.String(), nil
}

// Duration is how long ffprobe finds a playlist or a file to be, and what it complains of on the way.
func Duration(ctx context.Context, url string) (d time.Duration, complaint string, err error) {
	out, complaint, err := run(ctx, "ffprobe", "-v", "warning", "-show_entries", "format=duration", "-of", "csv=p=0", url)
	if err != nil {
		return 0, complaint, err
	}
	s, err := strconv.ParseFloat(strings.TrimSpace(out), 64)
	if err != nil {
		return 0, complaint, fmt.Errorf("read what ffprobe says of %s: %w", url, err)
	}
	return time.Duration(s * float64(time.Second)), complaint, nil
}
