package fsm

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestKnownHashOnBoards runs TestKnownHash as a board would, under QEMU where the processor is another.
func TestKnownHashOnBoards(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("QEMU's user mode runs on Linux only")
	}
	for goarch, qemu := range map[string]string{"arm64": "qemu-aarch64-static"} {
		t.Run(goarch, func(t *testing.T) {
			run := []string{qemu}
			if runtime.GOARCH == goarch {
				run = []string{"/usr/bin/env"}
			}
			if _, err := exec.LookPath(run[0]); err != nil {
				t.Skipf("THE STATE'S HASH WAS NOT COMPARED WITH THAT ON %s: there is no %s here; make deps installs it", goarch, run[0])
			}
			binary := filepath.Join(t.TempDir(), "fsm.test")
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, ".")
			build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			cmd := exec.CommandContext(t.Context(), run[0], append(run[1:], binary, "-test.run", "^TestKnownHash$", "-test.v")...)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--- PASS: TestKnownHash ") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
