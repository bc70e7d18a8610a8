package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"shoal/cluster/internal/smalldisk"
	"shoal/cluster/state"
)

func TestChangesAreRefusedBeforeTheDiskIsFull(t *testing.T) {
	smalldisk.Run(t, 24<<20, func(t *testing.T, folder string) {
		n := start(t, folder)
		set(t, n, "a", "1")
		relief := smalldisk.Fill(t, folder)
		_, err := n.Propose(t.Context(), put{"a", "2"})
		if !errors.Is(err, state.ErrUnavailable) || !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "Free some room") {
			t.Errorf("got %v", err)
		}
		if !n.Status().DiskFull || n.Err() != nil {
			t.Errorf("the status is %+v", n.Status())
		}
		if v := get(t, n, "a"); v != "1" {
			t.Errorf("got %q", v)
		}
		relief()
		set(t, n, "a", "3")
		if n.Status().DiskFull {
			t.Error("it still says that the disk is full")
		}
	})
}

// fillUp writes to a node that does not look at the room until a write waits for some, and gives the last value that was
// acknowledged.
func fillUp(t *testing.T, n *Node) (acknowledged int) {
	t.Helper()
	n.reserve = 0
	for i := 1; ; i++ {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		_, err := n.Propose(ctx, put{"a", fmt.Sprintf("%05d %s", i, strings.Repeat("x", 20_000))})
		cancel()
		switch {
		case errors.Is(err, state.ErrUnknownOutcome):
			return i - 1
		case err != nil:
			t.Fatalf("write %d: %v", i, err)
		case i == 10_000:
			t.Fatal("the disk does not fill up")
		}
	}
}

func TestWritesGoOnWhenAFullDiskHasRoomAgain(t *testing.T) {
	smalldisk.Run(t, 24<<20, func(t *testing.T, folder string) {
		n := start(t, folder)
		for range 3 {
			relief := smalldisk.Fill(t, folder)
			last := fillUp(t, n)
			// Those that come now do not wait.
			began := time.Now()
			if _, err := n.Propose(t.Context(), put{"b", "1"}); !errors.Is(err, state.ErrUnavailable) || !errors.Is(err, ErrDiskFull) {
				t.Errorf("the next one: %v", err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("the refusal took %v", took)
			}
			if v := get(t, n, "a"); last > 0 && v < fmt.Sprintf("%05d", last) {
				t.Errorf("got %.5s, and %d was acknowledged", v, last)
			}
			relief()
			relieved := time.Now()
			for {
				_, err := n.Propose(t.Context(), put{"b", "2"})
				if err == nil {
					break
				}
				if !errors.Is(err, state.ErrUnavailable) || time.Since(relieved) > 2*time.Second {
					t.Fatalf("%v after there is room: %v", time.Since(relieved), err)
				}
				time.Sleep(time.Millisecond)
			}
			// What waited was made, as the order of the log wants it.
			if v := get(t, n, "a"); v < fmt.Sprintf("%05d", last+1) {
				t.Errorf("got %.5s, want %d", v, last+1)
			}
			t.Logf("%v after there was room", time.Since(relieved))
		}
		hash, _, err := n.Hash(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		closed(t, n)
		n = start(t, folder)
		if again, _, err := n.Hash(t.Context()); err != nil || again != hash {
			t.Errorf("the hash was %s and is %s (%v)", hash, again, err)
		}
	})
}

func TestANodeIsClosedWhileTheDiskIsFull(t *testing.T) {
	smalldisk.Run(t, 24<<20, func(t *testing.T, folder string) {
		n := start(t, folder)
		relief := smalldisk.Fill(t, folder)
		last := fillUp(t, n)
		began := time.Now()
		closed(t, n)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		relief()
		n = start(t, folder)
		if v := get(t, n, "a"); last > 0 && v < fmt.Sprintf("%05d", last) {
			t.Errorf("got %.5s, and %d was acknowledged", v, last)
		}
		set(t, n, "a", "x")
	})
}

// TestAStartOnAFullDisk says what to do, and harms nothing.
func TestAStartOnAFullDisk(t *testing.T) {
	smalldisk.Run(t, 24<<20, func(t *testing.T, folder string) {
		n := start(t, folder)
		set(t, n, "a", "1")
		closed(t, n)
		relief := smalldisk.Fill(t, folder)
		for range 2 {
			_, err := Open(Config{Data: folder}, registry(), slog.New(slog.DiscardHandler), nil)
			if err == nil || !strings.Contains(err.Error(), "Make room") {
				t.Errorf("got %v", err)
			}
		}
		relief()
		n = start(t, folder)
		if v := get(t, n, "a"); v != "1" {
			t.Errorf("got %q", v)
		}
		set(t, n, "a", "2")
	})
}

// TestAnElectionOnADiskWithoutRoom waits for room, since raft would panic.
func TestAnElectionOnADiskWithoutRoom(t *testing.T) {
	smalldisk.Run(t, 24<<20, func(t *testing.T, folder string) {
		n := start(t, folder)
		relief := smalldisk.Fill(t, folder)
		g := &guardedLog{Store: n.store, n: n, later: func() bool { return false }}
		done := make(chan error, 1)
		big := make([]byte, 2<<20) // more than what was allocated
		go func() { done <- g.Set([]byte("vote"), big) }()
		waitFor(t, func() bool { return n.Status().DiskFull && n.logFull.Load() })
		relief()
		if err := <-done; err != nil {
			t.Error(err)
		}
		ready(t, n)
		set(t, n, "a", "1")
	})
}

// waitFor waits until a condition holds that another goroutine brings about.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
		time.Sleep(time.Millisecond)
	}
}
