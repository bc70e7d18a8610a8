package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(standIn(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

// standIn does what a node does at its ends, when this binary is started as one.
func standIn(args []string) int {
	if os.Getenv("STAND_IN") == "fails" {
		println("no luck today")
		return 3
	}
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	data := fs.String("data", "", "")
	fs.String("http", "", "")
	fs.String("rtmp", "", "")
	fs.String("config", "", "")
	if fs.Parse(args) != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	addresses := map[string]string{}
	for _, name := range []string{"http", "rtmp"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 1
		}
		addresses[name] = l.Addr().String()
	}
	b, _ := json.Marshal(addresses)
	if os.MkdirAll(*data, 0o755) != nil || os.WriteFile(filepath.Join(*data, "addresses.json"), b, 0o600) != nil {
		return 1
	}
	<-ctx.Done()
	return 0
}

// testBench is a bench that starts this binary instead of a node.
func testBench(t *testing.T) *bench {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := options{serverCPU: -1, loadCPU: -1, window: 300 * time.Millisecond}
	return &bench{opt: o, dir: t.TempDir(), bin: self, report: &report{}, errOut: t.Output()}
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func TestNodeComesAndGoes(t *testing.T) {
	b := testBench(t)
	var pid int
	err := b.with(t.Context(), 2, func(n *node) error {
		pid = n.pid
		if !alive(pid) || n.startup <= 0 || len(n.lives) != 2 || n.lives[0] == n.lives[1] {
			t.Errorf("node %+v", n)
		}
		if want := "rtmp://" + n.rtmp + "/live/bench-stream-key-bench-0"; n.publishURL(n.lives[0]) != want {
			t.Errorf("publish to %s, want %s", n.publishURL(n.lives[0]), want)
		}
		config, err := os.ReadFile(filepath.Join(n.dir, "shoal.yaml"))
		if want := "uuid: " + n.lives[1].id; !strings.Contains(string(config), want) {
			t.Errorf("configuration without %q, error %v:\n%s", want, err, config)
		}
		if anon, rss, err := n.memoryMB(); err != nil || anon <= 0 || rss < anon {
			t.Errorf("memory %v and %v MB, error %v", anon, rss, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Error("the node is still there")
	}
}

func TestNodeThatFails(t *testing.T) {
	t.Setenv("STAND_IN", "fails")
	err := testBench(t).with(t.Context(), 1, func(*node) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "no luck today") {
		t.Errorf("error %v, want one with the node's log", err)
	}
}

func TestNodeGoesWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var pid int
	err := testBench(t).with(ctx, 1, func(n *node) error {
		pid = n.pid
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || alive(pid) {
		t.Errorf("error %v, alive %v", err, alive(pid))
	}
}

func TestChoose(t *testing.T) {
	if got, err := choose(""); err != nil || len(got) != len(sections) {
		t.Errorf("all: %d sections, error %v", len(got), err)
	}
	got, err := choose("static, start")
	if err != nil || len(got) != 2 || got[0].name != "start" || got[1].name != "static" {
		t.Errorf("chose %v, error %v", got, err)
	}
	if _, err := choose("start,nothing"); err == nil {
		t.Error("an unknown section was accepted")
	}
}

func TestWrongCalls(t *testing.T) {
	for _, args := range [][]string{{"-no-such-flag"}, {"-sections", "x"}, {"-window", "0s"}, {"-crowd", "0"}, {"extra"}} {
		if got := run(t.Context(), args, t.Output(), t.Output()); got != 2 {
			t.Errorf("%v ends with %d, want 2", args, got)
		}
	}
	if got := run(t.Context(), []string{"-h"}, t.Output(), t.Output()); got != 0 {
		t.Errorf("-h ends with %d, want 0", got)
	}
	if got := run(t.Context(), []string{"-clip", "no-such-file.flv", "-load-cpu", "-1"}, t.Output(), t.Output()); got != 1 {
		t.Errorf("a missing clip ends with %d, want 1", got)
	}
}

// TestMeasuresANode runs the real thing, small: a real node is built, published to and watched.
func TestMeasuresANode(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a node")
	}
	t.Chdir("../..")
	json := filepath.Join(t.TempDir(), "figures.jsonl")
	var out strings.Builder
	args := []string{
		"-sections", "first,delay", "-window", "1s", "-viewers", "3", "-clip", "internal/encoder/demo.flv",
		"-json", json, "-server-cpu", "-1", "-load-cpu", "-1",
	}
	if got := run(t.Context(), args, &out, t.Output()); got != 0 {
		t.Fatalf("ends with %d", got)
	}
	for _, want := range []string{"| first | first keyframe sent to first part listed |", "| delay | frame sent to part received, p50 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	b, err := os.ReadFile(json)
	if err != nil || strings.Count(string(b), "\n") != 5 {
		t.Errorf("%d figures written down, error %v, want 5", strings.Count(string(b), "\n"), err)
	}
}

func TestPinning(t *testing.T) {
	b := testBench(t)
	if got := b.server(t.Context(), "true", "x").Args; strings.Join(got, " ") != "true x" {
		t.Errorf("unpinned: %v", got)
	}
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		t.Skip("nothing to pin with, or to")
	}
	b.opt.serverCPU = 1
	if got := b.server(t.Context(), "true", "x").Args; strings.Join(got, " ") != "taskset -c 1 true x" {
		t.Errorf("pinned: %v", got)
	}
	b.opt.serverCPU = 1 << 20
	if b.pinnable(b.opt.serverCPU) {
		t.Error("a CPU that is not there can be pinned to")
	}
}
