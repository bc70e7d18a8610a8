package fsm

import "shoal/cluster/state"

// What the tests outside of the package need of the zoo.
var (
	Zoo    = zoo
	Record = update
)

// Do makes one of the zoo's commands.
func Do(what string, n int64, text string) state.Command {
	return do{What: what, N: n, Text: text, Real: 0.5, Blob: []byte(text)}
}
