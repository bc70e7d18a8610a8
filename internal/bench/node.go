package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"shoal/internal/bench/proc"
)

// build builds the node as it is shipped and returns the binary's path.
func build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "shoal")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "./cmd/shoal")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ./cmd/shoal (run the benchmark in the root of the repository): %w\n%s", err, out)
	}
	return bin, nil
}

// node is a running node.
type node struct {
	pid     int
	http    string        // host:port
	rtmp    string        // host:port
	startup time.Duration // from exec to listening
	lives   []live

	dir    string
	log    string // file
	cancel context.CancelFunc
	done   chan struct{} // closed when the process has ended
	err    error         // of the process; read it after done
}

// live is one that a node's configuration declares.
type live struct{ name, id string }

func (n *node) publishURL(l live) string { return "rtmp://" + n.rtmp + "/live/" + key(l) }

func (l live) playlist() string { return "/static/streaming-playlists/hls/" + l.id + "/master.m3u8" }

func key(l live) string { return "bench-stream-key-" + l.name }

// patience is how long a node may take to come up, or to go.
const patience = 20 * time.Second

// launch starts a node with a number of lives declared, and waits until it listens.
func (b *bench) launch(ctx context.Context, lives int) (*node, error) {
	return b.launchOn(ctx, lives, func(string) error { return nil })
}

// launchOn is launch on a data folder that was prepared.
func (b *bench) launchOn(ctx context.Context, lives int, prepare func(data string) error) (*node, error) {
	dir, err := os.MkdirTemp(b.dir, "node-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a node: %w", err)
	}
	n := &node{dir: dir, log: filepath.Join(dir, "log"), done: make(chan struct{})}
	var config strings.Builder
	config.WriteString("lives:\n")
	for i := range lives {
		l := live{fmt.Sprintf("bench-%d", i), uuid.NewString()}
		n.lives = append(n.lives, l)
		fmt.Fprintf(&config, "  - {name: %s, key: %s, uuid: %s}\n", l.name, key(l), l.id)
	}
	file := filepath.Join(dir, "shoal.yaml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		return nil, fmt.Errorf("write a node's configuration: %w", err)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, fmt.Errorf("make a node's data folder: %w", err)
	}
	if err := prepare(data); err != nil {
		return nil, fmt.Errorf("prepare a node: %w", err)
	}
	ctx, n.cancel = context.WithCancel(ctx)
	cmd := b.server(ctx, b.bin, "serve", "--data", data, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--config", file)
	cmd.Env = append(os.Environ(), "SHOAL_ROOT_PASSWORD="+rootPassword)
	if err := n.exec(cmd, b); err != nil {
		n.cancel()
		return nil, err
	}
	began := time.Now()
	if err := n.listening(ctx, filepath.Join(data, "addresses.json"), began); err != nil {
		return nil, errors.Join(err, n.stop(), n.logs())
	}
	n.startup = time.Since(began)
	return n, nil
}

// exec starts the process, and a goroutine that waits for it until stop.
func (n *node) exec(cmd *exec.Cmd, b *bench) error {
	log, err := os.Create(n.log)
	if err != nil {
		return fmt.Errorf("write a node's log: %w", err)
	}
	defer log.Close() //nolint:errcheck // the process has its own descriptor
	cmd.Stdout, cmd.Stderr = log, log
	if b.opt.logs {
		cmd.Stdout, cmd.Stderr = b.errOut, b.errOut
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	n.pid = cmd.Process.Pid
	go func() {
		defer close(n.done)
		n.err = cmd.Wait()
	}()
	return nil
}

// listening waits until the node has told its addresses and takes connections.
func (n *node) listening(ctx context.Context, file string, began time.Time) error {
	var at struct{ HTTP, RTMP string }
	for {
		if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &at) == nil && dial(at.HTTP) && dial(at.RTMP) {
			n.http, n.rtmp = at.HTTP, at.RTMP
			return nil
		}
		select {
		case <-n.done:
			return fmt.Errorf("the node ended: %w", n.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if time.Since(began) > patience {
			return fmt.Errorf("the node does not listen after %v", patience)
		}
	}
}

func dial(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// stop ends the node, by a kill if it does not go within its patience, and removes its folder. It may be called again.
func (n *node) stop() error {
	n.cancel()
	<-n.done
	_ = os.RemoveAll(filepath.Join(n.dir, "data"))
	var exit *exec.ExitError
	if errors.As(n.err, &exit) && exit.ExitCode() != 0 {
		return fmt.Errorf("the node did not end well: %w", n.err)
	}
	return nil
}

// logs is the end of the node's log as an error, so that it stands beside what went wrong.
func (n *node) logs() error {
	const most = 4 << 10
	b, err := os.ReadFile(n.log)
	if err != nil {
		return fmt.Errorf("read the node's log: %w", err)
	}
	return fmt.Errorf("the node's log ends with:\n%s", b[max(0, len(b)-most):])
}

// memoryMB is the node's anonymous memory and all of its resident memory in MB.
func (n *node) memoryMB() (anon, rss float64, err error) {
	m, err := proc.ReadMemory(n.pid)
	return mb(m.Anon), mb(m.RSS), err
}

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

// with runs f with a fresh node and ends the node.
func (b *bench) with(ctx context.Context, lives int, f func(*node) error) (err error) {
	n, err := b.launch(ctx, lives)
	if err != nil {
		return err
	}
	defer func() {
		stopped := n.stop()
		if err == nil {
			err = stopped
		} else if ctx.Err() == nil {
			err = errors.Join(err, n.logs())
		}
	}()
	return f(n)
}
