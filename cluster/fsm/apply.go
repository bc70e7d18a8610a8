package fsm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// Between two attempts to write a batch for which there is no room.
const (
	firstWait = 100 * time.Millisecond
	lastWait  = time.Second
)

// Result is what Apply and ApplyBatch give raft for each entry.
type Result struct {
	Value any
	// Err is a *state.Refusal if the command does not hold, and a state.ErrUnknownOutcome if the machine did not apply it:
	// the log has it still, and a later start may apply it.
	Err error
}

// entry is a log entry on its way into the state.
type entry struct {
	position int // among the results
	index    uint64
	command  state.Command
	time     time.Time // the proposer's
	err      error     // why it cannot be read
}

// errReplayed is the result of entries that were applied before.
var errReplayed = errors.New("the entry is in the state already")

// Apply applies one entry; see ApplyBatch.
func (m *Machine) Apply(l *raft.Log) any { return m.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch applies entries in one transaction and gives a Result for each. It waits while the disk has no room. An entry
// that stops the machine stops it after those before it were applied.
func (m *Machine) ApplyBatch(logs []*raft.Log) []any {
	m.work.Lock()
	defer m.work.Unlock()
	results := make([]any, len(logs))
	entries := m.read(logs, results)
	if len(entries) == 0 {
		return results
	}
	err := m.usable()
	if err == nil {
		err = m.persist(entries, results)
	}
	if err != nil {
		for _, e := range entries {
			if e.index > m.Applied() {
				results[e.position] = Result{Err: lost(err)}
			}
		}
	}
	return results
}

// read decodes the entries that are not in the state yet, and fills in the results of the others.
func (m *Machine) read(logs []*raft.Log, results []any) []entry {
	entries := make([]entry, 0, len(logs))
	for i, l := range logs {
		switch {
		case l.Type != raft.LogCommand:
			results[i] = Result{}
			continue
		case l.Index <= m.Applied():
			results[i] = Result{Err: lost(errReplayed)}
			continue
		}
		e := entry{position: i, index: l.Index}
		e.command, e.time, e.err = m.reg.Decode(l.Data)
		entries = append(entries, e)
	}
	return entries
}

// persist writes entries, however long there is no room for them. An error means that the machine has stopped or is
// closed.
func (m *Machine) persist(entries []entry, results []any) error {
	full := false
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := m.attempt(entries, results)
		if err != nil && passes(err, m.path) {
			if !full {
				full = true
				m.log.Warn("changes wait: the state cannot be written", "err", err)
				m.full(err)
			}
			select {
			case <-time.After(wait):
				continue
			case <-m.closing:
				return ErrClosed
			}
		}
		if full {
			m.log.Info("changes go on: the state can be written")
			m.full(nil)
		}
		if isCorrupt(err) {
			err = damaged(m.path, err.Error())
		}
		if err != nil {
			m.stop(err)
		}
		return err
	}
}

// attempt applies entries in a transaction: all of them, or those before the one that stops the machine. An error that
// passes has left everything as it was.
func (m *Machine) attempt(entries []entry, results []any) error {
	b := &batch{m: m, w: m.w, standing: *m.now.Load()}
	err := b.run(entries, results)
	if err == nil {
		m.now.Store(&b.standing)
		for _, p := range b.points {
			m.recent.add(p)
		}
		return b.stopped
	}
	if b.committing {
		// Whether a commit that failed took place, only the database knows.
		now, e := m.load()
		if e != nil {
			return fmt.Errorf("%v; read the state after it: %v", err, e) // neither is a reason to try again
		}
		if now.applied == b.applied {
			m.now.Store(now)
			return b.stopped
		}
	}
	m.w.layout, m.w.sum, m.w.err = b.layout, m.now.Load().sum, nil
	return err
}

// batch is a transaction in the making.
type batch struct {
	m  *Machine
	w  *writer
	tx *sql.Tx

	layout layout // as it was before
	standing
	points     []point // after each entry
	stopped    error   // by the entry after the last point
	committing bool
}

