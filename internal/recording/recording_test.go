package recording

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shoal/internal/media"
)

func TestNames(t *testing.T) {
	node := media.Epoch{N: 7, P: 2, Node: "pi-3.local"}
	for _, tt := range []struct {
		text string
		want Name
	}{
		{"main-7-init0", Name{media.Main, media.Epoch{N: 7}, 0, 0}},
		{"audio-7-init12.3", Name{media.AudioOnly, media.Epoch{N: 7}, 12, 3}},
		{"main-7.2.pi-3.local-init0", Name{media.Main, node, 0, 0}},
		{"main-7.2.pi-3.local-init1.9", Name{media.Main, node, 1, 9}},
	} {
		if got, ok := ParseName(tt.text); !ok || got != tt.want {
			t.Errorf("%s: %+v, %v", tt.text, got, ok)
		}
		if got := tt.want.String(); got != tt.text {
			t.Errorf("%+v is written %s, not %s", tt.want, got, tt.text)
		}
	}
	for _, text := range []string{"", "main-7-0", "main-7-init0.0", "main-7-init0.01", "main-7-init0.mp4", "../main-7-init0", "main-7-init", "main-07-init0", "main-7-init0.-1"} {
		if got, ok := ParseName(text); ok {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestNameOrder(t *testing.T) {
	want := []string{"audio-1-init0", "main-2-init0", "main-10-init0", "main-10-init0.1", "main-10-init0.10", "main-10-init2"}
	names := make([]Name, len(want))
	for i, s := range want {
		names[len(want)-1-i], _ = ParseName(s)
	}
	slices.SortFunc(names, Name.Compare)
	for i := range want {
		if names[i].String() != want[i] {
			t.Errorf("place %d: %v, want %s", i, names[i], want[i])
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	r, all := record(t,
		take{epoch: 7, avcC: avcC180, aac: aac48, first: 100, segments: 5},
		take{epoch: 7, index: 1, avcC: avcC360, aac: aac48, first: 105, segments: 3, start: 10 * time.Second},
		take{epoch: 9, avcC: avcC360, aac: aac48, first: 300, segments: 2},
	)
	runs := r.Runs(media.Main)
	if len(runs) != 3 || r.Runs(media.AudioOnly) != nil || !slices.Equal(r.Renditions(), []media.RenditionID{media.Main}) {
		t.Fatalf("runs %v, renditions %v", runs, r.Renditions())
	}
	if run := runs[1]; run.Name != "main-7-init1" || run.Width != 640 || run.Height != 360 || run.FrameRate != 25 || !run.HasVideo || !run.HasAudio ||
		run.Codecs != "avc1.42c01f,mp4a.40.2" || run.First != 105 || !run.Discontinuity {
		t.Errorf("second run: %+v", run)
	}
	for n, run := range runs {
		file := read(t, r.Dir(), run.Name+".mp4")
		if want := append(bytes.Clone(all[n][0].Init.Data[media.Main]), served(all[n]...)...); !bytes.Equal(file, want) {
			t.Errorf("%s: %d bytes are not the %d that were served", run.Name, len(file), len(want))
		}
		segments, err := r.Segments(run, -3, 1000)
		if err != nil || len(segments) != len(all[n]) || r.Len(run) != len(all[n]) {
			t.Fatalf("%s: %d segments, %d by Len, %v", run.Name, len(segments), r.Len(run), err)
		}
		for i, s := range segments {
			want := all[n][i]
			if s.Number != want.Number || s.Start != want.Start || s.Duration != want.Duration || !s.Date.Equal(want.Date) ||
				s.Discontinuity != want.Discontinuity || s.Independent != want.Independent || s.Chunks != chunks(want) {
				t.Errorf("%s: segment %d: %+v", run.Name, i, s)
			}
			if !bytes.Equal(file[s.Offset:s.Offset+s.Size], served(want)) {
				t.Errorf("%s: segment %d is elsewhere", run.Name, i)
			}
			where, found, ok := r.Find(media.Main, run.Epoch, s.Number)
			if !ok || where.Name != run.Name || found != s {
				t.Errorf("find %d: %s, %+v, %v", s.Number, where.Name, found, ok)
			}
		}
		if some, err := r.Segments(run, 1, 2); err != nil || len(some) != 1 || some[0] != segments[1] {
			t.Errorf("%s: segment 1 alone: %+v, %v", run.Name, some, err)
		}
		f, err := r.File(run)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := f.Stat(); err != nil || info.Size() != int64(len(file)) {
			t.Errorf("%s: %v", run.Name, err)
		}
		f.Close()
	}
	for _, tt := range []struct {
		epoch, number uint64
	}{{7, 99}, {7, 108}, {9, 105}, {8, 300}, {9, 302}} {
		if _, s, ok := r.Find(media.Main, media.Epoch{N: tt.epoch}, tt.number); ok {
			t.Errorf("found segment %d of epoch %d: %+v", tt.number, tt.epoch, s)
		}
	}
	if run, ok := r.FindInit(media.Main, media.Epoch{N: 7}, 1); !ok || run.Name != "main-7-init1" {
		t.Errorf("init 1 of epoch 7: %+v, %v", run, ok)
	}
	if run, ok := r.Run("main-9-init0"); !ok || run.First != 300 {
		t.Errorf("run by name: %+v, %v", run, ok)
	}
	if d := r.Duration(media.Main); d < 20*time.Second || d > 20*time.Second+300*time.Millisecond {
		t.Errorf("it lasts %v", d)
	}
	var bytes int64
	for _, run := range runs {
		for _, ext := range []string{".mp4", ".idx"} {
			bytes += int64(len(read(t, r.Dir(), run.Name+ext)))
		}
	}
	if s := r.Summary(); s.Bytes != bytes || s.Width != 640 || s.Height != 360 || s.Rate != 25 || !s.HasVideo || !s.HasAudio || s.Duration != r.Duration(media.Main) {
		t.Errorf("summary %+v of %d bytes", s, bytes)
	}
	if e := r.Extent(media.Main); e.Segments != 10 || e.Peak < e.Average() || e.Peak > e.Average()*11/10 {
		t.Errorf("extent %+v, average %d", e, e.Average())
	}
}

func chunks(s *media.Segment) int {
	n := 0
	for _, p := range s.Parts {
		n += len(p.Chunks)
	}
	return n
}

// TestGrowing reads a recording that is being written, with the reader that was opened before there was anything.
func TestGrowing(t *testing.T) {
	dir := t.TempDir()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if runs := r.Runs(media.Main); len(runs) != 0 {
		t.Fatalf("runs of nothing: %v", runs)
	}
	k := take{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 3}
	segments := k.cut(t)
	w, err := Create(dir, RunOf(media.Main, segments[0]), segments[0].Init.Data[media.Main])
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n, s := range segments {
		for _, p := range s.Parts {
			w.Part(p)
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if runs := r.Runs(media.Main); len(runs) != 1 || r.Len(runs[0]) != n {
				t.Fatalf("in segment %d: %v", n, runs)
			}
		}
		if err := w.End(s); err != nil {
			t.Fatal(err)
		}
		if _, found, ok := r.Find(media.Main, media.Epoch{N: 1}, s.Number); !ok || found.Size != int64(s.Size) {
			t.Errorf("segment %d: %+v, %v", n, found, ok)
		}
	}
	// A second run of the same init is another piece; what is half written at the end of an index is not seen.
	again := k.cut(t)
	write(t, dir, media.Main, again)
	runs := r.Runs(media.Main)
	if len(runs) != 2 || runs[1].Name != "main-1-init0.1" {
		t.Fatalf("runs %v", runs)
	}
	f, err := os.OpenFile(filepath.Join(dir, "main-1-init0.1.idx"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, entrySize)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if n := r.Len(runs[1]); n != 3 {
		t.Errorf("%d segments, one of which is not written yet", n)
	}
}

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	k := take{epoch: 1, avcC: avcC180, first: 5, segments: 2}
	segments := k.cut(t)
	w, err := Create(dir, RunOf(media.Main, segments[0]), segments[0].Init.Data[media.Main])
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(segments[0]); !errors.Is(err, ErrOrder) {
		t.Errorf("a segment without its parts: %v", err)
	}
	for _, p := range segments[1].Parts {
		w.Part(p)
	}
	if err := w.End(segments[1]); !errors.Is(err, ErrOrder) {
		t.Errorf("the second segment first: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("a run without a segment leaves %v, %v", files, err)
	}
}

// TestBack gives up a segment that is half written: nothing of it is left.
func TestBack(t *testing.T) {
	dir := t.TempDir()
	k := take{epoch: 1, avcC: avcC180, first: 5, segments: 2}
	segments := k.cut(t)
	w, err := Create(dir, RunOf(media.Main, segments[0]), segments[0].Init.Data[media.Main])
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{true, true, false} {
		for n, p := range segments[0].Parts {
			w.Part(p)
			if n == 4 {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if again {
			if err := w.Back(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.End(segments[0]); err != nil {
		t.Fatal(err)
	}
	w.Part(segments[1].Parts[0])
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Clone(segments[0].Init.Data[media.Main]), served(segments[0])...)
	if got := read(t, dir, "main-1-init0.mp4"); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

func TestGap(t *testing.T) {
	dir := t.TempDir()
	k := take{epoch: 1, aac: aac48, first: 1, segments: 4}
	segments := k.cut(t)
	gap := *segments[1]
	gap.Parts, gap.Size = nil, 0
	segments[1] = &gap
	write(t, dir, media.Main, segments)
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Segments(r.Runs(media.Main)[0], 0, 9)
	if err != nil || len(all) != 4 || all[1].Size != 0 || all[1].Duration != 2*time.Second || all[2].Offset != all[1].Offset {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestOpenMissing(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestForeign has files beside a recording that are none of its, or lie.
func TestForeign(t *testing.T) {
	r, _ := record(t, take{epoch: 7, avcC: avcC180, first: 1, segments: 2})
	index := read(t, r.Dir(), "main-7-init0.idx")
	for name, content := range map[string][]byte{
		"main-8-init0.idx": index, // that of another run
		"main-9-init0.idx": nil,
		"main-x-init0.idx": index,
		"notes.txt":        []byte("hello"),
	} {
		if err := os.WriteFile(filepath.Join(r.Dir(), name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(r.Dir())
	if err != nil || len(again.Runs(media.Main)) != 1 {
		t.Fatalf("%v, %v", again.Runs(media.Main), err)
	}
	run := again.Runs(media.Main)[0]
	// An entry with a flipped bit.
	index[headerSize+20] ^= 4
	if err := os.WriteFile(filepath.Join(r.Dir(), "main-7-init0.idx"), index, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Segments(run, 0, 2); !errors.Is(err, ErrDamaged) {
		t.Errorf("a flipped bit: %v", err)
	}
	if _, _, ok := again.Find(media.Main, run.Epoch, 1); ok {
		t.Error("a segment was found by a damaged entry")
	}
	if _, _, ok := again.Find(media.Main, run.Epoch, 2); !ok {
		t.Error("the segment behind it was not found")
	}
}

func TestTrim(t *testing.T) {
	r, _ := record(t,
		take{epoch: 1, avcC: avcC180, first: 0, segments: 3},
		take{epoch: 2, avcC: avcC180, first: 3, segments: 3},
		take{epoch: 3, avcC: avcC180, first: 6, segments: 3},
	)
	before := r.Bytes()
	for _, tt := range []struct {
		at   time.Duration
		left int
	}{{6 * time.Second, 3}, {7 * time.Second, 2}, {time.Hour, 1}} {
		freed, err := Trim(r.Dir(), media.Main, date.Add(tt.at))
		if err != nil || len(r.Runs(media.Main)) != tt.left || r.Bytes() != before-freed {
			t.Errorf("before %v: %d runs, %d of %d bytes left, %d freed, %v", tt.at, len(r.Runs(media.Main)), r.Bytes(), before, freed, err)
		}
		before = r.Bytes()
	}
}
