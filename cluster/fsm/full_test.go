package fsm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// small mounts a disk of so many bytes and gives a function that fills it, and one that makes room again.
func small(t *testing.T, bytes int) (folder string, fill, empty func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small disk: run the tests as root to see what a full one does")
	}
	folder = t.TempDir()
	if err := syscall.Mount("none", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("this system does not let root mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(folder, "filler")
	fill = func() {
		t.Helper()
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	return folder, fill, func() {
		t.Helper()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
}

// large is a batch that needs room.
func large(t *testing.T, k *keeper) (logs []*raft.Log) {
	t.Helper()
	for i := range int64(40) {
		logs = append(logs, entryOf(t, k.reg, k.next, do{What: "new", N: 100 + i, Text: strings.Repeat("long ", 700), Blob: make([]byte, 9000)}, epoch))
		k.next++
	}
	return logs
}

// TestFullDisk fills the disk under a machine, and makes room again.
func TestFullDisk(t *testing.T) {
	folder, fill, empty := small(t, 4<<20)
	full := make(chan error, 100)
	k := &keeper{t: t, path: filepath.Join(folder, "state.db"), next: 1}
	k.open(Options{Full: func(err error) { full <- err }})
	k.must(Raise{"zoo", 2})
	k.must(do{What: "new", N: 1, Text: "there"})

	for round := range 3 {
		k.must(do{What: "sql", Text: `DELETE FROM item WHERE id >= 100`})
		persisted(t, k.Machine)
		before, index := k.hash(), k.Applied()
		fill()
		logs := large(t, k)
		done := make(chan []any)
		go func() { done <- k.ApplyBatch(logs) }()
		if err := <-full; err == nil {
			t.Fatal("it says that there is room")
		}
		// Everybody reads while changes wait.
		if k.hash() != before || k.Applied() != index || k.Err() != nil {
			t.Errorf("while the disk is full it is at %d, %v", k.Applied(), k.Err())
		}
		empty()
		if err := <-full; err != nil {
			t.Fatalf("it says %v again", err)
		}
		for _, r := range <-done {
			if r.(Result).Err != nil || r.(Result).Value != int64(1) {
				t.Errorf("round %d: %+v", round, r)
			}
		}
		if k.Applied() != k.next-1 || len(full) != 0 {
			t.Errorf("it is at %d; want %d", k.Applied(), k.next-1)
		}
		k.hash()
	}

	// Nothing that others do on a full disk ends the machine.
	fill()
	if _, err := k.WriteCopy(nil); err == nil {
		t.Error("there was room for a copy")
	}
	if err := k.Restore(reader(magic + strings.Repeat("x", 1<<20))); err == nil {
		t.Error("there was room for a copy from a peer")
	}
	_, _ = k.Snapshot() // may find the room that it needs, or not
	if k.Err() != nil {
		t.Fatal(k.Err())
	}
	k.hash()

	// Closing ends the wait; the log has the entries still.
	hash, index := k.hash(), k.Applied()
	for len(full) > 0 {
		<-full
	}
	logs := large(t, k)
	for i := range logs { // other numbers than those of the last round
		logs[i] = entryOf(t, k.reg, logs[i].Index, do{What: "new", N: 500 + int64(i), Text: "x", Blob: make([]byte, 9000)}, epoch)
	}
	done := make(chan []any)
	go func() { done <- k.ApplyBatch(logs) }()
	if err := <-full; err == nil {
		t.Fatal("it says that there is room")
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	for _, r := range <-done {
		if err := r.(Result).Err; !errors.Is(err, state.ErrUnknownOutcome) || !errors.Is(err, ErrClosed) {
			t.Errorf("an entry that waited gave %v", err)
		}
	}
	if m, err := Open(k.path, zooRegistry(), Options{}); err == nil {
		t.Log("it opens on a full disk")
		m.Close()
	} else if t.Log(err); errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "Make room") {
		t.Errorf("to open it on a full disk gave %v", err)
	}
	empty()
	k.open(Options{})
	if k.Applied() != index || k.hash() != hash {
		t.Errorf("after a restart it is at %d; want %d", k.Applied(), index)
	}
	for _, r := range k.ApplyBatch(logs) {
		if r.(Result).Err != nil {
			t.Error(r)
		}
	}
	k.hash()
}

// TestHeldElsewhere has another program that holds the database.
func TestHeldElsewhere(t *testing.T) {
	full := make(chan error, 10)
	k := &keeper{t: t, path: filepath.Join(t.TempDir(), "state.db"), next: 1}
	k.open(Options{Full: func(err error) { full <- err }})
	k.must(Raise{"zoo", 2})
	if _, err := k.w.conn.ExecContext(t.Context(), `PRAGMA busy_timeout = 1`); err != nil {
		t.Fatal(err)
	}
	other, err := openWriter(k.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	tx, err := other.conn.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan Result)
	go func() { done <- k.apply(do{What: "count", Text: "series"}) }()
	if err := <-full; err == nil {
		t.Error("it says that there is room")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if r := <-done; r.Err != nil || r.Value != int64(1) {
		t.Errorf("afterwards: %+v", r)
	}
	if err := <-full; err != nil {
		t.Errorf("it says %v again", err)
	}
}
