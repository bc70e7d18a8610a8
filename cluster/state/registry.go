package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// ErrUnknownKind says that a log holds a command that this program does not know, or knows less of: a newer version has
// written it. Applying what follows without it would fork the state.
var ErrUnknownKind = errors.New("a newer version of the program has written this command")

// Schema is the tables of one package, as the steps that made them.
type Schema struct {
	Package string
	// Steps raise the schema from one version to the next: Steps[0] to version 1. A step may hold several statements. A
	// released step is never changed; a change is another step.
	Steps []string
	// Derived are tables that are made from others and are left out of the state's hash.
	Derived []string
}

// Registry knows the commands and schemas of a program. It is filled before it is used and not changed afterwards.
type Registry struct {
	kinds   map[string]reflect.Type
	schemas []Schema
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry { return &Registry{kinds: map[string]reflect.Type{}} }

// Add registers commands by a value of each, a struct or a pointer to one. It panics if a Kind is registered twice, or
// is not of the form that Command.Kind asks for: a mistake of the program.
func (r *Registry) Add(prototypes ...Command) {
	for _, p := range prototypes {
		kind := p.Kind()
		name, version, ok := strings.Cut(kind, "/")
		if !ok || version == "" || strings.Count(name, ".") < 1 {
			panic(fmt.Sprintf("state: %q is not a kind of the form package.noun.verb/version", kind))
		}
		if r.kinds[kind] != nil {
			panic("state: " + kind + " is registered twice")
		}
		t := reflect.TypeOf(p)
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		r.kinds[kind] = t
	}
}

// AddSchema registers a package's tables. It panics if the package has some already.
func (r *Registry) AddSchema(s Schema) {
	for _, o := range r.schemas {
		if o.Package == s.Package {
			panic("state: " + s.Package + " has a schema already")
		}
	}
	r.schemas = append(r.schemas, s)
}

// Schemas lists the schemas in the order of their registration.
func (r *Registry) Schemas() []Schema { return slices.Clone(r.schemas) }

// Kinds lists the kinds of commands in alphabetical order.
func (r *Registry) Kinds() []string {
	all := make([]string, 0, len(r.kinds))
	for k := range r.kinds {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// entry is a command as it stands in a log. Its form is fixed for ever.
type entry struct {
	Kind    string          `json:"k"`
	Time    int64           `json:"t"` // the proposer's clock, Unix milliseconds
	Command json.RawMessage `json:"c"`
}

// Encode gives a command the form in which it stands in a log.
func (r *Registry) Encode(c Command, now time.Time) ([]byte, error) {
	if r.kinds[c.Kind()] == nil {
		return nil, fmt.Errorf("encode a command: %s is not registered", c.Kind())
	}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", c.Kind(), err)
	}
	return json.Marshal(entry{c.Kind(), now.UnixMilli(), body})
}

// Decode reads a command, and the proposer's time, from a log. ErrUnknownKind if the program does not know the command or
// one of its fields.
func (r *Registry) Decode(data []byte) (Command, time.Time, error) {
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, time.Time{}, fmt.Errorf("decode a command: %w", err)
	}
	t := r.kinds[e.Kind]
	if t == nil {
		return nil, time.Time{}, fmt.Errorf("decode %q: %w", e.Kind, ErrUnknownKind)
	}
	v := reflect.New(t)
	d := json.NewDecoder(bytes.NewReader(e.Command))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil {
		return nil, time.Time{}, fmt.Errorf("decode %q: %w: %w", e.Kind, ErrUnknownKind, err)
	}
	c, ok := v.Interface().(Command)
	if !ok {
		c = v.Elem().Interface().(Command)
	}
	return c, time.UnixMilli(e.Time).UTC(), nil
}
