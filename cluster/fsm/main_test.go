package fsm

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// soak makes the tests that draw at random go on for longer.
var soak = flag.Bool("soak", false, "run the long tests: 1,000 kills, 400 flipped bits in each kind of page")

// update records what the corpus lacks.
var update = flag.Bool("update", false, "record the scripts that have no recording yet")

// racing says that the race detector watches.
var racing bool

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		os.Exit(child(path))
	}
	goleak.VerifyTestMain(m)
}
