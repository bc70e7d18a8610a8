package recorder

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"shoal/internal/media"
	"shoal/internal/recording"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// tempDir is a folder that ends with the test: in memory, where the disk is not what is tested.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "shoal-recorder-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// both follow the two renditions of a live.
func both() [2]*servedAs {
	return [2]*servedAs{{id: media.Main}, {id: media.AudioOnly}}
}

// play feeds a live in its own time, and looks at what it lists.
func play(k *cutting, d time.Duration, viewers [2]*servedAs) {
	for end := k.now + d; k.now < end; {
		k.feed(min(k.now+time.Second, end), true)
		for _, v := range viewers {
			v.look(k.stream)
		}
	}
}

func start(t testing.TB, k *cutting, dir string, cfg Config, faults func(error)) *Recorder {
	t.Helper()
	r, err := Record(k.stream, dir, cfg, faults)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func finish(t testing.TB, r *Recorder) Summary {
	t.Helper()
	s, err := r.Finish(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// same holds a rendition's files, byte for byte and entry for entry, against what was served.
func same(t *testing.T, dir string, v *servedAs) {
	t.Helper()
	rec, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	rest := v.segments
	for _, run := range rec.Runs(v.id) {
		file, err := os.ReadFile(filepath.Join(dir, run.Name+".mp4"))
		if err != nil {
			t.Fatal(err)
		}
		segments, err := rec.Segments(run, 0, 1<<20)
		if err != nil || len(segments) == 0 || len(segments) > len(rest) {
			t.Fatalf("%s: %d segments, %d were served, %v", run.Name, len(segments), len(rest), err)
		}
		want := bytes.Clone(rest[0].Init.Data[v.id])
		for n, s := range segments {
			w := rest[n]
			if s.Number != w.Number || s.Start != w.Start || s.Duration != w.Duration || !s.Date.Equal(w.Date) || s.Independent != w.Independent ||
				s.Discontinuity != w.Discontinuity || int(s.Size) != w.Size || s.Offset != int64(len(want)) {
				t.Errorf("%s: segment %d is recorded as %+v", run.Name, w.Number, s)
			}
			if w.Init.Epoch != run.Epoch || w.Init.Index != run.Index {
				t.Errorf("%s has a segment of init %d of epoch %v", run.Name, w.Init.Index, w.Init.Epoch)
			}
			want = append(want, segmentBytes(w)...)
		}
		if !bytes.Equal(file, want) {
			t.Errorf("%s: %d bytes are not the %d that were served", run.Name, len(file), len(want))
		}
		rest = rest[len(segments):]
	}
	if len(rest) > 0 {
		t.Errorf("%s: %d segments were not recorded", v.id, len(rest))
	}
}

// TestRecorded records a live of two epochs, with a change of the clock in the second.
func TestRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(tempDir(t), "session")
		k, viewers := newCutting(t), both()
		r := start(t, k, dir, Config{}, func(err error) { t.Errorf("a fault: %v", err) })
		k.begin(demoClip(t))
		play(k, 41*time.Second, viewers)
		if p := r.Progress(); p.Duration < 38*time.Second || p.Duration > 41*time.Second || p.Bytes < 1<<20 || p.Err != nil {
			t.Errorf("after 41 s: %+v", p)
		}
		k.goes()
		time.Sleep(20 * time.Second)
		k.begin(demoClip(t))
		play(k, 7*time.Second, viewers)
		k.run("clock")
		play(k, 5*time.Second, viewers)
		k.ends()
		s := finish(t, r)
		for _, v := range viewers {
			v.look(k.stream)
			same(t, dir, v)
		}
		if s.Lost != 0 || s.Err != nil || s.Duration < 52900*time.Millisecond || s.Duration > 53200*time.Millisecond ||
			s.Width != 1280 || s.Height != 720 || s.Rate != 30 || !s.HasVideo || !s.HasAudio {
			t.Errorf("%+v", s)
		}
		if size, err := recording.Size(dir); err != nil || size != s.Bytes || r.Progress().Bytes != size {
			t.Errorf("%d bytes, said to be %d and %d, %v", size, s.Bytes, r.Progress().Bytes, err)
		}
		if again := finish(t, r); again != s {
			t.Errorf("finished again: %+v", again)
		}
	})
}

