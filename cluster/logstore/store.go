package logstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

const (
	// step is how much room is allocated at once. A log of 5,000 entries takes some 2 MB.
	step = 256 << 10
	// mapped is how much of the address space bbolt takes from the start. It would map the file anew whenever it outgrows
	// this, which must wait for readers.
	mapped = 16 << 20
)

// Store is a log on disk. Its methods are safe for concurrent use.
type Store struct {
	path string
	file *os.File // bbolt's; to allocate room

	open    sync.RWMutex // held for reading while db is used, for writing to close it
	db      *bbolt.DB
	closed  bool
	stuck   atomic.Bool // bbolt has panicked and may hold its locks
	writing sync.Mutex  // held by the one who writes

	first, last atomic.Uint64 // indexes of the entries, 0 for none
	allocated   int64         // bytes of the file that are sure to have room; under writing

	stage  sync.Mutex
	staged map[string][]byte // values for the next write; changed under writing and stage

	failed atomic.Pointer[error] // why it refuses everything
}

var (
	_ raft.LogStore          = (*Store)(nil)
	_ raft.MonotonicLogStore = (*Store)(nil)
	_ raft.StableStore       = (*Store)(nil)
)

// Open opens the log at path, or makes it, and checks all of it. Errors are ErrDamaged, ErrLocked and those of the file
// system.
func Open(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("make the log: %w", err)
		}
	}
	found, err := inspect(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, staged: map[string][]byte{}}
	s.first.Store(found.first)
	s.last.Store(found.last)
	if err := s.guard(s.connect); err != nil {
		return nil, err
	}
	return s, nil
}

// inspect checks the file, which nobody else must have open.
func inspect(path string) (contents, error) {
	f, err := os.Open(path)
	if err != nil {
		return contents{}, fmt.Errorf("open the log: %w", err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return contents{}, fmt.Errorf("%w: %s", ErrLocked, path)
	} else if err != nil {
		return contents{}, fmt.Errorf("lock the log: %w", err)
	}
	i, err := f.Stat()
	if err != nil {
		return contents{}, fmt.Errorf("open the log: %w", err)
	}
	// The pages are not in order, and a card reads slowly: have them read ahead.
	_ = unix.Fadvise(int(f.Fd()), 0, i.Size(), unix.FADV_WILLNEED)
	c, err := check(f, i.Size())
	if err != nil {
		return contents{}, damaged(path, "%v", err)
	}
	return c, nil
}

// options are bbolt's settings. The size of a page is not the machine's, so that a card can move to another board. The list
// of free pages is written with each change, a page more: without it bbolt would walk the tree, in a goroutine that cannot
// be guarded, whenever a change fails.
func (s *Store) options() *bbolt.Options {
	return &bbolt.Options{
		Timeout: time.Second, PageSize: pageSize, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapped, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			f, err = os.OpenFile(name, flag, mode)
			s.file = f
			return f, err
		},
	}
}

// connect opens bbolt on a file that has been checked.
func (s *Store) connect() error {
	db, err := bbolt.Open(s.path, 0o600, s.options())
	if err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	db.AllocSize = step
	s.db = db
	return nil
}

// create makes an empty log under a name of its own, and gives it the right one when it is whole.
func create(path string) error {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s := &Store{path: temporary}
	if err := s.connect(); err != nil {
		return err
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{logBucket, stableBucket} {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Err says why the store refuses everything, nil if it does not.
func (s *Store) Err() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// fail makes the store refuse everything from now on.
func (s *Store) fail(err error) error {
	s.failed.CompareAndSwap(nil, &err)
	return err
}

// guard calls f, which uses bbolt. A fault in the mapped file or a panic in bbolt is ErrDamaged, for ever.
func (s *Store) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			s.stuck.Store(true)
			err = s.fail(damaged(s.path, "%v", p))
		}
	}()
	return f()
}

// read calls f with a view of the log. An error that f takes for damage is one for ever.
func (s *Store) read(f func(*bbolt.Tx) error) error {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.Err(); err != nil {
		return err
	}
	return s.guard(func() error { return s.db.View(f) })
}

// write makes a change that adds so many bytes; it is on disk, or not made, when write returns. Whoever calls it holds
// writing. An error of f's is returned as it is.
func (s *Store) write(size int, f func(*bbolt.Tx) error) error {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.Err(); err != nil {
		return err
	}
	return s.guard(func() error {
		committing := false
		err := s.db.Update(func(tx *bbolt.Tx) error {
			// What adds nothing mostly finds its pages in the file.
			if err := s.allocate(tx.Size() + 2*int64(size) + step/4); err != nil && (size > 0 || !IsFull(err)) {
				return fmt.Errorf("make room for the log: %w", err)
			}
			for key, value := range s.staged {
				if err := put(tx, []byte(key), value); err != nil {
					return err
				}
			}
			err := f(tx)
			committing = err == nil
			return err
		})
		switch {
		case err == nil:
			s.stage.Lock()
			clear(s.staged)
			s.stage.Unlock()
			return nil
		case !committing:
			return err
		case IsFull(err):
			return fmt.Errorf("write the log: %w", err)
		default:
			return s.fail(fmt.Errorf("the disk refuses to keep the log: write %s: %w. Look at the disk, then start again", s.path, err))
		}
	})
}

// allocate sees to it that the file has room for so many bytes.
func (s *Store) allocate(size int64) error {
	if size <= s.allocated {
		return nil
	}
	size = (size + step - 1) / step * step
	for {
		err := unix.Fallocate(int(s.file.Fd()), 0, 0, size)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOSYS):
			// A file system that cannot: bbolt makes the file longer, and a full disk shows later.
		case err != nil:
			return err
		}
		s.allocated = size
		return nil
	}
}

// Close closes the log when nobody uses it any more. One that has panicked stays open, and locked, until the process ends.
func (s *Store) Close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.stuck.Load() {
		return nil
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close the log: %w", err)
	}
	return nil
}
