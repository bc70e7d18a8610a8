package node

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// raced builds the node with the race detector: it then takes several times the processor time and memory, so that
// figures mean nothing.
var raced = flag.Bool("node.race", false, "build the node under test with the race detector")

// bin is the binary of this test process.
var bin struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Main runs the tests of a package that starts nodes; its TestMain calls it. What was built for them is removed.
func Main(m *testing.M) int {
	defer func() {
		if bin.dir != "" {
			_ = os.RemoveAll(bin.dir)
		}
	}()
	return m.Run()
}

// Binary is the path of cmd/shoal, built when it is first asked for. The package's TestMain must call Main.
func Binary(tb testing.TB) string {
	tb.Helper()
	bin.once.Do(func() { bin.err = build() })
	if bin.err != nil {
		tb.Fatalf("build the node: %v", bin.err)
	}
	return bin.path
}

func build() (err error) {
	if bin.dir, err = os.MkdirTemp("", "shoal-node-"); err != nil {
		return err
	}
	bin.path = filepath.Join(bin.dir, "shoal")
	args := []string{"build", "-o", bin.path}
	if *raced {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "shoal/cmd/shoal")...).CombinedOutput(); err != nil {
		return errors.Join(err, fmt.Errorf("%s", out))
	}
	return nil
}
