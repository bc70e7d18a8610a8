// Package fsmtest owns a state without a cluster, for tests: commands are applied at once, in the real machine, at times that
// the test sets. It also keeps the corpus of commands that must replay for ever.
//
// It starts no goroutine. Tests of other packages import it; it never is part of a program.
package fsmtest

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/fsm"
	"shoal/cluster/state"
)

// Epoch is where a State's clock stands at first.
var Epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// State is a machine that applies what is proposed. It is a state.Proposer and a state.Reader, safe for concurrent use.
type State struct {
	machine *fsm.Machine
	reg     *state.Registry

	mu      sync.Mutex
	now     time.Time
	entries [][]byte
	results []fsm.Result
}

// New makes an empty state in a folder of the test's own, with the schemas raised. When the test ends, everything that was
// applied is replayed in batches of another size, and the test fails if that gives another state: a command that
// is not deterministic shows itself here.
func New(t testing.TB, register func(*state.Registry)) *State {
	t.Helper()
	s := &State{reg: newRegistry(register), now: Epoch}
	var err error
	if s.machine, err = fsm.Open(filepath.Join(t.TempDir(), "state.db"), s.reg, fsm.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.check(t)
		if err := s.machine.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range s.machine.SchemaBehind() {
		if _, err := s.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func newRegistry(register func(*state.Registry)) *state.Registry {
	reg := state.NewRegistry()
	fsm.Register(reg)
	if register != nil {
		register(reg)
	}
	return reg
}

// Propose sends a command through its encoded form and applies it.
func (s *State) Propose(ctx context.Context, c state.Command) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(state.ErrUnavailable, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := s.reg.Encode(c, s.now)
	if err != nil {
		return nil, err
	}
	s.entries = append(s.entries, data)
	r := s.machine.Apply(&raft.Log{Index: uint64(len(s.entries)), Type: raft.LogCommand, Data: data}).(fsm.Result)
	s.results = append(s.results, r)
	return r.Value, r.Err
}

// Read is the machine's.
func (s *State) Read(ctx context.Context, f func(state.Querier) error) error {
	return s.machine.Read(ctx, f)
}

// Index is the machine's.
func (s *State) Index() uint64 { return s.machine.Index() }

// Machine gives the machine behind the state.
func (s *State) Machine() *fsm.Machine { return s.machine }

// Now is the clock with which commands are proposed.
func (s *State) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// SetNow sets the clock, back if need be: the cluster's clock does not follow there.
func (s *State) SetNow(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// Advance moves the clock.
func (s *State) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// check replays all entries and compares.
func (s *State) check(t testing.TB) {
	t.Helper()
	if s.machine.Err() != nil {
		return // the test has stopped it
	}
	want, _, err := s.machine.Hash(context.Background())
	if err != nil {
		t.Error(err)
		return
	}
	got, results := apply(t, s.reg, s.entries, 7)
	if got != want {
		t.Errorf("the same %d commands made another state in batches of 7: a command is not deterministic", len(s.entries))
	}
	for i, r := range results {
		if a, b := describe(t, r), describe(t, s.results[i]); a != b {
			t.Errorf("%s gave %s, and %s when it was applied again", s.entries[i], b, a)
		}
	}
}

// apply applies entries to an empty machine and gives the hash and the results.
func apply(t testing.TB, reg *state.Registry, entries [][]byte, size int) (hash string, results []fsm.Result) {
	t.Helper()
	m, err := fsm.Open(filepath.Join(t.TempDir(), "state.db"), reg, fsm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for at := 0; at < len(entries); at += size {
		var batch []*raft.Log
		for i := at; i < min(at+size, len(entries)); i++ {
			batch = append(batch, &raft.Log{Index: uint64(i + 1), Type: raft.LogCommand, Data: entries[i]})
		}
		for _, r := range m.ApplyBatch(batch) {
			results = append(results, r.(fsm.Result))
		}
		if err := m.Err(); err != nil {
			t.Fatalf("in the batch after entry %d: %v", at, err)
		}
	}
	if hash, _, err = m.Hash(context.Background()); err != nil {
		t.Fatal(err)
	}
	return hash, results
}