// TestFrom leaves out the segments of an earlier broadcast.
func TestFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := tempDir(t)
		k, viewers := newCutting(t), both()
		k.begin(demoClip(t))
		play(k, 9*time.Second, viewers)
		k.ends()
		from := k.stream.Position().Segment
		r := start(t, k, dir, Config{From: from}, nil)
		time.Sleep(5 * time.Second)
		k.begin(demoClip(t))
		play(k, 9*time.Second, viewers)
		k.ends()
		finish(t, r)
		for _, v := range viewers {
			v.look(k.stream)
			v.segments = slices.DeleteFunc(v.segments, func(s *media.Segment) bool { return s.Number < from })
			same(t, dir, v)
		}
	})
}

// TestLate begins in the middle, with all that is in memory.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := tempDir(t)
		k, viewers := newCutting(t), both()
		k.begin(demoClip(t))
		play(k, 9*time.Second, viewers)
		r := start(t, k, dir, Config{}, nil)
		play(k, 9*time.Second, viewers)
		k.ends()
		if s := finish(t, r); s.Lost != 0 {
			t.Errorf("%+v", s)
		}
		for _, v := range viewers {
			v.look(k.stream)
			same(t, dir, v)
		}
	})
}

// TestNothing records a live that nobody sends.
func TestNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(tempDir(t), "session")
		k := newCutting(t)
		r := start(t, k, dir, Config{}, nil)
		time.Sleep(time.Minute)
		if s := finish(t, r); s != (Summary{}) {
			t.Errorf("%+v", s)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("%v, %v", files, err)
		}
	})
}

// TestFast has an encoder that sends a file 500 times faster than real time: looking four times a second would be too late.
func TestFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := tempDir(t)
		k, viewers := newCutting(t), both()
		r := start(t, k, dir, Config{}, func(err error) { t.Errorf("a fault: %v", err) })
		time.Sleep(time.Minute) // nobody knows when it begins
		k.begin(demoClip(t))
		for k.now < 10*time.Minute {
			k.feed(k.now+2*time.Second, false)
			for _, v := range viewers {
				v.look(k.stream)
			}
			time.Sleep(4 * time.Millisecond)
		}
		k.ends()
		if s := finish(t, r); s.Lost != 0 || s.Duration < 10*time.Minute-time.Second {
			t.Errorf("%+v", s)
		}
		for _, v := range viewers {
			v.look(k.stream)
			same(t, dir, v)
		}
	})
}

// TestStall has a disk that hangs for longer than the live keeps its media.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := tempDir(t)
		k, viewers := newCutting(t), both()
		var stall atomic.Int64
		room := func() bool {
			time.Sleep(time.Duration(stall.Swap(0)))
			return true
		}
		r := start(t, k, dir, Config{Room: room}, nil)
		k.begin(demoClip(t))
		play(k, 20*time.Second, viewers)
		before := r.Progress().Duration
		// 60 s are kept: what is older than that when the disk is back has gone.
		stall.Store(int64(90 * time.Second))
		play(k, 120*time.Second, viewers)
		if p := r.Progress(); p.Lost < 25*time.Second || p.Lost > 40*time.Second {
			t.Errorf("%v lost of 90 s", p.Lost)
		}
		k.ends()
		s := finish(t, r)
		if sum := s.Duration + s.Lost; sum < 139900*time.Millisecond || sum > 140200*time.Millisecond {
			t.Errorf("%v recorded and %v lost of 140 s", s.Duration, s.Lost)
		}
		rec, err := recording.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		runs := rec.Runs(media.Main)
		if len(runs) != 2 || runs[1].Name != "main-1-init0.1" || !runs[1].Discontinuity {
			t.Fatalf("%+v", runs)
		}
		if e, err := rec.ExtentOf(runs[0]); err != nil || e.Duration < before {
			t.Errorf("the first run lasts %v, %v; before the stall it was %v", e.Duration, err, before)
		}
		v := viewers[0]
		v.look(k.stream)
		second, err := rec.Segments(runs[1], 0, 1000)
		if err != nil || second[len(second)-1].Number != v.segments[len(v.segments)-1].Number {
			t.Errorf("the end is missing: %v", err)
		}
	})
}

