package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"

	"shoal/cluster/fsm"
	"shoal/cluster/logstore"
	"shoal/cluster/state"
)

func TestChangesSurviveARestart(t *testing.T) {
	data := t.TempDir()
	n := start(t, data)
	first := n.Status()
	if times := set(t, n, "a", "1"); times != 1 {
		t.Errorf("set %d times", times)
	}
	if times := set(t, n, "a", "2"); times != 2 {
		t.Errorf("set %d times", times)
	}
	closed(t, n)
	n = start(t, data)
	if v := get(t, n, "a"); v != "2" {
		t.Errorf("got %q", v)
	}
	if times := set(t, n, "a", "3"); times != 3 {
		t.Errorf("set %d times", times)
	}
	s := n.Status()
	if s.ID != first.ID || uuid.Validate(s.ID) != nil || s.Leader != s.ID {
		t.Errorf("the node was %+v and is %+v", first, s)
	}
	if s.Term <= first.Term || s.Applied <= first.Applied || s.LastLog < s.Applied || s.Err != nil || s.DiskFull {
		t.Errorf("the status is %+v after %+v", s, first)
	}
}

func TestOutcomes(t *testing.T) {
	n := start(t, t.TempDir())
	before := n.Index()
	var refusal *state.Refusal
	if _, err := n.Propose(t.Context(), put{"a", ""}); !errors.As(err, &refusal) || refusal.Code != "empty" {
		t.Errorf("a command that does not hold: %v", err)
	}
	if _, err := n.Propose(t.Context(), stranger{}); err == nil || errors.Is(err, state.ErrUnavailable) || errors.Is(err, state.ErrUnknownOutcome) {
		t.Errorf("a command that is not registered: %v", err)
	}
	if _, err := n.Propose(t.Context(), put{"a", strings.Repeat("x", 5<<20)}); err == nil || errors.Is(err, state.ErrUnavailable) {
		t.Errorf("a command too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Propose(ctx, put{"a", "1"}); !errors.Is(err, context.Canceled) || errors.Is(err, state.ErrUnknownOutcome) {
		t.Errorf("a context that has ended: %v", err)
	}
	if v := get(t, n, "a"); v != "" {
		t.Errorf("got %q", v)
	}
	set(t, n, "a", "1")
	if n.Index() <= before {
		t.Error("the index did not move")
	}
	closed(t, n)
	if _, err := n.Propose(t.Context(), put{"a", "2"}); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("a node that is closed: %v", err)
	}
	if err := n.Ready(t.Context()); err == nil {
		t.Error("a node that is closed is ready")
	}
}

