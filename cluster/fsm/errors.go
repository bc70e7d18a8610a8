package fsm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"shoal/cluster/state"
)

// Errors of Open, Restore, Hash and Err.
var (
	// ErrDamaged says that the database is not what the machine wrote. Nothing was changed.
	ErrDamaged = errors.New("the state is damaged")
	// ErrTooNew says that a newer program has written the database.
	ErrTooNew = errors.New("the state was written by a newer version of the program")
	// ErrBehind says that the database is older than the snapshot that refers to it.
	ErrBehind = errors.New("the state is older than its snapshot")
	// ErrDiverged says that this node's state is not that of the node which asked for a comparison.
	ErrDiverged = errors.New("this node's state differs from that of the node which leads")
	// ErrClosed is the cause when a machine is used after Close.
	ErrClosed = errors.New("the state is closed")
)

// damaged makes an ErrDamaged for the person who reads the log.
func damaged(path, what string) error {
	if strings.HasSuffix(path, incoming) {
		return fmt.Errorf("%w: the copy that came from another node: %s. It was not taken", ErrDamaged, what)
	}
	return fmt.Errorf("%w: %s: %s. Nothing was changed. Keep a copy of the folder %s, then put back a backup of the whole folder; "+
		"if the disk is failing, replace it first", ErrDamaged, path, what, filepath.Dir(path))
}

// tooNew makes an ErrTooNew for the person who reads the log.
func tooNew(path, what string) error {
	return fmt.Errorf("%w: %s: %s. Install that version or a later one again; there is no way back to an older one", ErrTooNew, path, what)
}

// refused is what readers get from a machine that has stopped.
func refused(cause error) error { return fmt.Errorf("%w: %w", state.ErrUnavailable, cause) }

// lost is the result of a log entry that was not applied: it stays in the log and may be applied after a restart.
func lost(cause error) error { return fmt.Errorf("%w: %w", state.ErrUnknownOutcome, cause) }

// code gives SQLite's extended result code of an error, 0 if it is none of SQLite's.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// isConstraint says whether an error is a constraint's that a command has run into, or a value's that cannot be a key.
func isConstraint(err error) bool {
	c := code(err) & 0xff
	return c == sqlite3.SQLITE_CONSTRAINT || c == sqlite3.SQLITE_MISMATCH
}

// isCorrupt says whether SQLite has found that its file makes no sense, or the disk that it cannot read it.
func isCorrupt(err error) bool {
	switch c := code(err); c & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	case sqlite3.SQLITE_IOERR:
		return c == sqlite3.SQLITE_IOERR_READ || c == sqlite3.SQLITE_IOERR_CORRUPTFS || c == sqlite3.SQLITE_IOERR_DATA
	}
	return false
}

// isMissing says whether a statement of the machine's own did not fit the tables.
func isMissing(err error) bool { return code(err)&0xff == sqlite3.SQLITE_ERROR }

// isStorage says whether an error comes from the disk or SQLite itself rather than from a command's statement: nothing of
// the transaction can be trusted any more.
func isStorage(err error) bool {
	switch code(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERNAL:
		return true
	}
	return false
}

// roomless is the space, in bytes, under which a failed write is put down to a full disk.
const roomless = 1 << 20

// passes says whether an error goes away by waiting: no room on the disk, or another program that holds the database.
func passes(err error, path string) bool {
	switch c := code(err); c & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	case sqlite3.SQLITE_IOERR:
		// SQLite says FULL for most writes without room, but not for those to its shared memory nor by its close relatives.
		switch c {
		case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMMAP:
			var s syscall.Statfs_t
			if err := syscall.Statfs(filepath.Dir(path), &s); err != nil {
				return false
			}
			return s.Bavail*uint64(s.Bsize) < roomless || s.Files > 0 && s.Ffree == 0
		}
	}
	return false
}

// syncFolder makes the folder's entries durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("open the folder of the state: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync the folder of the state: %w", err)
	}
	return nil
}