// TestNoRoom has a disk on which there is no room for a while: for less than the live keeps, and for more.
func TestNoRoom(t *testing.T) {
	for _, tt := range []struct {
		without time.Duration
		runs    int
		lost    time.Duration // at least; 40 s less than the time at most
	}{{10 * time.Second, 1, 0}, {100 * time.Second, 2, 38 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			dir := tempDir(t)
			k, viewers := newCutting(t), both()
			var full atomic.Bool
			var told []error
			r := start(t, k, dir, Config{Room: func() bool { return !full.Load() }}, func(err error) { told = append(told, err) })
			k.begin(demoClip(t))
			play(k, 15*time.Second, viewers)
			full.Store(true)
			play(k, tt.without, viewers)
			if p := r.Progress(); !errors.Is(p.Err, ErrNoRoom) || p.Duration < 12*time.Second || p.Duration > 16*time.Second {
				t.Errorf("without room: %+v", p)
			}
			full.Store(false)
			play(k, 15*time.Second, viewers)
			if p := r.Progress(); p.Err != nil {
				t.Errorf("with room: %+v", p)
			}
			k.ends()
			s := finish(t, r)
			if len(told) != 2 || !errors.Is(told[0], ErrNoRoom) || told[1] != nil {
				t.Errorf("told %v", told)
			}
			if !errors.Is(s.Err, ErrNoRoom) || s.Lost < tt.lost || s.Lost > max(0, tt.without-40*time.Second) {
				t.Errorf("%+v", s)
			}
			if sum, all := s.Duration+s.Lost, 30*time.Second+tt.without; sum < all-100*time.Millisecond || sum > all+200*time.Millisecond {
				t.Errorf("%v recorded and %v lost of %v", s.Duration, s.Lost, all)
			}
			rec, err := recording.Open(dir)
			if err != nil || len(rec.Runs(media.Main)) != tt.runs {
				t.Errorf("%v, %v", rec.Runs(media.Main), err)
			}
			if tt.runs == 1 {
				for _, v := range viewers {
					v.look(k.stream)
					same(t, dir, v)
				}
			}
		})
	}
}

// TestNeverRoom has none at all.
func TestNeverRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, viewers := newCutting(t), both()
		r := start(t, k, tempDir(t), Config{Room: func() bool { return false }}, nil)
		k.begin(demoClip(t))
		play(k, 100*time.Second, viewers)
		k.ends()
		if s := finish(t, r); s.Duration != 0 || s.Lost < 99*time.Second || s.Lost > 101*time.Second || !errors.Is(s.Err, ErrNoRoom) {
			t.Errorf("%+v", s)
		}
	})
}

