package broadcast

import (
	"errors"
	"fmt"
	"time"
)

// Config says how patient a live is.
type Config struct {
	// Grace is how long a live waits for an encoder that was lost before it ends.
	Grace time.Duration `yaml:"grace"`
	// Takeover is how long an encoder may be silent before another one with the same key takes its place: a
	// connection that died without a word must not keep its own encoder out when that comes back.
	Takeover time.Duration `yaml:"takeover"`
}

// DefaultConfig waits 60 s for a lost encoder and lets another take over after 3 s of silence.
func DefaultConfig() Config { return Config{Grace: time.Minute, Takeover: 3 * time.Second} }

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	if c.Grace < 0 || c.Grace > time.Hour {
		errs = append(errs, fmt.Errorf("grace is %v: give 0s to 1h", c.Grace))
	}
	if c.Takeover < time.Second || c.Takeover > time.Minute {
		errs = append(errs, fmt.Errorf("takeover is %v: give 1s to 1m", c.Takeover))
	}
	return errors.Join(errs...)
}
