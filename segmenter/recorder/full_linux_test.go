package recorder

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/media"
	"shoal/internal/recording"
)

// TestFull records onto a disk that becomes full, and has room again.
func TestFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); errors.Is(err, syscall.EPERM) {
		t.Skip("only root may mount a small disk")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(disk, "session")
	viewers := both()
	var told []error
	var s Summary
	synctest.Test(t, func(t *testing.T) {
		k := newCutting(t)
		r := start(t, k, dir, Config{}, func(err error) { told = append(told, err) })
		k.begin(demoClip(t))
		play(k, 20*time.Second, viewers)
		filler := filepath.Join(disk, "filler")
		if err := os.WriteFile(filler, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		fill(t, filler)
		play(k, 100*time.Second, viewers)
		p := r.Progress()
		if !errors.Is(p.Err, ErrNoRoom) || !errors.Is(p.Err, syscall.ENOSPC) {
			t.Errorf("on a full disk: %+v", p)
		}
		reads(t, dir, p.Duration) // what is there can be read meanwhile
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		play(k, 20*time.Second, viewers)
		if err := r.Progress().Err; err != nil {
			t.Errorf("with room again: %v", err)
		}
		k.ends()
		s = finish(t, r)
		for _, v := range viewers {
			v.look(k.stream)
		}
	})
	if len(told) < 2 || !errors.Is(told[0], ErrNoRoom) || told[len(told)-1] != nil {
		t.Errorf("told %v", told)
	}
	if sum := s.Duration + s.Lost; s.Lost < 30*time.Second || sum < 139800*time.Millisecond || sum > 140200*time.Millisecond {
		t.Errorf("%v recorded and %v lost of 140 s", s.Duration, s.Lost)
	}
	reads(t, dir, s.Duration)
	rec, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range viewers {
		recorded := 0
		for _, run := range rec.Runs(v.id) {
			file, err := os.ReadFile(filepath.Join(dir, run.Name+".mp4"))
			if err != nil {
				t.Fatal(err)
			}
			segments, err := rec.Segments(run, 0, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range segments {
				recorded++
				w := v.segments[s.Number-v.segments[0].Number]
				if w.Number != s.Number || !bytes.Equal(file[s.Offset:s.Offset+s.Size], segmentBytes(w)) {
					t.Errorf("%s: segment %d is not what was served", run.Name, s.Number)
				}
			}
		}
		if recorded < 30 || recorded >= len(v.segments) {
			t.Errorf("%s: %d segments of %d", v.id, recorded, len(v.segments))
		}
	}
	if report, err := recording.Repair(dir); err != nil || !report.Clean() {
		t.Errorf("something is to be repaired: %+v, %v", report, err)
	}
}

// fill leaves no block free.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// reads reads the download of a recording to its end.
func reads(t *testing.T, dir string, want time.Duration) {
	t.Helper()
	rec, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rec.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	reader := m.Open()
	defer reader.Close()
	if n, err := io.Copy(io.Discard, reader); err != nil || n != m.Size() || m.Duration() != want {
		t.Errorf("a download of %v and %d bytes ends at %d, want %v: %v", m.Duration(), m.Size(), n, want, err)
	}
}
