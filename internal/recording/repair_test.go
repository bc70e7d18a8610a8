package recording

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shoal/internal/media"
)

// boundaries are where chunks end in a run's file, its init included.
func boundaries(init int, segments []*media.Segment) []int64 {
	at := int64(init)
	all := []int64{at}
	for _, s := range segments {
		for _, p := range s.Parts {
			for _, c := range p.Chunks {
				at += int64(len(c.Data))
				all = append(all, at)
			}
		}
	}
	return all
}

// sound looks whether a run says what it holds, all of it, and whether its download can be read. It returns its segments.
func sound(t *testing.T, dir, name string) []Segment {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	run, ok := r.Run(name)
	if !ok {
		return nil
	}
	all, err := r.Segments(run, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	at := run.InitSize
	for n, s := range all {
		if s.Number != run.First+uint64(n) || s.Offset != at {
			t.Fatalf("segment %d has the number %d and is at %d, want %d", n, s.Number, s.Offset, at)
		}
		at += s.Size
	}
	if size := int64(len(read(t, dir, name+mediaExt))); size != at {
		t.Fatalf("%d bytes are indexed of %d", at, size)
	}
	m, err := r.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	reader := m.Open()
	defer reader.Close()
	if n, err := io.Copy(io.Discard, reader); err != nil || n != m.Size() {
		t.Fatalf("%d bytes of a download of %d, %v", n, m.Size(), err)
	}
	return all
}

// TestRepairEveryCut cuts the files of a recording wherever a crash could.
func TestRepairEveryCut(t *testing.T) {
	const segments = 14 // more than Repair looks at again
	k := take{epoch: 1, avcC: avcC180, aac: aac48, first: 40, segments: segments}
	r, all := record(t, k)
	name := "main-1-init0"
	file, index := read(t, r.Dir(), name+mediaExt), read(t, r.Dir(), name+indexExt)
	initSize := len(all[0][0].Init.Data[media.Main])
	bounds := boundaries(initSize, all[0])
	pictures := []int{0} // up to each of the bounds
	for _, s := range all[0] {
		for _, p := range s.Parts {
			for _, c := range p.Chunks {
				pictures = append(pictures, pictures[len(pictures)-1]+int(c.Track&1))
			}
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	var cuts []int64
	for range 40 {
		b := bounds[random.IntN(len(bounds))]
		cuts = append(cuts, b, b+1, b-1)
	}
	for range 40 {
		cuts = append(cuts, random.Int64N(int64(len(file))+1))
	}
	cuts = append(cuts, 0, 1, int64(initSize)-1, int64(initSize), int64(initSize)+1)
	dir := tempDir(t)
	for n, cut := range cuts {
		cut = min(cut, int64(len(file)))
		// What is indexed is there; but the index may be behind, or its last entry half written, or ahead after a power cut.
		known, _ := slices.BinarySearch(segmentEnds(all[0], initSize), cut+1)
		entries := max(0, known-n%4+n/4%3)
		indexed := min(int64(headerSize+entries*entrySize+n%5*7), int64(len(index)))
		save(t, filepath.Join(dir, name+mediaExt), file[:cut])
		save(t, filepath.Join(dir, name+indexExt), index[:indexed])
		if n%3 == 0 { // a block that was never written
			save(t, filepath.Join(dir, name+indexExt), append(bytes.Clone(index[:indexed]), make([]byte, 200)...))
		}
		report, err := Repair(dir)
		if err != nil || len(report.Damaged) > 0 {
			t.Fatalf("cut at %d, %d entries: %+v, %v", cut, entries, report, err)
		}
		i, whole := slices.BinarySearch(bounds, cut)
		if !whole {
			i--
		}
		if i < 1 {
			if len(report.Removed) != 1 {
				t.Fatalf("cut at %d: %+v", cut, report)
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
				t.Fatalf("cut at %d leaves %v, %v", cut, files, err)
			}
			continue
		}
		if got := read(t, dir, name+mediaExt); !bytes.Equal(got, file[:bounds[i]]) {
			t.Fatalf("cut at %d: %d bytes are left, want %d", cut, len(got), bounds[i])
		}
		got := sound(t, dir, name)
		var length time.Duration
		for _, s := range got {
			length += s.Duration
			if s.Duration > 2500*time.Millisecond || s.Duration <= 0 {
				t.Fatalf("cut at %d: a segment of %v", cut, s.Duration)
			}
		}
		if want := time.Duration(pictures[i]) * 40 * time.Millisecond; length < want || length > want+100*time.Millisecond {
			t.Fatalf("cut at %d: it lasts %v, its pictures %v", cut, length, want)
		}
		if known > 0 && (got[known-1].Date != all[0][known-1].Date || got[known-1].Start != all[0][known-1].Start) {
			t.Fatalf("cut at %d: segment %d is %+v", cut, known-1, got[known-1])
		}
		if report, err := Repair(dir); err != nil || !report.Clean() {
			t.Fatalf("cut at %d, repaired again: %+v, %v", cut, report, err)
		}
	}
}

func segmentEnds(segments []*media.Segment, at int) []int64 {
	var ends []int64
	for _, s := range segments {
		at += s.Size
		ends = append(ends, int64(at))
	}
	return ends
}

func save(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRepairExact finds the very segments that were cut, where the index was lost up to the header.
func TestRepairExact(t *testing.T) {
	for _, k := range []take{
		{epoch: 1, avcC: avcC180, aac: aac48, first: 7, segments: 6, start: time.Minute},
		{epoch: 1, avcC: avcC360, first: 7, segments: 6},
	} {
		r, all := record(t, k)
		path := filepath.Join(r.Dir(), "main-1-init0.idx")
		before, err := r.Segments(r.Runs(media.Main)[0], 0, 99)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, headerSize); err != nil {
			t.Fatal(err)
		}
		report, err := Repair(r.Dir())
		if err != nil || report.Segments != len(all[0]) || report.Cut != 0 {
			t.Fatalf("%+v, %v", report, err)
		}
		got := sound(t, r.Dir(), "main-1-init0")
		if k.aac != "" { // to which side of a cut the audio around it went, its bytes do not say
			for _, list := range [][]Segment{got, before} {
				for i := range list {
					list[i].Offset, list[i].Size, list[i].Chunks = 0, 0, 0
				}
			}
		}
		if !slices.Equal(got, before) {
			t.Errorf("repaired:\n%+v\nwas:\n%+v", got, before)
		}
	}
}

// TestRepairAudio has nothing but audio, which has no natural place to cut.
func TestRepairAudio(t *testing.T) {
	r, _ := record(t, take{epoch: 1, aac: aac48, first: 7, segments: 6})
	if err := os.Truncate(filepath.Join(r.Dir(), "main-1-init0.idx"), headerSize); err != nil {
		t.Fatal(err)
	}
	if report, err := Repair(r.Dir()); err != nil || report.Segments < 5 || report.Cut != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	var length time.Duration
	for _, s := range sound(t, r.Dir(), "main-1-init0") {
		if s.Duration > 2500*time.Millisecond || !s.Independent {
			t.Errorf("segment %+v", s)
		}
		length += s.Duration
	}
	if length < 11900*time.Millisecond || length > 12100*time.Millisecond {
		t.Errorf("it lasts %v", length)
	}
}

// TestRepairWrongMedia has an index that is on the disk while the media of its last segments is not, or is zeros.
func TestRepairWrongMedia(t *testing.T) {
	r, all := record(t, take{epoch: 1, avcC: avcC180, aac: aac48, first: 7, segments: 20})
	path := filepath.Join(r.Dir(), "main-1-init0.mp4")
	file := read(t, path)
	ends := segmentEnds(all[0], len(all[0][0].Init.Data[media.Main]))
	clear(file[ends[14]+100 : ends[15]])
	save(t, path, file)
	report, err := Repair(r.Dir())
	if err != nil || report.Cut == 0 || len(report.Damaged) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := sound(t, r.Dir(), "main-1-init0"); len(got) != 15 {
		t.Errorf("%d segments are left, want 15", len(got))
	}
}

// TestRepairLeavesAlone has files that it does not understand.
func TestRepairLeavesAlone(t *testing.T) {
	if report, err := Repair(filepath.Join(t.TempDir(), "nothing")); err != nil || !report.Clean() {
		t.Errorf("no folder: %+v, %v", report, err)
	}
	r, _ := record(t, take{epoch: 1, avcC: avcC180, first: 7, segments: 3})
	file, index := read(t, r.Dir(), "main-1-init0.mp4"), read(t, r.Dir(), "main-1-init0.idx")
	broken := bytes.Clone(index)
	broken[20] ^= 1
	for name, content := range map[string][]byte{
		"main-2-init0.mp4": file, "main-2-init0.idx": broken, // the header is damaged
		"main-3-init0.mp4": file,                        // media without an index
		"main-4-init0.mp4": nil, "main-4-init0.idx": {}, // begun, and no more
		"main-5-init0.mp4": file[:300], "main-5-init0.idx": broken,
		"main-6-init0.idx": index[:headerSize],
		"notes.txt":        []byte("hello"),
	} {
		save(t, filepath.Join(r.Dir(), name), content)
	}
	report, err := Repair(r.Dir())
	if err != nil || !slices.Equal(report.Damaged, []string{"main-2-init0.idx", "main-3-init0.mp4", "notes.txt"}) ||
		!slices.Equal(report.Removed, []string{"main-4-init0", "main-5-init0", "main-6-init0"}) || report.Segments != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	for _, name := range []string{"main-1-init0.mp4", "main-2-init0.mp4", "main-3-init0.mp4"} {
		if !bytes.Equal(read(t, r.Dir(), name), file) {
			t.Errorf("%s was changed", name)
		}
	}
	if got := sound(t, r.Dir(), "main-1-init0"); len(got) != 3 {
		t.Errorf("%d segments", len(got))
	}
}
