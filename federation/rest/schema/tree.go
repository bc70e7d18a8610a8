package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what is read. PeerTube's largest body nests four deep.
const (
	maxDepth = 16
	maxKeys  = 1000
	// maxMarks bounds the commas and colons of a JSON text: a value of one byte takes some forty as a tree, so that the length of
	// the text alone bounds no memory. A field has one of each.
	maxMarks = 4 * maxKeys
)

// FromJSON reads a JSON text into a tree of nil, bool, string, json.Number, []any and map[string]any. The error is a
// Mistakes.
func FromJSON(data []byte) (any, error) {
	deepest, marks := measure(data)
	if deepest > maxDepth {
		return nil, wrong("must not nest deeper than %d", maxDepth)
	}
	if marks > maxMarks {
		return nil, wrong("must not have more than %d values", maxMarks)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, wrong("must be JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, wrong("must be one JSON text, with nothing behind it")
	}
	return tree, nil
}

// measure says how deep a JSON text nests, and how many commas and colons it has outside its strings: at least as many as it
// has values, less one for each level. What it gives for other texts means nothing.
func measure(data []byte) (deepest, marks int) {
	var now int
	var text, escaped bool
	for _, c := range data {
		switch {
		case escaped:
			escaped = false
		case text:
			escaped, text = c == '\\', c != '"'
		case c == '"':
			text = true
		case c == '{', c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}', c == ']':
			now--
		case c == ',', c == ':':
			marks++
		}
	}
	return deepest, marks
}

// FromValues reads a query or a form into a tree of string, []any and map[string]any. Names may be paths as qs and jQuery
// write them: a[b], a[0], a[]; a name that comes more than once is a list. The error is a Mistakes.
func FromValues(values url.Values) (any, error) {
	var root branch
	keys := 0
	for _, name := range slices.Sorted(mapKeys(values)) {
		if keys += max(1, len(values[name])); keys > maxKeys {
			return nil, wrong("must not have more than %d fields", maxKeys)
		}
		path, ok := splitName(name)
		if !ok {
			return nil, Mistakes{{Field: shorten(name), Text: "is not a name that can be read"}}
		}
		at := &root
		for _, step := range path {
			at = at.child(step)
		}
		for _, v := range values[name] {
			at.leaves = append(at.leaves, v)
		}
	}
	if len(root.children) == 0 {
		return map[string]any{}, nil
	}
	m := map[string]any{}
	for step, c := range root.children {
		v, ok := c.tree()
		if !ok {
			return nil, Mistakes{{Field: shorten(step), Text: "must be either a value or a group of fields"}}
		}
		m[step] = v
	}
	return m, nil
}

func mapKeys(values url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range values {
			if !yield(k) {
				return
			}
		}
	}
}

// shorten keeps a foreign name from filling an answer.
func shorten(name string) string {
	const most = 64
	if len(name) > most {
		name = name[:most] + "..."
	}
	return strings.ToValidUTF8(name, "?")
}

// splitName splits "a[b][0]" into its steps.
func splitName(name string) (path []string, ok bool) {
	head, rest, found := strings.Cut(name, "[")
	if head == "" {
		return nil, false
	}
	path = append(path, head)
	for found {
		step, after, closed := strings.Cut(rest, "]")
		if !closed || strings.Contains(step, "[") || len(path) == maxDepth {
			return nil, false
		}
		path = append(path, step)
		if after == "" {
			return path, true
		}
		if after[0] != '[' {
			return nil, false
		}
		rest = after[1:]
	}
	return path, true
}

// branch is a name of a form with what is below it.
type branch struct {
	leaves   []any
	children map[string]*branch
}

func (b *branch) child(step string) *branch {
	c := b.children[step]
	if c == nil {
		c = &branch{}
		if b.children == nil {
			b.children = map[string]*branch{}
		}
		b.children[step] = c
	}
	return c
}

// tree gives what the branch holds; false if it is a value and a group at once.
func (b *branch) tree() (any, bool) {
	if len(b.children) == 0 {
		if len(b.leaves) == 1 {
			return b.leaves[0], true
		}
		return b.leaves, true
	}
	if len(b.leaves) > 0 {
		return nil, false
	}
	if b.isList() {
		return b.list()
	}
	m := make(map[string]any, len(b.children))
	for step, c := range b.children {
		v, ok := c.tree()
		if !ok {
			return nil, false
		}
		m[step] = v
	}
	return m, true
}

// isList says whether all steps below are indexes, or none at all ("a[]").
func (b *branch) isList() bool {
	for step := range b.children {
		if _, err := strconv.ParseUint(step, 10, 31); err != nil && step != "" {
			return false
		}
	}
	return true
}

// list puts the items into the order of their indexes, those without one behind. Gaps close: an index costs no memory.
func (b *branch) list() (any, bool) {
	steps := make([]string, 0, len(b.children))
	for step := range b.children {
		steps = append(steps, step)
	}
	slices.SortFunc(steps, func(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)) })
	if steps[0] == "" {
		steps = append(steps[1:], "")
	}
	items := []any{}
	for _, step := range steps {
		v, ok := b.children[step].tree()
		if !ok {
			return nil, false
		}
		if many, isMany := v.([]any); isMany && step == "" {
			items = append(items, many...)
		} else {
			items = append(items, v)
		}
	}
	return items, true
}
