package archtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startsWithin bounds a start under emulation on a busy machine; on a board it is a fraction of a second.
const startsWithin = 2 * time.Minute

// TestBoardBinary builds the binaries that boards run, as they are shipped, and runs them: under QEMU where the processor
// is another. The one with 32 bits is there because half of its mistakes (lengths, alignment of atomics) show nowhere else.
func TestBoardBinary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("QEMU's user mode runs on Linux only")
	}
	t.Run("arm64", func(t *testing.T) { testBinary(t, "arm64", emulator(t, "aarch64", "arm64")) })
	t.Run("armv6", func(t *testing.T) { testBinary(t, "armv6", emulator(t, "arm", "arm")) })
}

// testBinary builds for one kind of board; run is the command that runs its programs here.
func testBinary(t *testing.T, board string, run []string) {
	binary := filepath.Join(t.TempDir(), "shoal")
	build := exec.CommandContext(t.Context(), filepath.Join(root, "internal", "tools", "build.sh"), board, binary)
	build.Env = append(os.Environ(), "VERSION=v0-test")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build.sh %s: %v\n%s", board, err, out)
	}
	command := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), run[0], append(append(run[1:len(run):len(run)], binary), args...)...)
		cmd.Env = []string{"PATH=/nowhere", "HOME=/nowhere"} // no tool and no setting of this machine
		return cmd
	}

	t.Run("version", func(t *testing.T) {
		if out, err := command("version").CombinedOutput(); err != nil || !strings.Contains(string(out), "v0-test") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("config check", func(t *testing.T) {
		sample, err := filepath.Abs(filepath.Join(root, "deploy", "shoal.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := command("config", "check", "--data", t.TempDir(), "--config", sample).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		out, err := command("config", "check", "--data", t.TempDir(), "--htpp", ":0").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "did you mean --http") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("serve", func(t *testing.T) {
		data := t.TempDir()
		cmd := command("serve", "--data", data, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
		var log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()

		at, err := addresses(data, ended)
		if err != nil {
			_ = cmd.Process.Kill()
			t.Fatalf("%v\n%s", err, log.String())
		}
		for _, path := range []string{"/healthz", "/readyz"} {
			if _, err := get("http://" + at["http"] + path); err != nil {
				t.Error(err)
			}
		}
		metrics, err := get("http://" + at["http"] + "/metrics")
		if err != nil {
			t.Error(err)
		}
		documented(t, metrics)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("after SIGTERM: %v\n%s", err, log.String())
		}
		if _, err := os.Stat(filepath.Join(data, "addresses.json")); !os.IsNotExist(err) {
			t.Errorf("addresses.json outlives the node: %v", err)
		}
	})
}

// emulator gives the command that runs programs of a processor here, by QEMU's name and Go's: none on that processor.
func emulator(t *testing.T, qemu, goarch string) []string {
	t.Helper()
	if runtime.GOARCH == goarch {
		return []string{"/usr/bin/env"}
	}
	for _, name := range []string{"qemu-" + qemu + "-static", "qemu-" + qemu} {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}
		}
	}
	t.Skipf("there is no qemu-%s-static here; make deps installs it", qemu)
	return nil
}

// addresses waits until a node says where it listens, or ends.
func addresses(data string, ended <-chan error) (map[string]string, error) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	late := time.After(startsWithin)
	for {
		text, err := os.ReadFile(filepath.Join(data, "addresses.json"))
		if err == nil {
			var at map[string]string
			if err := json.Unmarshal(text, &at); err != nil {
				return nil, fmt.Errorf("addresses.json: %w", err)
			}
			return at, nil
		}
		select {
		case <-look.C:
		case err := <-ended:
			return nil, fmt.Errorf("the node ended: %w", err)
		case <-late:
			return nil, fmt.Errorf("the node did not listen within %v", startsWithin)
		}
	}
}

func get(url string) (string, error) {
	client := &http.Client{Timeout: startsWithin, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", url, res.Status, text)
	}
	return string(text), err
}

// documented looks for each of our metrics in README.md.
func documented(t *testing.T, metrics string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(metrics) {
		name, ours := strings.CutPrefix(line, "# TYPE shoal_")
		if !ours {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		if !strings.Contains(string(readme), "`shoal_"+name+"`") {
			t.Errorf("README.md does not name the metric shoal_%s", name)
		}
	}
}
