package poster

import (
	"errors"

	"golang.org/x/sys/unix"
)

// What ffmpeg may take.
const (
	// maxData is memory that it makes for itself, in bytes. Pictures of 3840x2160 take it between 64 and 96 MB.
	maxData = 256 << 20
	// maxCPU is in seconds; the time limit comes first unless it has more than one core.
	maxCPU = 20
	// niceness leaves the processor to the live.
	niceness = 15
)

// restrain limits a process that has just begun.
func restrain(pid int) error {
	limit := func(resource int, n uint64) error {
		return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
	}
	return errors.Join(
		limit(unix.RLIMIT_DATA, maxData),
		limit(unix.RLIMIT_CPU, maxCPU),
		limit(unix.RLIMIT_CORE, 0),
		limit(unix.RLIMIT_FSIZE, 0), // pipes are no files
		unix.Setpriority(unix.PRIO_PROCESS, pid, niceness),
	)
}
