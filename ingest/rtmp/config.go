package rtmp

import (
	"errors"
	"fmt"
	"time"
)

// Config are the limits of a Server.
type Config struct {
	// MaxConnections is how many connections there may be, published or not.
	MaxConnections int `yaml:"max_connections"`
	// MaxPending is how many connections may be open that have not published yet. When there are as many, a new one
	// takes the place of the oldest, if that had a second.
	MaxPending int `yaml:"max_pending"`
	// MaxPendingPerAddress is how many of them may come from one address (IPv6: one /64), likewise.
	MaxPendingPerAddress int `yaml:"max_pending_per_address"`
	// PublishTimeout is how long an encoder may take from connecting to publishing.
	PublishTimeout time.Duration `yaml:"publish_timeout"`
	// IdleTimeout is how long an encoder may send no media.
	IdleTimeout time.Duration `yaml:"idle_timeout"`
	// MaxBitRate is what an encoder may send in the long run, in bit/s. For a while it may send more: as much as
	// MaxBitRate gives in 10 s may come ahead of time.
	MaxBitRate int `yaml:"max_bit_rate"`
}

// tick is the grid on which encoders are read (see guard.Config). An encoder sends some 77 messages a second, and to be
// woken costs many times what reading one does: with 20 lives, a grid of 20 ms takes a quarter off the whole cost of an
// input, one of 10 ms nothing. It makes a frame later by 10 ms in the mean.
const tick = 20 * time.Millisecond

// DefaultConfig suits a small board: a stranger costs at most some 120 KB, so 64 of them stay below 8 MB whatever they
// send. A real encoder is a stranger for some 50 ms, so 24 of one address at a time are a venue full of them that just
// got its power back.
func DefaultConfig() Config {
	return Config{
		MaxConnections:       256,
		MaxPending:           64,
		MaxPendingPerAddress: 24,
		PublishTimeout:       10 * time.Second,
		IdleTimeout:          30 * time.Second,
		MaxBitRate:           10_000_000,
	}
}

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	atLeast := func(name string, value, least int) {
		if value < least {
			errs = append(errs, fmt.Errorf("%s is %d; it must be at least %d", name, value, least))
		}
	}
	within := func(name string, value, least, most time.Duration) {
		if value < least || value > most {
			errs = append(errs, fmt.Errorf("%s is %v; it must be from %v to %v", name, value, least, most))
		}
	}
	atLeast("max_connections", c.MaxConnections, 1)
	atLeast("max_pending", c.MaxPending, 1)
	atLeast("max_pending_per_address", c.MaxPendingPerAddress, 1)
	within("publish_timeout", c.PublishTimeout, 100*time.Millisecond, time.Minute)
	within("idle_timeout", c.IdleTimeout, 100*time.Millisecond, 10*time.Minute)
	atLeast("max_bit_rate", c.MaxBitRate, 64_000)
	return errors.Join(errs...)
}
