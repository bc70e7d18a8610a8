package archtest

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// said are the three things that a package's comment tells, and how one knows that it does.
var said = []struct {
	what string
	how  *regexp.Regexp
}{
	{"what it owns", regexp.MustCompile(`\bown(s|ed)?\b|\b(is|are) all tests\b`)},
	{"which goroutines it starts", regexp.MustCompile(`\bgoroutines?\b`)},
	{"what it never does", regexp.MustCompile(`\bnever\b`)},
}

// TestPackageComments reads the comment of every package that is more than tests.
func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		comment := packageComment(t, p)
		if comment == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
			continue
		}
		for _, s := range said {
			if !s.how.MatchString(comment) {
				t.Errorf("%s: the package comment does not say %s", p.ImportPath, s.what)
			}
		}
	}
}

func packageComment(t *testing.T, p pkg) string {
	t.Helper()
	var all []string
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			all = append(all, f.Doc.Text())
		}
	}
	return strings.Join(strings.Fields(strings.Join(all, " ")), " ")
}
