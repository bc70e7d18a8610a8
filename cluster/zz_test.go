package cluster

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestZZ(t *testing.T) {
	n := start(t, "/var/tmp/zz")
	io := func() string { b, _ := os.ReadFile("/proc/self/io"); return string(b) }
	for i := range 5000 { set(t, n, fmt.Sprint(i), strings.Repeat("x", 200)) }
	fmt.Println(io())
	for i := range 1000 { set(t, n, fmt.Sprint(i), strings.Repeat("y", 200)) }
	fmt.Println(io())
	b, _ := os.Stat(n.folder + "/log.db")
	fmt.Println(b.Size(), n.Status())
	st, _ := os.ReadFile("/proc/self/status")
	for l := range strings.Lines(string(st)) { if strings.HasPrefix(l, "Rss") { fmt.Print(l) } }
}
