package recording

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"shoal/internal/media"
)

// Recording is a recording on disk, to be read. It may grow meanwhile. It holds no file open, costs little to keep, and is
// safe for concurrent use.
type Recording struct {
	dir string

	mu      sync.Mutex
	known   map[string]Run // headers that were read, by name
	runs    []Run          // in order
	changed time.Time      // the folder's time of change when it was last read
	read    time.Time      // when that was
}

// Open opens the recording in a folder. A file that is no run of a recording is left out, also one whose index has no
// header: Repair tells of those. It fails if the folder cannot be read.
func Open(dir string) (*Recording, error) {
	r := &Recording{dir: dir, known: map[string]Run{}}
	if err := r.refresh(); err != nil {
		return nil, err
	}
	return r, nil
}

// Dir is the folder.
func (r *Recording) Dir() string { return r.dir }

// fresh is how old a change of a folder must be for its time to tell it from a later one.
const fresh = time.Second

// refresh looks for new runs.
func (r *Recording) refresh() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	info, err := os.Stat(r.dir)
	if err != nil {
		return fmt.Errorf("open recording: %w", err)
	}
	if at := info.ModTime(); at.Equal(r.changed) && r.read.Sub(at) > fresh {
		return nil
	}
	now := time.Now()
	names, err := list(r.dir)
	if err != nil {
		return err
	}
	runs := make([]Run, 0, len(names))
	for _, n := range names {
		key := n.String()
		run, ok := r.known[key]
		if !ok {
			if run, err = headerOf(r.dir, n); err != nil {
				continue // it is just being made, or is damaged
			}
			r.known[key] = run
		}
		runs = append(runs, run)
	}
	r.runs, r.changed, r.read = runs, info.ModTime(), now
	return nil
}

// list finds the names of the runs in a folder, in order.
func list(dir string) ([]Name, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	var names []Name
	for _, f := range files {
		stem, ok := strings.CutSuffix(f.Name(), indexExt)
		if !ok || !f.Type().IsRegular() {
			continue
		}
		if n, ok := ParseName(stem); ok {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, Name.Compare)
	return names, nil
}

func headerOf(dir string, n Name) (Run, error) {
	f, err := os.Open(filepath.Join(dir, n.String()+indexExt))
	if err != nil {
		return Run{}, err
	}
	defer f.Close()
	return readHeader(f, n)
}

// Runs are those of a rendition, in order. One that has just begun may have no segment yet. The slice is the caller's.
func (r *Recording) Runs(id media.RenditionID) []Run {
	_ = r.refresh() // a folder that is gone: what was known is still what it was
	r.mu.Lock()
	defer r.mu.Unlock()
	var runs []Run
	for _, run := range r.runs {
		if run.Rendition == id {
			runs = append(runs, run)
		}
	}
	return runs
}

// Renditions are those that the recording has, the main one first.
func (r *Recording) Renditions() []media.RenditionID {
	_ = r.refresh()
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []media.RenditionID
	for _, run := range r.runs {
		if !slices.Contains(ids, run.Rendition) {
			ids = append(ids, run.Rendition)
		}
	}
	slices.SortFunc(ids, func(a, b media.RenditionID) int {
		switch {
		case a == media.Main:
			return -1
		case b == media.Main:
			return 1
		}
		return strings.Compare(string(a), string(b))
	})
	return ids
}

// Run finds a run by its name.
func (r *Recording) Run(name string) (Run, bool) {
	_ = r.refresh()
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.runs, func(run Run) bool { return run.Name == name })
	if i < 0 {
		return Run{}, false
	}
	return r.runs[i], true
}

// Len is how many segments a run has now; 0 also if it is gone.
func (r *Recording) Len(run Run) int {
	x, err := openIndex(r.dir, &run)
	if err != nil {
		return 0
	}
	defer x.close()
	return x.n
}

