package config

import (
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxText bounds what a mistake quotes.
const maxText = 60

// reader sets keys of a Config, and gathers mistakes and origins.
type reader struct {
	mistakes Mistakes
	origins  origins
}

func (r *reader) mistake(source, key, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{source, key, fmt.Sprintf(format, args...)})
}

// setText sets a key from one text, as the environment and flags give it: a scalar as it stands, a list of scalars with
// commas or as YAML, anything else as YAML.
func (r *reader) setText(k key, text, source string) {
	t := k.value.Type()
	at := func(int) string { return source }
	switch {
	case t.Kind() != reflect.Slice:
		r.set(&yaml.Node{Kind: yaml.ScalarNode, Value: text, Tag: tag(t)}, k.value, k.path, at)
	case section(t.Elem()) || strings.HasPrefix(strings.TrimSpace(text), "["):
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
			r.mistake(source, k.path, "is %s: give a list in YAML, such as [%s]", r.quote(k.path, text), example(t.Elem()))
			return
		}
		r.set(doc.Content[0], k.value, k.path, at)
	default:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: item, Tag: tag(t.Elem())})
			}
		}
		r.set(list, k.value, k.path, at)
	}
}

// tag keeps a text that looks like something else (a number, a truth) what it is.
func tag(t reflect.Type) string {
	if t.Kind() == reflect.String {
		return "!!str"
	}
	return ""
}

// set gives a node's value to v, which is what path names. source says where a line of the file is.
func (r *reader) set(n *yaml.Node, v reflect.Value, path string, source func(line int) string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // "key:" with nothing behind it: the default holds
	}
	switch {
	case section(v.Type()):
		r.setSection(n, v, path, source)
		return
	case v.Kind() == reflect.Slice:
		r.setList(n, v, path, source)
		return
	}
	r.origins[path] = source(n.Line)
	if n.Kind != yaml.ScalarNode {
		r.mistake(source(n.Line), path, "is a %s: give %s", kind(n), expected(v.Type(), path))
		return
	}
	if err := setScalar(n, v, path); err != nil {
		r.mistake(source(n.Line), path, "is %s: give %s", r.quote(path, n.Value), expected(v.Type(), path))
	}
}

func (r *reader) setSection(n *yaml.Node, v reflect.Value, path string, source func(line int) string) {
	if n.Kind != yaml.MappingNode {
		what := "is"
		if path == "" {
			what = "the file is"
		}
		r.mistake(source(n.Line), path, "%s a %s: give keys and values", what, kind(n))
		return
	}
	prefix := path
	if path != "" {
		prefix += "."
	}
	fs := fields(v)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		var to reflect.Value
		var known []string
		for _, f := range fs {
			known = append(known, f.name)
			if f.name == name.Value {
				to = f.value
			}
		}
		switch {
		case !to.IsValid():
			r.mistake(source(name.Line), "", "%s is not a key%s", cut(prefix+name.Value), meant(name.Value, prefix, known))
		case seen[name.Value]:
			r.mistake(source(name.Line), prefix+name.Value, "stands twice: keep one")
		default:
			seen[name.Value] = true
			r.set(value, to, prefix+name.Value, source)
		}
	}
}

// meant guesses among a section's keys, then among all: a key is often right but in the wrong section.
func meant(word, prefix string, known []string) string {
	if k := nearest(word, known); k != "" {
		return "; did you mean " + prefix + k + "?"
	}
	for _, k := range Default().keys() {
		if k.path[strings.LastIndexByte(k.path, '.')+1:] == word {
			return "; did you mean " + k.path + "?"
		}
	}
	return ""
}

func (r *reader) setList(n *yaml.Node, v reflect.Value, path string, source func(line int) string) {
	if n.Kind != yaml.SequenceNode {
		r.mistake(source(n.Line), path, "is a %s: give a list, such as [%s]", kind(n), example(v.Type().Elem()))
		return
	}
	r.origins.forget(path)
	r.origins[path] = source(n.Line)
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		r.set(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i), source)
	}
	v.Set(list)
}

func setScalar(n *yaml.Node, v reflect.Value, path string) error {
	if v.CanInt() && v.Type() != reflect.TypeFor[time.Duration]() && isBytes(path) {
		size, err := parseSize(n.Value)
		if err != nil || v.OverflowInt(size) {
			return fmt.Errorf("not a size: %q", n.Value)
		}
		v.SetInt(size)
		return nil
	}
	if t := n.ShortTag(); (v.CanInt() || v.CanUint()) && v.Type() != reflect.TypeFor[time.Duration]() && t != "!!int" {
		return fmt.Errorf("not a whole number: %q", n.Value) // the decoder would cut 1.5 to 1
	}
	// Decoded beside v: the decoder leaves a part of a value behind when it fails.
	fresh := reflect.New(v.Type())
	if err := n.Decode(fresh.Interface()); err != nil {
		return err
	}
	v.Set(fresh.Elem())
	return nil
}

// isBytes says whether a key is a size: its last word is.
func isBytes(path string) bool {
	return strings.HasSuffix(path, "bytes") || strings.HasSuffix(path, "size")
}

var size = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$`)

var units = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// parseSize reads a number of bytes: 500000, 500kB (thousands), 12 MiB (1024s), in any case of letters.
func parseSize(s string) (int64, error) {
	m := size.FindStringSubmatch(strings.ReplaceAll(s, "_", ""))
	if m == nil {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	unit, ok := units[strings.ToLower(m[2])]
	if !ok {
		return 0, fmt.Errorf("%q is not a unit of size", m[2])
	}
	n, ok := new(big.Rat).SetString(m[1])
	if !ok {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	n.Mul(n, new(big.Rat).SetInt64(unit))
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	if !whole.IsInt64() || whole.Int64() == math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return whole.Int64(), nil
}

// expected says, in a mistake, what a value should look like.
func expected(t reflect.Type, path string) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration, such as 90s or 1m30s"
	case t == reflect.TypeFor[netip.Prefix]():
		return "a network, such as 192.0.2.0/24"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32:
		return "a number"
	case reflect.Zero(t).CanInt() && isBytes(path):
		return "a size, such as 12MB"
	case reflect.Zero(t).CanInt() || reflect.Zero(t).CanUint():
		return "a whole number"
	}
	return "a text"
}

// example is an item for a list.
func example(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Live]():
		return "{name: stage, key: SECRET}"
	case t == reflect.TypeFor[netip.Prefix]():
		return "192.0.2.0/24"
	}
	return "one, two"
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "section"
	case yaml.SequenceNode:
		return "list"
	}
	return "single value"
}

// quote shows a text in a mistake, unless it may hold stream keys.
func (r *reader) quote(path, text string) string {
	if strings.HasPrefix(path, "lives") {
		return "not as it should be"
	}
	return fmt.Sprintf("%q", cut(text))
}

// cut keeps a mistake readable.
func cut(text string) string {
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}
