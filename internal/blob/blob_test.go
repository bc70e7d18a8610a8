package blob

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.yaml.in/yaml/v3"
)

const (
	session = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	other   = "0c5f2d9e-1111-4a0a-8f5e-2f6a1c0d9e22"
)

func open(t testing.TB, data string) (*Store, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	s, err := Open(data, DefaultConfig(), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	return s, reg
}

// record puts a file of a size into a session's folder.
func record(t testing.TB, s *Store, session, name string, size int) {
	t.Helper()
	dir, err := s.Begin(session)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUsage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := t.TempDir()
		s, reg := open(t, data)
		if n := s.Usage(); n != 0 {
			t.Errorf("an empty store holds %d bytes", n)
		}
		record(t, s, session, "main-1-init0.mp4", 1000)
		if n := s.Size(session); n != 1000 {
			t.Errorf("%d bytes while it grows", n)
		}
		record(t, s, session, "main-1-init0.idx", 500)
		time.Sleep(growthTrust)
		if n := s.Usage(); n != 1500 {
			t.Errorf("%d bytes after it grew", n)
		}
		record(t, s, session, "audio-1-init0.mp4", 100)
		if err := s.Settle(session); err != nil {
			t.Fatal(err)
		}
		record(t, s, other, "main-1-init0.mp4", 30)
		if err := s.Settle(other); err != nil {
			t.Fatal(err)
		}
		if n := s.Usage(); n != 1630 {
			t.Errorf("%d bytes when nothing grows", n)
		}
		want := "# HELP shoal_blob_recordings_bytes What recordings take on the disk.\n# TYPE shoal_blob_recordings_bytes gauge\nshoal_blob_recordings_bytes 1630\n"
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "shoal_blob_recordings_bytes"); err != nil {
			t.Error(err)
		}
		again, _ := open(t, data)
		if n := again.Usage(); n != 1630 {
			t.Errorf("%d bytes after a restart", n)
		}
		if err := s.Remove(session); err != nil {
			t.Fatal(err)
		}
		if n := s.Usage(); n != 30 || s.Size(session) != 0 {
			t.Errorf("%d bytes after a removal", n)
		}
		if err := s.Settle("7b1f3a52-9c1d-4e0a-8f5e-000000000000"); err != nil || s.Usage() != 30 {
			t.Errorf("a recording of nothing: %v", err)
		}
	})
}

