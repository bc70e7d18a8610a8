package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// Object is a JSON object of a document.
type Object = map[string]any

// Book writes the schemas of types, and keeps those of structs under their names. It is filled by one goroutine.
type Book struct {
	// At is where the schemas will stand: "#/components/schemas/".
	At string

	entries map[string]entry
}

type entry struct {
	typ    reflect.Type
	schema Object
	body   bool
}

// Entries are the schemas of the structs so far, by name.
func (b *Book) Entries() Object {
	all := Object{}
	for name, e := range b.entries {
		all[name] = e.schema
	}
	return all
}

// Reply gives the schema of what a call answers: every field comes, but for those with omitempty.
func (b *Book) Reply(t reflect.Type) Object { return b.schema(t, false) }

// Body gives the schema of what a call is sent: fields come that are required.
func (b *Book) Body(t reflect.Type) Object { return b.schema(t, true) }

// Parameters gives the parameters of a query, as OpenAPI's Parameter Objects.
func (b *Book) Parameters(t reflect.Type) []any {
	var all []any
	for _, f := range fieldsOf(t) {
		p := Object{"name": f.name, "in": "query", "schema": b.ruled(b.schema(f.typ, true), &f)}
		if f.rule.required {
			p["required"] = true
		}
		if f.doc != "" {
			p["description"] = f.doc
		}
		all = append(all, p)
	}
	return all
}

func (b *Book) schema(t reflect.Type, body bool) Object {
	switch t {
	case timeType:
		return Object{"type": "string", "format": "date-time"}
	case fileType:
		return Object{"type": "string", "contentMediaType": "application/octet-stream"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(b.schema(t.Elem(), body))
	case reflect.Struct:
		if c, ok := reflect.New(t).Interface().(clearable); ok {
			return nullable(b.schema(c.inner(), body))
		}
		if t.Name() == "" {
			return b.object(t, body)
		}
		return b.reference(t, body)
	case reflect.Slice:
		return Object{"type": "array", "items": b.schema(t.Elem(), body)}
	case reflect.Map:
		return Object{"type": "object", "additionalProperties": b.schema(t.Elem(), body)}
	case reflect.Interface:
		return Object{}
	case reflect.String:
		return Object{"type": "string"}
	case reflect.Bool:
		return Object{"type": "boolean"}
	case reflect.Float64:
		return Object{"type": "number"}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Object{"type": "integer"}
	}
	panic(fmt.Sprintf("schema: a %s cannot be described", t))
}

// nullable lets a value be null, too.
func nullable(s Object) Object {
	if name, ok := s["type"].(string); ok {
		s["type"] = []any{name, "null"}
		return s
	}
	if len(s) == 0 || s["anyOf"] != nil {
		return s
	}
	if _, ok := s["type"]; ok {
		return s
	}
	return Object{"anyOf": []any{s, Object{"type": "null"}}}
}

// reference gives a reference to a struct's entry, and makes that.
func (b *Book) reference(t reflect.Type, body bool) Object {
	name := Name(t)
	ref := Object{"$ref": b.At + name}
	if e, ok := b.entries[name]; ok {
		if e.typ != t {
			panic(fmt.Sprintf("schema: %s and %s have the same name", e.typ, t))
		}
		if e.body == body || e.schema == nil {
			return ref
		}
		if other := b.object(t, body); !equal(other, e.schema) {
			panic(fmt.Sprintf("schema: %s is sent otherwise than it is answered", t))
		}
		return ref
	}
	if b.entries == nil {
		b.entries = map[string]entry{}
	}
	b.entries[name] = entry{typ: t, body: body} // a type may hold itself
	b.entries[name] = entry{t, b.object(t, body), body}
	return ref
}

func (b *Book) object(t reflect.Type, body bool) Object {
	properties := Object{}
	var required []any
	for _, f := range fieldsOf(t) {
		properties[f.name] = b.ruled(b.schema(f.typ, body), &f)
		if f.rule.required || !body && !f.omitempty {
			required = append(required, f.name)
		}
	}
	s := Object{"type": "object", "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// ruled adds what a field's tags say to the schema of its type.
func (b *Book) ruled(s Object, f *field) Object {
	if s["$ref"] == nil && s["anyOf"] == nil {
		switch typeOf(s) {
		case "array":
			bound(s, &f.rule, "minItems", "maxItems")
			items := s["items"].(Object)
			each := f.item
			each.enum = f.rule.enum
			limit(items, &each)
		default:
			limit(s, &f.rule)
		}
	}
	if f.format != "" {
		s["format"] = f.format
	}
	if f.doc != "" {
		s["description"] = f.doc
	}
	if f.def != "" {
		s["default"] = typed(f.def, typeOf(s))
	}
	return s
}

func limit(s Object, r *rule) {
	switch typeOf(s) {
	case "string":
		bound(s, r, "minLength", "maxLength")
	case "integer", "number":
		bound(s, r, "minimum", "maximum")
	}
	if len(r.enum) == 0 {
		return
	}
	var values []any
	for _, e := range r.enum {
		values = append(values, typed(e, typeOf(s)))
	}
	if _, null := s["type"].([]any); null {
		values = append(values, nil)
	}
	s["enum"] = values
}

func bound(s Object, r *rule, least, most string) {
	if r.min != nil {
		s[least] = *r.min
	}
	if r.max != nil {
		s[most] = *r.max
	}
}

// typeOf is the type that a schema names beside null.
func typeOf(s Object) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		return t[0].(string)
	}
	return ""
}

// typed gives the value that a tag spells.
func typed(text, typ string) any {
	switch typ {
	case "integer", "number":
		return json.Number(text)
	case "boolean":
		v, err := strconv.ParseBool(text)
		if err != nil {
			panic("schema: " + text + " is neither true nor false")
		}
		return v
	}
	return text
}

// Name is what a struct is called in a document: its Go name; Page[Video] is a VideoPage.
func Name(t reflect.Type) string {
	capital := func(s string) string { return string(unicode.ToUpper(rune(s[0]))) + s[1:] }
	base, arg, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return capital(base)
	}
	arg = strings.TrimSuffix(arg, "]")
	return capital(arg[strings.LastIndexByte(arg, '.')+1:]) + capital(base)
}

func equal(a, b Object) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
