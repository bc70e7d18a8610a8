package logstore

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
)

// Errors of a Store, beside raft.ErrLogNotFound and those of the file system.
var (
	// ErrDamaged says that the file is not what the store wrote. Nothing was changed.
	ErrDamaged = errors.New("the log is damaged")
	// ErrLocked says that another process has the file open.
	ErrLocked = errors.New("another process uses the log")
	// ErrGap says that entries do not follow the last one, or that a range to delete would leave a gap. It is a mistake of
	// the caller's, nothing was changed.
	ErrGap = errors.New("the log must not have a gap")
	// ErrClosed says that the store is closed.
	ErrClosed = errors.New("the log is closed")
)

// damaged makes an ErrDamaged for the person who reads the log.
func damaged(path, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s. Nothing was changed. Keep a copy of the folder %s, then put back a backup of the whole folder; "+
		"if the disk is failing, replace it first", ErrDamaged, path, fmt.Sprintf(format, args...), filepath.Dir(path))
}

// IsFull says whether an error means that there is no room: it goes away by waiting for some.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
