package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// key is a place in the Config that can be set: a scalar or a list.
type key struct {
	path  string // "log.level"
	value reflect.Value
}

// env is the key's name in the environment.
func (k key) env() string { return "SHOAL_" + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_")) }

// flag is the key's name on the command line.
func (k key) flag() string { return "--" + strings.ReplaceAll(k.path, "_", "-") }

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// section says whether a type is a struct of keys, rather than a value that is written as one text.
func section(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// field is a field of a section, by its name in the file.
type field struct {
	name  string
	value reflect.Value
}

// fields gives the fields of a section that can be configured. A field without a yaml tag is a programmer's mistake: its
// key would be a Go name. It panics, in every test that loads a configuration.
func fields(v reflect.Value) []field {
	var fs []field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch name {
		case "":
			panic(fmt.Sprintf("config: %s.%s has no yaml tag", v.Type(), f.Name))
		case "-":
			continue
		}
		fs = append(fs, field{name, v.Field(i)})
	}
	return fs
}

// keys lists what can be set in a section, in the order of the struct.
func keys(v reflect.Value, prefix string) []key {
	var ks []key
	for _, f := range fields(v) {
		if section(f.value.Type()) {
			ks = append(ks, keys(f.value, prefix+f.name+".")...)
		} else {
			ks = append(ks, key{prefix + f.name, f.value})
		}
	}
	return ks
}

// keys lists all that can be set in a Config.
func (c *Config) keys() []key { return keys(reflect.ValueOf(c).Elem(), "") }
