package recording

import (
	"os"

	"golang.org/x/sys/unix"
)

// maxVector is IOV_MAX: how many slices the kernel takes at once.
const maxVector = 1024

// writeVector writes slices, at most maxVector, one behind the other, at an offset. It returns how much it wrote, which
// can be less without an error.
func writeVector(f *os.File, slices [][]byte, at int64) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	ctl := raw.Control(func(fd uintptr) {
		for {
			if n, err = unix.Pwritev(int(fd), slices, at); err != unix.EINTR {
				return
			}
		}
	})
	if ctl != nil {
		return 0, ctl
	}
	if err != nil {
		return 0, &os.PathError{Op: "pwritev", Path: f.Name(), Err: err}
	}
	return n, nil
}

// syncData brings what was written to the disk, with as much of the file's attributes as it takes to read it.
func syncData(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	ctl := raw.Control(func(fd uintptr) {
		for {
			if err = unix.Fdatasync(int(fd)); err != unix.EINTR {
				return
			}
		}
	})
	if ctl != nil {
		return ctl
	}
	if err != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}
