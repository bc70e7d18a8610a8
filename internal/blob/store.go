package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/media"
	"shoal/internal/recording"
)

// Errors of a Store.
var (
	// ErrName says that what should be a UUID is none.
	ErrName = errors.New("not a UUID in its canonical form")
	// ErrNotFound says that there is no such recording or poster.
	ErrNotFound = errors.New("there is no such file on this node")
)

// How much is remembered.
const (
	// openRecordings bounds the recordings that are kept open. One costs a few KB for its headers, and no file.
	openRecordings = 64
	// diskTrust is how long an answer about free space is good: twenty recorders ask several times a second.
	diskTrust = time.Second
	// growthTrust is the same for the size of recordings that grow.
	growthTrust = 2 * time.Second
)

// trash is how the names of folders begin that are being deleted.
const trash = ".trash-"

// Store keeps recordings and posters. Safe for concurrent use.
type Store struct {
	recordings, posters string // folders
	cfg                 Config
	log                 *slog.Logger
	now                 func() time.Time
	statfs              func(dir string) (free, total int64, err error)

	mu      sync.Mutex
	sizes   map[string]int64 // of recordings, by session
	growing map[string]bool  // of which a recorder writes
	grown   time.Time        // when those were measured
	open    cache
	removed int // for names of trash
	disk    Disk
	looked  time.Time // when disk was asked for

	writing sync.Mutex // posters are put one at a time
}

// Open opens the store in a data folder, makes its folders, finishes deletions that a crash cut off, and measures what is
// there.
func Open(data string, cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	s := &Store{
		recordings: filepath.Join(data, "recordings"), posters: filepath.Join(data, "posters"),
		cfg: cfg, log: log, now: time.Now, statfs: statfs,
		sizes: map[string]int64{}, growing: map[string]bool{}, open: newCache(openRecordings),
	}
	for _, dir := range [...]string{s.recordings, s.posters} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, fmt.Errorf("make folder for recordings and posters: %w", err)
		}
	}
	if err := s.measure(); err != nil {
		return nil, err
	}
	if err := s.register(reg); err != nil {
		return nil, fmt.Errorf("register the metrics of the store: %w", err)
	}
	return s, nil
}

// measure walks the recordings once.
func (s *Store) measure() error {
	files, err := os.ReadDir(s.recordings)
	if err != nil {
		return fmt.Errorf("measure recordings: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(s.recordings, f.Name())
		if strings.HasPrefix(f.Name(), trash) {
			if err := os.RemoveAll(path); err != nil {
				s.log.Warn("a deleted recording could not be removed from the disk", "error", err)
			}
			continue
		}
		if !f.IsDir() || check(f.Name()) != nil {
			continue
		}
		if s.sizes[f.Name()], err = recording.Size(path); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) register(reg prometheus.Registerer) error {
	gauge := func(name, help string, value func() int64) error {
		return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
	}
	return errors.Join(
		gauge("shoal_blob_recordings_bytes", "What recordings take on the disk.", s.Usage),
		gauge("shoal_blob_free_bytes", "Free space on the disk of the recordings.", func() int64 { return s.Disk().Free }),
		gauge("shoal_blob_reserve_bytes", "How much of the free space recordings leave alone.", func() int64 { return s.Disk().Reserve }),
	)
}

// check accepts a UUID in canonical form: what is a name here and nothing else.
func check(id string) error {
	if got, err := media.ParseLiveID(id); err != nil || string(got) != id {
		return fmt.Errorf("%q: %w", id, ErrName)
	}
	return nil
}

// Recording is the folder of a session's recording, whether or not it is there. ErrName if the session is no UUID.
func (s *Store) Recording(session string) (string, error) {
	if err := check(session); err != nil {
		return "", err
	}
	return filepath.Join(s.recordings, session), nil
}

// Begin gives the folder of a recording that is about to be written, and counts it as one that grows until Settle.
func (s *Store) Begin(session string) (string, error) {
	dir, err := s.Recording(session)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.growing[session] = true
	return dir, nil
}

// Settle says that a recording grows no more.
func (s *Store) Settle(session string) error {
	dir, err := s.Recording(session)
	if err != nil {
		return err
	}
	size, err := recording.Size(dir)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.growing, session)
	if s.sizes[session] = size; size == 0 {
		delete(s.sizes, session)
	}
	return nil
}

// Open opens a recording for reading: a cached one, if it was asked for lately. ErrNotFound if there is none.
func (s *Store) Open(session string) (*recording.Recording, error) {
	dir, err := s.Recording(session)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	r := s.open.get(session)
	s.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r, err = recording.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("recording %s: %w", session, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open.put(session, r)
	return r, nil
}

// Remove deletes a recording. Its name is gone at once and for good, also if a crash comes in between; who reads one of
// its files reads on. It is no mistake if there is none.
func (s *Store) Remove(session string) error {
	dir, err := s.Recording(session)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.removed++
	away := filepath.Join(s.recordings, trash+session+"-"+strconv.Itoa(s.removed))
	err = os.Rename(dir, away)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		delete(s.sizes, session)
		delete(s.growing, session)
		s.open.drop(session)
	}
	s.looked = time.Time{} // there is more room
	s.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.RemoveAll(away)
	}
	if err != nil {
		return fmt.Errorf("delete recording: %w", err)
	}
	return nil
}

// Size is what a recording takes, in bytes; 0 if there is none.
func (s *Store) Size(session string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measureGrowing()
	return s.sizes[session]
}

// Usage is what all recordings take, in bytes. It was walked once, at the start; those that grow are measured now and then.
func (s *Store) Usage() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measureGrowing()
	var sum int64
	for _, n := range s.sizes {
		sum += n
	}
	return sum
}

// measureGrowing looks at the recordings that are written now. A folder has few files.
func (s *Store) measureGrowing() {
	now := s.now()
	if len(s.growing) == 0 || now.Sub(s.grown) < growthTrust {
		return
	}
	s.grown = now
	for session := range s.growing {
		if n, err := recording.Size(filepath.Join(s.recordings, session)); err == nil {
			s.sizes[session] = n
		}
	}
}

// Orphan is a recording that nobody knows.
type Orphan struct {
	Session  string
	Bytes    int64
	Modified time.Time // of its folder
}

// Orphans lists the recordings that known does not know, for an administrator to look at. Nothing is deleted: a catalog that
// came from a backup knows less than the disk. One that is written now is never listed.
func (s *Store) Orphans(known func(session string) bool) ([]Orphan, error) {
	files, err := os.ReadDir(s.recordings)
	if err != nil {
		return nil, fmt.Errorf("list recordings: %w", err)
	}
	var all []Orphan
	for _, f := range files {
		session := f.Name()
		if !f.IsDir() || check(session) != nil || known(session) {
			continue
		}
		s.mu.Lock()
		growing, size := s.growing[session], s.sizes[session]
		s.mu.Unlock()
		if growing {
			continue
		}
		o := Orphan{Session: session, Bytes: size}
		if info, err := f.Info(); err == nil {
			o.Modified = info.ModTime()
		}
		all = append(all, o)
	}
	return all, nil
}
