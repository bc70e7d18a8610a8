package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrHelp is returned when the arguments ask for help: see Usage.
var ErrHelp = errors.New("help was asked for")

const (
	configFlag = "--config"
	configEnv  = "SHOAL_CONFIG"
	maxFile    = 1 << 20 // bytes; a file of this size is not a configuration
)

// Load reads the configuration from arguments (without the program's and the command's name), the environment ("K=V", as
// os.Environ gives it) and the file that one of them names (--config FILE, SHOAL_CONFIG), and checks it. It gives the
// arguments that are no flags as rest. The error is ErrHelp, Mistakes, or that the file cannot be read; there is a Config
// only without one.
func Load(args, environ []string) (c *Config, rest []string, err error) {
	r := &reader{origins: origins{}}
	c = Default()
	c.origins = r.origins
	byFlag, byEnv := map[string]key{}, map[string]key{}
	for _, k := range c.keys() {
		byFlag[k.flag()], byEnv[k.env()] = k, k
	}

	flags, rest, err := r.parseArgs(args, byFlag)
	if err != nil {
		return nil, nil, err
	}
	env := shoalEnv(environ)
	file, named := env[configEnv]
	for _, f := range flags {
		if f.name == configFlag {
			file, named = f.value, true
		}
	}
	if named {
		text, err := readFile(file)
		if err != nil {
			return nil, nil, err
		}
		r.parseFile(text, filepath.Base(file), c)
	}
	r.applyEnv(env, byEnv)
	for _, f := range flags {
		if f.name != configFlag {
			r.setText(byFlag[f.name], f.value, f.name)
		}
	}
	if c.Data == "" {
		c.Data = defaultData(environ)
	}
	r.mistakes = append(r.mistakes, c.check(r.mistakes)...)
	if len(r.mistakes) > 0 {
		return nil, nil, r.mistakes
	}
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return nil, nil, fmt.Errorf("find the data folder: %w", err)
	}
	return c, rest, nil
}

// defaultData is where data goes when nobody says: where services keep theirs, or the user's own place.
func defaultData(environ []string) string {
	if os.Geteuid() == 0 {
		return "/var/lib/shoal"
	}
	var home, xdg string
	for _, e := range environ {
		home = after(e, "HOME=", home)
		xdg = after(e, "XDG_DATA_HOME=", xdg)
	}
	switch {
	case filepath.IsAbs(xdg): // others are to be ignored (XDG Base Directory Specification)
		return filepath.Join(xdg, "shoal")
	case home != "":
		return filepath.Join(home, ".local", "share", "shoal")
	}
	return ""
}

func after(s, prefix, otherwise string) string {
	if v, ok := strings.CutPrefix(s, prefix); ok {
		return v
	}
	return otherwise
}

// argument is a flag with its value.
type argument struct{ name, value string }

// parseArgs takes flags apart from other arguments: --key value, --key=value, a bare --key for true. One dash is as good
// as two. Behind "--" nothing is a flag.
func (r *reader) parseArgs(args []string, known map[string]key) (flags []argument, rest []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return flags, append(rest, args...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		name, value, inline := strings.Cut("--"+strings.TrimLeft(arg, "-"), "=")
		if name == "--help" || name == "--h" {
			return nil, nil, ErrHelp
		}
		k, ok := known[name]
		switch {
		case !ok && name != configFlag:
			r.mistake("", "", "%s is not a flag%s", cut(name), didYouMean(name, sorted(known, configFlag)))
			continue
		case inline:
		case ok && k.value.Kind() == reflect.Bool:
			value = "true"
		case len(args) == 0 || strings.HasPrefix(args[0], "--"):
			r.mistake("", "", "%s needs a value", name)
			continue
		default:
			value, args = args[0], args[1:]
		}
		flags = append(flags, argument{name, value})
	}
	return flags, rest, nil
}

// shoalEnv gives the part of an environment that is ours.
func shoalEnv(environ []string) map[string]string {
	env := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, "SHOAL_") {
			env[name] = value
		}
	}
	return env
}

func (r *reader) applyEnv(env map[string]string, known map[string]key) {
	for _, name := range sorted(env) {
		switch k, ok := known[name]; {
		case ok:
			r.setText(k, env[name], name)
		case name != configEnv:
			r.mistake("", "", "%s in the environment is not a key%s", cut(name), didYouMean(name, sorted(known, configEnv)))
		}
	}
}

// sorted gives the keys of a map and others, in order: the same mistakes make the same report.
func sorted[V any](m map[string]V, others ...string) []string {
	all := slices.AppendSeq(others, maps.Keys(m))
	slices.Sort(all)
	return all
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("read the configuration: %s is larger than a configuration can be (%d bytes)", name, maxFile)
	}
	return text, nil
}

// parseFile takes over what a file says. Nothing of a file that is not YAML is taken.
func (r *reader) parseFile(text []byte, name string, c *Config) {
	at := func(line int) string { return fmt.Sprintf("%s:%d", name, line) }
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		r.mistake(name, "", "the file is not YAML: %v", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		r.mistake(name, "", "the file holds more than one YAML document: keep one")
		return
	}
	if root := doc.Content[0]; root.Kind != yaml.ScalarNode || root.ShortTag() != "!!null" {
		r.set(root, reflect.ValueOf(c).Elem(), "", at)
	}
}
