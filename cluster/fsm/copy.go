package fsm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	"shoal/cluster/state"
)

// Names of files beside the database, by what follows its name.
const (
	incoming = ".incoming" // a copy that comes from a peer
	ready    = ".ready"    // a copy that is whole and takes the database's place next
	outgoing = ".outgoing" // copies for peers; a number follows
)

// WriteCopy writes a copy of the database for Restore, and gives the index of the last command in it. Changes go on
// meanwhile, and w may be slow. The copy takes its length on the disk until WriteCopy returns.
func (m *Machine) WriteCopy(w io.Writer) (index uint64, err error) {
	f, err := os.CreateTemp(filepath.Dir(m.path), filepath.Base(m.path)+outgoing+"*")
	if err != nil {
		return 0, fmt.Errorf("copy the state: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := m.copyInto(f.Name()); err != nil {
		return 0, err
	}
	p, err := pointOf(f.Name())
	if err != nil {
		return 0, fmt.Errorf("copy the state: %w", err)
	}
	if _, err := io.Copy(w, f); err != nil {
		return 0, fmt.Errorf("copy the state: %w", err)
	}
	return p.applied, nil
}

// copyInto makes a copy in an empty file.
func (m *Machine) copyInto(path string) error {
	m.open.RLock()
	defer m.open.RUnlock()
	if err := m.usable(); err != nil {
		return refused(err)
	}
	// A connection that may only query may not copy either.
	db := pool(1, &sqlite.Driver{}, dsn(m.path, copierPragmas))
	_, err := db.Exec(`VACUUM INTO ?`, path)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("copy the state: %w", err)
	}
	return nil
}

// pointOf looks into a copy.
func pointOf(path string) (p point, err error) {
	err = lookInto(path, func(q state.Querier) error {
		p, err = readPoint(context.Background(), q)
		return err
	})
	return p, err
}

// lookInto opens a database that nobody changes.
func lookInto(path string, f func(state.Querier) error) error {
	db := pool(1, &sqlite.Driver{}, dsn(path, copierPragmas, "mode=ro", "immutable=1"))
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return explain(path, "look into a copy of the state", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	return f(tx)
}

// restoreCopy puts a copy in the database's place. Whoever calls it holds work.
func (m *Machine) restoreCopy(r io.Reader) error {
	if err := m.receive(r); err != nil {
		return err
	}
	m.open.Lock()
	defer m.open.Unlock()
	if err := errors.Join(os.Rename(m.path+incoming, m.path+ready), syncFolder(filepath.Dir(m.path))); err != nil {
		return fmt.Errorf("restore a copy: %w", err)
	}
	// From here on there is no way back: after a crash, Open goes on where this was.
	if err := m.disconnect(); err != nil {
		m.log.Warn("the old state did not close well", "err", err)
	}
	if err := finishRestore(m.path); err != nil {
		return m.gone(err)
	}
	if err := m.connect(); err != nil {
		return m.gone(err)
	}
	return nil
}

// gone stops a machine whose database is closed.
func (m *Machine) gone(err error) error {
	m.closed = true
	m.stop(err)
	return err
}

// receive writes a copy beside the database and looks at all of it.
func (m *Machine) receive(r io.Reader) (err error) {
	path := m.path + incoming
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("restore a copy: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("restore a copy: %w", err)
	}
	if fresh, err := header(path); err != nil || fresh {
		return errors.Join(err, errors.New("restore a copy: nothing came"))
	}
	return lookInto(path, func(q state.Querier) error { return whole(context.Background(), q, path, m.reg) })
}

// finishRestore puts a copy that is whole in the database's place, and removes copies that never will be.
func finishRestore(path string) error {
	folder := filepath.Dir(path)
	files, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for copies of the state: %w", err)
	}
	for _, f := range files {
		rest, ours := strings.CutPrefix(f.Name(), filepath.Base(path))
		if !ours || rest != incoming && !strings.HasPrefix(rest, outgoing) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, f.Name())); err != nil {
			return fmt.Errorf("remove a copy of the state: %w", err)
		}
	}
	if _, err := os.Stat(path + ready); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("look for copies of the state: %w", err)
	}
	// The old WAL must be gone for good before the new file has the name: it would be written into it.
	for _, p := range []string{path + "-wal", path + "-shm"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("restore a copy: %w", err)
		}
	}
	if err := syncFolder(folder); err != nil {
		return err
	}
	if err := os.Rename(path+ready, path); err != nil {
		return fmt.Errorf("restore a copy: %w", err)
	}
	return syncFolder(folder)
}
