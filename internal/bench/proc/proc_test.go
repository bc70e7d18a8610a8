package proc

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	status := "Name:\tshoal\nVmRSS:\t   12345 kB\nRssAnon:\t    6789 kB\nRssFile:\t  1 kB\nThreads:\t5\n"
	if got, want := parseMemory([]byte(status)), (Memory{RSS: 12345 << 10, Anon: 6789 << 10}); got != want {
		t.Errorf("memory %+v, want %+v", got, want)
	}
	stat := "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 150 250 0 0 20 0 5 0 1000 0 0"
	if got := parseCPU([]byte(stat)); got != 4*time.Second {
		t.Errorf("CPU %v, want 4 s", got)
	}
	if got := parseCPU([]byte("42 (x) S 1")); got != 0 {
		t.Errorf("CPU of a short line %v, want 0", got)
	}
	machine := "cpu  100 20 30 4000 500 6 7 800 9 10\ncpu0 1 1 1 1\n"
	if got := parseBusy([]byte(machine)); got != 1630*time.Millisecond {
		t.Errorf("machine %v, want 1.63 s", got)
	}
}

func TestReadMemory(t *testing.T) {
	m, err := ReadMemory(os.Getpid())
	if err != nil || m.Anon <= 0 || m.RSS < m.Anon {
		t.Errorf("this process has %+v with error %v", m, err)
	}
	if _, err := ReadMemory(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}

func TestSamplerSeesDescendants(t *testing.T) {
	// A child of the shell counts, says so and waits until it is told to end.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `
		exec 3<&0
		(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done; read x <&3) &
		wait`)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s, own := Start(cmd.Process.Pid), Start(os.Getpid(), cmd.Process.Pid)
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Error(err)
	}
	u, without := s.Stop(), own.Stop()
	if u.CPU <= 0 || u.AnonPeak <= 0 || u.RSSPeak < u.AnonPeak || u.AnonMean > u.AnonPeak || u.Cores() <= 0 {
		t.Errorf("%+v", u)
	}
	if slices.Contains(tree(os.Getpid(), []int{cmd.Process.Pid}), cmd.Process.Pid) || without.AnonPeak <= 0 {
		t.Errorf("without the child: %+v", without)
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Error(err)
	}
}
