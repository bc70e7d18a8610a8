package session

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"shoal/cluster"
	"shoal/cluster/state"
	"shoal/internal/media"
)

// ownerVariable makes the test binary a node that owns a live: it names the data folder.
const ownerVariable = "SHOAL_SESSION_OWNER"

// node opens a node that knows the claims.
func node(ctx context.Context, data string) (*cluster.Node, error) {
	reg := state.NewRegistry()
	Register(reg)
	n, err := cluster.Open(cluster.Config{Data: data}, reg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, err
	}
	return n, n.Ready(ctx)
}

// own claims a live and uses its numbers until it is killed. Each is written before the next one is used.
func own(data string) error {
	ctx := context.Background()
	n, err := node(ctx, data)
	if err != nil {
		return err
	}
	s := New(n)
	go func() { _ = s.Run(ctx, slog.New(slog.DiscardHandler)) }()
	e, at, err := s.Claim(ctx, live)
	if err != nil {
		return err
	}
	for {
		fmt.Println(e.N, at.Segment)
		at.Segment++
		s.Reached(live, at)
		// Segments take two seconds each, so that numbers do not run out while more are reserved.
		for s.left() < near/2 {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// left is how many numbers are reserved and not used.
func (s *Store) left() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lives[live].reserved - s.lives[live].at.Segment
}

// TestAnOwnerThatIsKilledUsesNoNumberTwice kills a node that owns a live, again and again.
func TestAnOwnerThatIsKilledUsesNoNumberTwice(t *testing.T) {
	rounds := 8
	switch {
	case *soak:
		rounds = 300
	case testing.Short():
		rounds = 3
	}
	r := rand.New(rand.NewPCG(8, 9))
	data := t.TempDir()
	var epoch, segment, used uint64
	for range rounds {
		c := exec.Command(os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), ownerVariable+"="+data)
		c.Stderr = os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		first := true
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e, s uint64
			if n, _ := fmt.Sscan(lines.Text(), &e, &s); n != 2 {
				break // it was cut
			}
			if first {
				first = false
				if e <= epoch {
					t.Errorf("epoch %d after %d", e, epoch)
				}
				time.AfterFunc(time.Duration(r.Int64N(int64(60*time.Millisecond))), func() { _ = c.Process.Kill() })
			}
			if s <= segment {
				t.Fatalf("number %d of epoch %d after %d of epoch %d", s, e, segment, epoch)
			}
			epoch, segment, used = e, s, used+1
		}
		_ = c.Wait()
		if first {
			t.Fatal("it used no number")
		}
	}
	n, err := node(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	e, at, err := New(n).Claim(t.Context(), live)
	if err != nil || e != (media.Epoch{N: epoch + 1}) || at.Segment <= segment {
		t.Errorf("goes on with epoch %v at %d (%v), after %d at %d", e, at.Segment, err, epoch, segment)
	}
	t.Logf("%d numbers up to %d in %d epochs", used, segment, epoch)
}
