package fsm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// sink is a raft.SnapshotSink in memory.
type sink struct {
	kept              bytes.Buffer
	closed, cancelled bool
	fails             error
}

func (s *sink) Write(b []byte) (int, error) {
	if s.fails != nil {
		return 0, s.fails
	}
	return s.kept.Write(b)
}
func (s *sink) Close() error  { s.closed = true; return nil }
func (s *sink) Cancel() error { s.cancelled = true; return nil }
func (s *sink) ID() string    { return "in memory" }

// persisted makes a snapshot and gives what would be kept of it.
func persisted(t *testing.T, m *Machine) string {
	t.Helper()
	snap, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Release()
	var s sink
	if err := snap.Persist(&s); err != nil || !s.closed || s.cancelled {
		t.Fatalf("%v, %+v", err, s)
	}
	return s.kept.String()
}

func reader(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

func TestSnapshot(t *testing.T) {
	k := keep(t)
	for i := range int64(20) {
		k.must(do{What: "new", N: i, Text: "there"})
	}
	if got := persisted(t, k.Machine); got != "SHOALREF1 21\n" {
		t.Errorf("it holds %q", got)
	}
	if n := size(t, k.path+"-wal"); n != 0 {
		t.Errorf("the WAL has %d bytes after it", n)
	}
	var synchronous, busy int
	row := k.w.conn.QueryRowContext(t.Context(), `SELECT (SELECT synchronous FROM pragma_synchronous), (SELECT timeout FROM pragma_busy_timeout)`)
	if err := row.Scan(&synchronous, &busy); err != nil || synchronous != 1 || busy != 5000 {
		t.Errorf("afterwards synchronous is %d, busy_timeout %d, %v", synchronous, busy, err)
	}
	snap, err := k.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	s := sink{fails: errors.New("no room")}
	if err := snap.Persist(&s); !errors.Is(err, s.fails) || !s.cancelled {
		t.Errorf("a sink that fails gave %v, cancelled: %v", err, s.cancelled)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestSnapshotWhileRead has somebody who reads from the WAL, so that it cannot be written back whole.
func TestSnapshotWhileRead(t *testing.T) {
	k := keep(t)
	hash := k.hash()
	err := k.Read(t.Context(), func(q state.Querier) error {
		var n int
		if err := q.QueryRowContext(t.Context(), `SELECT count(*) FROM item`).Scan(&n); err != nil {
			return err
		}
		k.must(do{What: "new", N: 1, Text: "there"})
		if got := persisted(t, k.Machine); got != "SHOALREF1 2\n" {
			t.Errorf("it holds %q", got)
		}
		var synced int
		if err := k.w.conn.QueryRowContext(t.Context(), `SELECT synced FROM meta`).Scan(&synced); err != nil || synced != 2 {
			t.Errorf("synced is %d, %v: nothing was committed with an fsync", synced, err)
		}
		return q.QueryRowContext(t.Context(), `SELECT count(*) FROM item`).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	k.must(do{What: "count", Text: "series"})
	if k.hash() == hash {
		t.Error("nothing changed")
	}
}

func TestRestoreReference(t *testing.T) {
	k := keep(t)
	k.must(do{What: "new", N: 1, Text: "there"})
	hash := k.hash()
	for _, good := range []string{"SHOALREF1 0\n", "SHOALREF1 1\n", "SHOALREF1 2\n"} {
		if err := k.Restore(reader(good)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	if err := k.Restore(reader("SHOALREF1 3\n")); !errors.Is(err, ErrBehind) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a later one gave %v", err)
	}
	for _, bad := range []string{"", "SHOAL", "SHOALREF1 ", "SHOALREF1 2", "SHOALREF1 2\n\n", "SHOALREF1 -2\n", "SHOALREF1 2 \n", "SHOALREF1 99999999999999999999\n"} {
		if err := k.Restore(reader(bad)); err == nil || errors.Is(err, ErrBehind) {
			t.Errorf("%q gave %v", bad, err)
		}
	}
	if k.hash() != hash || k.Err() != nil {
		t.Errorf("it has changed something: %v", k.Err())
	}
}

// TestRestoreCopy brings a machine that was wiped, and one that went another way, to the state of a third.
func TestRestoreCopy(t *testing.T) {
	k := keep(t)
	for i := range uint64(300) {
		k.Apply(logEntry(t, k.reg, 5, i+3))
	}
	var stream bytes.Buffer
	index, err := k.WriteCopy(&stream)
	if err != nil || index != k.Applied() {
		t.Fatalf("%d, %v; want %d", index, err, k.Applied())
	}
	hash := k.hash()
	if s := folder(t, k.path); strings.Contains(s, outgoing) {
		t.Errorf("it leaves %s", s)
	}

	for name, other := range map[string]*keeper{"wiped": {t: t, path: filepath.Join(t.TempDir(), "state.db")}, "another way": keep(t)} {
		t.Run(name, func(t *testing.T) {
			if other.Machine == nil {
				other.open(Options{})
			} else {
				other.must(do{What: "new", N: 1, Text: "gone soon"})
			}
			if err := other.Restore(io.NopCloser(bytes.NewReader(stream.Bytes()))); err != nil {
				t.Fatal(err)
			}
			if other.Applied() != index || other.hash() != hash || other.Schemas()["zoo"] != 2 {
				t.Errorf("it is at %d, %v", other.Applied(), other.Schemas())
			}
			other.next = index + 1
			other.must(do{What: "count", Text: "series"})
			after := other.hash()
			if persisted(t, other.Machine) != fmt.Sprintf("SHOALREF1 %d\n", index+1) {
				t.Error("another reference")
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			other.open(Options{})
			if other.hash() != after {
				t.Error("after a restart it is another")
			}
		})
	}
}

// TestRestoreBadCopies offers streams that must not take the database's place.
func TestRestoreBadCopies(t *testing.T) {
	path, _, _ := lively(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, []byte("title 777"))] ^= 1
	fails := errors.New("the connection broke")
	for name, stream := range map[string]io.Reader{
		"text":         strings.NewReader("something else altogether"),
		"half":         bytes.NewReader(whole[:len(whole)/2]),
		"flipped":      bytes.NewReader(flipped),
		"broken off":   io.MultiReader(bytes.NewReader(whole[:9999]), readError{fails}),
		"broken early": readError{fails},
	} {
		t.Run(name, func(t *testing.T) {
			k := keep(t)
			k.must(do{What: "new", N: 1, Text: "still there"})
			hash := k.hash()
			err := k.Restore(io.NopCloser(stream))
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, fails) {
				t.Errorf("it gave %v", err)
			}
			if k.hash() != hash || k.Err() != nil {
				t.Errorf("it changed something: %v", k.Err())
			}
			if s := folder(t, k.path); strings.Contains(s, incoming) || strings.Contains(s, ready) {
				t.Errorf("it leaves %s", s)
			}
		})
	}
}

type readError struct{ error }

func (e readError) Read([]byte) (int, error) { return 0, e.error }

// TestInterruptedRestore has a restart between the moments at which a copy is whole and in place.
func TestInterruptedRestore(t *testing.T) {
	path, hash, applied := lively(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, withWAL := range map[string]bool{"closed": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			k := keep(t)
			k.must(do{What: "new", N: 1, Text: "gone soon"})
			there := k.path
			if withWAL {
				there = filepath.Join(t.TempDir(), "state.db")
				for _, ending := range []string{"", "-wal"} {
					copyFile(t, k.path+ending, there+ending)
				}
			} else if err := k.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(there+ready, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			m := openAt(t, there)
			if m.Applied() != applied || hashOf(t, m) != hash {
				t.Errorf("it is at %d", m.Applied())
			}
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadersDuringRestore has readers and copies all the time while the database is replaced.
func TestReadersDuringRestore(t *testing.T) {
	k := keep(t)
	k.must(do{What: "count", Text: "series"})
	var stream bytes.Buffer
	if _, err := k.WriteCopy(&stream); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	started := make(chan struct{}, 6)
	for range 5 {
		readers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				err := k.Read(context.Background(), func(q state.Querier) error {
					var n int
					return q.QueryRowContext(context.Background(), `SELECT last FROM counter`).Scan(&n)
				})
				if err != nil {
					t.Error(err)
					return
				}
				if i == 0 {
					started <- struct{}{}
				}
			}
		})
	}
	readers.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := k.WriteCopy(io.Discard); err != nil {
				t.Error(err)
				return
			}
			if i == 0 {
				started <- struct{}{}
			}
		}
	})
	for range cap(started) {
		<-started
	}
	for range 5 {
		k.next = 3
		k.must(do{What: "count", Text: "series"})
		if err := k.Restore(io.NopCloser(bytes.NewReader(stream.Bytes()))); err != nil {
			t.Fatal(err)
		}
		if k.Applied() != 2 {
			t.Fatalf("it is at %d", k.Applied())
		}
	}
	end()
	readers.Wait()
	k.hash()
}

// TestCutWAL cuts the WAL where a pulled plug might: commits after the last snapshot may be gone, no others, and the log
// gives them back.
func TestCutWAL(t *testing.T) {
	for name, busy := range map[string]bool{"written back": false, "synced": true} {
		t.Run(name, func(t *testing.T) {
			k := keep(t)
			next := func(m *Machine) *raft.Log { return logEntry(t, m.reg, 9, max(m.Applied()+1, 1000)) }
			for range 40 {
				k.Apply(next(k.Machine))
			}
			var durable int64 // bytes of the WAL that the snapshot has synced
			snapshot := func() {
				persisted(t, k.Machine)
				durable = size(t, k.path+"-wal")
			}
			if busy {
				err := k.Read(t.Context(), func(q state.Querier) error {
					var n int
					if err := q.QueryRowContext(t.Context(), `SELECT count(*) FROM item`).Scan(&n); err != nil {
						return err
					}
					k.Apply(next(k.Machine))
					snapshot()
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			} else {
				snapshot()
			}
			if (durable > 0) != busy {
				t.Fatalf("the WAL has %d bytes", durable)
			}
			atSnapshot := k.Applied()
			for range 50 {
				k.Apply(next(k.Machine))
			}
			last, hash := k.Applied(), k.hash()

			r := rand.New(rand.NewPCG(8, 9))
			lost, cuts := 0, 25
			if racing {
				cuts = 4
			}
			for range cuts {
				path := filepath.Join(t.TempDir(), "state.db")
				copyFile(t, k.path, path)
				copyFile(t, k.path+"-wal", path+"-wal")
				cut := durable + r.Int64N(size(t, path+"-wal")-durable)
				if err := os.Truncate(path+"-wal", cut); err != nil {
					t.Fatal(err)
				}
				if r.IntN(2) == 0 && cut > durable { // torn, too
					flipByte(t, path+"-wal", durable+r.Int64N(cut-durable))
				}
				m := openAt(t, path)
				if m.Applied() < atSnapshot {
					t.Fatalf("cut to %d: at %d; the snapshot was at %d", cut, m.Applied(), atSnapshot)
				}
				lost += int(last - m.Applied())
				for m.Applied() < last {
					m.Apply(next(m))
				}
				if hashOf(t, m) != hash {
					t.Fatalf("cut to %d: after the log it is another", cut)
				}
				if err := m.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if lost == 0 {
				t.Error("no commit was lost: nothing was tested")
			}
		})
	}
}

func flipByte(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}