func TestAContextThatEndsOnTheWay(t *testing.T) {
	n := start(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	applying.Store(&gate{func() { cancel(); <-ctx.Done() }})
	defer applying.Store(nil)
	if _, err := n.Propose(ctx, slow{}); !errors.Is(err, state.ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	n := start(t, t.TempDir())
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 20 {
				if _, err := n.Propose(t.Context(), put{fmt.Sprint(w), fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for w := range 16 {
		if v := get(t, n, fmt.Sprint(w)); v != "19" {
			t.Errorf("%d: got %q", w, v)
		}
	}
}

func TestSnapshotsKeepTheLogShort(t *testing.T) {
	data := t.TempDir()
	tune := func(c *raft.Config) {
		c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = 20, 10, 5*time.Millisecond
	}
	n := opened(t, data, tune)
	ready(t, n)
	for i := range 300 {
		set(t, n, fmt.Sprint(i), "v")
	}
	if err := n.raft.Snapshot().Error(); err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		t.Fatal(err)
	}
	first, _ := n.store.FirstIndex()
	if last := n.Status().LastLog; last-first > 40 {
		t.Errorf("the log goes from %d to %d", first, last)
	}
	hash, _, err := n.Hash(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, n)
	n = opened(t, data, tune)
	if again, _, err := n.Hash(t.Context()); err != nil || again != hash {
		t.Errorf("the hash was %s and is %s (%v)", hash, again, err)
	}
	ready(t, n)
	set(t, n, "more", "v")
	closed(t, n)

	// The state is gone: what the snapshot refers to is not there.
	if err := os.Remove(filepath.Join(data, "cluster", "state.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Data: data}, registry(), slog.New(slog.DiscardHandler), nil); !errors.Is(err, fsm.ErrBehind) {
		t.Errorf("without its state: %v", err)
	}
}

func TestALongLogIsReplayed(t *testing.T) {
	data := t.TempDir()
	n := start(t, data)
	const many = 1500
	var logs []*raft.Log
	last := n.Status().LastLog
	for i := range uint64(many) {
		b, err := n.reg.Encode(put{fmt.Sprint(i % 50), fmt.Sprint(i)}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, &raft.Log{Index: last + 1 + i, Term: n.Status().Term, Type: raft.LogCommand, Data: b})
	}
	closed(t, n)
	s, err := logstore.Open(filepath.Join(data, "cluster", "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.StoreLogs(logs), s.Close()); err != nil {
		t.Fatal(err)
	}
	n = start(t, data)
	if v := get(t, n, "49"); v != fmt.Sprint(many-1) {
		t.Errorf("got %q", v)
	}
	if times := set(t, n, "49", "x"); times != many/50+1 {
		t.Errorf("set %d times", times)
	}
}

func TestAStateThatIsLostComesBackFromTheLog(t *testing.T) {
	data := t.TempDir()
	n := start(t, data)
	for i := range 50 {
		set(t, n, fmt.Sprint(i), "v")
	}
	hash, _, err := n.Hash(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, n)
	if err := os.Remove(filepath.Join(data, "cluster", "state.db")); err != nil {
		t.Fatal(err)
	}
	n = start(t, data)
	if again, _, err := n.Hash(t.Context()); err != nil || again != hash {
		t.Errorf("the hash was %s and is %s (%v)", hash, again, err)
	}
}

func TestWhatDoesNotBelongTogetherIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, folder string)
		want error
	}{
		"no log":        {func(t *testing.T, f string) { remove(t, f, "log.db") }, logstore.ErrDamaged},
		"no name":       {func(t *testing.T, f string) { remove(t, f, "node.json") }, nil},
		"a name broken": {func(t *testing.T, f string) { replace(t, f, "node.json", "{") }, nil},
		"a newer name":  {func(t *testing.T, f string) { replace(t, f, "node.json", `{"version":2,"id":"x"}`) }, nil},
		"another name":  {func(t *testing.T, f string) { replace(t, f, "node.json", `{"version":1,"id":"`+uuid.NewString()+`"}`) }, nil},
		"no name in it": {func(t *testing.T, f string) { replace(t, f, "node.json", `{"version":1,"id":"x"}`) }, nil},
		"a broken log":  {func(t *testing.T, f string) { replace(t, f, "log.db", "no log") }, logstore.ErrDamaged},
		"a state broken": {func(t *testing.T, f string) {
			replace(t, f, "state.db", "no state, but something of some length that is no database")
		}, fsm.ErrDamaged},
		"a log cut short": {func(t *testing.T, f string) {
			s, err := logstore.Open(filepath.Join(f, "log.db"))
			if err != nil {
				t.Fatal(err)
			}
			last, _ := s.LastIndex()
			if err := errors.Join(s.DeleteRange(last-3, last), s.Close()); err != nil {
				t.Fatal(err)
			}
		}, logstore.ErrDamaged},
		"a log without its beginning": {func(t *testing.T, f string) {
			s, err := logstore.Open(filepath.Join(f, "log.db"))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.DeleteRange(1, 2), s.Close()); err != nil {
				t.Fatal(err)
			}
		}, logstore.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			n := start(t, data)
			for i := range 10 {
				set(t, n, fmt.Sprint(i), "v")
			}
			closed(t, n)
			c.harm(t, filepath.Join(data, "cluster"))
			for range 2 {
				_, err := Open(Config{Data: data}, registry(), slog.New(slog.DiscardHandler), nil)
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Fatalf("got %v", err)
				}
			}
		})
	}
}

