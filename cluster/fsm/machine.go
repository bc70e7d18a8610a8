package fsm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
	"modernc.org/sqlite"

	"shoal/cluster/state"
)

// readers is how many pictures can be looked at at once; more wait. Each may hold 1 MB of cache.
const readers = 4

// Options are a machine's collaborators; none is needed.
type Options struct {
	Log *slog.Logger
	// Full is called when a batch cannot be written for now (the disk has no room, or another program holds the database),
	// with the reason, and with nil when it could be written at last. It must not call the machine, nor take long.
	Full func(error)
}

// Machine is the state of a node. Its methods are safe for concurrent use.
type Machine struct {
	path string
	reg  *state.Registry
	log  *slog.Logger
	full func(error)

	// work is held by whoever uses the writer, through all waiting for room.
	work   sync.Mutex
	w      *writer
	recent recent

	now atomic.Pointer[standing] // as of the last commit; whoever holds work sets it

	// open is held for reading while the readers' pool is used, and for writing to replace or close it.
	open   sync.RWMutex
	pool   *sql.DB
	closed bool

	closing   chan struct{}
	closeOnce sync.Once
	failed    chan struct{}
	failOnce  sync.Once
	err       error // why it stopped: set before failed is closed
}

// standing is where the state stands. It is not changed once made.
type standing struct {
	point
	versions map[string]int // of the packages' schemas
}

var (
	_ raft.BatchingFSM = (*Machine)(nil)
	_ state.Reader     = (*Machine)(nil)
)

// Open opens the state at path, or makes it, and checks all of it: see the package comment. Errors are ErrDamaged,
// ErrTooNew and those of the file system.
func Open(path string, reg *state.Registry, o Options) (*Machine, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	m := &Machine{path: path, reg: reg, log: o.Log, full: o.Full, closing: make(chan struct{}), failed: make(chan struct{})}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.full == nil {
		m.full = func(error) {}
	}
	if err := finishRestore(path); err != nil {
		return nil, err
	}
	if err := inspect(path, reg); err != nil {
		return nil, err
	}
	if err := m.connect(); err != nil {
		return nil, err
	}
	return m, nil
}

// connect opens the connections to a database that is whole or not there yet, and learns where it stands.
func (m *Machine) connect() error {
	w, err := openWriter(m.path)
	if err != nil {
		return explain(m.path, "open the state", err)
	}
	m.w = w
	if err := m.create(); err != nil {
		_ = w.close()
		return explain(m.path, "make the state", err)
	}
	now, err := m.load()
	if err != nil {
		_ = w.close()
		return err
	}
	m.now.Store(now)
	m.recent = recent{}
	m.recent.add(now.point)
	m.pool = pool(readers, &sqlite.Driver{}, dsn(m.path, readerPragmas))
	return nil
}

// create makes the base of a new database, in one transaction: it is there or it is not.
func (m *Machine) create() error {
	ctx := context.Background()
	var made bool
	if err := m.w.conn.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_schema`).Scan(&made); err != nil || made {
		return err
	}
	tx, err := m.w.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it has been committed, or the error is on its way
	for _, q := range append(baseTables, fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", baseVersion)) {
		if _, err := tx.Exec(q); err != nil {
			return err
		}
	}
	l, err := readLayout(ctx, tx)
	if err != nil {
		return err
	}
	var p point
	if p.sum, err = l.scan(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO meta (id, applied, time, sum, seal, synced) VALUES (1, 0, 0, ?, ?, 0)`, p.sum.bytes(), p.seal()); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(m.path))
}

// load reads where the database stands, and sets the writer up for it.
func (m *Machine) load() (*standing, error) {
	ctx := context.Background()
	p, err := readPoint(ctx, m.w.conn)
	if err != nil {
		return nil, explain(m.path, "read where the state stands", err)
	}
	l, err := readLayout(ctx, m.w.conn)
	if err != nil {
		return nil, explain(m.path, "read where the state stands", err)
	}
	versions, err := readVersions(ctx, m.w.conn)
	if err != nil {
		return nil, explain(m.path, "read where the state stands", err)
	}
	m.w.layout, m.w.sum, m.w.err = l, p.sum, nil
	return &standing{p, versions}, nil
}

// Applied is the index of the last command in the state, 0 for none.
func (m *Machine) Applied() uint64 { return m.now.Load().applied }

// Index is Applied, for state.Reader.
func (m *Machine) Index() uint64 { return m.Applied() }

// Schemas gives the versions of the packages' schemas in force.
func (m *Machine) Schemas() map[string]int { return maps.Clone(m.now.Load().versions) }

// SchemaBehind gives the commands to propose, in this order, so that the schemas get to the versions that the program has.
// None if they are there.
func (m *Machine) SchemaBehind() []state.Command {
	versions := m.now.Load().versions
	var all []state.Command
	for _, s := range m.reg.Schemas() {
		if versions[s.Package] < len(s.Steps) {
			all = append(all, Raise{s.Package, len(s.Steps)})
		}
	}
	return all
}

// Failed is closed when the machine has stopped by itself; Err says why.
func (m *Machine) Failed() <-chan struct{} { return m.failed }

// Err says why the machine has stopped, nil if it has not.
func (m *Machine) Err() error {
	select {
	case <-m.failed:
		return m.err
	default:
		return nil
	}
}

// stop makes the machine refuse everything from now on.
func (m *Machine) stop(cause error) {
	m.failOnce.Do(func() {
		m.err = cause
		close(m.failed)
	})
}

// usable is nil, or why the machine cannot be used.
func (m *Machine) usable() error {
	select {
	case <-m.closing:
		return ErrClosed
	default:
		return m.Err()
	}
}

// Close ends a wait for room, waits for those who read, and closes the database. Raft may call the machine during and
// after it, and gets refusals.
func (m *Machine) Close() error {
	m.closeOnce.Do(func() { close(m.closing) })
	m.work.Lock()
	defer m.work.Unlock()
	m.open.Lock()
	defer m.open.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	if err := m.disconnect(); err != nil {
		return fmt.Errorf("close the state: %w", err)
	}
	return nil
}

// disconnect closes the connections, the writer last, since the last one writes the WAL back.
func (m *Machine) disconnect() error { return errors.Join(m.pool.Close(), m.w.close()) }
