package hls

import (
	"errors"
	"fmt"
	"math"
	"time"

	"shoal/internal/live"
)

// HoldFor is how long a request is held at most: three target durations (draft-pantos-hls-rfc8216bis, section 6.2.5.2).
const HoldFor = 3 * live.TargetDuration

// Config says how lives go out by HLS.
type Config struct {
	// PartHoldBack is how far from the end of a playlist players should stay, in part targets. More than 3, the
	// least that the standard allows, trades delay for smoothness on bad networks.
	PartHoldBack float64 `yaml:"part_hold_back"`
	// MaxHeld bounds the requests that wait for something at the same time, MaxHeldPerLive those of one live: each
	// costs a connection and about 20 KB. A viewer has one or two.
	MaxHeld        int `yaml:"max_held"`
	MaxHeldPerLive int `yaml:"max_held_per_live"`
}

// DefaultConfig is for a board with 1 GB of memory.
func DefaultConfig() Config {
	return Config{PartHoldBack: 3, MaxHeld: 10_000, MaxHeldPerLive: 5_000}
}

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	if !(c.PartHoldBack >= 3 && c.PartHoldBack <= 30) {
		errs = append(errs, fmt.Errorf("part_hold_back is %v: give 3 to 30 part targets", c.PartHoldBack))
	}
	if c.MaxHeld < 1 || c.MaxHeld > 1_000_000 {
		errs = append(errs, fmt.Errorf("max_held is %d: give 1 to 1,000,000 requests", c.MaxHeld))
	}
	if c.MaxHeldPerLive < 1 || c.MaxHeldPerLive > c.MaxHeld {
		errs = append(errs, fmt.Errorf("max_held_per_live is %d: give 1 to max_held (%d) requests", c.MaxHeldPerLive, c.MaxHeld))
	}
	return errors.Join(errs...)
}

func (c Config) partHoldBack(target time.Duration) time.Duration {
	return time.Duration(math.Round(c.PartHoldBack * float64(target)))
}
