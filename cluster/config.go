package cluster

import (
	"errors"
	"fmt"
)

// DefaultReserve is Config.Reserve for whoever has no opinion: 16 MiB.
const DefaultReserve = 16 << 20

// Config says where a node keeps what the cluster agrees on.
type Config struct {
	// Data is the data folder, which must exist. One process at a time may use it.
	Data string
	// Reserve is the room, in bytes, below which changes are refused; 0 for DefaultReserve.
	Reserve int64
}

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var all []error
	if c.Data == "" {
		all = append(all, errors.New("no data folder"))
	}
	if c.Reserve < 0 {
		all = append(all, fmt.Errorf("a reserve of %d bytes", c.Reserve))
	}
	return errors.Join(all...)
}
