// Package paint owns the measure of how old a frame is when a page paints it: it makes clips whose pictures carry their
// number as blocks of black and white, and reads these numbers off a playing video element in the very callback that
// announces the frame to be painted.
//
// It starts no goroutine. It never looks at a stream's bytes or timestamps: what counts is what is on the screen.
package paint

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/browser"
)

// The pictures of a clip, in pixels. The number is a row of square blocks along the upper edge.
const (
	width, height = 640, 360
	bits          = 16
	block         = width / bits
)

// Most is the number of pictures that can be told apart.
const Most = 1 << (bits - checkBits)

const checkBits = 4

// code is a picture's number with a checksum: a picture that is not read rightly is not counted.
func code(n int) int { return n<<checkBits | (n^n>>4^n>>8)&(1<<checkBits-1) }

// Clip makes a clip with H.264 video, without B-frames, and AAC audio, by ffmpeg.
func Clip(tb testing.TB, length time.Duration, rate, keyframeDistance int) *encoder.Clip {
	tb.Helper()
	frames := int(length.Seconds() * float64(rate))
	if frames >= Most {
		tb.Fatalf("a clip has at most %d pictures, not %d", Most-1, frames)
	}
	cmd := exec.CommandContext(tb.Context(), "ffmpeg", "-v", "error",
		"-f", "rawvideo", "-pix_fmt", "gray", "-s", fmt.Sprintf("%dx%d", width, height), "-r", strconv.Itoa(rate), "-i", "-",
		"-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-shortest",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-b:v", "1200k",
		"-g", strconv.Itoa(keyframeDistance), "-c:a", "aac", "-b:a", "96k", "-f", "flv", "-")
	cmd.Stdin = &pictures{frames: frames}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, tb.Output()
	if err := cmd.Run(); err != nil {
		tb.Fatalf("make a clip (ffmpeg is needed): %v", err)
	}
	clip, err := encoder.LoadFLV(&out)
	if err != nil {
		tb.Fatal(err)
	}
	return clip
}

// pictures is the endless row of raw pictures, read by ffmpeg.
type pictures struct {
	frames, next int
	rest         []byte
	buf          [width * height]byte
}

func (p *pictures) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.next == p.frames {
			return 0, io.EOF
		}
		p.draw(p.next)
		p.next++
		p.rest = p.buf[:]
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// draw paints the number, and a bar that moves so that frames are not all alike.
func (p *pictures) draw(n int) {
	for i := range p.buf {
		p.buf[i] = byte(60 + (i%width)/8)
	}
	for bit := range bits {
		shade := byte(16)
		if code(n)>>(bits-1-bit)&1 == 1 {
			shade = 235
		}
		for y := range block {
			row := p.buf[y*width+bit*block:]
			for x := range block {
				row[x] = shade
			}
		}
	}
	at := n * 4 % (width - 20)
	for y := 2 * block; y < height; y++ {
		for x := range 20 {
			p.buf[y*width+at+x] = 200
		}
	}
}

// probe reads the numbers off the page's video element. It draws each frame, scaled down to one pixel per block.
var probe = fmt.Sprintf(`(() => {
	const video = document.querySelector('video');
	const canvas = new OffscreenCanvas(%[1]d, 1);
	const pen = canvas.getContext('2d', { willReadFrequently: true });
	const seen = window.paintSeen = { frames: [], stalls: 0 };
	let last = -1;
	const read = (_, frame) => {
		video.requestVideoFrameCallback(read);
		const side = video.videoWidth / %[1]d;
		pen.drawImage(video, 0, side / 4, video.videoWidth, side / 2, 0, 0, %[1]d, 1);
		const pixels = pen.getImageData(0, 0, %[1]d, 1).data;
		let code = 0;
		for (let i = 0; i < %[1]d; i++) code = code * 2 + (pixels[4 * i] > 125 ? 1 : 0);
		if (code !== last) seen.frames.push([code, performance.timeOrigin + frame.expectedDisplayTime]);
		last = code;
	};
	video.requestVideoFrameCallback(read);
	video.addEventListener('waiting', () => { if (!video.seeking && !video.paused) seen.stalls++; });
})()`, bits)

// Frame is one picture that was painted.
type Frame struct {
	Number int
	At     time.Time // when it was expected on the screen
}

// Seen is what a page has painted since Watch.
type Seen struct {
	Frames []Frame
	Wrong  int // pictures whose number could not be read
	Stalls int // times that the element waited for data
}

// Watch begins to read numbers off the first video element of a page.
func Watch(p *browser.Page) { p.Do(probe) }

// Read gives what was painted so far.
func Read(p *browser.Page) Seen {
	raw := browser.Eval[struct {
		Frames [][2]float64 `json:"frames"`
		Stalls int          `json:"stalls"`
	}](p, "window.paintSeen")
	s := Seen{Stalls: raw.Stalls}
	for _, f := range raw.Frames {
		n := int(f[0]) >> checkBits
		if code(n) != int(f[0]) {
			s.Wrong++
			continue
		}
		s.Frames = append(s.Frames, Frame{n, time.UnixMicro(int64(f[1] * 1000))})
	}
	return s
}

// Delays compares pictures with the times at which they were sent, by number, and sorts.
func (s Seen) Delays(sent map[int]time.Time) []time.Duration {
	var all []time.Duration
	for _, f := range s.Frames {
		if at, ok := sent[f.Number]; ok {
			all = append(all, f.At.Sub(at))
		}
	}
	slices.Sort(all)
	return all
}

// Course is how the delay went: the median of each interval since the first frame, in order of time.
func (s Seen) Course(sent map[int]time.Time, interval time.Duration) iter.Seq2[time.Duration, time.Duration] {
	return func(yield func(time.Duration, time.Duration) bool) {
		for i := 0; i < len(s.Frames); {
			from := s.Frames[i].At
			part := Seen{}
			for ; i < len(s.Frames) && s.Frames[i].At.Sub(from) < interval; i++ {
				part.Frames = append(part.Frames, s.Frames[i])
			}
			if !yield(from.Sub(s.Frames[0].At).Round(interval/10), Percentile(part.Delays(sent), 50)) {
				return
			}
		}
	}
}

// Percentile of sorted durations; 0 of none.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p/100*float64(len(sorted))))]
}
