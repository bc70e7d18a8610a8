package fsm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"shoal/cluster/state"
)

// Read calls f with one picture of the state. It waits while the database is replaced, and goes on reading while the disk
// is full. A machine that has stopped or is closed gives a state.ErrUnavailable. f must neither read nor propose by way
// of the machine.
func (m *Machine) Read(ctx context.Context, f func(state.Querier) error) error {
	m.open.RLock()
	defer m.open.RUnlock()
	if err := m.usable(); err != nil {
		return refused(err)
	}
	tx, err := m.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	if err := f(tx); err != nil {
		if isCorrupt(err) {
			m.stop(damaged(m.path, err.Error()))
		}
		return err
	}
	return nil
}

// Hash reads all rows and gives the hash of the state, with the index of the last command in it. It is the same on every
// node that has applied the same entries, whatever the processor and the batches. ErrDamaged, and the machine stops, if
// the rows are not those that were written. 100,000 videos take 0.3 s of a core of a server; CheckCommand has the same
// hash for free.
func (m *Machine) Hash(ctx context.Context) (hash string, index uint64, err error) {
	err = m.Read(ctx, func(q state.Querier) error {
		p, err := readPoint(ctx, q)
		if err != nil {
			return explain(m.path, "hash the state", err)
		}
		if err := verify(ctx, q, m.path, p); err != nil {
			return err
		}
		hash, index = p.hash(), p.applied
		return nil
	})
	if err != nil {
		if errors.Is(err, ErrDamaged) {
			m.stop(err)
		}
		return "", 0, err
	}
	return hash, index, nil
}

// CheckCommand gives the command with which the node that leads lets the others compare their states with its own. It
// costs nothing, since the sum of the rows is always at hand; a node compares if the command comes within 1,024 entries,
// and it has not started in between. Nodes of different versions of SQLite may write the text of a changed table
// differently, which is a difference too: the cluster raises its schemas when all nodes have one version.
func (m *Machine) CheckCommand(context.Context) (state.Command, error) {
	if err := m.usable(); err != nil {
		return nil, refused(err)
	}
	now := m.now.Load()
	return Check{now.applied, now.hash()}, nil
}
