package recording

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shoal/internal/media"
)

// Report is what Repair has done.
type Report struct {
	Segments int      // that were whole but not indexed, or begun, and are indexed now
	Cut      int64    // bytes of half-written chunks and entries that were cut off
	Removed  []string // runs in which nothing had been recorded
	Damaged  []string // files that were left as they are, since they are not what they should be
}

// Clean says that there was nothing to do.
func (r *Report) Clean() bool {
	return r.Segments == 0 && r.Cut == 0 && len(r.Removed) == 0 && len(r.Damaged) == 0
}

// checked is how many segments before the last are looked at again: more than are recorded between two syncs. After a power
// cut the index may be on disk further than the media.
const checked = 12

// Repair mends the recording in a folder after a crash: it cuts off what was half written, and indexes what is whole. The
// last segment of a run may become shorter by that. Nobody may be writing. It takes bounded memory, and reads what was
// written since the last sync, not more. What it cannot understand it leaves alone and reports: it never deletes media
// that could be of use. A folder that does not exist is a recording without runs.
func Repair(dir string) (Report, error) {
	var report Report
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return report, nil
	}
	if err != nil {
		return report, fmt.Errorf("repair recording: %w", err)
	}
	for _, f := range files {
		stem, isIndex := strings.CutSuffix(f.Name(), indexExt)
		n, ok := ParseName(stem)
		if !isIndex || !ok {
			if media, isMedia := strings.CutSuffix(f.Name(), mediaExt); !isMedia || !hasIndex(files, media) {
				report.Damaged = append(report.Damaged, f.Name())
			}
			continue
		}
		switch err := repairRun(dir, n, &report); {
		case errors.Is(err, ErrDamaged):
			report.Damaged = append(report.Damaged, f.Name())
		case err != nil:
			return report, fmt.Errorf("repair run %v: %w", n, err)
		}
	}
	return report, syncFolder(dir)
}

func hasIndex(files []fs.DirEntry, stem string) bool {
	for _, f := range files {
		if f.Name() == stem+indexExt {
			return true
		}
	}
	return false
}

func repairRun(dir string, n Name, report *Report) error {
	path := filepath.Join(dir, n.String())
	index, err := os.OpenFile(path+indexExt, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path+mediaExt, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		report.Removed = append(report.Removed, n.String())
		return errors.Join(index.Close(), os.Remove(index.Name()))
	}
	if err != nil {
		return errors.Join(err, index.Close())
	}
	w := &Writer{index: index, media: file, dirty: true}
	err = w.repair(n, report)
	if errors.Is(err, ErrDamaged) && stillborn(file) {
		err = nil
	}
	if err == nil && w.n == 0 {
		report.Removed = append(report.Removed, n.String())
		return w.discard()
	}
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, file.Close(), index.Close())
}

// stillborn says whether a media file holds no media yet: a crash came before the header of its index was on disk.
func stillborn(f *os.File) bool {
	b := make([]byte, 64<<10)
	n, err := f.ReadAt(b, 0)
	return errors.Is(err, io.EOF) && !bytes.Contains(b[:n], []byte("moof"))
}

// repair mends the run whose files the writer has. No entry is left if nothing in it is whole.
func (w *Writer) repair(n Name, report *Report) error {
	var err error
	if w.run, err = readHeader(w.index, n); err != nil {
		return err
	}
	indexInfo, err := w.index.Stat()
	if err != nil {
		return err
	}
	mediaInfo, err := w.media.Stat()
	if err != nil {
		return err
	}
	size := mediaInfo.Size()
	s := &scanner{f: w.media}
	if err := w.trust(s, entries(indexInfo), size); err != nil {
		return err
	}
	w.end = w.run.InitSize
	if w.last != nil {
		w.end = w.last.end()
	}
	if size >= w.run.InitSize {
		before := w.n
		if err := w.recover(s, size); err != nil {
			return err
		}
		report.Segments += w.n - before
	}
	report.Cut += max(0, size-w.end)
	if excess := indexInfo.Size() - headerSize - int64(w.n)*entrySize; excess > 0 {
		report.Cut += excess
	}
	if w.n == 0 {
		return nil // its files are removed
	}
	return w.Back()
}

