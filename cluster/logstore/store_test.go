package logstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func fresh(t *testing.T) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "log.db"))
}

// reopen closes a store and opens it again, with its check.
func reopen(t *testing.T, s *Store) *Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, s.path)
}

// entries makes entries from one index to another.
func entries(from, to uint64) []*raft.Log {
	var all []*raft.Log
	for i := from; i <= to; i++ {
		all = append(all, &raft.Log{Index: i, Term: 1 + i/10, Data: fmt.Appendf(nil, "entry %d", i), AppendedAt: time.Unix(0, int64(i))})
	}
	return all
}

func store(t *testing.T, s *Store, logs []*raft.Log) {
	t.Helper()
	if err := s.StoreLogs(logs); err != nil {
		t.Fatal(err)
	}
}

// holds fails the test unless the store holds exactly the entries from one index to another, 0 to 0 for none.
func holds(t *testing.T, s *Store, from, to uint64) {
	t.Helper()
	first, err := s.FirstIndex()
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.LastIndex()
	if err != nil {
		t.Fatal(err)
	}
	if first != from || last != to {
		t.Errorf("the log goes from %d to %d, want %d to %d", first, last, from, to)
	}
	if from > 0 {
		for _, want := range entries(from, to) {
			var got raft.Log
			if err := s.GetLog(want.Index, &got); err != nil {
				t.Fatal(err)
			}
			if !same(got, *want) {
				t.Errorf("entry %d is %+v", want.Index, got)
			}
		}
	}
	for _, i := range []uint64{from - 1, to + 1} {
		if err := s.GetLog(i, new(raft.Log)); i > 0 && !errors.Is(err, raft.ErrLogNotFound) {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

func TestEntriesSurviveARestart(t *testing.T) {
	s := fresh(t)
	holds(t, s, 0, 0)
	store(t, s, entries(1, 1))
	store(t, s, entries(2, 500))
	holds(t, s, 1, 500)
	s = reopen(t, s)
	holds(t, s, 1, 500)
	store(t, s, entries(501, 502))
	holds(t, reopen(t, s), 1, 502)
}

func TestAnEmptyLogMayBeginAnywhere(t *testing.T) {
	s := fresh(t)
	store(t, s, entries(1000, 1010))
	holds(t, s, 1000, 1010)
}

func TestGapsAreRefused(t *testing.T) {
	s := fresh(t)
	store(t, s, entries(5, 8))
	for name, logs := range map[string][]*raft.Log{
		"behind the end":  entries(10, 11),
		"before the end":  entries(8, 9),
		"before the log":  entries(3, 4),
		"inside":          append(entries(9, 10), entries(12, 12)...),
		"backwards":       append(entries(9, 10), entries(10, 10)...),
		"without a index": {{Index: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.StoreLogs(logs); !errors.Is(err, ErrGap) {
				t.Errorf("got %v", err)
			}
			holds(t, s, 5, 8)
		})
	}
	if err := fresh(t).StoreLogs([]*raft.Log{{Index: 0}}); !errors.Is(err, ErrGap) {
		t.Errorf("entry 0: %v", err)
	}
	store(t, s, entries(9, 9))
	holds(t, reopen(t, s), 5, 9)
}

func TestDeleteRange(t *testing.T) {
	for name, c := range map[string]struct {
		low, high   uint64
		first, last uint64
		gap         bool
	}{
		"beginning":       {low: 11, high: 50, first: 51, last: 300},
		"below too":       {low: 1, high: 50, first: 51, last: 300},
		"end":             {low: 200, high: 300, first: 11, last: 199},
		"above too":       {low: 200, high: 999, first: 11, last: 199},
		"all":             {low: 11, high: 300},
		"more than all":   {low: 0, high: 1 << 60},
		"before":          {low: 1, high: 10, first: 11, last: 300},
		"behind":          {low: 301, high: 400, first: 11, last: 300},
		"upside down":     {low: 50, high: 20, first: 11, last: 300},
		"the first":       {low: 11, high: 11, first: 12, last: 300},
		"the last":        {low: 300, high: 300, first: 11, last: 299},
		"from the middle": {low: 50, high: 60, first: 11, last: 300, gap: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			store(t, s, entries(11, 300))
			if err := s.DeleteRange(c.low, c.high); errors.Is(err, ErrGap) != c.gap || err != nil && !c.gap {
				t.Fatal(err)
			}
			holds(t, s, c.first, c.last)
			s = reopen(t, s)
			holds(t, s, c.first, c.last)
			if c.last > 0 {
				store(t, s, entries(c.last+1, c.last+5))
				holds(t, s, c.first, c.last+5)
			}
		})
	}
}

func TestStableValues(t *testing.T) {
	s := fresh(t)
	if v, err := s.Get([]byte("none")); err != nil || len(v) > 0 {
		t.Errorf("got %q, %v", v, err)
	}
	if v, err := s.GetUint64([]byte("none")); err != nil || v != 0 {
		t.Errorf("got %d, %v", v, err)
	}
	for _, v := range []string{"", "a", strings.Repeat("long", 2000), "b"} {
		if err := s.Set([]byte("key"), []byte(v)); err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s)
		if got, err := s.Get([]byte("key")); err != nil || string(got) != v {
			t.Errorf("got %q, %v; want %q", got, err, v)
		}
	}
	if err := s.SetUint64([]byte("number"), 1<<63+5); err != nil {
		t.Fatal(err)
	}
	if v, err := reopen(t, s).GetUint64([]byte("number")); err != nil || v != 1<<63+5 {
		t.Errorf("got %d, %v", v, err)
	}
}

func TestStagedValuesAreKeptByTheNextWrite(t *testing.T) {
	is := func(s *Store, want string) {
		t.Helper()
		if got, err := s.Get([]byte("key")); err != nil || string(got) != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	stage := func(s *Store, value string) {
		t.Helper()
		if err := s.Stage([]byte("key"), []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	s := fresh(t)
	stage(s, "lost")
	is(s, "lost")
	s = reopen(t, s)
	is(s, "")
	stage(s, "kept")
	if err := s.StoreLogs(entries(2, 2)); err != nil {
		t.Fatal(err)
	}
	is(s, "kept")
	s = reopen(t, s)
	is(s, "kept")
	stage(s, "once")
	if err := s.StoreLogs(entries(4, 4)); !errors.Is(err, ErrGap) {
		t.Fatal(err)
	}
	if err := s.Set([]byte("key"), []byte("twice")); err != nil {
		t.Fatal(err)
	}
	is(s, "twice")
	is(reopen(t, s), "twice")
}

func TestAValueThatIsThereAlreadyCostsNothing(t *testing.T) {
	s := fresh(t)
	if err := s.Set([]byte("key"), []byte("value")); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set([]byte("key"), []byte("value")); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(s.path); err != nil || string(after) != string(before) {
		t.Errorf("the file changed (%v)", err)
	}
}

// TestWhateverIsDoneTheCheckAgrees compares a store with a simple model, and opens it again and again: bbolt makes all
// kinds of pages, and none may be refused.
func TestWhateverIsDoneTheCheckAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := fresh(t)
	model := map[uint64]raft.Log{}
	stable := map[string]string{}
	var first, last uint64
	rounds := 400
	if testing.Short() {
		rounds = 100
	}
	for range rounds {
		switch n := r.IntN(10); {
		case n < 6:
			var logs []*raft.Log
			for range 1 + r.IntN(64) {
				size := r.IntN(600)
				if r.IntN(40) == 0 {
					size = r.IntN(30_000)
				}
				last++
				l := raft.Log{Index: last, Term: r.Uint64(), Type: raft.LogType(r.IntN(6)), Data: make([]byte, size), Extensions: make([]byte, r.IntN(2)*9)}
				if size > 0 {
					l.Data[0] = byte(last)
				}
				logs, model[last] = append(logs, &l), l
			}
			store(t, s, logs)
			if first == 0 {
				first = logs[0].Index
			}
		case n < 7 && first > 0:
			to := first + uint64(r.Int64N(int64(last-first+1)))
			if err := s.DeleteRange(first, to); err != nil {
				t.Fatal(err)
			}
			for ; first <= to; first++ {
				delete(model, first)
			}
			if len(model) == 0 {
				first = 0
			}
		case n < 8 && first > 0 && last-first > 20:
			if err := s.DeleteRange(last-9, last); err != nil {
				t.Fatal(err)
			}
			for range 10 {
				delete(model, last)
				last--
			}
		case n < 9:
			k, v := fmt.Sprint("key ", r.IntN(5)), strings.Repeat("v", r.IntN(900))
			if err := s.Set([]byte(k), []byte(v)); err != nil {
				t.Fatal(err)
			}
			stable[k] = v
		default:
			s = reopen(t, s)
		}
	}
	s = reopen(t, s)
	for i, want := range model {
		var got raft.Log
		if err := s.GetLog(i, &got); err != nil || !same(got, want) {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	for k, want := range stable {
		if got, err := s.Get([]byte(k)); err != nil || string(got) != want {
			t.Fatalf("value %q: %v", k, err)
		}
	}
	if f, _ := s.FirstIndex(); f != first {
		t.Errorf("begins at %d, want %d", f, first)
	}
	if l, _ := s.LastIndex(); first > 0 && l != last {
		t.Errorf("ends at %d, want %d", l, last)
	}
}

func TestEntriesOfABatchThatWasNotAcknowledgedGo(t *testing.T) {
	s := fresh(t)
	store(t, s, entries(1, 9))
	s.last.Store(5) // as if only the last sync of 6 to 9 had failed
	store(t, s, entries(6, 7))
	holds(t, s, 1, 7)
	holds(t, reopen(t, s), 1, 7)
}

func TestOneProcessAtATime(t *testing.T) {
	s := fresh(t)
	if _, err := Open(s.path); !errors.Is(err, ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
}

func TestAClosedStoreRefuses(t *testing.T) {
	s := fresh(t)
	store(t, s, entries(1, 2))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, get := s.Get([]byte("key"))
	for name, err := range map[string]error{
		"StoreLogs": s.StoreLogs(entries(3, 3)), "GetLog": s.GetLog(1, new(raft.Log)), "DeleteRange": s.DeleteRange(1, 1),
		"Set": s.Set([]byte("key"), nil), "Get": get,
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnInterruptedFirstStartIsMadeGood(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	if err := os.WriteFile(path+".new", make([]byte, 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	store(t, s, entries(1, 3))
	holds(t, reopen(t, s), 1, 3)
}

func TestAnIdleStoreWritesNothing(t *testing.T) {
	s := fresh(t)
	store(t, s, entries(1, 100))
	s = reopen(t, s)
	before, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	i, err := os.Stat(s.path)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, 1, 100)
	s = reopen(t, s)
	after, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	j, err := os.Stat(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) || !i.ModTime().Equal(j.ModTime()) {
		t.Error("opening, reading and closing changed the file")
	}
}
