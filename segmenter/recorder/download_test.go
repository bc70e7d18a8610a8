package recorder

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/internal/testkit/judges"
)

// download writes the whole of a recording's MP4 into a file.
func download(t testing.TB, dir string, id media.RenditionID) (path string, m *recording.MP4) {
	t.Helper()
	rec, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = rec.MP4(id); err != nil {
		t.Fatal(err)
	}
	r := m.Open()
	defer r.Close()
	path = filepath.Join(t.TempDir(), "download.mp4")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := io.Copy(f, r); err != nil || n != m.Size() {
		t.Fatalf("%d bytes of %d, %v", n, m.Size(), err)
	}
	return path, m
}

// decodes has ffprobe measure a recording's download, and ffmpeg decode all of it.
func decodes(t *testing.T, dir string, want time.Duration) judges.Decoded {
	t.Helper()
	path, _ := download(t, dir, media.Main)
	if got := probed(t, path); got < want-200*time.Millisecond || got > want+200*time.Millisecond {
		t.Errorf("ffprobe says that it lasts %v, want %v", got, want)
	}
	d, complaint, err := judges.Decode(t.Context(), path, math.Ceil(want.Seconds())+10)
	if err != nil || complaint != "" {
		t.Errorf("ffmpeg complains: %s, %v", complaint, err)
	}
	return d
}

// probed is how long a file lasts, as ffprobe says.
func probed(t *testing.T, path string) time.Duration {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "warning", "-show_entries", "format=duration", "-of", "csv=p=0", path)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil || complaint.Len() > 0 {
		t.Fatalf("ffprobe: %v, %s", err, complaint.String())
	}
	s, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		t.Fatalf("ffprobe says %q", out)
	}
	return time.Duration(s * float64(time.Second))
}

// madeClip has ffmpeg make a clip. B-frames give it composition offsets.
func madeClip(t *testing.T, size string, rate int, sampleRate, bframes int) *clip {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.flv")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%d", size, rate),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=r=%d", sampleRate), "-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		"-g", strconv.Itoa(2*rate), "-bf", strconv.Itoa(bframes), "-c:a", "aac", "-ar", strconv.Itoa(sampleRate), "-f", "flv", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flv, err := encoder.LoadFLV(f)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readClip(flv)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// changing records a live whose encoder comes back with other parameters: 12 s of 720p, 8 s of 360p with B-frames and
// another sample rate, 8 s of the first.
func changing(t *testing.T) (dir string, s Summary) {
	t.Helper()
	dir = tempDir(t)
	other := madeClip(t, "640x360", 25, 44100, 2)
	synctest.Test(t, func(t *testing.T) {
		k, viewers := newCutting(t), both()
		r := start(t, k, dir, Config{}, nil)
		for _, run := range []struct {
			clip   *clip
			length time.Duration
		}{{demoClip(t), 12 * time.Second}, {other, 8 * time.Second}, {demoClip(t), 8 * time.Second}} {
			k.begin(run.clip)
			play(k, run.length, viewers)
			k.goes()
			time.Sleep(3 * time.Second)
		}
		k.stream.End(k.epoch)
		s = finish(t, r)
		for _, v := range viewers {
			v.look(k.stream)
			same(t, dir, v)
		}
	})
	return dir, s
}

// TestDownload hands a download of three epochs with different parameters to other people's programs.
func TestDownload(t *testing.T) {
	dir, s := changing(t)
	if s.Duration < 28*time.Second || s.Duration > 28200*time.Millisecond || s.Height != 720 {
		t.Errorf("%+v", s)
	}
	if d := decodes(t, dir, s.Duration); d.Video < 12*30+8*25+8*30-2 || d.Audio < 27*44 {
		t.Errorf("ffmpeg decoded %+v", d)
	}
	path, m := download(t, dir, media.Main)
	streams, complaint, err := judges.FFProbe(t.Context(), path)
	if err != nil || complaint != "" || len(streams) != 2 {
		t.Errorf("ffprobe: %+v, %q, %v", streams, complaint, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("moof")) - 4
	v, err := judges.Ask(t.Context(), nil, []judges.Movie{{Name: "download", Init: b[:at], Media: b[at:]}})
	if err != nil {
		t.Fatal(err)
	}
	f := v.MP4Box[0]
	if len(f.Tracks) != 2 || f.Fragments == 0 {
		t.Fatalf("mp4box: %+v", f)
	}
	// Gaps: where one track of an epoch was shorter than the other, and the rounding of another sample rate.
	for _, c := range f.Complaints {
		var track uint32
		var begins, ended int64
		if _, err := fmt.Sscanf(c, "track %d: a fragment begins at %d, the one before ended at %d", &track, &begins, &ended); err != nil {
			t.Errorf("mp4box complains: %s", c)
		} else if hole := media.Ticks(begins-ended, f.Tracks[track-1].Timescale); hole < 0 || hole > 150*time.Millisecond {
			t.Errorf("mp4box: %s: a hole of %v", c, hole)
		}
	}
	// Seeking: the picture that is asked for comes, from each of the epochs.
	for _, at := range []float64{1, 13.5, 25} {
		if got := seeks(t, path, at); math.Abs(got-at) > 0.1 {
			t.Errorf("asked for %v s, ffmpeg gives %v s", at, got)
		}
	}
	if audio, _ := download(t, dir, media.AudioOnly); probed(t, audio) < m.Duration()-time.Second {
		t.Errorf("audio alone lasts %v", probed(t, audio))
	}
}

// seeks is the time of the first picture that ffmpeg gives when it is asked for a time.
func seeks(t *testing.T, path string, at float64) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin", "-ss", strconv.FormatFloat(at, 'f', 3, 64), "-copyts", "-i", path,
		"-map", "0:v", "-frames:v", "1", "-fps_mode", "passthrough", "-f", "framecrc", "-")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	base := 0.0
	for line := range strings.Lines(string(out)) {
		var num, den int64
		if _, err := fmt.Sscanf(line, "#tb 0: %d/%d", &num, &den); err == nil {
			base = float64(num) / float64(den)
		}
		if fields := strings.Split(line, ","); len(fields) > 4 {
			pts, err := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
			if err != nil {
				t.Fatalf("ffmpeg says %q", line)
			}
			return float64(pts) * base
		}
	}
	t.Fatalf("ffmpeg gives no picture of %v s:\n%s", at, out)
	return 0
}
