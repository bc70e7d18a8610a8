package logstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

// A log with every kind of page: branches, leaves, one that continues on others, free ones and their list.
const (
	variedFirst, variedLast = 301, 700
	variedBig               = 400
)

func variedEntry(i uint64) *raft.Log {
	l := &raft.Log{Index: i, Term: i / 100, Data: fmt.Appendf(nil, "%d:%s", i, strings.Repeat("x", 30))}
	if i == variedBig {
		l.Data = bytes.Repeat([]byte("big"), 4000)
	}
	return l
}

// varied makes such a log and gives its bytes.
func varied(t testing.TB) []byte {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i <= variedLast; i += 100 {
		var logs []*raft.Log
		for j := range uint64(100) {
			logs = append(logs, variedEntry(i+j))
		}
		if err := s.StoreLogs(logs); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.DeleteRange(1, variedFirst-1), s.Set([]byte("name"), []byte("value")), s.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// isVaried reads all of a store and says what is not as varied has made it.
func isVaried(s *Store) error {
	for i := uint64(variedFirst); i <= variedLast; i++ {
		var l raft.Log
		if err := s.GetLog(i, &l); err != nil {
			return err
		}
		if !same(l, *variedEntry(i)) {
			return fmt.Errorf("wrong data in entry %d", i)
		}
	}
	first, err1 := s.FirstIndex()
	last, err2 := s.LastIndex()
	name, err3 := s.Get([]byte("name"))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if first != variedFirst || last != variedLast || string(name) != "value" {
		return fmt.Errorf("wrong: from %d to %d, value %q", first, last, name)
	}
	return nil
}

// kinds names the pages of a file by their number.
func kinds(b []byte) map[int]string {
	all := map[int]string{0: "meta 0", 1: "meta 1"}
	newest, _ := openTree(bytes.NewReader(b), int64(len(b)))
	for id := 2; id < int(newest.meta.pages); id++ {
		p := b[id*pageSize:]
		kind := map[uint16]string{branchPage: "branch", leafPage: "leaf", freelistPage: "freelist"}[binary.LittleEndian.Uint16(p[8:])]
		if uint64(id) == newest.meta.root {
			kind = "root"
		}
		if n := int(binary.LittleEndian.Uint32(p[12:])); n > 0 && kind == "leaf" {
			all[id] = "big leaf"
			for i := range n {
				all[id+i+1] = "continuation"
			}
			id += n
			continue
		}
		all[id] = kind
	}
	// What is not reachable is free, whatever is in it.
	reached, _ := openTree(bytes.NewReader(b), int64(len(b)))
	_ = reached.walk(reached.meta.root, nil, nil, 0, func(e element) error { return reached.bucket(e, func(element) error { return nil }) })
	for id, used := range reached.used {
		if !used && uint64(id) != reached.meta.freelist {
			all[id] = "free"
		}
	}
	return all
}

// TestFlippedBits flips bits all over the file. Whatever is flipped, the log is refused, or its data are right.
func TestFlippedBits(t *testing.T) {
	good := varied(t)
	if _, err := check(bytes.NewReader(good), int64(len(good))); err != nil {
		t.Fatal(err)
	}
	refused, survived := map[string]int{}, map[string]int{}
	path := filepath.Join(t.TempDir(), "log.db")
	opened := 0
	try := func(page int, kind string, bit int) {
		b := good[page*pageSize : (page+1)*pageSize]
		b[bit/8] ^= 1 << (bit % 8)
		defer func() { b[bit/8] ^= 1 << (bit % 8) }()
		if _, err := check(bytes.NewReader(good), int64(len(good))); err != nil {
			refused[kind]++
			if refused[kind] > 5 {
				return // the store itself is tried with the first ones
			}
		} else {
			survived[kind]++
			if survived[kind] > 4 {
				return
			}
		}
		opened++
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "put back a backup") {
				t.Errorf("%s, page %d, bit %d: %v", kind, page, bit, err)
			}
			return
		}
		if err := isVaried(s); err != nil {
			t.Errorf("%s, page %d, bit %d: %v", kind, page, bit, err)
		}
		// And it can be written to.
		if err := errors.Join(s.StoreLog(variedEntry(variedLast+1)), s.Close()); err != nil {
			t.Errorf("%s, page %d, bit %d: write: %v", kind, page, bit, err)
		}
		if s, err = Open(path); err != nil {
			t.Errorf("%s, page %d, bit %d: after a write: %v", kind, page, bit, err)
		} else if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	seen := map[string]int{}
	all := kinds(good)
	for page := range len(all) {
		kind := all[page]
		if seen[kind]++; seen[kind] > 2 {
			continue
		}
		// All bits of the header and of the first elements, some of the rest.
		for bit := range 8 * 80 {
			try(page, kind, bit)
		}
		for range 100 {
			try(page, kind, r.IntN(8*pageSize))
		}
	}
	newest := "meta 0"
	if tr, err := openTree(bytes.NewReader(good), int64(len(good))); err != nil {
		t.Fatal(err)
	} else if tr.meta.tx%2 == 1 {
		newest = "meta 1"
	}
	for _, kind := range []string{newest, "root", "branch", "leaf", "big leaf", "continuation", "freelist"} {
		if refused[kind] == 0 {
			t.Errorf("no flipped bit in a page of kind %q was refused; there were %d pages", kind, seen[kind])
		}
	}
	if refused["free"] > 0 {
		t.Errorf("%d flipped bits in free pages were refused", refused["free"])
	}
	t.Logf("refused %v, survived %v, opened %d times", refused, survived, opened)
}

// TestEveryBitInUseIsCovered flips every bit of a small log: those that survive are all outside of what the log uses.
func TestEveryBitInUseIsCovered(t *testing.T) {
	for _, n := range []uint64{1, 8, 30} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { everyBit(t, n) })
	}
}

