package archtest

import (
	"slices"
	"strings"
	"testing"
)

// parts are the folders that do not know each other.
var parts = []string{"ingest", "segmenter", "relay", "tracker", "cluster", "federation", "firmware", "deploy"}

// leaves are packages of nouns inside parts that everybody may import.
var leaves = []string{"tracker/wire", "cluster/state"}

// only holds the packages that may import nothing of ours but what is listed.
var only = map[string][]string{
	"internal/media": {},
	"internal/obs":   {},
	"internal/live":  {"internal/media"},
}

// under says whether a path is a folder or in it.
func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// part gives the part that a path belongs to, "" for none.
func part(path string) string {
	for _, p := range parts {
		if under(path, p) {
			return p
		}
	}
	return ""
}

// objection says why a package may not import another, "" if it may. Paths are relative to the module; inTest is for
// imports of _test.go files.
func objection(from, to string, inTest bool) string {
	// internal/bench is a program, too: it fills a node's state before it measures it.
	if (under(from, "cmd") || from == "internal/bench") && !under(to, "internal/testkit") {
		return ""
	}
	if list, ok := only[from]; ok && !inTest && !slices.Contains(list, to) {
		return "it may import nothing of ours but " + strings.Join(append([]string{"the standard library"}, list...), ", ")
	}
	switch {
	case under(to, "cmd"):
		return "nobody imports commands"
	case under(to, "internal/testkit") && !inTest && !under(from, "internal/testkit"):
		return "testkit is for tests"
	case slices.Contains(leaves, to), under(from, "internal/testkit"):
		return ""
	case part(to) != "" && part(from) != "" && part(from) != part(to) && !(inTest && under(to, "cluster/fsm")):
		return "parts do not import each other: declare the interface that you need, cmd/shoal hands it in"
	case inTest && under(to, "cluster/fsm"):
		return "" // a state without a log, for the tests of whoever has facts to keep
	case part(to) != "" && under(from, "internal") && from != "internal/config":
		return "internal packages do not import parts: what both need is a noun and lives in internal"
	case part(from) != "" && (under(to, "internal/web") || under(to, "internal/config")):
		return "parts know neither pages nor the whole configuration: cmd/shoal hands them what they need"
	}
	return ""
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, group := range []struct {
			imports []string
			inTest  bool
		}{{p.Imports, false}, {p.TestImports, true}, {p.XTestImports, true}} {
			for _, path := range group.imports {
				to, ours := strings.CutPrefix(path, module+"/")
				if !ours || to == from {
					continue
				}
				if why := objection(from, to, group.inTest); why != "" {
					t.Errorf("%s imports %s: %s", from, to, why)
				}
			}
		}
	}
}

// TestObjections holds the rules themselves against the map.
func TestObjections(t *testing.T) {
	for _, tc := range []struct {
		from, to string
		code     bool // whether a package may
		test     bool // whether its tests may
	}{
		{"ingest/rtmp", "ingest/guard", true, true},
		{"ingest/rtmp", "segmenter/cutter", false, false},
		{"ingest/rtmp", "cluster/session", false, false},
		{"ingest/rtmp", "cluster/state", true, true},
		{"relay/mesh", "tracker/wire", true, true},
		{"relay/mesh", "tracker/swarm", false, false},
		{"relay/hls", "internal/live", true, true},
		{"relay/hls", "internal/web", false, false},
		{"relay/hls", "internal/config", false, false},
		{"relay/hls", "internal/testkit", false, true},
		{"relay/hls", "internal/testkit/fixture", false, true},
		{"relay/hls", "relayer", true, true},
		{"internal/catalog", "cluster/state", true, true},
		{"internal/catalog", "cluster/fsm", false, true},
		{"internal/catalog", "cluster/fsm/fsmtest", false, true},
		{"federation/rest", "cluster/fsm/fsmtest", false, true},
		{"internal/config", "relay/hls", true, true},
		{"internal/web", "relay/hls", false, false},
		{"internal/web", "internal/live", true, true},
		{"internal/media", "internal/obs", false, true},
		{"internal/live", "internal/media", true, true},
		{"internal/live", "internal/obs", false, true},
		{"internal/live", "internal/testkit", false, true},
		{"internal/testkit", "relay/hls", true, true},
		{"internal/web", "cmd/shoal", false, false},
		{"cmd/shoal", "relay/hls", true, true},
		{"cmd/shoal", "internal/web", true, true},
	} {
		for inTest, may := range map[bool]bool{false: tc.code, true: tc.test} {
			if why := objection(tc.from, tc.to, inTest); (why == "") != may {
				t.Errorf("%s imports %s (in a test: %v): %q; want allowed: %v", tc.from, tc.to, inTest, why, may)
			}
		}
	}
	if objection("cmd/shoal", "internal/testkit", false) == "" || objection("cmd/shoal", "internal/testkit", true) != "" {
		t.Error("cmd/shoal and testkit")
	}
}
