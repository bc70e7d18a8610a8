package cluster

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// writerVariable makes the test binary a writer: it names the data folder. The round, and whether the log is to be kept
// whole, follow.
const (
	writerVariable = "SHOAL_CLUSTER_WRITER"
	roundVariable  = "SHOAL_CLUSTER_ROUND"
	wholeVariable  = "SHOAL_CLUSTER_WHOLE"
)

// keepWhole never snapshots, so that all can be replayed; keepShort does it all the time.
func keepWhole(c *raft.Config) { c.SnapshotThreshold = 1 << 40 }

func keepShort(c *raft.Config) {
	c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = 16, 8, 10*time.Millisecond
}

// writer writes until it is killed, and says what was acknowledged.
func writer(data string) int {
	tune := keepShort
	if os.Getenv(wholeVariable) != "" {
		tune = keepWhole
	}
	n, err := open(Config{Data: data}, registry(), slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), nil, tune)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("open")
	if err := n.Ready(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				p := put{fmt.Sprintf("%d-%d", w, i%16), fmt.Sprintf("%s%06d", os.Getenv(roundVariable), i)}
				if _, err := n.Propose(context.Background(), p); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Printf("%s %s\n", p.Key, p.Value)
			}
		})
	}
	wg.Wait()
	return 0
}

// roundsOf says how often a test kills.
func roundsOf(some, many int) int {
	switch {
	case *soak:
		return many
	case testing.Short():
		return some / 3
	}
	return some
}

// TestKilledAtAnyMoment kills a node again and again while it writes. What was acknowledged is there, what is there was
// proposed, and the log makes the same state again.
func TestKilledAtAnyMoment(t *testing.T) {
	rounds := roundsOf(8, 500)
	for name, c := range map[string]struct {
		whole string
		tune  func(*raft.Config)
	}{"whole log": {"1", keepWhole}, "short log": {"", keepShort}} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, uint64(len(name))))
			data := t.TempDir()
			acknowledged := map[string]string{}
			writes := 0
			for round := range rounds {
				after, wait := 2, 150*time.Millisecond // while it writes
				switch r.IntN(5) {
				case 0:
					after, wait = 1, 20*time.Millisecond // while it becomes ready
				case 1:
					after, wait = 0, 60*time.Millisecond // while it opens its files
				}
				for _, line := range killed(t, data, after, time.Duration(r.Int64N(int64(wait))), roundVariable+"="+fmt.Sprintf("%04d", round), wholeVariable+"="+c.whole) {
					key, value, ok := strings.Cut(line, " ")
					if !ok {
						continue // "open", or a line that was cut
					}
					writes++
					acknowledged[key] = value
				}
				n := opened(t, data, c.tune)
				ready(t, n)
				for key, value := range acknowledged {
					// A later one may be there too: it was on its way.
					if got := get(t, n, key); got < value {
						t.Fatalf("round %d: %s is %q, and %q was acknowledged", round, key, got, value)
					}
				}
				hash, index, err := n.Hash(t.Context())
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				closed(t, n)
				if c.whole != "" && (round%50 == 49 || round == rounds-1) {
					replayed(t, data, hash, index)
				}
			}
			if writes < rounds {
				t.Errorf("only %d writes were acknowledged in %d rounds", writes, rounds)
			}
			t.Logf("%d kills, %d acknowledged writes", rounds, writes)
		})
	}
}

// TestKilledWhileItStartsForTheFirstTime kills nodes that make their files.
func TestKilledWhileItStartsForTheFirstTime(t *testing.T) {
	rounds := roundsOf(10, 500)
	r := rand.New(rand.NewPCG(6, 7))
	opened, acknowledged := 0, 0
	for range rounds {
		data := t.TempDir()
		lines := killed(t, data, 0, time.Duration(r.Int64N(int64(60*time.Millisecond))), roundVariable+"=1")
		opened += min(len(lines), 1)
		n := start(t, data)
		for _, line := range lines[min(len(lines), 1):] {
			key, value, _ := strings.Cut(line, " ")
			acknowledged++
			if got := get(t, n, key); got < value {
				t.Errorf("%s is %q, and %q was acknowledged", key, got, value)
			}
		}
		set(t, n, "a", "1")
		closed(t, n)
	}
	t.Logf("%d kills, %d of them after the files were there, %d acknowledged writes", rounds, opened, acknowledged)
}

// killed runs a writer, kills it a while after it has written so many lines, and gives the whole lines that it wrote.
func killed(t *testing.T, data string, after int, wait time.Duration, env ...string) (lines []string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(append(os.Environ(), writerVariable+"="+data), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var complaints strings.Builder
	c.Stderr = &complaints
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { time.AfterFunc(wait, func() { _ = c.Process.Kill() }) }
	if after == 0 {
		kill()
	}
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			break // what is cut is not counted
		}
		if lines = append(lines, strings.TrimSuffix(line, "\n")); len(lines) == after {
			kill()
		}
	}
	_ = c.Wait()
	if status, ok := c.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL || complaints.Len() > 0 {
		t.Fatalf("the writer ended with %v:\n%s", c.ProcessState, complaints.String())
	}
	return lines
}

// replayed makes the state anew from a copy of the log, and compares.
func replayed(t *testing.T, data, hash string, index uint64) {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(copied, "cluster", "state.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no state in the copy", err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	n := opened(t, copied, keepWhole)
	ready(t, n)
	defer closed(t, n)
	var again uint64
	got, again, err := n.Hash(t.Context())
	if err != nil || got != hash || again != index {
		t.Fatalf("the state's hash is %s at %d, replayed %s at %d (%v)", hash, index, got, again, err)
	}
}

// TestWhatIsReadBeforeItIsReady reads the state of a node that was killed: it may be behind, never broken.
func TestWhatIsReadBeforeItIsReady(t *testing.T) {
	data := t.TempDir()
	killed(t, data, 50, 0, roundVariable+"=1", wholeVariable+"=1")
	n := opened(t, data, keepWhole)
	if err := n.Read(t.Context(), func(q state.Querier) error {
		var rows int
		return q.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema`).Scan(&rows)
	}); err != nil {
		t.Error(err)
	}
	ready(t, n)
	if n.Index() == 0 {
		t.Error("nothing was applied")
	}
}
