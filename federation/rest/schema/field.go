package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rule is what a value must be beside its type.
type rule struct {
	required bool
	line     bool
	min, max *float64 // nil for no bound
	enum     []string
}

// field is a field of a struct as it stands in JSON.
type field struct {
	name      string
	index     []int
	typ       reflect.Type
	omitempty bool
	rule      rule
	item      rule
	def       string // "" for none
	format    string
	doc       string
}

var (
	timeType = reflect.TypeFor[time.Time]()
	fileType = reflect.TypeFor[*File]()
)

var fieldCache sync.Map // of reflect.Type to []field

// fieldsOf lists the fields of a struct, those of embedded structs among them, in their order. It panics if a tag is
// wrong: a mistake of the program.
func fieldsOf(t reflect.Type) []field {
	if f, ok := fieldCache.Load(t); ok {
		return f.([]field)
	}
	all := flatten(nil, t, nil)
	for i := range all {
		if slices.ContainsFunc(all[:i], func(f field) bool { return f.name == all[i].name }) {
			panic(fmt.Sprintf("schema: %s has %s twice", t, all[i].name))
		}
	}
	fieldCache.Store(t, all)
	return all
}

// flatten appends the fields of a struct that is at an index of another, and those of the structs that it embeds, as
// encoding/json does: an embedded struct's fields are not hidden by its own name.
func flatten(all []field, t reflect.Type, at []int) []field {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(at), i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case sf.Anonymous && name == "":
			all = flatten(all, sf.Type, index)
			continue
		case name == "-":
			continue
		case !sf.IsExported() || name == "":
			panic(fmt.Sprintf("schema: %s.%s has no name in JSON", t, sf.Name))
		}
		f := field{
			name: name, index: index, typ: sf.Type,
			omitempty: strings.Contains(options, "omit"),
			rule:      parseRule(t, sf, "rule"), item: parseRule(t, sf, "item"),
			def: sf.Tag.Get("default"), format: sf.Tag.Get("format"), doc: sf.Tag.Get("doc"),
		}
		if e := sf.Tag.Get("enum"); e != "" {
			f.rule.enum = strings.Split(e, ",")
		}
		all = append(all, f)
	}
	return all
}

func parseRule(t reflect.Type, sf reflect.StructField, tag string) (r rule) {
	text := sf.Tag.Get(tag)
	if text == "" {
		return r
	}
	for word := range strings.SplitSeq(text, ",") {
		name, value, bound := strings.Cut(word, "=")
		var n float64
		if bound {
			var err error
			if n, err = strconv.ParseFloat(value, 64); err != nil {
				panic(fmt.Sprintf("schema: %s.%s: %q is no bound", t, sf.Name, word))
			}
		}
		switch {
		case name == "required" && !bound:
			r.required = true
		case name == "line" && !bound:
			r.line = true
		case name == "min" && bound:
			r.min = &n
		case name == "max" && bound:
			r.max = &n
		default:
			panic(fmt.Sprintf("schema: %s.%s: there is no rule %q", t, sf.Name, word))
		}
	}
	return r
}
