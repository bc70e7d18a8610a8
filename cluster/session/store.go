// Package session owns the claims on lives: it alone makes epochs, and it remembers, over restarts, how far a live's
// numbers have got, so that no media sequence number and no file name is ever used twice.
//
// A Store of one node keeps them in a file. It starts one goroutine, Run's caller's, which writes what cannot wait for
// the next claim. It never touches media, and it never decides who may claim (see internal/broadcast).
package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"shoal/internal/atomicfile"
	"shoal/internal/media"
)

const (
	fileName    = "claims.json"
	fileVersion = 1
	// reserve is how many segments a write on disk is good for: at 2 s, one write in eight minutes and a half. After
	// a crash the numbers go on behind those that were reserved.
	reserve = 256
	// ahead is how many numbers before the end of the reserve the next write is asked for: a card that takes a
	// minute to write must not let the numbers run out.
	ahead = 64
	// firstSegment is the number of a live's first segment. Not 0, which hls.js 1.7 takes for "none" where it looks
	// whether parts were evicted: it would fetch the first segment's parts again and again.
	firstSegment = 1
)

// ErrDamaged says that the file of claims cannot be read. Starting without it would use numbers again that viewers have
// cached, so it is not skipped.
var ErrDamaged = errors.New("the file of claims is damaged")

// Store holds the claims of a cluster of one node. Safe for concurrent use.
type Store struct {
	path string

	mu      sync.Mutex
	lives   map[media.LiveID]*entry
	writing sync.Mutex // one write at a time; taken before mu
	wake    chan struct{}
}

type entry struct {
	epoch    uint64
	at       media.Position
	reserved uint64 // segment numbers below this are covered by the file
}

type file struct {
	Version int                       `json:"version"`
	Lives   map[media.LiveID]fileLive `json:"lives"`
}

type fileLive struct {
	Epoch           uint64        `json:"epoch"`
	Segment         uint64        `json:"next_segment"`
	Discontinuities uint64        `json:"discontinuities"`
	PartTarget      time.Duration `json:"part_target_ns"`
	AudioPartTarget time.Duration `json:"audio_part_target_ns"`
}

// Open reads the claims in a folder, which must exist. ErrDamaged if the file is there but cannot be read as such.
func Open(dir string) (*Store, error) {
	s := &Store{path: filepath.Join(dir, fileName), lives: map[media.LiveID]*entry{}, wake: make(chan struct{}, 1)}
	raw, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read claims: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("read %s: %w: %w; restore it from a backup, or remove it and give the lives new uuids", s.path, ErrDamaged, err)
	}
	if f.Version != fileVersion {
		return nil, fmt.Errorf("read %s: %w: version %d, this program knows %d", s.path, ErrDamaged, f.Version, fileVersion)
	}
	for id, l := range f.Lives {
		if _, err := media.ParseLiveID(string(id)); err != nil {
			return nil, fmt.Errorf("read %s: %w: live %q is %w", s.path, ErrDamaged, id, err)
		}
		s.lives[id] = &entry{epoch: l.Epoch, reserved: l.Segment, at: media.Position{
			Segment: l.Segment, Discontinuity: l.Epoch > 0, DiscontinuitySequence: l.Discontinuities,
			PartTarget: l.PartTarget, AudioPartTarget: l.AudioPartTarget,
		}}
	}
	return s, nil
}

// Claim takes a live for this node: the next epoch, and where the live goes on. The claim is on disk when it returns.
func (s *Store) Claim(ctx context.Context, live media.LiveID) (media.Epoch, media.Position, error) {
	if err := ctx.Err(); err != nil {
		return media.Epoch{}, media.Position{}, fmt.Errorf("claim live: %w", err)
	}
	s.mu.Lock()
	e := s.lives[live]
	if e == nil {
		e = &entry{at: media.Position{Segment: firstSegment}}
		s.lives[live] = e
	}
	e.epoch++
	epoch, at := media.Epoch{N: e.epoch}, e.at
	s.mu.Unlock()
	// Numbers are reserved by the same write: whoever claims is about to use them.
	if err := s.write(reserve); err != nil {
		return media.Epoch{}, media.Position{}, fmt.Errorf("claim live: %w", err)
	}
	return epoch, at, nil
}

// Reached tells how far a live has got. It does not block: what must be on disk is written by Run.
func (s *Store) Reached(live media.LiveID, at media.Position) {
	s.mu.Lock()
	e := s.lives[live]
	low := false
	if e != nil && at.Segment >= e.at.Segment {
		e.at = at
		low = at.Segment+ahead >= e.reserved
	}
	s.mu.Unlock()
	if low {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Run writes when numbers run short, until ctx ends; then it writes the exact numbers, so that a clean restart skips
// none. A write that fails is tried again after a second, for as long as it takes: a full disk must not end a live.
// The last error is returned if even the final write fails.
func (s *Store) Run(ctx context.Context, log *slog.Logger) error {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return s.write(0)
		case <-s.wake:
		}
		err := s.write(reserve)
		if failed := err != nil; failed != failing {
			failing = failed
			if failed {
				log.Error("the claims cannot be written; trying again, but a crash now would use numbers twice", "error", err)
			} else {
				log.Info("the claims can be written again")
			}
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// write puts the claims on disk with so many numbers to spare, by a new file that takes the old one's name.
func (s *Store) write(spare uint64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	f := file{Version: fileVersion, Lives: map[media.LiveID]fileLive{}}
	s.mu.Lock()
	for id, e := range s.lives {
		f.Lives[id] = fileLive{
			Epoch: e.epoch, Segment: e.at.Segment + spare, Discontinuities: e.at.DiscontinuitySequence + spare,
			PartTarget: e.at.PartTarget, AudioPartTarget: e.at.AudioPartTarget,
		}
	}
	s.mu.Unlock()
	raw, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return fmt.Errorf("encode claims: %w", err)
	}
	if err := atomicfile.Write(s.path, raw, 0o600); err != nil {
		return fmt.Errorf("write claims: %w", err)
	}
	s.mu.Lock()
	for id, l := range f.Lives {
		s.lives[id].reserved = l.Segment
	}
	s.mu.Unlock()
	return nil
}