// run applies and commits.
func (b *batch) run(entries []entry, results []any) (err error) {
	b.layout = b.w.layout
	if b.tx, err = b.w.conn.BeginTx(context.Background(), nil); err != nil {
		return fmt.Errorf("begin a batch: %w", err)
	}
	defer b.tx.Rollback() //nolint:errcheck // it has been committed, or the error is on its way
	for _, e := range entries {
		var r Result
		if r, err = b.one(e); err != nil {
			return err
		}
		if b.stopped != nil {
			break
		}
		results[e.position] = r
		b.points = append(b.points, b.point)
	}
	if len(b.points) == 0 {
		return nil
	}
	if _, err := b.tx.Exec(`UPDATE meta SET applied = ?, time = ?, sum = ?, seal = ?`, int64(b.applied), b.time, b.sum.bytes(), b.seal()); err != nil {
		return fmt.Errorf("write the index of a batch: %w", err)
	}
	b.committing = true
	if err := b.tx.Commit(); err != nil {
		return fmt.Errorf("commit a batch: %w", err)
	}
	return nil
}

// one applies an entry. An error ends the transaction; an entry that stops the machine is undone and sets stopped.
func (b *batch) one(e entry) (Result, error) {
	if e.err != nil {
		b.stopped = fmt.Errorf("entry %d of the log: %w", e.index, e.err)
		return Result{}, nil
	}
	if _, err := b.tx.Exec(`SAVEPOINT command`); err != nil {
		return Result{}, fmt.Errorf("begin entry %d: %w", e.index, err)
	}
	layout, versions := b.w.layout, b.versions
	next := point{applied: e.index, time: max(b.time+1, e.time.UnixMilli())}
	value, err := b.execute(e, next)
	if b.w.err != nil && err == nil {
		err = b.w.err
	}
	if err != nil && isStorage(err) {
		return Result{}, fmt.Errorf("apply entry %d, %s: %w", e.index, e.command.Kind(), err)
	}

	refusal, isRefusal := errors.AsType[*state.Refusal](err)
	if err != nil && !isRefusal && isConstraint(err) {
		refusal, isRefusal = &state.Refusal{Code: "constraint", Text: "This change does not go with what is there. Load the page again and look."}, true
	}
	if err == nil {
		next.sum = b.w.sum
	} else {
		if _, err := b.tx.Exec(`ROLLBACK TO command`); err != nil {
			return Result{}, fmt.Errorf("undo entry %d: %w", e.index, err)
		}
		next.sum = b.sum
		b.w.sum, b.w.layout, b.w.err, b.versions = b.sum, layout, nil, versions
	}
	if _, err := b.tx.Exec(`RELEASE command`); err != nil {
		return Result{}, fmt.Errorf("end entry %d: %w", e.index, err)
	}
	switch {
	case err == nil:
		b.point = next
		return Result{Value: value}, nil
	case isRefusal:
		b.point = next
		return Result{Err: refusal}, nil
	default:
		b.stopped = fmt.Errorf("entry %d of the log, %s: %w", e.index, e.command.Kind(), err)
		return Result{}, nil
	}
}

// execute lets a command make its change.
func (b *batch) execute(e entry, at point) (value any, err error) {
	defer func() {
		b.w.rights = anything
		if r := recover(); r != nil {
			b.m.log.Error("a command panicked", "kind", e.command.Kind(), "panic", r, "stack", string(debug.Stack()))
			value, err = nil, fmt.Errorf("it panicked: %v", r)
		}
	}()
	switch c := e.command.(type) {
	case *Raise:
		return b.raise(*c)
	case *Check:
		return b.check(*c)
	}
	b.w.rights = commandRights
	return e.command.Apply(state.NewTx(b.tx, e.index, time.UnixMilli(at.time).UTC()))
}