func everyBit(t *testing.T, n uint64) {
	s := fresh(t)
	store(t, s, entries(1, n))
	if err := errors.Join(s.Set([]byte("name"), []byte("value")), s.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := openTree(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	newest := int(tr.meta.tx % 2)
	for page, kind := range kinds(b) {
		used := pageHeader
		switch kind {
		case "free", "meta 0", "meta 1":
			used = 0
			if page == newest {
				used = metaSize
			}
		case "freelist":
			used += 8 * int(binary.LittleEndian.Uint16(b[page*pageSize+10:]))
		default:
			_, all, err := elements(b[page*pageSize : (page+1)*pageSize])
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				used += elementSize + len(e.key) + len(e.value)
			}
		}
		offset := page * pageSize
		if page == newest {
			offset += pageHeader
		}
		for bit := range 8 * used {
			b[offset+bit/8] ^= 1 << (bit % 8)
			if _, err := check(bytes.NewReader(b), int64(len(b))); err == nil {
				t.Errorf("bit %d of page %d (%s) is not covered", bit, page, kind)
			}
			b[offset+bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestALostNewestMetaIsDamage(t *testing.T) {
	good := varied(t)
	tr, err := openTree(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	newest := int64(tr.meta.tx % 2)
	for name, harm := range map[string]func(page []byte){
		"zeros": func(p []byte) { clear(p) },
		"garbage": func(p []byte) {
			copy(p[pageHeader:], "garbage of some length, longer than a meta would be, or at least as long")
		},
		"one bit": func(p []byte) { p[pageHeader+50] ^= 4 },
	} {
		for which, page := range map[string]int64{"newest": newest, "older": 1 - newest} {
			t.Run(name+" in the "+which, func(t *testing.T) {
				b := bytes.Clone(good)
				harm(b[page*pageSize : (page+1)*pageSize])
				path := filepath.Join(t.TempDir(), "log.db")
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				s, err := Open(path)
				if which == "older" && name == "one bit" {
					if err != nil {
						t.Fatal(err)
					}
					if err := errors.Join(isVaried(s), s.Close()); err != nil {
						t.Error(err)
					}
					return
				}
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("got %v", err)
				}
				if after, _ := os.ReadFile(path); !bytes.Equal(after, b) {
					t.Error("the file was changed")
				}
			})
		}
	}
}

func TestAFileCutShortIsDamage(t *testing.T) {
	good := varied(t)
	for _, size := range []int{0, 1, pageSize, 2 * pageSize, 5*pageSize + 7, len(good) / 4} {
		path := filepath.Join(t.TempDir(), "log.db")
		if err := os.WriteFile(path, good[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestAFaultWhileInUse takes the file away from under a store, so that the processor faults when it reads the mapped pages.
func TestAFaultWhileInUse(t *testing.T) {
	for name, use := range map[string]func(*Store) error{
		"GetLog":      func(s *Store) error { return s.GetLog(variedBig, new(raft.Log)) },
		"StoreLogs":   func(s *Store) error { return s.StoreLog(variedEntry(variedLast + 1)) },
		"DeleteRange": func(s *Store) error { return s.DeleteRange(variedFirst, variedFirst+5) },
		"Get":         func(s *Store) error { _, err := s.Get([]byte("name")); return err },
		"Set":         func(s *Store) error { return s.Set([]byte("name"), []byte("other")) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.db")
			if err := os.WriteFile(path, varied(t), 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, path)
			if err := os.Truncate(path, 2*pageSize); err != nil {
				t.Fatal(err)
			}
			if err := use(s); !errors.Is(err, ErrDamaged) {
				t.Fatalf("got %v", err)
			}
			if err := s.Err(); !errors.Is(err, ErrDamaged) {
				t.Errorf("afterwards: %v", err)
			}
			if err := s.StoreLog(variedEntry(variedLast + 1)); !errors.Is(err, ErrDamaged) {
				t.Errorf("a write afterwards: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestABitFlippedWhileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	b := varied(t)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	at := bytes.Index(b, []byte("543:xxx"))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("544"), int64(at)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.GetLog(542, new(raft.Log)); err != nil {
		t.Fatal(err)
	}
	if err := s.GetLog(543, new(raft.Log)); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	good := varied(f)
	pages := len(good) / pageSize
	f.Add(uint16(0), uint16(40), []byte{1, 2, 3})
	f.Add(uint16(3), uint16(8), []byte{1, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, page, offset uint16, patch []byte) {
		b := bytes.Clone(good)
		copy(b[int(page)%pages*pageSize+int(offset)%pageSize:], patch)
		c, err := check(bytes.NewReader(b), int64(len(b)))
		if err == nil && (c.first != variedFirst || c.last != variedLast) {
			t.Errorf("a log from %d to %d", c.first, c.last)
		}
	})
}
