package archtest

import (
	"slices"
	"strings"
	"testing"
)

// TestModules holds the modules whose code is in the shipped binary against a golden list: a new one is a decision, with
// its reason and its weight in the commit.
func TestModules(t *testing.T) {
	env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64"}
	out := goTool(t, env, "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", "./cmd/shoal")
	var modules []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && line != module {
			modules = append(modules, line)
		}
	}
	slices.Sort(modules)
	golden(t, "modules.golden", slices.Compact(modules), "the binary is made of other modules")
}