// Segments reads the segments of a run from one position up to, but without, another; positions are from 0 and may be
// beyond the end. The error wraps ErrDamaged if the index does not hold what it should.
func (r *Recording) Segments(run Run, from, to int) ([]Segment, error) {
	x, err := openIndex(r.dir, &run)
	if err != nil {
		return nil, err
	}
	defer x.close()
	all, err := x.slice(max(from, 0), min(to, x.n))
	if err != nil {
		return nil, err
	}
	s := make([]Segment, len(all))
	for i := range all {
		s[i] = all[i].Segment
	}
	return s, nil
}

// Find finds a segment by its media sequence number. It reads one entry of the index.
func (r *Recording) Find(id media.RenditionID, e media.Epoch, number uint64) (Run, Segment, bool) {
	for _, run := range slices.Backward(r.Runs(id)) {
		if run.Epoch != e || number < run.First {
			continue
		}
		if s, ok := r.numbered(run, number); ok {
			return run, s, true
		}
	}
	return Run{}, Segment{}, false
}

// numbered finds the segment of a number in a run that begins before it.
func (r *Recording) numbered(run Run, number uint64) (Segment, bool) {
	x, err := openIndex(r.dir, &run)
	if err != nil {
		return Segment{}, false
	}
	defer x.close()
	at := number - run.First
	if at >= uint64(x.n) {
		return Segment{}, false
	}
	e, err := x.at(int(at))
	return e.Segment, err == nil
}

// FindInit finds a run that begins with an init: its first InitSize bytes.
func (r *Recording) FindInit(id media.RenditionID, e media.Epoch, index uint32) (Run, bool) {
	for _, run := range r.Runs(id) {
		if run.Epoch == e && run.Index == index {
			return run, true
		}
	}
	return Run{}, false
}

// File opens the file of a run; the caller closes it. What it has read stays readable for it, whatever is deleted.
func (r *Recording) File(run Run) (*os.File, error) {
	f, err := os.Open(filepath.Join(r.dir, run.Name+mediaExt))
	if err != nil {
		return nil, fmt.Errorf("open recorded file: %w", err)
	}
	return f, nil
}

// Extent is what a run, or all runs of a rendition, come to. The zero value is nothing.
type Extent struct {
	Segments int
	Bytes    int64         // of media, inits included
	Duration time.Duration // from the first decode time to where the longest track ends
	Peak     int           // bit/s of the segment with the highest rate
}

// Average is the bit rate, in bit/s.
func (e Extent) Average() int {
	if e.Duration <= 0 {
		return 0
	}
	return int(float64(e.Bytes) * 8 / e.Duration.Seconds())
}

// Extent measures a rendition. It reads one entry for each of its runs, and leaves out those that it cannot read.
func (r *Recording) Extent(id media.RenditionID) Extent {
	var sum Extent
	for _, run := range r.Runs(id) {
		if e, err := r.ExtentOf(run); err == nil {
			sum.Segments += e.Segments
			sum.Bytes += e.Bytes
			sum.Duration += e.Duration
			sum.Peak = max(sum.Peak, e.Peak)
		}
	}
	sum.Peak = max(sum.Peak, sum.Average())
	return sum
}

// ExtentOf measures a run.
func (r *Recording) ExtentOf(run Run) (Extent, error) {
	x, err := openIndex(r.dir, &run)
	if err != nil {
		return Extent{}, err
	}
	defer x.close()
	e, ok, err := x.last()
	if !ok {
		return Extent{}, err
	}
	return Extent{Segments: x.n, Bytes: e.end(), Duration: e.high - e.low, Peak: int(min(int64(e.peak), 1<<31-1))}, nil
}

// Duration is how long a rendition lasts: that of its MP4.
func (r *Recording) Duration(id media.RenditionID) time.Duration { return r.Extent(id).Duration }

// Bytes is what all files of the recording take.
func (r *Recording) Bytes() int64 {
	n, _ := Size(r.dir)
	return n
}

// Size is what the files in a recording's folder take, in bytes; 0 if there is no such folder.
func Size(dir string) (int64, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		return 0, fmt.Errorf("measure recording: %w", err)
	}
	var sum int64
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			sum += info.Size()
		}
	}
	return sum, nil
}
