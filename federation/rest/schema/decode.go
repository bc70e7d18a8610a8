package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Mode says how strictly a tree is read.
type Mode struct {
	// Strict refuses fields that the type does not have. PeerTube's clients send more than we know, so that its calls do
	// not ask for it.
	Strict bool
	// Lenient takes a text for the number or boolean that it spells, and one value for a list of one.
	Lenient bool
	// Form says that the tree is of a form or query: "null" is null, and so is "" for what is not a text.
	Form bool
}

// Decode fills into, a pointer to a struct, from a tree and holds it against the tags. The error is a Mistakes.
func Decode(tree any, into any, mode Mode) error {
	d := decoder{Mode: mode}
	out := reflect.ValueOf(into).Elem()
	m, ok := tree.(map[string]any)
	if !ok {
		return wrong("must be an object")
	}
	d.object("", m, out)
	if len(d.mistakes) > 0 {
		return d.mistakes
	}
	return nil
}

type decoder struct {
	Mode
	mistakes Mistakes
}

func (d *decoder) wrong(path, format string, args ...any) {
	if len(d.mistakes) < maxMistakes {
		d.mistakes = append(d.mistakes, Mistake{path, fmt.Sprintf(format, args...)})
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (d *decoder) object(path string, in map[string]any, out reflect.Value) {
	fields := fieldsOf(out.Type())
	for i := range fields {
		f := &fields[i]
		v, there := in[f.name]
		if !there && f.def != "" {
			v, there = d.preset(f), true
		}
		d.field(join(path, f.name), v, there, out.FieldByIndex(f.index), f)
	}
	if !d.Strict {
		return
	}
	var unknown []string
	for name := range in {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		d.wrong(join(path, shorten(name)), "is not known here")
	}
}

// preset gives the default as it would have come in JSON.
func (d *decoder) preset(f *field) any {
	switch kind(f.typ) {
	case reflect.String:
		return f.def
	case reflect.Bool:
		return f.def == "true"
	}
	return json.Number(f.def)
}

func (d *decoder) field(path string, in any, there bool, out reflect.Value, f *field) {
	if d.Form && in == "null" {
		in = nil
	}
	if c, ok := out.Addr().Interface().(clearable); ok {
		if !there {
			return
		}
		target := c.target()
		if in != nil && in != "" {
			d.value(path, in, target, f)
		}
		return
	}
	if in == "" && d.Form && kind(f.typ) != reflect.String {
		in = nil
	}
	if in == nil {
		switch {
		case f.rule.required:
			d.wrong(path, "is missing")
		case there && !d.Lenient && out.Kind() != reflect.Pointer:
			d.wrong(path, "must not be null")
		}
		return
	}
	d.value(path, in, out, f)
}

// kind is that of a type or of what it points to.
func kind(t reflect.Type) reflect.Kind {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind()
}

// value fills out from in, which is not null.
func (d *decoder) value(path string, in any, out reflect.Value, f *field) {
	t := out.Type()
	switch {
	case t == fileType:
		if file, ok := in.(*File); ok {
			out.Set(reflect.ValueOf(file))
		} else {
			d.wrong(path, "must be a file")
		}
		return
	case t == timeType:
		d.time(path, in, out)
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		p := reflect.New(t.Elem())
		d.value(path, in, p.Elem(), f)
		out.Set(p)
	case reflect.Struct:
		if m, ok := in.(map[string]any); ok {
			d.object(path, m, out)
		} else {
			d.wrong(path, "must be an object")
		}
	case reflect.Slice:
		d.list(path, in, out, f)
	case reflect.String:
		d.text(path, in, out, &f.rule)
	case reflect.Bool:
		d.boolean(path, in, out)
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		d.integer(path, in, out, &f.rule)
	case reflect.Float64:
		d.number(path, in, out, &f.rule)
	default:
		panic(fmt.Sprintf("schema: a %s cannot be read", t))
	}
}

func (d *decoder) list(path string, in any, out reflect.Value, f *field) {
	items, ok := in.([]any)
	if !ok {
		if !d.Lenient {
			d.wrong(path, "must be a list")
			return
		}
		items = []any{in}
	}
	if !bounded(float64(len(items)), &f.rule) {
		d.wrong(path, "must have %s", span(&f.rule, "item", "items"))
		return
	}
	list := reflect.MakeSlice(out.Type(), len(items), len(items))
	each := field{rule: f.item}
	each.rule.enum = f.rule.enum
	for i, item := range items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if item == nil {
			d.wrong(at, "must not be null")
			continue
		}
		d.value(at, item, list.Index(i), &each)
	}
	out.Set(list)
}

func (d *decoder) text(path string, in any, out reflect.Value, r *rule) {
	s, ok := in.(string)
	switch {
	case !ok:
		d.wrong(path, "must be one text")
		return
	case !bounded(float64(utf8.RuneCountInString(s)), r):
		d.wrong(path, "must have %s", span(r, "character", "characters"))
		return
	case strings.ContainsFunc(s, func(c rune) bool { return forbidden(c, r.line) }):
		d.wrong(path, "must not have control characters")
		return
	}
	if d.allowed(path, s, r) {
		out.SetString(s)
	}
}

// forbidden says whether a character may not stand in a text.
func forbidden(c rune, line bool) bool {
	return unicode.IsControl(c) && (line || c != '\n' && c != '\r' && c != '\t')
}

func (d *decoder) allowed(path, s string, r *rule) bool {
	if len(r.enum) == 0 || slices.Contains(r.enum, s) {
		return true
	}
	d.wrong(path, "must be one of %s", strings.Join(r.enum, ", "))
	return false
}

func (d *decoder) boolean(path string, in any, out reflect.Value) {
	if b, ok := in.(bool); ok {
		out.SetBool(b)
		return
	}
	if d.Lenient || d.Form {
		switch fmt.Sprint(in) {
		case "true", "1":
			out.SetBool(true)
			return
		case "false", "0":
			out.SetBool(false)
			return
		}
	}
	d.wrong(path, "must be true or false")
}

// spelled gives a number as it was written.
func (d *decoder) spelled(in any) (string, bool) {
	switch n := in.(type) {
	case json.Number:
		return n.String(), true
	case string:
		return n, d.Lenient || d.Form
	}
	return "", false
}

func (d *decoder) integer(path string, in any, out reflect.Value, r *rule) {
	s, ok := d.spelled(in)
	n, err := strconv.ParseInt(s, 10, 64)
	if !ok || err != nil || tooLarge(out, n) {
		d.wrong(path, "must be a whole number")
		return
	}
	if !bounded(float64(n), r) {
		d.wrong(path, "must be %s", span(r, "", ""))
		return
	}
	if !d.allowed(path, s, r) {
		return
	}
	if out.CanUint() {
		out.SetUint(uint64(n))
	} else {
		out.SetInt(n)
	}
}

func tooLarge(out reflect.Value, n int64) bool {
	if out.CanUint() {
		return n < 0 || out.OverflowUint(uint64(n))
	}
	return out.OverflowInt(n)
}

func (d *decoder) number(path string, in any, out reflect.Value, r *rule) {
	s, ok := d.spelled(in)
	n, err := strconv.ParseFloat(s, 64)
	if !ok || err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		d.wrong(path, "must be a number")
		return
	}
	if !bounded(n, r) {
		d.wrong(path, "must be %s", span(r, "", ""))
		return
	}
	out.SetFloat(n)
}

func (d *decoder) time(path string, in any, out reflect.Value) {
	s, ok := in.(string)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); ok && err == nil && t.Year() > 0 {
			out.Set(reflect.ValueOf(t.UTC()))
			return
		}
	}
	d.wrong(path, "must be a time such as 2026-01-31T20:00:00Z")
}

// bounded says whether a number is within a rule's bounds.
func bounded(n float64, r *rule) bool {
	return (r.min == nil || n >= *r.min) && (r.max == nil || n <= *r.max)
}

// span tells a rule's bounds: "3 to 120 characters", "at most 5 items", "from 0 to 100".
func span(r *rule, one, many string) string {
	text := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	unit := func(n float64) string {
		switch {
		case many == "":
			return ""
		case n == 1:
			return " " + one
		}
		return " " + many
	}
	switch {
	case r.min == nil:
		return "at most " + text(*r.max) + unit(*r.max)
	case r.max == nil:
		return "at least " + text(*r.min) + unit(*r.min)
	case many == "":
		return "from " + text(*r.min) + " to " + text(*r.max)
	}
	return text(*r.min) + " to " + text(*r.max) + unit(*r.max)
}
