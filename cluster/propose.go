package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sys/unix"

	"shoal/cluster/fsm"
	"shoal/cluster/state"
)

const (
	// patience is how long a proposal waits at most, whatever its context says: a disk that stalls must not collect callers
	// without end.
	patience = 10 * time.Second
	// largest is how many bytes a command may have in the log. Batches of rows about other people's videos have some 100 KB.
	largest = 4 << 20
)

// Causes of a state.ErrUnavailable.
var (
	// ErrDiskFull says that there is less room than Config.Reserve.
	ErrDiskFull = errors.New("the disk is full")

	errClosing  = errors.New("the node is stopping")
	errNoLeader = errors.New("the cluster has no leader yet")
)

// unavailable says that a command was surely not applied.
func unavailable(cause error) error { return fmt.Errorf("%w: %w", state.ErrUnavailable, cause) }

// unknown says that nobody knows.
func unknown(cause error) error { return fmt.Errorf("%w: %w", state.ErrUnknownOutcome, cause) }

// Propose implements state.Proposer. It waits ten seconds at most. A command larger than 4 MiB, or one that is not
// registered, is an error that is none of state's.
func (n *Node) Propose(ctx context.Context, c state.Command) (any, error) {
	start := time.Now()
	v, err := n.propose(ctx, c)
	n.meters.proposals.WithLabelValues(result(err)).Inc()
	if err == nil {
		n.meters.propose.Observe(time.Since(start).Seconds())
	}
	return v, err
}

// outcome is what raft has to say to a proposal.
type outcome struct {
	result any
	err    error
}

func (n *Node) propose(ctx context.Context, c state.Command) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := n.reg.Encode(c, time.Now())
	if err != nil {
		return nil, err
	}
	if len(data) > largest {
		return nil, fmt.Errorf("propose %s: it has %d bytes, at most %d are allowed", c.Kind(), len(data), largest)
	}
	if err := n.Err(); err != nil {
		return nil, unavailable(err)
	}
	if err := n.room(); err != nil {
		return nil, unavailable(err)
	}
	if n.raft.State() != raft.Leader {
		return nil, unavailable(errNoLeader)
	}
	done := make(chan outcome, 1)
	if !n.begin(func() {
		f := n.raft.Apply(data, patience)
		err := f.Error()
		done <- outcome{f.Response(), err}
	}) {
		return nil, unavailable(errClosing)
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case o := <-done:
		return o.value()
	case <-ctx.Done():
		return nil, unknown(ctx.Err())
	case <-n.broken:
		return nil, unknown(n.Err())
	case <-t.C:
		if err := n.room(); err != nil {
			return nil, unknown(err)
		}
		return nil, unknown(errors.New("the disk does not answer"))
	}
}

// value gives the command's result.
func (o outcome) value() (any, error) {
	switch {
	case errors.Is(o.err, raft.ErrNotLeader), errors.Is(o.err, raft.ErrEnqueueTimeout), errors.Is(o.err, raft.ErrLeadershipTransferInProgress):
		return nil, unavailable(o.err)
	case o.err != nil:
		return nil, unknown(o.err)
	}
	r, ok := o.result.(fsm.Result)
	if !ok {
		return nil, unknown(fmt.Errorf("the state answered with %T", o.result))
	}
	return r.Value, r.Err
}

// room is nil, or an ErrDiskFull.
func (n *Node) room() error {
	if n.logFull.Load() || n.stateFull.Load() {
		return fmt.Errorf("%w: free some room on the disk of %s", ErrDiskFull, n.folder)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(n.folder, &s); err != nil {
		return fmt.Errorf("look at the disk of %s: %w", n.folder, err)
	}
	if free := int64(s.Bavail) * int64(s.Bsize); free < n.reserve {
		return fmt.Errorf("%w: %d MiB are free on the disk of %s, and %d must be. Free some room", ErrDiskFull, free>>20, n.folder, (n.reserve+1<<20-1)>>20)
	}
	return nil
}
