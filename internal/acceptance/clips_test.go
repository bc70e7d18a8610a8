package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"shoal/internal/encoder"
)

// recipe says how ffmpeg makes a clip. Times are in seconds, so that lengths are whole numbers of frames of both tracks.
type recipe struct {
	length string
	rate   string // pictures per second
	gop    int    // keyframe distance in pictures
	size   string // "" for 320x180
	video  string // more options of the video encoder
	audio  string // options of the audio encoder, "" for 48 kHz stereo
}

// recipes of all clips: small pictures, since it is times and structure that matter here.
var recipes = map[string]recipe{
	"25":               {length: "16", rate: "25", gop: 50},
	"25 small":         {length: "16", rate: "25", gop: 50, size: "256x144"},
	"25 4s":            {length: "16", rate: "25", gop: 100, audio: "-ac 1 -ar 44100 -b:a 48k"},
	"24 B":             {length: "16", rate: "24", gop: 48, video: "-bf 3 -x264-params open-gop=1:b-pyramid=normal"},
	"29.97":            {length: "16.016", rate: "30000/1001", gop: 60},
	"30 10s":           {length: "20", rate: "30", gop: 300},
	"30 intra refresh": {length: "16", rate: "30", gop: 60, video: "-tune zerolatency -x264-params intra-refresh=1"},
	"50":               {length: "16", rate: "50", gop: 100},
	"60":               {length: "16", rate: "60", gop: 120},
}

// made are the clips of this process, made when they are first asked for.
var made = struct {
	sync.Mutex
	clips map[string]func() (*encoder.Clip, error)
}{clips: map[string]func() (*encoder.Clip, error){}}

// clip gives a clip by the name of its recipe. Safe for concurrent use.
func clip(t *testing.T, name string) *encoder.Clip {
	t.Helper()
	made.Lock()
	makeIt, ok := made.clips[name]
	if !ok {
		r, known := recipes[name]
		if !known {
			t.Fatalf("there is no recipe %q", name)
		}
		makeIt = sync.OnceValues(r.make)
		made.clips[name] = makeIt
	}
	made.Unlock()
	c, err := makeIt()
	if err != nil {
		t.Fatalf("make the clip %q (ffmpeg is needed): %v", name, err)
	}
	return c
}

func (r recipe) make() (*encoder.Clip, error) {
	size, audio := r.size, r.audio
	if size == "" {
		size = "320x180"
	}
	if audio == "" {
		audio = "-ac 2 -ar 48000 -b:a 64k"
	}
	args := strings.Fields(fmt.Sprintf("-v error -f lavfi -i testsrc2=size=%s:rate=%s -f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000 -t %s"+
		" -c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 300k -maxrate 400k -bufsize 400k -threads 1 -g %d -keyint_min %d -sc_threshold 0 %s -c:a aac %s -f flv -",
		size, r.rate, r.length, r.gop, r.gop, r.video, audio))
	cmd := exec.Command("ffmpeg", args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, complaint.Bytes())
	}
	return encoder.LoadFLV(&out)
}

// file writes a clip for programs that read files.
func file(t *testing.T, c *encoder.Clip) (string, error) {
	var b bytes.Buffer
	if err := c.WriteFLV(&b); err != nil {
		return "", err
	}
	path := filepath.Join(t.TempDir(), "clip.flv")
	return path, os.WriteFile(path, b.Bytes(), 0o600)
}
