package cluster

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"shoal/cluster/state"
)

var soak = flag.Bool("soak", false, "run the long tests in full")

func TestMain(m *testing.M) {
	flag.Parse()
	if folder := os.Getenv(writerVariable); folder != "" {
		os.Exit(writer(folder))
	}
	goleak.VerifyTestMain(m)
}

// put sets a value, and gives how often it was set.
type put struct {
	Key, Value string
}

func (put) Kind() string { return "kv.pair.put/1" }

func (p put) Apply(tx *state.Tx) (any, error) {
	if p.Value == "" {
		return nil, &state.Refusal{Code: "empty", Text: "Give a value."}
	}
	if _, err := tx.Exec(`INSERT INTO pair (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, times = times + 1`, p.Key, p.Value); err != nil {
		return nil, err
	}
	var times int64
	err := tx.QueryRow(`SELECT times FROM pair WHERE key = ?`, p.Key).Scan(&times)
	return times, err
}

// fill makes rows.
type fill struct{ From, Rows int }

func (fill) Kind() string { return "kv.pair.fill/1" }

func (f fill) Apply(tx *state.Tx) (any, error) {
	for i := f.From; i < f.From+f.Rows; i++ {
		if _, err := tx.Exec(`INSERT INTO pair (key, value) VALUES (?, ?)`, fmt.Sprint(i), fmt.Sprintf("%0200d", i)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// broken is a command that stops the machine.
type broken struct{}

func (broken) Kind() string                    { return "kv.pair.broken/1" }
func (broken) Apply(tx *state.Tx) (any, error) { return nil, errors.New("it does not work") }

// slow is a command during which a test does what it wants.
type slow struct{}

// gate is what the test wants.
type gate struct{ pass func() }

var applying atomic.Pointer[gate]

func (slow) Kind() string { return "kv.pair.slow/1" }

func (slow) Apply(*state.Tx) (any, error) {
	if g := applying.Load(); g != nil {
		g.pass()
	}
	return nil, nil
}

// stranger is not registered.
type stranger struct{ put }

func (stranger) Kind() string { return "kv.pair.stranger/1" }

func registry() *state.Registry {
	r := state.NewRegistry()
	r.Add(put{}, fill{}, broken{}, slow{})
	r.AddSchema(state.Schema{Package: "kv", Steps: []string{
		`CREATE TABLE pair (key TEXT PRIMARY KEY, value TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1) STRICT, WITHOUT ROWID`,
	}})
	return r
}

// opened opens a node without waiting for it. It is closed when the test ends.
func opened(t testing.TB, data string, tune func(*raft.Config)) *Node {
	t.Helper()
	if tune == nil {
		tune = func(*raft.Config) {}
	}
	n, err := open(Config{Data: data}, registry(), slog.New(slog.DiscardHandler), nil, tune)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// start opens a node and waits until it is ready.
func start(t testing.TB, data string) *Node {
	t.Helper()
	n := opened(t, data, nil)
	ready(t, n)
	return n
}

func ready(t testing.TB, n *Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := n.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

func closed(t testing.TB, n *Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

func set(t testing.TB, n *Node, key, value string) int64 {
	t.Helper()
	times, err := state.Do[int64](context.Background(), n, put{key, value})
	if err != nil {
		t.Fatal(err)
	}
	return times
}

// get reads a value, "" for none.
func get(t testing.TB, r state.Reader, key string) string {
	t.Helper()
	v := ""
	if err := r.Read(context.Background(), func(q state.Querier) error {
		return q.QueryRowContext(context.Background(), `SELECT coalesce(max(value), '') FROM pair WHERE key = ?`, key).Scan(&v)
	}); err != nil {
		t.Fatal(err)
	}
	return v
}
