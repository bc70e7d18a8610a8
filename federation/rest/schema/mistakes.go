package schema

import (
	"fmt"
	"strings"
)

// maxMistakes is how many are told at once: nobody reads more.
const maxMistakes = 20

// Mistake is what is wrong with one field.
type Mistake struct {
	Field string // where: "replaySettings.privacy"; "" for the whole
	Text  string // what it must be; safe to show
}

// Mistakes are all that is wrong, in the order of the fields.
type Mistakes []Mistake

// Error says it all in one line.
func (m Mistakes) Error() string {
	all := make([]string, len(m))
	for i, one := range m {
		all[i] = one.Text
		if one.Field != "" {
			all[i] = one.Field + " " + one.Text
		}
	}
	return strings.Join(all, "; ")
}

// wrong makes Mistakes of one that concerns no field.
func wrong(format string, args ...any) Mistakes {
	return Mistakes{{Text: fmt.Sprintf(format, args...)}}
}
