package cluster

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/logstore"
)

// start starts raft on the files.
func (n *Node) start(tune func(*raft.Config)) error {
	s := snapshots{n.store}
	if err := n.agree(s); err != nil {
		return err
	}
	log := &guardedLog{Store: n.store, n: n, later: func() bool { return n.started.Load() && n.alone() }}
	address, transport := raft.NewInmemTransport(raft.ServerAddress(n.id))
	transport.Connect(address, transport)
	c := n.raftConfig()
	tune(c)
	if err := n.bootstrap(c, log, s, transport); err != nil {
		return err
	}
	var err error
	if n.raft, err = startRaft(c, &watchedState{n.machine, n.dog}, log, s, transport); err != nil {
		return err
	}
	n.started.Store(true)
	if !slices.ContainsFunc(n.servers(), func(s raft.Server) bool { return string(s.ID) == n.id }) {
		return errors.Join(fmt.Errorf("the log in %s is not that of the node %s: node.json belongs to another one. Put back a backup of the whole folder",
			n.folder, n.id), n.raft.Shutdown().Error())
	}
	if n.alone() {
		campaign(transport, raft.ServerID(n.id))
	}
	return nil
}

// servers lists the cluster's nodes, as raft knows them.
func (n *Node) servers() []raft.Server {
	f := n.raft.GetConfiguration()
	if f.Error() != nil {
		return nil
	}
	return f.Configuration().Servers
}

// alone says whether the node is the only one.
func (n *Node) alone() bool { return len(n.servers()) == 1 }

// raftConfig gives raft's settings. Timeouts matter among several nodes only: one that is alone does not wait for them (see
// campaign), and wakes up as often as its lease ends. RestoreCommittedLogs stays off: raft 1.8.0 then starts to look for its
// configuration behind the entries that it restores, and does not find it, so that the node never leads again; and it puts
// them into a queue of 8,192 that nobody empties yet.
func (n *Node) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.id)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = time.Second, time.Second, time.Second
	c.BatchApplyCh = true
	c.TrailingLogs, c.SnapshotThreshold, c.SnapshotInterval = 4096, 1024, time.Minute
	c.NoSnapshotRestoreOnStart = true // agree has done it
	c.NoLegacyTelemetry = true
	c.Logger = raftLogger(n.log)
	return c
}

// agree sees to it that log, snapshot and state belong together.
func (n *Node) agree(s snapshots) error {
	k, err := s.last()
	if err != nil {
		return err
	}
	var snapshot uint64
	if k != nil {
		snapshot = k.Meta.Index
		_, reference, err := s.Open(k.Meta.ID)
		if err != nil {
			return err
		}
		if err := n.machine.Restore(reference); err != nil {
			return err
		}
	}
	first, err1 := n.store.FirstIndex()
	last, err2 := n.store.LastIndex()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	switch applied := n.machine.Applied(); {
	case applied > max(last, snapshot), last != 0 && last < snapshot:
		return fmt.Errorf("%w: %s has lost its end: it goes up to %d, but the state holds the changes up to %d, and the snapshot those up to %d. "+
			"Nothing was changed. Put back a backup of the whole folder", logstore.ErrDamaged, filepath.Join(n.folder, "log.db"), last, applied, snapshot)
	case first > snapshot+1:
		return fmt.Errorf("%w: %s begins with the entry %d, and the changes before it are nowhere. Nothing was changed. Put back a backup of the whole folder",
			logstore.ErrDamaged, filepath.Join(n.folder, "log.db"), first)
	}
	return nil
}

// bootstrap makes a new log the beginning of a cluster of one.
func (n *Node) bootstrap(c *raft.Config, log *guardedLog, s snapshots, t raft.Transport) error {
	alone := raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(n.id), Address: raft.ServerAddress(n.id)}}}
	err := raft.BootstrapCluster(c, log, log, s, t, alone)
	if errors.Is(err, raft.ErrCantBootstrap) {
		err = nil
		last, lastErr := log.LastIndex()
		snapshots, listErr := s.List()
		if err := errors.Join(lastErr, listErr); err != nil {
			return err
		}
		// Raft keeps the term first: the process may have ended before it wrote the entry.
		if last == 0 && len(snapshots) == 0 {
			err = log.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(alone)})
		}
	}
	if err != nil {
		return fmt.Errorf("begin a cluster: %w", err)
	}
	return nil
}

// campaign lets a node that has the only vote elect itself at once, as if its leader had told it to take over.
func campaign(t raft.Transport, id raft.ServerID) {
	// It may come too late, when raft has begun an election of its own: then that one counts.
	_ = t.TimeoutNow(id, t.LocalAddr(), &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{
		ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(id), Addr: []byte(id),
	}}, new(raft.TimeoutNowResponse))
}
