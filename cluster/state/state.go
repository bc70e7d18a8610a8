package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Errors of Propose, beside a *Refusal and the context's own.
var (
	// ErrUnavailable says that the command was surely not applied, and will not be: no leader, no room on the disk, or the
	// node is stopping. It may be proposed again.
	ErrUnavailable = errors.New("the node cannot take changes now")
	// ErrUnknownOutcome says that the command may have been applied, or may be later.
	ErrUnknownOutcome = errors.New("it is not known whether the change was made")
)

// Proposer brings commands into the log. cluster.Node is one. Safe for concurrent use.
type Proposer interface {
	// Propose returns the command's result when it is on disk and applied, on a majority of the nodes. A context that
	// ends while the command is on its way gives ErrUnknownOutcome.
	Propose(context.Context, Command) (any, error)
}

// Do proposes a command whose result is an R.
func Do[R any](ctx context.Context, p Proposer, c Command) (R, error) {
	var none R
	v, err := p.Propose(ctx, c)
	if err != nil {
		return none, err
	}
	r, ok := v.(R)
	if !ok {
		return none, fmt.Errorf("%s gave %T, not %T", c.Kind(), v, none)
	}
	return r, nil
}

// Querier runs SELECTs: a reader's picture, or a Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Reader reads the state as this node has it. Safe for concurrent use.
type Reader interface {
	// Read calls f with one picture of the state: all that f reads belongs to the same moment. The Querier is good until
	// f returns. f must not propose.
	Read(ctx context.Context, f func(Querier) error) error
	// Index is the index of the last command that a Read that begins now can see. It is cheap: what was read stays right
	// for as long as Index stays the same.
	Index() uint64
}
