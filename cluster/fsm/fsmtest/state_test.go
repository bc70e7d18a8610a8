package fsmtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shoal/cluster/fsm"
	"shoal/cluster/state"
)

// put keeps a text under a name; one that is there is refused.
type put struct{ Name, Text string }

func (put) Kind() string { return "shelf.book.put/1" }

func (c put) Apply(tx *state.Tx) (any, error) {
	text := c.Text
	if text == "drawn by each node for itself" {
		text = time.Now().String()
	}
	n, err := tx.Exec(`INSERT INTO book (name, text, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, c.Name, text, tx.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, &state.Refusal{Code: "name_taken", Text: "There is a book of this name. Choose another."}
	}
	return tx.NextID("book")
}

func shelf(r *state.Registry) {
	r.Add(put{})
	r.AddSchema(state.Schema{Package: "shelf", Steps: []string{`CREATE TABLE book (name TEXT PRIMARY KEY, text TEXT NOT NULL, at INTEGER NOT NULL) STRICT`}})
}

func TestState(t *testing.T) {
	var s interface {
		state.Proposer
		state.Reader
	} = New(t, shelf)
	ctx := t.Context()
	if n, err := state.Do[int64](ctx, s, put{"one", "text"}); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	index := s.Index()
	if _, err := s.Propose(ctx, put{"one", "text"}); !errors.Is(err, &state.Refusal{Code: "name_taken"}) {
		t.Errorf("twice: %v", err)
	}
	s.(*State).Advance(time.Hour)
	if n, err := state.Do[int64](ctx, s, put{"two", "text"}); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if s.Index() != index+2 {
		t.Errorf("the index is %d; want %d", s.Index(), index+2)
	}
	err := s.Read(ctx, func(q state.Querier) error {
		var at int64
		if err := q.QueryRowContext(ctx, `SELECT at FROM book WHERE name = 'two'`).Scan(&at); err != nil {
			return err
		}
		if got := time.UnixMilli(at).UTC(); !got.Equal(Epoch.Add(time.Hour)) || !got.Equal(s.(*State).Now()) {
			t.Errorf("it was put there at %v", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := s.Propose(ended, put{"three", "text"}); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("after the end of the context: %v", err)
	}
	if _, err := s.Propose(ctx, unknown{}); err == nil {
		t.Error("a command that is not registered was applied")
	}
}

type unknown struct{ put }

func (unknown) Kind() string { return "shelf.book.burn/1" }

// TestNotDeterministic has a command that gives another state each time.
func TestNotDeterministic(t *testing.T) {
	said := failures(t, func(tb testing.TB) {
		s := New(tb, shelf)
		if _, err := s.Propose(t.Context(), put{"one", "drawn by each node for itself"}); err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(said, "not deterministic") {
		t.Errorf("the test said %q", said)
	}
}

// recorder is a testing.TB that keeps what would fail a test.
type recorder struct {
	testing.TB
	said     strings.Builder
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) { r.said.WriteString(format) }
func (r *recorder) Cleanup(f func())                  { r.cleanups = append(r.cleanups, f) }

// failures runs a test and its cleanup, and gives what it complained about.
func failures(t *testing.T, test func(testing.TB)) string {
	r := &recorder{TB: t}
	test(r)
	for _, f := range r.cleanups {
		f()
	}
	return r.said.String()
}

// TestCorpus records a script, replays it, and finds that a recording holds.
func TestCorpus(t *testing.T) {
	folder := t.TempDir()
	script := Script{"shelf", func(t *testing.T, s *State) {
		check, err := s.Machine().CheckCommand(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Propose(t.Context(), check); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b", "a", "c", "d", "e", "f", "g", "h"} {
			_, _ = s.Propose(t.Context(), put{name, "text"})
			s.Advance(time.Second)
		}
	}}
	Corpus(t, folder, true, shelf, script)
	path := filepath.Join(folder, "shelf.jsonl")
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(first)), "\n")
	if len(lines) != 12 || !strings.Contains(lines[11], "refused: name_taken") || !strings.HasPrefix(lines[2], `{"k":"shelf.book.put/1"`) {
		t.Errorf("recorded:\n%s", first)
	}
	Corpus(t, folder, true, shelf, script)
	if again, err := os.ReadFile(path); err != nil || string(again) != string(first) {
		t.Errorf("the recording was written again, %v", err)
	}

	for name, tc := range map[string]struct{ text, says string }{
		"another state":  {strings.Replace(string(first), `"Name":"b"`, `"Name":"x"`, 1), "hash"},
		"another result": {strings.Replace(string(first), `"Name":"a"`, `"Name":"x"`, 1), "result"},
	} {
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := failures(t, func(tb testing.TB) { replay(tb, path, shelf) }); !strings.Contains(said, tc.says) {
			t.Errorf("%s: it said %q", name, said)
		}
	}
	if said := failures(t, func(tb testing.TB) { uncovered(tb, folder, []string{put{}.Kind(), fsm.Check{}.Kind()}) }); !strings.Contains(said, "add a script") {
		t.Errorf("kinds that are in no recording: it said %q", said)
	}
}