func remove(t *testing.T, folder, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, folder, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAFirstStartMayEndAnywhere ends it after each thing that it writes.
func TestAFirstStartMayEndAnywhere(t *testing.T) {
	for name, until := range map[string]func(t *testing.T, folder string){
		"the folder": func(*testing.T, string) {},
		"the name": func(t *testing.T, f string) {
			if _, err := loadIdentity(f, true); err != nil {
				t.Fatal(err)
			}
		},
		"the term": func(t *testing.T, f string) {
			_, err := loadIdentity(f, true)
			s, err2 := logstore.Open(filepath.Join(f, "log.db"))
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.SetUint64([]byte("CurrentTerm"), 1), s.Close()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			if err := os.Mkdir(filepath.Join(data, "cluster"), 0o700); err != nil {
				t.Fatal(err)
			}
			until(t, filepath.Join(data, "cluster"))
			set(t, start(t, data), "a", "1")
		})
	}
}

func TestANodeWhoseStateBreaks(t *testing.T) {
	data := t.TempDir()
	n := start(t, data)
	set(t, n, "a", "1")
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() { running <- n.Run(ctx) }()
	if _, err := n.Propose(t.Context(), broken{}); !errors.Is(err, state.ErrUnknownOutcome) {
		t.Errorf("the command that breaks it: %v", err)
	}
	<-n.machine.Failed()
	if _, err := n.Propose(t.Context(), put{"a", "2"}); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("the next one: %v", err)
	}
	if n.Err() == nil || n.Status().Err == nil {
		t.Error("it does not say so")
	}
	select {
	case err := <-running:
		t.Errorf("Run has ended: %v", err)
	default:
	}
	cancel()
	if err := <-running; err != nil {
		t.Error(err)
	}
}

func TestANodeWhoseLogBreaks(t *testing.T) {
	for name, harm := range map[string]func(*testing.T, *Node){
		"while it writes": func(t *testing.T, n *Node) {
			if _, err := n.Propose(t.Context(), put{"a", "2"}); !errors.Is(err, state.ErrUnknownOutcome) {
				t.Errorf("the proposal that breaks it: %v", err)
			}
		},
		"while it elects": func(t *testing.T, n *Node) {
			g := &guardedLog{Store: n.store, n: n, later: func() bool { return false }}
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = g.SetUint64([]byte("CurrentTerm"), 99)
				t.Error("the goroutine went on")
			}()
			<-done
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, t.TempDir())
			set(t, n, "a", "1")
			if err := os.Truncate(filepath.Join(n.folder, "log.db"), 8192); err != nil {
				t.Fatal(err)
			}
			harm(t, n)
			<-n.broken
			if _, err := n.Propose(t.Context(), put{"a", "3"}); !errors.Is(err, state.ErrUnavailable) || !errors.Is(err, logstore.ErrDamaged) {
				t.Errorf("the next one: %v", err)
			}
			if v := get(t, n, "a"); v != "1" {
				t.Errorf("got %q", v)
			}
			if err := n.Ready(t.Context()); err == nil {
				t.Error("it is ready")
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	n, err := Open(Config{Data: t.TempDir()}, registry(), slog.New(slog.DiscardHandler), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, n) })
	ready(t, n)
	set(t, n, "a", "1")
	_, _ = n.Propose(t.Context(), put{"a", ""})
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range all {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += "/" + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	for name, want := range map[string]float64{
		"shoal_cluster_propose_seconds": 2, "shoal_cluster_proposals_total/applied": 2, "shoal_cluster_proposals_total/refused": 1,
		"shoal_cluster_applied_index": float64(n.Index()), "shoal_cluster_disk_full": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, ok, want)
		}
	}
}

func TestConfigReportsAllMistakes(t *testing.T) {
	if err := (Config{Reserve: -1}).Validate(); err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) != 2 {
		t.Errorf("got %v", err)
	}
	if err := (Config{Data: "x"}).Validate(); err != nil {
		t.Error(err)
	}
}
