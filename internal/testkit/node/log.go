package node

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// log keeps what a node says. Safe for concurrent use.
type log struct {
	mu    sync.Mutex
	text  []byte
	grown chan struct{} // closed and replaced when text grows
}

func newLog() *log { return &log{grown: make(chan struct{})} }

// Write implements io.Writer for the process's output.
func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	close(l.grown)
	l.grown = make(chan struct{})
	return len(b), nil
}

// String is all that was said.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

func (l *log) state() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text), l.grown
}

// Log is all that the node has said so far.
func (n *Node) Log() string { return n.log.String() }

// AwaitLog waits until the node has said a line that has all of the words, and returns it.
func (n *Node) AwaitLog(ctx context.Context, words ...string) (string, error) {
	for {
		text, grown := n.log.state()
		for line := range strings.Lines(text) {
			if all(line, words) {
				return line, nil
			}
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return "", fmt.Errorf("the node's log never has %q: %w\n%s", words, ctx.Err(), text)
		}
	}
}

func all(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}
