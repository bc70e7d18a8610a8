package fsm_test

import (
	"errors"
	"testing"
	"time"

	"shoal/cluster/fsm"
	"shoal/cluster/fsm/fsmtest"
	"shoal/cluster/state"
)

// TestCorpus replays what the machine's own commands, and all kinds of tables, did when they were recorded.
func TestCorpus(t *testing.T) {
	fsmtest.Corpus(t, "testdata/corpus", *fsm.Record, fsm.Zoo, fsmtest.Script{Name: "machine", Run: func(t *testing.T, s *fsmtest.State) {
		propose := func(c state.Command) {
			t.Helper()
			if _, err := s.Propose(t.Context(), c); err != nil && !errors.As(err, new(*state.Refusal)) {
				t.Fatalf("%+v: %v", c, err)
			}
			s.Advance(250 * time.Millisecond)
		}
		for i := range int64(12) {
			for _, what := range []string{"new", "upsert", "pair", "child", "loose", "count", "refuse", "replace", "cache", "retitle", "renumber"} {
				propose(fsm.Do(what, i, []string{"a", "grüße", "one two"}[i%3]))
			}
			if i%5 == 0 {
				s.SetNow(s.Now().Add(-time.Hour)) // a leader with another clock
			}
		}
		for _, what := range []string{"pairs", "repair", "unpair", "grand", "orphan", "looser", "remove"} {
			propose(fsm.Do(what, 3, "a"))
		}
		propose(fsm.Do("sql", 0, `INSERT INTO later (k, v) SELECT a || b, sum(n) FROM pair GROUP BY 1 ORDER BY 1`))
		check, err := s.Machine().CheckCommand(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		propose(check)
		propose(fsm.Raise{Package: "zoo", Version: 1}) // it is there already
	}})
}
