package logstore

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"shoal/cluster/internal/smalldisk"
)

func TestAFullDisk(t *testing.T) {
	smalldisk.Run(t, 4<<20, func(t *testing.T, folder string) {
		s := open(t, filepath.Join(folder, "log.db"))
		store(t, s, entries(1, 2000))
		for round := range uint64(3) {
			relief := smalldisk.Fill(t, folder)
			// Entries are taken until the file has no room, and then refused.
			var err error
			last, lerr := s.LastIndex()
			for ; err == nil; last++ {
				l := entries(last+1, last+1)[0]
				l.Data = append(l.Data, strings.Repeat("x", 3000)...)
				err = s.StoreLog(l)
			}
			if lerr != nil || !IsFull(err) {
				t.Fatalf("on a full disk: %v, %v", err, lerr)
			}
			last--
			if got, err := s.LastIndex(); err != nil || got != last {
				t.Fatalf("ends at %d, %v; want %d", got, err, last)
			}
			if s.Err() != nil {
				t.Fatalf("a full disk is not the end: %v", s.Err())
			}
			// What needs no room goes on: raft's own values, and reading.
			if err := s.SetUint64([]byte("term"), round); err != nil {
				t.Fatalf("a small value on a full disk: %v", err)
			}
			if err := s.GetLog(last, new(raft.Log)); err != nil {
				t.Fatal(err)
			}
			if err := s.DeleteRange(last-20, last); err != nil {
				t.Fatalf("delete on a full disk: %v", err)
			}
			last -= 21
			relief()
			store(t, s, entries(last+1, last+100))
			if err := s.GetLog(last+100, new(raft.Log)); err != nil {
				t.Fatal(err)
			}
			s = reopen(t, s)
			if got, err := s.LastIndex(); err != nil || got != last+100 {
				t.Fatalf("ends at %d, %v; want %d", got, err, last+100)
			}
			if v, err := s.GetUint64([]byte("term")); err != nil || v != round {
				t.Fatalf("got %d, %v", v, err)
			}
		}
	})
}

// TestAFullDiskWithoutAllocation is the same where room cannot be allocated ahead: bbolt itself meets the full disk.
func TestAFullDiskWithoutAllocation(t *testing.T) {
	smalldisk.Run(t, 4<<20, func(t *testing.T, folder string) {
		s := open(t, filepath.Join(folder, "log.db"))
		store(t, s, entries(1, 200))
		s.allocated = 1 << 40
		relief := smalldisk.Fill(t, folder)
		big := entries(201, 260)
		for _, l := range big {
			l.Data = make([]byte, 10_000)
		}
		for range 3 {
			if err := s.StoreLogs(big); !IsFull(err) {
				t.Fatalf("on a full disk: %v", err)
			}
			holds(t, s, 1, 200)
		}
		relief()
		store(t, s, entries(201, 210))
		holds(t, s, 1, 210)
		holds(t, reopen(t, s), 1, 210)
	})
}

func TestADiskTooSmallForALog(t *testing.T) {
	smalldisk.Run(t, 64<<10, func(t *testing.T, folder string) {
		relief := smalldisk.Fill(t, folder)
		path := filepath.Join(folder, "log.db")
		if _, err := Open(path); !IsFull(err) || errors.Is(err, ErrDamaged) {
			t.Fatalf("got %v", err)
		}
		relief()
		holds(t, open(t, path), 0, 0)
	})
}
