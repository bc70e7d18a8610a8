package node_test

import (
	"context"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shoal/internal/testkit/node"
)

func TestMain(m *testing.M) { os.Exit(node.Main(m)) }

func TestNode(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("life", life)
}

func life(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := node.Start(t, node.Options{Lives: []string{"one"}, Args: []string{"--broadcast.grace", "5s"}})
	t.Logf("listening after %v", n.Listening)
	if status, body, err := n.Get(ctx, n.URL("/readyz")); err != nil || status != http.StatusOK {
		t.Errorf("/readyz: %d %s %v", status, body, err)
	}
	if err := n.AwaitState(ctx, "one", node.Waiting); err != nil {
		t.Error(err)
	}
	if l, err := n.Live(ctx, "one"); err != nil || l.UUID != n.ID("one") {
		t.Errorf("live %+v, %v; want the UUID %s", l, err, n.ID("one"))
	}
	if _, err := n.AwaitLog(ctx, "listening", n.RTMP); err != nil {
		t.Error(err)
	}
	if v, err := n.Metric(ctx, "shoal_ingest_departures_total", "departure", "lost"); err != nil || v != 0 {
		t.Errorf("departures %v, %v; want none", v, err)
	}
	if v, err := n.Metric(ctx, "go_goroutines"); err != nil || v < 1 {
		t.Errorf("goroutines %v, %v", v, err)
	}
	memory, err := n.Memory()
	if err != nil || memory < 1<<20 || memory > 1<<30 {
		t.Errorf("memory %d, %v", memory, err)
	}
	if cpu, err := n.CPU(); err != nil || cpu < 0 || cpu > time.Minute {
		t.Errorf("processor time %v, %v", cpu, err)
	}
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if err := n.AwaitState(short, "one", node.OnAir); err == nil {
		t.Error("a live without an encoder is on air")
	}
	if _, err := n.AwaitFile(short, "one", "master.m3u8"); err == nil {
		t.Error("a live without an encoder has a playlist")
	}
	n.Signal(syscall.SIGCONT) // which does nothing to a running process
	data := n.Data
	n.Stop()

	// The folder can be taken over by another node, also after the worst end.
	n = node.Start(t, node.Options{Lives: []string{"one"}, Data: data})
	n.Kill()
	node.Start(t, node.Options{Data: data})
}
