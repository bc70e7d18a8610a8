package live

import (
	"errors"
	"fmt"
	"time"
)

// Config says how much of a live is kept in memory.
type Config struct {
	// Window is how much is kept, in time; what is older is dropped.
	Window time.Duration `yaml:"window"`
	// Bytes is how much is kept, in bytes of media: whichever of Window and Bytes is reached first counts.
	Bytes int `yaml:"bytes"`
	// Floor is kept whatever its bytes: a player that is a little behind must find what it was shown.
	Floor time.Duration `yaml:"floor"`
	// Listed is how much of it the playlists show. It is less than Window, since a segment must be served for a
	// while after it left the playlist (RFC 8216, section 6.2.2).
	//
	// It is half of what is kept where that is less, but not below 12 s.
	Listed time.Duration `yaml:"listed"`
}

// DefaultConfig keeps 60 s or 12 MB, never less than 20 s, and lists 30 s.
func DefaultConfig() Config {
	return Config{Window: time.Minute, Bytes: 12 << 20, Floor: 20 * time.Second, Listed: 30 * time.Second}
}

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	between := func(key string, v, lo, hi time.Duration) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("%s is %v: give %v to %v", key, v, lo, hi))
		}
	}
	between("floor", c.Floor, 12*time.Second, 10*time.Minute)
	between("window", c.Window, max(c.Floor, 12*time.Second), time.Hour)
	// Three target durations are the least that a playlist may list (RFC 8216, section 6.2.2), and a delta update
	// needs more than CAN-SKIP-UNTIL, which is six.
	between("listed", c.Listed, 6*TargetDuration, max(c.Window, 6*TargetDuration))
	if c.Bytes < 1<<20 || c.Bytes > 1<<30 {
		errs = append(errs, fmt.Errorf("bytes is %d: give 1 MiB (%d) to 1 GiB (%d)", c.Bytes, 1<<20, 1<<30))
	}
	return errors.Join(errs...)
}
