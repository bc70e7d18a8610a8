package state

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Command is a change of the state: a struct that goes through JSON, with exported fields only.
type Command interface {
	// Kind names the command for ever: "<package>.<noun>.<verb>/<version>", such as "catalog.video.create/1".
	Kind() string
	// Apply makes the change. The result goes to whoever proposed the command; see the package comment for the rules.
	Apply(*Tx) (any, error)
}

// Refusal says that a command does not hold: what it would change is gone, a name is taken, a limit is reached. It is a
// result of the command, not a fault.
type Refusal struct {
	Code string // for programs: "name_taken"
	Text string // for people, safe to show, says what to do
}

// Error is the text.
func (r *Refusal) Error() string { return r.Text }

// Is makes two refusals of one code the same to errors.Is, wherever they were made.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Code == r.Code
}

// Tx is the transaction in which one command is applied.
type Tx struct {
	tx    *sql.Tx
	index uint64
	now   time.Time
}

// NewTx is for the machine that applies commands: index is the command's in the log, now the cluster's time.
func NewTx(tx *sql.Tx, index uint64, now time.Time) *Tx { return &Tx{tx, index, now} }

// Index is the command's index in the log: it grows from command to command.
func (t *Tx) Index() uint64 { return t.index }

// Now is the cluster's time, in UTC and whole milliseconds: the proposer's clock, but never less than a millisecond
// after the command before.
func (t *Tx) Now() time.Time { return t.now }

// Exec runs a statement and says how many rows it changed.
func (t *Tx) Exec(query string, args ...any) (rows int64, err error) {
	r, err := t.tx.Exec(query, args...)
	if err != nil {
		return 0, fmt.Errorf("change the state: %w", err)
	}
	if rows, err = r.RowsAffected(); err != nil {
		return 0, fmt.Errorf("change the state: %w", err)
	}
	return rows, nil
}

// Query runs a SELECT; the caller closes the rows.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) { return t.tx.Query(query, args...) }

// QueryRow runs a SELECT of one row.
func (t *Tx) QueryRow(query string, args ...any) *sql.Row { return t.tx.QueryRow(query, args...) }

// QueryContext makes a Tx a Querier, so that commands can share queries with readers. The context plays no part: a
// command is applied to its end.
func (t *Tx) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.Query(query, args...)
}

// QueryRowContext is QueryContext for one row.
func (t *Tx) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRow(query, args...)
}

// NextID gives the next number, from 1, of a series. A number is never given twice, even if what it named is gone.
func (t *Tx) NextID(series string) (int64, error) {
	var id int64
	err := t.tx.QueryRow(`INSERT INTO counter (series, last) VALUES (?, 1)
		ON CONFLICT (series) DO UPDATE SET last = last + 1 RETURNING last`, series).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", series, err)
	}
	return id, nil
}

// CounterTable is the table behind NextID; whoever makes a database for Tx makes it first.
const CounterTable = `CREATE TABLE counter (series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID`