// trust finds how much of the index is right: entries that are whole, and whose media is there. The last ones are looked
// into, the oldest first: what is behind the first mistake is scanned anew.
func (w *Writer) trust(s *scanner, n int, size int64) error {
	x := &index{run: w.run, f: w.index, n: n}
	for ; n > 0; n-- {
		e, err := x.at(n - 1)
		if err == nil && e.end() <= size {
			break
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			return err
		}
	}
	w.n, w.last = max(0, n-checked), nil
	if w.n > 0 {
		e, err := x.at(w.n - 1)
		if err != nil {
			return err // damage that far from the end is not of a crash
		}
		w.last = &e
	}
	for ; w.n < n; w.n++ {
		e, err := x.at(w.n)
		if err == nil && w.last != nil && e.Offset != w.last.end() {
			return nil
		}
		if err == nil {
			err = w.check(s, &e)
		}
		if errors.Is(err, ErrDamaged) {
			return nil
		}
		if err != nil {
			return err
		}
		w.last = &e
	}
	return nil
}

// Lengths of segments where nobody remembers where they were cut: see segmenter/cutter.
const (
	cutAfter  = 1900 * time.Millisecond // at a keyframe
	cutBefore = 2400 * time.Millisecond // anywhere
)

// recover indexes the whole chunks behind the last entry.
func (w *Writer) recover(s *scanner, size int64) error {
	var open recovered
	finish := func() error {
		if open.e.own.chunks == 0 {
			return nil
		}
		e := open.entry(&w.run, w.Next(), w.n == 0)
		open = recovered{}
		return w.add(&e)
	}
	for {
		c, err := w.chunk(s, w.end, size)
		if errors.Is(err, ErrDamaged) {
			return finish()
		}
		if err != nil {
			return err
		}
		if open.e.own.chunks > 0 && open.full(&c) {
			if err := finish(); err != nil {
				return err
			}
		}
		open.take(&c, w.end)
		w.end += c.size
	}
}

// recovered is a segment that is put together from chunks.
type recovered struct {
	e           entry
	video       bool // it has some
	start, sum  time.Duration
	independent bool
}

func (o *recovered) full(c *known) bool {
	if o.e.own.chunks >= maxChunks || o.e.own.samples+int64(c.samples) > maxSamples {
		return true
	}
	if o.video && !c.video {
		return false // audio goes where the pictures of its time are
	}
	length := c.start - o.start
	return length >= cutAfter && c.independent || length >= cutBefore
}

func (o *recovered) take(c *known, at int64) {
	if o.e.own.chunks == 0 {
		o.e.Offset, o.e.low, o.e.high = at, c.start, c.start+c.length
		o.start, o.independent = c.start, c.independent
	}
	if c.video && !o.video {
		o.video = true
		o.start, o.sum, o.independent = c.start, 0, c.independent
	}
	if c.video == o.video {
		o.sum += c.length
	}
	o.e.low, o.e.high = min(o.e.low, c.start), max(o.e.high, c.start+c.length)
	o.e.own = o.e.own.plus(c.tally())
	o.e.Chunks++
	o.e.Size += c.size
}

func (o *recovered) entry(run *Run, number uint64, first bool) entry {
	e := o.e
	length := o.sum
	if all := e.high - o.start; all > length+time.Second { // the pictures stopped, the sound went on
		length = all
	}
	e.Number, e.Start, e.Duration, e.Date = number, o.start, min(length, time.Hour), run.date(o.start)
	e.Independent, e.Discontinuity = o.independent, first && run.Discontinuity
	return e
}

// known is a chunk of one of the run's tracks.
type known struct {
	scanned
	start, length time.Duration
	video         bool
}

// chunk reads the head of a chunk of the run.
func (w *Writer) chunk(s *scanner, at, limit int64) (known, error) {
	c, err := s.chunk(at, limit)
	if err != nil {
		return known{}, err
	}
	for i := range w.run.Tracks {
		if t := &w.run.Tracks[i]; t.ID == c.track {
			return known{c, media.Ticks(c.dts, t.Timescale), media.Ticks(c.duration, t.Timescale), t.Kind == media.Video.String()}, nil
		}
	}
	return known{}, fmt.Errorf("a chunk of track %d: %w", c.track, ErrDamaged)
}

// tally counts one chunk.
func (c *known) tally() tally {
	t := tally{payload: c.payload, samples: int64(c.samples), chunks: 1}
	if c.video && c.independent {
		t.keys = 1
	}
	return t
}

// check looks whether the media of an entry is what the entry says.
func (w *Writer) check(s *scanner, e *entry) error {
	found := tally{filled: e.own.filled}
	for at := e.Offset; at < e.end(); {
		c, err := w.chunk(s, at, e.end())
		if err != nil {
			return err
		}
		found = found.plus(c.tally())
		at += c.size
	}
	if found != e.own {
		return fmt.Errorf("segment %d has %+v, not %+v: %w", e.Number, found, e.own, ErrDamaged)
	}
	return nil
}
