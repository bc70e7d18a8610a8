package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"shoal/internal/config"
	"shoal/internal/listen"
)

const (
	// startLimit bounds the start of a node; the promise (300 ms) is held by a benchmark, not by every test.
	startLimit = 30 * time.Second
	// stopLimit bounds its end: three parts stop one after the other, each in at most 5 s.
	stopLimit = 20 * time.Second
)

// Options say how a node is run. The zero value is a node without lives.
type Options struct {
	Lives  []string // names of lives; Key and ID give what belongs to them
	Replay bool     // whether their broadcasts leave replays
	Args   []string // more flags of "shoal serve"
	Data   string   // folder, to start a node on what another one left; a scratch folder if empty
}

// Node is one running "shoal serve".
type Node struct {
	HTTP, RTMP string // host:port
	Data       string
	Listening  time.Duration // from the start of the process to the addresses' being written

	tb    testing.TB
	cmd   *exec.Cmd
	log   *log
	http  *http.Client
	lives map[string]config.Live
	ended chan struct{} // closed when the process has ended
	err   error         // how; read it after ended is closed
	over  bool          // Stop or Kill has dealt with the end
}

// Start runs a node until the test ends, and waits until it listens.
func Start(tb testing.TB, o Options) *Node {
	tb.Helper()
	n := &Node{
		tb: tb, Data: o.Data, log: newLog(), lives: map[string]config.Live{}, ended: make(chan struct{}),
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
	}
	if n.Data == "" {
		n.Data = tb.TempDir()
	}
	args := []string{"serve", "--data", n.Data, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--config", n.configure(o.Lives, o.Replay)}
	n.cmd = exec.Command(Binary(tb), append(args, o.Args...)...)
	// Variables of the shell that the tests run in would be settings of the node.
	n.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SHOAL_") })
	n.cmd.Env = append(n.cmd.Env, "SHOAL_ROOT_PASSWORD="+RootPassword)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	// What a killed node has left would pass for the new one's.
	if err := listen.RemoveAddresses(n.Data); err != nil {
		tb.Fatal(err)
	}
	began := time.Now()
	if err := n.cmd.Start(); err != nil {
		tb.Fatalf("start a node: %v", err)
	}
	go func() {
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	tb.Cleanup(n.finish)
	at := n.awaitAddresses(began)
	n.HTTP, n.RTMP = at["http"], at["rtmp"]
	return n
}

// configure writes a configuration with the lives.
func (n *Node) configure(names []string, replay bool) string {
	n.tb.Helper()
	var text strings.Builder
	if len(names) > 0 {
		text.WriteString("lives:\n")
	}
	for _, name := range names {
		l := config.Live{Name: name, Key: config.Secret("the-secret-of-" + name)}
		n.lives[name] = l
		fmt.Fprintf(&text, "  - {name: %s, key: %s, replay: %v}\n", l.Name, string(l.Key), replay)
	}
	path := filepath.Join(n.tb.TempDir(), "shoal.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		n.tb.Fatalf("write the node's configuration: %v", err)
	}
	return path
}

func (n *Node) awaitAddresses(began time.Time) map[string]string {
	n.tb.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	late := time.After(startLimit)
	for {
		if text, err := os.ReadFile(filepath.Join(n.Data, listen.AddressesFile)); err == nil {
			n.Listening = time.Since(began)
			var at map[string]string
			if err := json.Unmarshal(text, &at); err != nil {
				n.tb.Fatalf("%s: %v", listen.AddressesFile, err)
			}
			return at
		}
		select {
		case <-look.C:
		case <-n.ended:
			n.tb.Fatalf("the node ended when it should start: %v\n%s", n.err, n.log)
		case <-late:
			n.tb.Fatalf("the node did not listen within %v\n%s", startLimit, n.log)
		}
	}
}

// Signal sends a signal to the node's process.
func (n *Node) Signal(s os.Signal) {
	n.tb.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.tb.Fatalf("signal the node: %v", err)
	}
}

// Stop ends the node by SIGTERM, as an operator does, and holds that it goes in order: within the limit, with status 0,
// without leaving its addresses behind. It returns how long that took.
func (n *Node) Stop() time.Duration {
	n.tb.Helper()
	n.over = true
	began := time.Now()
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // one that has ended already fails below
	select {
	case <-n.ended:
	case <-time.After(stopLimit):
		_ = n.cmd.Process.Signal(syscall.SIGQUIT) // its stacks say what it waits for
		<-n.ended
		n.tb.Fatalf("the node did not end within %v of SIGTERM\n%s", stopLimit, n.log)
	}
	took := time.Since(began)
	if n.err != nil {
		n.tb.Errorf("the node ended with %v\n%s", n.err, n.log)
	}
	if _, err := os.Stat(filepath.Join(n.Data, listen.AddressesFile)); !os.IsNotExist(err) {
		n.tb.Errorf("%s is still there after the node has ended", listen.AddressesFile)
	}
	n.noPanics()
	return took
}

// Kill ends the node by SIGKILL, as a pulled plug does.
func (n *Node) Kill() {
	n.over = true
	_ = n.cmd.Process.Kill()
	<-n.ended
}

// finish ends what a test has left running.
func (n *Node) finish() {
	n.tb.Helper()
	defer n.http.CloseIdleConnections()
	if n.over {
		return
	}
	n.Stop()
}

// noPanics holds that nothing went wrong inside that a recover has hidden. A race is one such thing.
func (n *Node) noPanics() {
	n.tb.Helper()
	text := n.log.String()
	for _, sign := range []string{"panic", "DATA RACE", "fatal error"} {
		if strings.Contains(text, sign) {
			n.tb.Errorf("the node's log speaks of a %s\n%s", sign, text)
			return
		}
	}
}

// URL is a path of the node as an address.
func (n *Node) URL(path string) string { return "http://" + n.HTTP + path }

// Publish is where an encoder of a live sends to.
func (n *Node) Publish(name string) string { return n.Server() + "/" + n.Key(name) }

// Server is Publish without the key, as encoders ask for it.
func (n *Node) Server() string { return "rtmp://" + n.RTMP + "/live" }

// Key is the stream key of a live.
func (n *Node) Key(name string) string { return string(n.live(name).Key) }

// ID is the UUID of a live.
func (n *Node) ID(name string) string { return string(n.live(name).ID()) }

func (n *Node) live(name string) config.Live {
	n.tb.Helper()
	l, ok := n.lives[name]
	if !ok {
		n.tb.Fatalf("the node has no live %q", name)
	}
	return l
}

// HLS is the address of a file of a live: "master.m3u8", "main.m3u8", ...
func (n *Node) HLS(name, file string) string {
	return n.URL("/static/streaming-playlists/hls/" + n.ID(name) + "/" + file)
}

// AwaitFile waits until a file of a live can be had, and returns it.
func (n *Node) AwaitFile(ctx context.Context, name, file string) ([]byte, error) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		status, body, err := n.Get(ctx, n.HLS(name, file))
		if err == nil && status == http.StatusOK {
			return body, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s of %s (status %d): %w", file, name, status, ctx.Err())
		case <-n.ended:
			return nil, fmt.Errorf("wait for %s of %s: the node has ended: %w", file, name, n.err)
		}
	}
}
