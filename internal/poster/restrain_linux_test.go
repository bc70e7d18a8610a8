package poster

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRestrain(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = cmd.Wait()
	}()
	pid := cmd.Process.Pid
	if err := restrain(pid); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Max data size": "268435456", "Max cpu time": "20", "Max core file size": "0", "Max file size": "0"} {
		_, rest, _ := strings.Cut(string(b), name)
		if f := strings.Fields(rest); len(f) < 2 || f[0] != want || f[1] != want {
			t.Errorf("%s is %.30q", name, rest)
		}
	}
	// The kernel gives 20 less the niceness.
	if n, err := unix.Getpriority(unix.PRIO_PROCESS, pid); err != nil || n != 20-niceness {
		t.Errorf("niceness is %d, %v", 20-n, err)
	}
}
