package cluster

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAnIdleNodeWritesNothing looks at the files, and at what the process has written, for a while. Raft looks at its
// snapshots every minute or two; its log's age every ten seconds.
func TestAnIdleNodeWritesNothing(t *testing.T) {
	idle := 5 * time.Second
	if *soak {
		idle = 130 * time.Second
	}
	if testing.Short() {
		idle = time.Second
	}
	n := start(t, t.TempDir())
	for i := range 20 {
		set(t, n, fmt.Sprint(i), "v")
	}
	files, bytes := look(t, n.folder), written(t)
	time.Sleep(idle)
	if now := look(t, n.folder); now != files {
		t.Errorf("the files were\n%sand are\n%s", files, now)
	}
	if now := written(t); now != bytes {
		t.Errorf("%s, and before it was %s", now, bytes)
	}
	t.Logf("%s in all, and the same %v later", bytes, idle)
}

// look lists the files of a folder with their sizes and times.
func look(t *testing.T, folder string) string {
	t.Helper()
	var b strings.Builder
	if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s: %d bytes, changed at %v\n", path, i.Size(), i.ModTime().UnixNano())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// written gives what the process has had written to disks.
func written(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("the kernel does not count what a process writes:", err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "write_bytes") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("no write_bytes in %s", b)
	return ""
}
