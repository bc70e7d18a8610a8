package acceptance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"shoal/internal/testkit/node"
)

var (
	following = flag.Duration("follow", 60*time.Second, "how long each live is followed; a quarter of it with -short")
	tolerance = flag.Duration("tolerance", time.Second, "how much later than due answers may come")
	soaking   = flag.Bool("soak", false, "run what takes long, too")
	only      = flag.String("only", "", "regular expression: the inputs that TestLives takes; all of them if empty")
	keep      = flag.String("keep", "", "folder for screenshots and reports")
)

func TestMain(m *testing.M) { os.Exit(node.Main(m)) }

// patience bounds what should take a moment, on a machine that has other things to do.
const patience = 30 * time.Second

// soon is a context for such things.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// need skips a long test with -short.
func need(t *testing.T, length time.Duration) {
	t.Helper()
	if testing.Short() && length > 30*time.Second {
		t.Skipf("it takes %v", length)
	}
}

// soak skips a test that only make soak runs.
func soak(t *testing.T) {
	t.Helper()
	if !*soaking {
		t.Skip("only with -soak (make soak)")
	}
}

// kept writes a file for people into the folder that -keep names.
func kept(t *testing.T, name string, content []byte) {
	t.Helper()
	if *keep == "" {
		return
	}
	path := filepath.Join(*keep, name)
	if err := errors.Join(os.MkdirAll(*keep, 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		t.Error(err)
	}
	t.Logf("see %s", path)
}

// program is a foreign encoder's process.
type program struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // read it after ended is closed
	said  *os.File
}

// start runs a program in a process group of its own, so that what it starts ends with it; at the latest with the test.
func start(t *testing.T, env []string, name string, args ...string) (*program, error) {
	said, err := os.CreateTemp(t.TempDir(), filepath.Base(name)+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &program{cmd: exec.Command(name, args...), ended: make(chan struct{}), said: said}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = said, said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.ended
		_ = said.Close()
	})
	return p, nil
}

func (p *program) signal(s syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, s) }

// output is what the program said so far.
func (p *program) output() string {
	b, err := os.ReadFile(p.said.Name())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// stop asks the program to end, and kills it if it does not.
func (p *program) stop(s syscall.Signal) error {
	p.signal(s)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.signal(syscall.SIGKILL)
		<-p.ended
		return errors.New("it did not end when asked to")
	}
	return nil
}
