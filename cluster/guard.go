package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/fsm"
	"shoal/cluster/logstore"
)

// Between two attempts to write to a log for which there is no room.
const (
	firstWait = 100 * time.Millisecond
	lastWait  = time.Second
)

// guardedLog stands between raft and the log; see the package comment.
type guardedLog struct {
	*logstore.Store
	n *Node
	// later says whether raft's values may wait for the next entry.
	later func() bool
}

// broken keeps an error of the log's that is for ever, and gives it back. While raft runs, one that makes it panic ends the
// goroutine instead.
func (g *guardedLog) broken(err error, panics bool) error {
	if err == nil {
		return nil
	}
	if g.n.closing() {
		err = errors.Join(errClosing, err)
	} else {
		g.n.fail(err)
	}
	if panics && g.n.started.Load() {
		runtime.Goexit()
	}
	return err
}

// whenRoom writes, however long there is no room.
func (g *guardedLog) whenRoom(write func() error) error {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		done := g.n.dog.watch("log")
		err := write()
		done()
		if !logstore.IsFull(err) {
			g.n.full(&g.n.logFull, nil)
			return err
		}
		g.n.full(&g.n.logFull, err)
		select {
		case <-time.After(wait):
		case <-g.n.stop:
			return err
		}
	}
}

// StoreLog stores an entry.
func (g *guardedLog) StoreLog(l *raft.Log) error { return g.StoreLogs([]*raft.Log{l}) }

// StoreLogs stores entries. After an error raft gives leadership away, which a node that is alone takes again.
func (g *guardedLog) StoreLogs(logs []*raft.Log) error {
	return g.broken(g.whenRoom(func() error { return g.Store.StoreLogs(logs) }), false)
}

// GetLog reads an entry. That there is none is no error to keep.
func (g *guardedLog) GetLog(index uint64, l *raft.Log) error {
	err := g.Store.GetLog(index, l)
	if errors.Is(err, raft.ErrLogNotFound) {
		return err
	}
	return g.broken(err, true)
}

// DeleteRange deletes entries. It is tried again with the next snapshot.
func (g *guardedLog) DeleteRange(low, high uint64) error {
	defer g.n.dog.watch("log")()
	return g.Store.DeleteRange(low, high)
}

// Set keeps one of raft's values. A node that is alone owes its term and vote to nobody before it has an entry of that term
// on disk, so that they wait for it: a start is one write instead of four.
func (g *guardedLog) Set(key, value []byte) error {
	if g.later() {
		return g.broken(g.Store.Stage(key, value), true)
	}
	return g.broken(g.whenRoom(func() error { return g.Store.Set(key, value) }), true)
}

// SetUint64 keeps one of raft's numbers.
func (g *guardedLog) SetUint64(key []byte, value uint64) error {
	return g.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

// watchedState stands between raft and the state, which guards itself.
type watchedState struct {
	*fsm.Machine
	dog *watchdog
}

// Apply applies an entry.
func (w *watchedState) Apply(l *raft.Log) any { return w.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch applies entries.
func (w *watchedState) ApplyBatch(logs []*raft.Log) []any {
	defer w.dog.watch("state")()
	return w.Machine.ApplyBatch(logs)
}

// Snapshot makes the state durable.
func (w *watchedState) Snapshot() (raft.FSMSnapshot, error) {
	defer w.dog.watch("state")()
	return w.Machine.Snapshot()
}

// startRaft is raft.NewRaft without its panics.
func startRaft(c *raft.Config, f raft.FSM, log *guardedLog, s raft.SnapshotStore, t raft.Transport) (r *raft.Raft, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("start raft: %v", p)
		}
	}()
	if r, err = raft.NewRaft(c, f, log, log, s, t); err != nil {
		return nil, fmt.Errorf("start raft: %w", err)
	}
	return r, nil
}
