package recording

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// index is an open index file. It is safe for concurrent use.
type index struct {
	run Run
	f   *os.File
	n   int // entries, when it was opened or asked last
}

// readHeader reads the header of an open index.
func readHeader(f io.ReaderAt, name Name) (Run, error) {
	b := make([]byte, headerSize)
	if n, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return Run{}, fmt.Errorf("read index of %v: %w", name, err)
	} else if n < len(b) {
		return Run{}, fmt.Errorf("index of %v: it ends after %d bytes: %w", name, n, ErrDamaged)
	}
	return parseHeader(b, name)
}

// openIndex opens the index of a run whose header is known.
func openIndex(dir string, run *Run) (*index, error) {
	f, err := os.Open(filepath.Join(dir, run.Name+indexExt))
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	x := &index{run: *run, f: f}
	if err := x.count(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return x, nil
}

func (x *index) close() { _ = x.f.Close() }

// count finds how many whole entries there are. The one that is being written does not count.
func (x *index) count() error {
	info, err := x.f.Stat()
	if err != nil {
		return fmt.Errorf("look at index: %w", err)
	}
	x.n = entries(info)
	if x.n == 0 {
		return nil
	}
	if _, err := x.at(x.n - 1); errors.Is(err, ErrDamaged) {
		x.n-- // half of it was there when we looked; if there is more damage than that, whoever reads it is told
	} else if err != nil {
		return err
	}
	return nil
}

func entries(info fs.FileInfo) int { return int(max(0, info.Size()-headerSize) / entrySize) }

// at reads entry i.
func (x *index) at(i int) (entry, error) {
	var b [entrySize]byte
	if _, err := x.f.ReadAt(b[:], headerSize+int64(i)*entrySize); err != nil {
		return entry{}, fmt.Errorf("read entry %d of index of %s: %w", i, x.run.Name, err)
	}
	return parseEntry(b[:], i, &x.run)
}

// last reads the last entry; ok is false if there is none.
func (x *index) last() (e entry, ok bool, err error) {
	if x.n == 0 {
		return e, false, nil
	}
	e, err = x.at(x.n - 1)
	return e, err == nil, err
}

// slice reads the entries from up to, but without, to.
func (x *index) slice(from, to int) ([]entry, error) {
	if from >= to {
		return nil, nil
	}
	b := make([]byte, (to-from)*entrySize)
	if _, err := x.f.ReadAt(b, headerSize+int64(from)*entrySize); err != nil {
		return nil, fmt.Errorf("read entries %d to %d of index of %s: %w", from, to, x.run.Name, err)
	}
	all := make([]entry, to-from)
	for i := range all {
		e, err := parseEntry(b[i*entrySize:], from+i, &x.run)
		if err != nil {
			return nil, err
		}
		if i > 0 && e.Offset != all[i-1].end() {
			return nil, fmt.Errorf("index of %s: entry %d does not follow: %w", x.run.Name, from+i, ErrDamaged)
		}
		all[i] = e
	}
	return all, nil
}

// search finds the first entry before n for which f holds, n if there is none. f must hold for all that follow.
func (x *index) search(n int, f func(*entry) bool) (int, error) {
	var failed error
	i := sort.Search(n, func(i int) bool {
		if failed != nil {
			return true
		}
		e, err := x.at(i)
		if err != nil {
			failed = err
			return true
		}
		return f(&e)
	})
	return i, failed
}
