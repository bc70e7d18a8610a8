package fsm

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// childPath names, in the environment of a test program, the state that it shall change until it is killed.
	childPath = "FSM_TEST_CHILD"
	childSeed = 11
)

// child applies the random log to a state, and writes the index of what it has applied after each batch.
func child(path string) int {
	t := &failing{}
	m, err := Open(path, zooRegistry(), Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(m.Applied())
	r := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for {
		var logs []*raft.Log
		for range 1 + r.IntN(20) {
			logs = append(logs, logEntry(t, m.reg, childSeed, m.Applied()+uint64(len(logs))+1))
		}
		m.ApplyBatch(logs)
		if r.IntN(20) == 0 {
			_, err = m.Snapshot()
		}
		if err == nil {
			err = m.Err()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(m.Applied())
	}
}

// failing is a testing.TB for a program that is none.
type failing struct{ testing.TB }

func (*failing) Helper()           {}
func (*failing) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// TestKilled kills a program that changes the state, at random moments, and compares what it has left with a state that
// nobody killed.
func TestKilled(t *testing.T) {
	rounds := 25
	switch {
	case *soak:
		rounds = 1000
	case racing:
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "state.db")
	reference := openAt(t, filepath.Join(t.TempDir(), "state.db"))
	r := rand.New(rand.NewPCG(5, 6))
	var said uint64
	for round := range rounds {
		said = max(said, untilKilled(t, path, r.IntN(20), r.Float64()))
		if round%2 == 0 {
			continue // the next program finds everything as the kill has left it, and looks at all of it
		}
		m, err := Open(path, zooRegistry(), Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if m.Applied() < said {
			t.Errorf("round %d: %d was applied, %d is left", round, said, m.Applied())
		}
		for reference.Applied() < m.Applied() {
			reference.Apply(logEntry(t, reference.reg, childSeed, reference.Applied()+1))
		}
		if hashOf(t, m) != hashOf(t, reference) {
			t.Fatalf("round %d: at %d the state is another", round, m.Applied())
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d entries in %d rounds", reference.Applied(), rounds)
	if reference.Applied() < uint64(20*rounds) {
		t.Errorf("only %d entries were applied in %d rounds: it is killed too early", reference.Applied(), rounds)
	}
}

// untilKilled runs a child until it has reported some batches and is somewhere in the next one, and gives the last index
// that it has reported.
func untilKilled(t *testing.T, path string, batches int, next float64) (said uint64) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last, took := time.Now(), time.Millisecond
	for lines := bufio.NewScanner(out); lines.Scan(); batches-- {
		if _, err := fmt.Sscan(lines.Text(), &said); err != nil {
			break // killed in mid-line: that batch was applied, but not reported
		}
		if batches > 0 {
			last, took = time.Now(), time.Since(last)
		}
		if batches == 0 {
			kill := time.AfterFunc(time.Duration(next*float64(took)), func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the program was not killed, it ended: %v", err)
	}
	return said
}
