package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"shoal/cluster/fsm"
	"shoal/cluster/logstore"
	"shoal/cluster/state"
)

// Node is this node's part in the cluster. Its methods are safe for concurrent use.
type Node struct {
	folder  string
	reserve int64
	reg     *state.Registry
	log     *slog.Logger
	meters  meters
	dog     *watchdog

	id      string
	store   *logstore.Store
	machine *fsm.Machine
	raft    *raft.Raft

	started            atomic.Bool // raft runs its own goroutines
	logFull, stateFull atomic.Bool // a write waits for room

	broken   chan struct{} // closed when the log broke
	failOnce sync.Once
	err      error // why: set before broken is closed

	stop chan struct{} // closed when Close begins

	mu        sync.Mutex
	stopping  bool
	proposals sync.WaitGroup // begun under mu, before stopping
}

var (
	_ state.Proposer = (*Node)(nil)
	_ state.Reader   = (*Node)(nil)
)

// Status says how a node is.
type Status struct {
	ID       string
	Leader   string // the ID of the node that leads, "" if there is none now
	Term     uint64
	Applied  uint64 // index of the last command in the state
	LastLog  uint64 // index of the last entry of the log
	Err      error  // why changes are refused until the node starts again
	DiskFull bool   // changes are refused for now
}

// Open opens the node's log and state, or makes them, and starts raft. Reg must hold all commands and schemas by now; those
// of fsm are added if they are missing. Errors are those of logstore and fsm (ErrDamaged, ErrTooNew, ErrBehind, ErrLocked),
// with what to do, and those of the file system. Metrics may be nil.
func Open(cfg Config, reg *state.Registry, log *slog.Logger, metrics prometheus.Registerer) (*Node, error) {
	return open(cfg, reg, log, metrics, func(*raft.Config) {})
}

// open is Open with raft's settings in the hands of tests.
func open(cfg Config, reg *state.Registry, log *slog.Logger, metrics prometheus.Registerer, tune func(*raft.Config)) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open the cluster: %w", err)
	}
	if cfg.Reserve == 0 {
		cfg.Reserve = DefaultReserve
	}
	if !slices.Contains(reg.Kinds(), (fsm.Raise{}).Kind()) {
		fsm.Register(reg)
	}
	n := &Node{
		folder: filepath.Join(cfg.Data, "cluster"), reserve: cfg.Reserve, reg: reg, log: log,
		broken: make(chan struct{}), stop: make(chan struct{}),
	}
	if err := os.Mkdir(n.folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("open the cluster: %w", err)
	}
	if err := n.openStores(); err != nil {
		return nil, errors.Join(err, n.closeStores())
	}
	n.meters = newMeters(metrics, n)
	n.dog = &watchdog{log: log, stalls: n.meters.stalls, excused: func() bool { return n.logFull.Load() || n.stateFull.Load() }}
	if err := n.start(tune); err != nil {
		return nil, errors.Join(err, n.closeStores())
	}
	return n, nil
}

// openStores opens the files, both at once: most of it is reading and checking them.
func (n *Node) openStores() error {
	logPath := filepath.Join(n.folder, "log.db")
	_, err := os.Stat(logPath)
	id, err := loadIdentity(n.folder, errors.Is(err, fs.ErrNotExist))
	if err != nil {
		return err
	}
	n.id = id.ID
	var g errgroup.Group
	g.Go(func() (err error) {
		n.store, err = logstore.Open(logPath)
		return err
	})
	g.Go(func() (err error) {
		n.machine, err = fsm.Open(filepath.Join(n.folder, "state.db"), n.reg, fsm.Options{
			Log: n.log, Full: func(err error) { n.full(&n.stateFull, err) },
		})
		return err
	})
	return g.Wait()
}

// closeStores closes the files that are open.
func (n *Node) closeStores() error {
	var all []error
	if n.machine != nil {
		all = append(all, n.machine.Close())
	}
	if n.store != nil {
		all = append(all, n.store.Close())
	}
	return errors.Join(all...)
}

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

// begin runs f, which waits for raft, in a goroutine that Close waits for; false if the node is stopping.
func (n *Node) begin(f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopping {
		return false
	}
	n.proposals.Go(f)
	return true
}

// Run waits for the context to end, and says once, loudly, if the node breaks: it must not take running lives with it.
// Health should ask Err.
func (n *Node) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.broken:
	case <-n.machine.Failed():
	}
	n.log.Error("changes are refused from now on: lives that run go on, but nobody can log in, start a live or change anything until this is mended and the node is started again",
		"err", n.Err())
	<-ctx.Done()
	return nil
}

// Err says why changes are refused until the node starts again, nil if they are not.
func (n *Node) Err() error {
	select {
	case <-n.broken:
		return n.err
	default:
		return n.machine.Err()
	}
}

// fail keeps why the log broke.
func (n *Node) fail(err error) {
	n.failOnce.Do(func() {
		n.err = err
		close(n.broken)
	})
}

// full notes that something waits for room, or no longer does.
func (n *Node) full(what *atomic.Bool, err error) {
	switch is := err != nil; {
	case is == what.Load():
	case is:
		what.Store(true)
		n.log.Error("the disk is full: changes are refused until there is room", "folder", n.folder, "err", err)
	default:
		what.Store(false)
		n.log.Info("the disk has room again: changes go on")
	}
}

// Read implements state.Reader.
func (n *Node) Read(ctx context.Context, f func(state.Querier) error) error {
	return n.machine.Read(ctx, f)
}

// Index implements state.Reader.
func (n *Node) Index() uint64 { return n.machine.Index() }

// Hash gives the hash of the state, which is the same on every node at the same index; see fsm.
func (n *Node) Hash(ctx context.Context) (hash string, index uint64, err error) {
	return n.machine.Hash(ctx)
}

// Status says how the node is. It answers at once.
func (n *Node) Status() Status {
	_, leader := n.raft.LeaderWithID()
	return Status{
		ID: n.id, Leader: string(leader), Term: n.raft.CurrentTerm(), Applied: n.machine.Applied(), LastLog: n.raft.LastIndex(),
		Err: n.Err(), DiskFull: n.room() != nil,
	}
}

// closing says whether Close has begun.
func (n *Node) closing() bool {
	select {
	case <-n.stop:
		return true
	default:
		return false
	}
}

// Close refuses new proposals, waits for those on their way, and closes everything. What waits for room is given up: its
// outcome is unknown.
func (n *Node) Close() error {
	n.mu.Lock()
	again := n.stopping
	n.stopping = true
	n.mu.Unlock()
	if again {
		return nil
	}
	done := make(chan struct{})
	go func() {
		n.proposals.Wait()
		close(done)
	}()
	if n.Err() == nil && n.room() == nil {
		select {
		case <-done:
		case <-n.broken:
		case <-time.After(patience):
		}
	}
	close(n.stop)
	err := n.machine.Close()
	// Raft answers what is left as long as it runs.
	select {
	case <-done:
	case <-n.broken:
	case <-time.After(lastWait):
	}
	return errors.Join(err, n.raft.Shutdown().Error(), n.store.Close())
}
