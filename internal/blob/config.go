package blob

import (
	"errors"
	"fmt"
)

// Config says how much of the disk is left alone.
type Config struct {
	// Reserve is how many bytes recordings leave free, so that there is always room for the instance's state.
	Reserve int64 `yaml:"reserve_bytes"`
	// ReservePercent is the same as a share of the disk. Whichever of the two is more counts.
	ReservePercent float64 `yaml:"reserve_percent"`
}

// DefaultConfig leaves 256 MiB free, or 2 % of the disk where that is more.
func DefaultConfig() Config { return Config{Reserve: 256 << 20, ReservePercent: 2} }

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	if c.Reserve < 0 || c.Reserve > 1<<50 {
		errs = append(errs, fmt.Errorf("reserve_bytes is %d: give 0 to %d bytes", c.Reserve, int64(1)<<50))
	}
	if !(c.ReservePercent >= 0 && c.ReservePercent <= 90) {
		errs = append(errs, fmt.Errorf("reserve_percent is %v: give 0 to 90", c.ReservePercent))
	}
	return errors.Join(errs...)
}