// TestKeep keeps a recording for viewers who go back, and no more.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := tempDir(t)
		k, viewers := newCutting(t), both()
		r := start(t, k, dir, Config{Keep: 2 * time.Minute}, nil)
		k.begin(demoClip(t))
		play(k, 6*time.Minute, viewers)
		k.ends()
		s := finish(t, r)
		if s.Duration < 2*time.Minute || s.Duration > 190*time.Second || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
		rec, err := recording.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range viewers {
			v.look(k.stream)
			runs := rec.Runs(v.id)
			for i, run := range runs {
				if run.Discontinuity && i > 0 {
					t.Errorf("%s is a discontinuity", run.Name)
				}
			}
			v.segments = slices.DeleteFunc(v.segments, func(s *media.Segment) bool { return s.Number < runs[0].First })
			same(t, dir, v)
		}
		if m, err := rec.MP4(media.Main); err != nil || m.Duration() < s.Duration-300*time.Millisecond || m.Duration() > s.Duration {
			t.Errorf("the download lasts %v, the recording %v, %v", m.Duration(), s.Duration, err)
		}
	})
}

// TestKeepOfAnEncoderThatKeepsReconnecting holds the bound where no run is ever long enough to be closed for its length.
func TestKeepOfAnEncoderThatKeepsReconnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, viewers := newCutting(t), both()
		r := start(t, k, tempDir(t), Config{Keep: 2 * time.Minute}, nil)
		for range 18 {
			k.begin(demoClip(t))
			play(k, 20*time.Second, viewers)
			k.goes()
		}
		k.ends()
		if s := finish(t, r); s.Duration < 2*time.Minute || s.Duration > 170*time.Second || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestAgain records on in a folder that has a recording.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := tempDir(t)
		k, viewers := newCutting(t), both()
		r := start(t, k, dir, Config{}, nil)
		k.begin(demoClip(t))
		play(k, 9*time.Second, viewers)
		k.goes()
		first := finish(t, r)
		r = start(t, k, dir, Config{From: k.stream.Position().Segment}, nil)
		k.begin(demoClip(t))
		play(k, 9*time.Second, viewers)
		if p := r.Progress(); p.Bytes < first.Bytes || p.Duration < first.Duration {
			t.Errorf("it began anew: %+v after %+v", p, first)
		}
		k.ends()
		finish(t, r)
		for _, v := range viewers {
			v.look(k.stream)
			same(t, dir, v)
		}
	})
}

// TestThreeHours makes them quickly.
func TestThreeHours(t *testing.T) {
	length := 3 * time.Hour
	if testing.Short() {
		length = 20 * time.Minute
	}
	dir := tempDir(t)
	synctest.Test(t, func(t *testing.T) {
		k := newCutting(t)
		r := start(t, k, dir, Config{}, func(err error) { t.Errorf("a fault: %v", err) })
		k.begin(thinClip(t))
		k.feed(length, true)
		k.ends()
		if s := finish(t, r); s.Lost != 0 || s.Duration < length-100*time.Millisecond || s.Duration > length+100*time.Millisecond {
			t.Errorf("%+v", s)
		}
	})
	rec, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := rec.Extent(media.Main).Segments; n != int(length/(2*time.Second)) {
		t.Errorf("%d segments", n)
	}
	var b [1]byte
	began := time.Now()
	m, err := rec.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	reader := m.Open()
	defer reader.Close()
	for _, at := range []int64{0, m.Size() / 2, m.Size() - 1} {
		if _, err := reader.Seek(at, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Read(b[:]); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("it took %v to the first bytes of the start, the middle and the end", took)
	} else {
		t.Logf("%v: %d bytes, first bytes of the start, the middle and the end after %v", m.Duration(), m.Size(), took)
	}
}

// thinClip is the demo with ten pictures a second that hold nothing, and no sound: only times and numbers count.
func thinClip(t testing.TB) *clip {
	full := demoClip(t)
	c := &clip{length: full.length}
	for _, tr := range full.tracks {
		if tr.Kind() == media.Video {
			tr.FrameRate = 10
			c.tracks = append(c.tracks, tr)
		}
	}
	n := 0
	for _, u := range full.units {
		if u.Track != c.tracks[0].ID {
			continue
		}
		if n++; n%3 == 1 {
			u.Payload, u.Duration = u.Payload[:16], 9000
			c.units = append(c.units, u)
		}
	}
	return c
}
