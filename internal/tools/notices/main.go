// Command notices owns THIRD_PARTY_NOTICES.md: it prints the licences of all works of others that the binary contains.
//
// It starts no goroutine, reads the module cache and the built pages only, and never asks the network.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	text, err := generate(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
	if _, err := os.Stdout.Write(text); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// listed is what go list says of a package of the binary.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// work is a module with the licence texts that hold for what is linked of it.
type work struct {
	name  string
	texts []string
}

// licenceName matches the files that modules keep their terms in. PATENTS files grant more than they ask, but belong to
// the terms.
var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([._-].*)?$`)

// generate makes the notices of the module in the folder root.
func generate(root string) ([]byte, error) {
	works, err := modules(root)
	if err != nil {
		return nil, err
	}
	pages, err := pageNotices(root)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`# Third-party notices

The binary ` + "`shoal`" + ` contains the following works of others, under their own terms. ` + "`make notices`" + ` writes this page.

## Go modules and the Go standard library
`)
	for _, group := range group(works) {
		b.WriteString("\n### " + strings.Join(group.names, ", ") + "\n")
		for _, text := range group.texts {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", text)
		}
	}
	fmt.Fprintf(&b, "\n## Pages\n\n```text\n%s\n```\n", tidy(pages))
	return b.Bytes(), nil
}

// modules finds the modules of the binary, for the boards' kind of machine, and their licences.
func modules(root string) ([]work, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", "./cmd/shoal")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the binary's packages: %w: %s", err, complaint.String())
	}
	found := map[string]map[string]bool{} // by module: the folders of its linked packages, and those above them
	dirs := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("list the binary's packages: %w", err)
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		name := p.Module.Path + " " + p.Module.Version
		if found[name] == nil {
			found[name] = map[string]bool{}
		}
		dirs[name] = p.Module.Dir
		for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
			found[name][dir] = true
		}
	}
	var works []work
	for _, name := range slices.Sorted(maps.Keys(found)) {
		texts, err := licences(slices.Sorted(maps.Keys(found[name])))
		if err != nil {
			return nil, fmt.Errorf("read the licence of %s: %w", name, err)
		}
		if len(texts) == 0 {
			return nil, fmt.Errorf("%s has no licence in %s: it cannot be shipped", name, dirs[name])
		}
		works = append(works, work{name, texts})
	}
	return works, nil
}

// licences reads the licence files of folders, each text once.
func licences(dirs []string) (texts []string, err error) {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || !licenceName.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			if t := tidy(text); !slices.Contains(texts, t) {
				texts = append(texts, t)
			}
		}
	}
	return texts, nil
}

// tidy keeps a text as it is, but for line ends and the blanks around it, and for what would end a code block.
func tidy(text []byte) string {
	s := strings.ReplaceAll(string(text), "\r\n", "\n")
	s = strings.ReplaceAll(s, "```", "'''")
	return strings.Trim(s, "\n\t ")
}

// grouped are works with the same terms, word for word.
type grouped struct {
	names, texts []string
}

// goAuthors is a module of the Go authors; the standard library and the runtime have the same terms, word for word.
const goAuthors = "golang.org/x/"

func group(works []work) []grouped {
	var groups []grouped
	for _, w := range works {
		names := []string{w.name}
		i := slices.IndexFunc(groups, func(g grouped) bool { return slices.Equal(g.texts, w.texts) })
		if i < 0 {
			if strings.HasPrefix(w.name, goAuthors) {
				names = append([]string{"the Go standard library and runtime"}, names...)
			}
			groups = append(groups, grouped{names, w.texts})
			continue
		}
		groups[i].names = append(groups[i].names, names...)
	}
	return groups
}

// pageNotices gives what the build of the pages found out about what is bundled in them.
func pageNotices(root string) ([]byte, error) {
	names, err := filepath.Glob(filepath.Join(root, "internal", "web", "dist", "assets", "third-party-*.txt.gz"))
	if err != nil {
		return nil, fmt.Errorf("look for the pages' notices: %w", err)
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("look for the pages' notices: found %d files, want one; make web builds it", len(names))
	}
	f, err := os.Open(names[0])
	if err != nil {
		return nil, fmt.Errorf("read the pages' notices: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read the pages' notices: %w", err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the pages' notices: %w", err)
	}
	return text, nil
}