func TestRemove(t *testing.T) {
	data := t.TempDir()
	s, _ := open(t, data)
	record(t, s, session, "main-1-init0.mp4", 1000)
	r, err := s.Open(session)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Open(session); err != nil || again != r {
		t.Errorf("it is not cached: %v", err)
	}
	f, err := os.Open(filepath.Join(r.Dir(), "main-1-init0.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 { // it is no mistake to remove it again
		if err := s.Remove(session); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := f.Read(make([]byte, 2000)); err != nil || n != 1000 {
		t.Errorf("a viewer reads %d bytes, %v", n, err)
	}
	if _, err := s.Open(session); !errors.Is(err, ErrNotFound) {
		t.Errorf("after the removal: %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(data, "recordings")); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	// A crash after the first step.
	for _, name := range []string{trash + session + "-1", trash + "x"} {
		if err := os.MkdirAll(filepath.Join(data, "recordings", name, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s, _ = open(t, data)
	if left, err := os.ReadDir(filepath.Join(data, "recordings")); err != nil || len(left) != 0 || s.Usage() != 0 {
		t.Errorf("%v is left after a crash, %v", left, err)
	}
}

// TestNames lets nothing through that is no UUID.
func TestNames(t *testing.T) {
	s, _ := open(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "../" + session, session + "/x", strings.ToUpper(session), trash + session, session[1:], "{" + session[1:35] + "}"} {
		_, path := s.Recording(name)
		_, begin := s.Begin(name)
		_, open := s.Open(name)
		_, poster := s.Poster(name, 1, Preview)
		for what, err := range map[string]error{
			"path": path, "begin": begin, "open": open, "poster": poster, "remove": s.Remove(name), "settle": s.Settle(name),
			"put poster": s.PutPoster(name, 1, Preview, jpeg), "remove posters": s.RemovePosters(name),
		} {
			if !errors.Is(err, ErrName) {
				t.Errorf("%s of %q: %v", what, name, err)
			}
		}
	}
}

// TestManyOpen opens more than are kept.
func TestManyOpen(t *testing.T) {
	s, _ := open(t, t.TempDir())
	name := func(n int) string { return fmt.Sprintf("7b1f3a52-9c1d-4e0a-8f5e-%012d", n) }
	for n := range openRecordings + 10 {
		record(t, s, name(n), "x", 1)
		if _, err := s.Open(name(n)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(name(0)); err != nil { // it stays in use
			t.Fatal(err)
		}
	}
	if len(s.open.at) != openRecordings || s.open.order.Len() != openRecordings || s.open.get(name(0)) == nil || s.open.get(name(5)) != nil {
		t.Errorf("%d are kept", len(s.open.at))
	}
}

func TestDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, t.TempDir())
		for _, tt := range []struct {
			free, total int64
			err         error
			bytes       int64
			ok          bool
		}{
			{1 << 30, 8 << 30, nil, 1<<30 - 256<<20, true},
			{256<<20 - 1, 8 << 30, nil, 0, false},
			{256 << 20, 8 << 30, nil, 0, true},
			{19 << 30, 1000 << 30, nil, 0, false}, // 2 % is more
			{21 << 30, 1000 << 30, nil, 1 << 30, true},
			{0, 0, errors.New("no such thing"), 0, true}, // nobody knows: it shows when something is written
		} {
			asked := 0
			s.statfs = func(string) (int64, int64, error) { asked++; return tt.free, tt.total, tt.err }
			time.Sleep(diskTrust)
			for range 3 {
				if bytes, ok := s.Free(); bytes != tt.bytes || ok != tt.ok {
					t.Errorf("%d of %d free: %d, %v", tt.free, tt.total, bytes, ok)
				}
			}
			if asked != 1 {
				t.Errorf("the system was asked %d times in a second", asked)
			}
		}
	})
	s, _ := open(t, t.TempDir())
	if d := s.Disk(); d.Err != nil || d.Free <= 0 || d.Free > d.Total || d.Reserve < 256<<20 {
		t.Errorf("this disk: %+v", d)
	}
}

func TestOrphans(t *testing.T) {
	data := t.TempDir()
	s, _ := open(t, data)
	record(t, s, session, "main-1-init0.mp4", 10)
	record(t, s, other, "main-1-init0.mp4", 20)
	for _, id := range []string{session, other} {
		if err := s.Settle(id); err != nil {
			t.Fatal(err)
		}
	}
	record(t, s, "7b1f3a52-9c1d-4e0a-8f5e-000000000000", "x", 1) // it is written now
	if err := os.Mkdir(filepath.Join(data, "recordings", "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := s.Orphans(func(id string) bool { return id == session })
	if err != nil || len(all) != 1 || all[0].Session != other || all[0].Bytes != 20 || time.Since(all[0].Modified) > time.Minute {
		t.Errorf("%+v, %v", all, err)
	}
	if n := s.Usage(); n < 30 {
		t.Errorf("something was deleted: %d bytes are left", n)
	}
}

var jpeg = append([]byte{0xff, 0xd8, 0xff, 0xe0}, bytes.Repeat([]byte{7}, 100)...)

func TestPosters(t *testing.T) {
	data := t.TempDir()
	s, _ := open(t, data)
	for _, version := range []int64{3, 20, 100} {
		for _, size := range []PosterSize{Thumbnail, Preview} {
			if err := s.PutPoster(session, version, size, jpeg); err != nil {
				t.Fatal(err)
			}
		}
	}
	for version, there := range map[int64]bool{3: false, 20: true, 100: true, 101: false, 0: false, -1: false} {
		path, err := s.Poster(session, version, Thumbnail)
		if there != (err == nil) || !there && !errors.Is(err, ErrNotFound) {
			t.Errorf("version %d: %v", version, err)
		}
		if got, err := os.ReadFile(path); there && (err != nil || !bytes.Equal(got, jpeg)) {
			t.Errorf("version %d: %v", version, err)
		}
	}
	if _, err := s.Poster(session, 100, "../../x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a size from outside: %v", err)
	}
	for name, err := range map[string]error{
		"version": s.PutPoster(session, 0, Preview, jpeg), "size": s.PutPoster(session, 1, "large", jpeg),
		"png": s.PutPoster(session, 1, Preview, []byte("\x89PNG")), "large": s.PutPoster(session, 1, Preview, append(bytes.Clone(jpeg), make([]byte, maxPoster)...)),
	} {
		if !errors.Is(err, ErrPoster) {
			t.Errorf("a wrong %s: %v", name, err)
		}
	}
	for range 2 {
		if err := s.RemovePosters(session); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Poster(session, 100, Thumbnail); !errors.Is(err, ErrNotFound) {
		t.Errorf("after the removal: %v", err)
	}
}

func FuzzPosterName(f *testing.F) {
	for _, s := range []string{"1-preview.jpg", "20-thumbnail.jpg", "-1-preview.jpg", "01-preview.jpg", "1-preview", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if v, size, ok := parsePoster(name); ok && posterName(v, size) != name {
			t.Errorf("%q is read as %d, %s", name, v, size)
		}
	})
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	if err := (Config{Reserve: -1, ReservePercent: 91}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two mistakes: %v", err)
	}
	var c Config
	if err := yaml.Unmarshal([]byte("reserve_bytes: 5\nreserve_percent: 1.5\n"), &c); err != nil || c != (Config{5, 1.5}) {
		t.Errorf("%+v, %v", c, err)
	}
	reg := prometheus.NewRegistry()
	data := t.TempDir()
	if _, err := Open(data, DefaultConfig(), slog.New(slog.DiscardHandler), reg); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(data, DefaultConfig(), slog.New(slog.DiscardHandler), reg); err == nil {
		t.Error("the metrics were registered twice")
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	if !slices.Equal(names, []string{"shoal_blob_free_bytes", "shoal_blob_recordings_bytes", "shoal_blob_reserve_bytes"}) {
		t.Errorf("metrics %v", names)
	}
}
