package recorder

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"shoal/internal/media"
	"shoal/internal/recording"
)

var soak = flag.Int("soak", 0, "kill a recorder so often, instead of four times")

const (
	childDir = "SHOAL_RECORDER_TEST_DIR"
	// lost is what a SIGKILL may cost: a second, and what a busy machine adds.
	lost = time.Second + 700*time.Millisecond
)

// TestChild is the process that is killed: it records in real time, and says how much of the live is listed.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("it is run by TestKill")
	}
	k := newCutting(t)
	r := start(t, k, dir, Config{}, nil)
	defer r.Finish(t.Context())
	k.begin(demoClip(t))
	for k.now < time.Minute {
		k.feed(k.now+50*time.Millisecond, true)
		if w := k.stream.Window(media.Main); w != nil {
			fmt.Println("listed", int64(w.Last().Start+w.Last().Duration))
		}
	}
}

// TestKill kills recorders at random moments, and holds what is left after a repair against what was served.
func TestKill(t *testing.T) {
	dir := t.TempDir() // a real disk
	viewers := both()
	expect := newCutting(t)
	expect.begin(demoClip(t))
	for expect.now < time.Minute {
		expect.feed(expect.now+time.Second, false)
		for _, v := range viewers {
			v.look(expect.stream)
		}
	}
	times := 4
	if *soak > 0 {
		times = *soak
	}
	for n := range times {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(dir, strconv.Itoa(n))
			after := 500*time.Millisecond + rand.N(5*time.Second)
			listed := killed(t, dir, after)
			report, err := recording.Repair(dir)
			if err != nil || len(report.Damaged) > 0 {
				t.Fatalf("%+v, %v", report, err)
			}
			rec, err := recording.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range viewers {
				want := bytes.Clone(v.segments[0].Init.Data[v.id])
				for _, s := range v.segments {
					want = append(want, segmentBytes(s)...)
				}
				for _, run := range rec.Runs(v.id) {
					file, err := os.ReadFile(filepath.Join(dir, run.Name+".mp4"))
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.HasPrefix(want, file) {
						t.Errorf("%s: %d bytes are not what was served", run.Name, len(file))
					}
					whole(t, rec, run, v)
				}
			}
			if got := rec.Duration(media.Main); got < listed-lost {
				t.Errorf("killed after %v: %v were listed, %v are recorded", after, listed, got)
			}
			goesOn(t, dir, rec.Duration(media.Main))
		})
	}
}

// killed runs TestChild for a while and gives what it has listed.
func killed(t *testing.T, dir string, after time.Duration) time.Duration {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var listed int64
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var ns int64
		if _, err := fmt.Sscan(lines.Text(), new(string), &ns); err != nil {
			t.Errorf("the child says %q", lines.Text())
			continue
		}
		if listed = ns; timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return time.Duration(listed)
}

// whole looks whether the index of a repaired run tells of all of it, in the numbers and times of what was served.
func whole(t *testing.T, rec *recording.Recording, run recording.Run, v *servedAs) {
	t.Helper()
	segments, err := rec.Segments(run, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	end := run.InitSize
	for n, s := range segments {
		w := v.segments[n]
		last := n == len(segments)-1 // it may be cut short
		if s.Number != w.Number || s.Start != w.Start || s.Independent != w.Independent || s.Offset != end ||
			!last && (s.Duration != w.Duration || int(s.Size) != w.Size) || s.Duration > w.Duration+100*time.Millisecond {
			t.Errorf("%s: segment %+v was %d, %v + %v, %d bytes", run.Name, s, w.Number, w.Start, w.Duration, w.Size)
		}
		end += s.Size
	}
	if e, err := rec.ExtentOf(run); err != nil || e.Bytes != end {
		t.Errorf("%s: %d bytes of %d are indexed, %v", run.Name, end, e.Bytes, err)
	}
}

// goesOn lets the encoder come back, and looks at the whole.
func goesOn(t *testing.T, dir string, before time.Duration) {
	t.Helper()
	k := newCutting(t)
	k.epoch.N = 1
	r := start(t, k, dir, Config{}, nil)
	k.begin(demoClip(t))
	k.feed(4*time.Second, false)
	k.ends()
	s := finish(t, r)
	if more := s.Duration - before; more < 3900*time.Millisecond || more > 4100*time.Millisecond {
		t.Errorf("%v, and after 4 s more %v", before, s.Duration)
	}
	decodes(t, dir, s.Duration)
}
