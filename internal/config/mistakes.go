package config

import (
	"fmt"
	"strings"
)

// Mistake is one thing that is wrong in a configuration.
type Mistake struct {
	Source string // "shoal.yaml:12", "SHOAL_HTTP", "--http"; "" if it is what holds without any of them
	Key    string // "http", "lives[0].name"; "" if it is about no key
	Text   string // what is wrong and what to do; together with Key, a sentence
}

func (m Mistake) String() string {
	var b strings.Builder
	if m.Source != "" {
		b.WriteString(m.Source + ": ")
	}
	if m.Key != "" {
		b.WriteString(m.Key + " ")
	}
	return b.String() + m.Text
}

// Mistakes are all that is wrong in a configuration. They are an error.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	if len(m) == 1 {
		return "the configuration has a mistake: " + m[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d mistakes:", len(m))
	for _, one := range m {
		b.WriteString("\n  " + one.String())
	}
	return b.String()
}

// origins remembers, for each key that was set, where.
type origins map[string]string

// of gives where a key was set, or the nearest thing that holds it: lives[0].key, lives[0], lives.
func (o origins) of(key string) string {
	for key != "" {
		if source, ok := o[key]; ok {
			return source
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return ""
}

// forget drops what was said of a key's own elements: a list that is set again is another list.
func (o origins) forget(key string) {
	for k := range o {
		if strings.HasPrefix(k, key+"[") {
			delete(o, k)
		}
	}
}
