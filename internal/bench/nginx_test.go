package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shoal/internal/bench/proc"
	"shoal/internal/bench/viewer"
)

func TestTape(t *testing.T) {
	tape, err := newTape(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		playlist bool
		body     string
	}{{false, "before the window"}, {true, "list 1"}, {false, "part 1"}, {true, "list 2"}, {false, "init"}, {false, "part 2"}} {
		tape.keep(f.playlist, []byte(f.body))
	}
	want := [][]string{{"00000.m3u8", "00001.m4s"}, {"00002.m3u8", "00003.m4s", "00004.m4s"}}
	if tape.err != nil || !slices.EqualFunc(tape.turns, want, slices.Equal) {
		t.Errorf("turns %v, error %v, want %v", tape.turns, tape.err, want)
	}
	if b, err := os.ReadFile(filepath.Join(tape.dir, "00004.m4s")); err != nil || string(b) != "part 2" {
		t.Errorf("%q, %v", b, err)
	}
	if err := os.RemoveAll(tape.dir); err != nil {
		t.Fatal(err)
	}
	if tape.keep(true, nil); tape.err == nil {
		t.Error("a write that failed was not noticed")
	}
}

func TestReplay(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Skip("nginx is not installed")
	}
	b := testBench(t)
	tape, err := newTape(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	ours := &seen{counts: &viewer.Counters{}, server: proc.Usage{Wall: time.Second}}
	if _, err := b.replay(t.Context(), tape, 1, ours); err == nil {
		t.Error("an empty tape was replayed")
	}
	tape.keep(true, make([]byte, 1000))
	tape.keep(false, make([]byte, 50_000))
	const clients = 4
	ours.counts.Requests.Store(clients * 40) // in a second: 20 turns of 2 for each client
	theirs, err := b.replay(t.Context(), tape, clients, ours)
	if err != nil {
		t.Fatal(err)
	}
	n := theirs.counts.Requests.Load()
	if lists := theirs.counts.ListBytes.Load() / 1000; lists == 0 || n < lists || theirs.counts.Bytes.Load() < lists*1000 {
		t.Errorf("%d requests, %d playlists, %d bytes", n, lists, theirs.counts.Bytes.Load())
	}
	if most := int64(clients * 40 * 2); n > most {
		t.Errorf("%d requests in %v, want the rate of the node, %d a second", n, theirs.server.Wall, clients*40)
	}
}
