//go:build unix

package blob

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// statfs asks the file system of a folder how much room it has, in bytes.
func statfs(dir string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("ask for free space of %s: %w", dir, err)
	}
	size := int64(s.Bsize)
	return int64(s.Bavail) * size, int64(s.Blocks) * size, nil
}
