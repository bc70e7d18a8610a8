package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrLocked says that another process works on the same data folder. Two would give out the same epochs and numbers.
var ErrLocked = errors.New("another node uses this data folder")

// Lock takes a data folder, which must exist, for this process: ErrLocked if another one has it. The kernel gives it back
// when the process ends, however it ends.
func Lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, fmt.Errorf("lock %s: %w; stop it, or give this one another with --data", dir, err)
	}
	return func() { _ = f.Close() }, nil
}
