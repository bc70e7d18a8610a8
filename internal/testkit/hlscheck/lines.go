package hlscheck

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// tagLines splits a playlist into lines and refuses what no playlist may hold (the draft, section 4.1).
func tagLines(text string) ([]string, error) {
	switch {
	case !utf8.ValidString(text):
		return nil, errors.New("not UTF-8")
	case !strings.HasPrefix(text, "#EXTM3U\n"):
		return nil, errors.New("does not begin with #EXTM3U")
	case !strings.HasSuffix(text, "\n"):
		return nil, errors.New("the last line does not end")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")[1:]
	for n, l := range lines {
		if l == "" || strings.TrimSpace(l) != l {
			return nil, fmt.Errorf("line %d is %q", n+2, l)
		}
		for _, c := range l {
			if c < ' ' || c >= 0x7f && c <= 0x9f {
				return nil, fmt.Errorf("line %d holds the control character %q", n+2, c)
			}
		}
	}
	return lines, nil
}

// attributes are those of a tag, by name, as they are written, quotes removed.
type attributes map[string]string

var attribute = regexp.MustCompile(`^([A-Z0-9-]+)=("[^"]*"|[^",\s]+)(,|$)`)

// parseAttributes reads an attribute list (the draft, section 4.2). Every name must be among the known; those in quoted
// are strings, the others are not.
func parseAttributes(s string, quoted, plain []string) (attributes, error) {
	a := attributes{}
	for s != "" {
		m := attribute.FindStringSubmatch(s)
		if m == nil || m[3] == "," && len(m[0]) == len(s) {
			return nil, fmt.Errorf("no attribute list: %q", s)
		}
		name, value := m[1], m[2]
		inner, isQuoted := strings.CutPrefix(value, `"`)
		list := plain
		if isQuoted {
			value, list = strings.TrimSuffix(inner, `"`), quoted
		}
		if !contains(list, name) {
			return nil, fmt.Errorf("unexpected attribute %s=%s", name, m[2])
		}
		if _, twice := a[name]; twice {
			return nil, fmt.Errorf("attribute %s stands twice", name)
		}
		a[name] = value
		s = s[len(m[0]):]
	}
	return a, nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func (a attributes) need(names ...string) error {
	for _, n := range names {
		if a[n] == "" {
			return fmt.Errorf("attribute %s is missing", n)
		}
	}
	return nil
}

// flag reads an attribute that is YES or not there.
func (a attributes) flag(name string) (bool, error) {
	v, ok := a[name]
	if ok && v != "YES" {
		return false, fmt.Errorf("%s is %q", name, v)
	}
	return ok, nil
}

var decimalNumber = regexp.MustCompile(`^([0-9]{1,9})(?:\.([0-9]{1,9}))?$`)

// parseSeconds reads a decimal number of seconds exactly.
func parseSeconds(s string) (time.Duration, error) {
	m := decimalNumber.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is no number of seconds", s)
	}
	whole, _ := strconv.ParseInt(m[1], 10, 64)
	nanos, _ := strconv.ParseInt((m[2] + "000000000")[:9], 10, 64)
	return time.Duration(whole)*time.Second + time.Duration(nanos), nil
}

func parseInteger(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strings.HasPrefix(s, "+") {
		return 0, fmt.Errorf("%q is no decimal integer", s)
	}
	return n, nil
}
