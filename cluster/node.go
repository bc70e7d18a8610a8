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
	n.log.Error("changes are refused until the node is started again: what runs goes on, but nobody can log in or start a live", "err", n.Err())
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
