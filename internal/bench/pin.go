package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// pinnable says whether a process can be pinned to the CPU.
func (b *bench) pinnable(cpu int) bool {
	_, err := exec.LookPath("taskset")
	return err == nil && cpu >= 0 && cpu < runtime.NumCPU() && runtime.NumCPU() > 1
}

// pinSelf moves this process to the load's CPU. One thread at a time runs Go code then: more would only be in each
// other's way.
func (b *bench) pinSelf(ctx context.Context) error {
	if !b.pinnable(b.opt.loadCPU) {
		b.progress("the load is not pinned to a CPU: delays will be less even")
		return nil
	}
	out, err := exec.CommandContext(ctx, "taskset", "-acp", strconv.Itoa(b.opt.loadCPU), strconv.Itoa(os.Getpid())).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pin to CPU %d: %w\n%s", b.opt.loadCPU, err, out)
	}
	runtime.GOMAXPROCS(1)
	return nil
}

// server is the command of a process that is pinned to the servers' CPU. taskset replaces itself: its pid is the
// server's.
func (b *bench) server(ctx context.Context, name string, args ...string) *exec.Cmd {
	if b.pinnable(b.opt.serverCPU) {
		args = append([]string{"-c", strconv.Itoa(b.opt.serverCPU), name}, args...)
		name = "taskset"
	}
	return exec.CommandContext(ctx, name, args...)
}
