package fsmtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shoal/cluster/fsm"
	"shoal/cluster/state"
)

// Script proposes commands, to be recorded once and replayed for ever. Refusals belong in it too.
type Script struct {
	Name string // of the file, without ending
	Run  func(t *testing.T, s *State)
}

// expected is the last line of a recording.
type expected struct {
	Hash    string   `json:"hash"`
	Results []string `json:"results"` // of each entry, as describe gives them
}

// sizes are the batches in which a recording is replayed.
var sizes = []int{1, 7, 64}

// Corpus replays every recording in a folder: lines with one entry of the log each, and a last one with the state's
// hash and the results. Each must give them, in batches of 1, 7 and 64, and every kind of command that is registered must
// be in one of them.
//
// A script without a recording fails, unless update is set: then it is run and recorded. A recording is never written
// again. Once a version with it is released, it stays; a new kind of command is a new script. Before that, remove the file
// to record anew.
func Corpus(t *testing.T, folder string, update bool, register func(*state.Registry), scripts ...Script) {
	t.Helper()
	for _, s := range scripts {
		path := filepath.Join(folder, s.Name+".jsonl")
		_, err := os.Stat(path)
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrNotExist):
			t.Fatal(err)
		case update:
			record(t, path, register, s)
		default:
			t.Errorf("%s is not there: run the test with -update to record it", path)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	missing := newRegistry(register).Kinds()
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			for _, kind := range replay(t, path, register) {
				missing = slices.DeleteFunc(missing, func(k string) bool { return k == kind })
			}
		})
	}
	if !t.Failed() {
		uncovered(t, folder, missing)
	}
}

// uncovered complains about kinds that are in no recording.
func uncovered(t testing.TB, folder string, kinds []string) {
	t.Helper()
	if len(kinds) > 0 {
		t.Errorf("no recording in %s has %s: add a script", folder, strings.Join(kinds, ", "))
	}
}

// record runs a script and writes what it did.
func record(t *testing.T, path string, register func(*state.Registry), script Script) {
	t.Helper()
	s := New(t, register)
	script.Run(t, s)
	hash, _, err := s.machine.Hash(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := expected{Hash: hash}
	for _, r := range s.results {
		e.Results = append(e.Results, describe(t, r))
	}
	last, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	text := append(bytes.Join(append(slices.Clone(s.entries), last), []byte("\n")), '\n')
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// replay compares a recording with what it gives today, and lists its kinds.
func replay(t testing.TB, path string, register func(*state.Registry)) (kinds []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	entries := lines[:len(lines)-1]
	var want expected
	if err := json.Unmarshal(lines[len(entries)], &want); err != nil || len(want.Results) != len(entries) {
		t.Fatalf("%s: the last line is not what is expected of %d entries: %v", path, len(entries), err)
	}
	reg := newRegistry(register)
	for i, e := range entries {
		c, _, err := reg.Decode(e)
		if err != nil {
			t.Fatalf("%s:%d: %v", path, i+1, err)
		}
		kinds = append(kinds, c.Kind())
	}
	for _, size := range sizes {
		hash, results := apply(t, reg, entries, size)
		for i, r := range results {
			if got := describe(t, r); got != want.Results[i] {
				t.Errorf("%s:%d, in batches of %d: the result is %s; want %s", path, i+1, size, got, want.Results[i])
			}
		}
		if hash != want.Hash {
			t.Errorf("%s, in batches of %d: the state's hash is %s; want %s", path, size, hash, want.Hash)
		}
	}
	return kinds
}

// describe writes a result down: the value as JSON, or the refusal's code.
func describe(t testing.TB, r fsm.Result) string {
	t.Helper()
	if refusal, ok := errors.AsType[*state.Refusal](r.Err); ok {
		return "refused: " + refusal.Code
	}
	if r.Err != nil {
		return "error: " + r.Err.Error()
	}
	text, err := json.Marshal(r.Value)
	if err != nil {
		t.Errorf("a result is no JSON: %v", err)
		return fmt.Sprintf("%#v", r.Value)
	}
	return string(text)
}
