package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// Ready waits until the node leads, all of its log is in the state, and the schemas are those of the program. Before, the
// state may be read as it is, and proposals are refused. It fails when the context ends or the node breaks.
func (n *Node) Ready(ctx context.Context) error {
	for {
		err := n.leading(ctx)
		if err == nil {
			err = n.caughtUp(ctx)
		}
		if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipLost) {
			continue
		}
		if err == nil {
			err = n.Err()
		}
		if err != nil {
			return fmt.Errorf("wait for the cluster: %w", err)
		}
		break
	}
	for _, c := range n.machine.SchemaBehind() {
		if _, err := n.Propose(ctx, c); err != nil {
			return fmt.Errorf("bring the state to this version of the program: %w", err)
		}
	}
	s := n.Status()
	n.log.Info("the state is ready", "node", s.ID, "leader", s.Leader, "term", s.Term, "index", s.LastLog)
	return nil
}

// caughtUp waits until all that is in the log is in the state. Mostly it is, and waiting would be a write.
func (n *Node) caughtUp(ctx context.Context) error {
	first, err := n.store.FirstIndex()
	if err != nil {
		return err
	}
	last, err := n.store.LastIndex()
	if err != nil {
		return err
	}
	for i := last; i > n.machine.Applied() && i >= first && i > 0; i-- {
		var l raft.Log
		if err := n.store.GetLog(i, &l); err != nil {
			return err
		}
		if l.Type == raft.LogCommand {
			return n.await(ctx, n.raft.Barrier)
		}
	}
	return nil
}

// leading waits until the node leads.
func (n *Node) leading(ctx context.Context) error {
	changed := make(chan raft.Observation, 1)
	o := raft.NewObserver(changed, false, func(o *raft.Observation) bool {
		_, ok := o.Data.(raft.RaftState)
		return ok
	})
	n.raft.RegisterObserver(o)
	defer n.raft.DeregisterObserver(o)
	for n.raft.State() != raft.Leader {
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), n.room())
		case <-n.broken:
			return n.Err()
		case <-n.stop:
			return errClosing
		}
	}
	return nil
}

// await waits for something that raft does.
func (n *Node) await(ctx context.Context, ask func(time.Duration) raft.Future) error {
	done := make(chan error, 1)
	if !n.begin(func() { done <- ask(patience).Error() }) {
		return errClosing
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.Join(ctx.Err(), n.room())
	case <-n.broken:
		return n.Err()
	}
}
