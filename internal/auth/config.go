package auth

import (
	"errors"
	"fmt"
	"time"
)

// Config says for how long tokens are good.
type Config struct {
	Access  time.Duration `yaml:"access"`  // of a log-in, until it is refreshed
	Refresh time.Duration `yaml:"refresh"` // of a log-in that is not used
	Media   time.Duration `yaml:"media"`   // of a link to media that is not public
}

// DefaultConfig has PeerTube's defaults (config/default.yaml, oauth2.token_lifetime).
func DefaultConfig() Config {
	return Config{Access: 24 * time.Hour, Refresh: 14 * 24 * time.Hour, Media: 4 * time.Hour}
}

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	check := func(name string, d, least, most time.Duration) {
		if d < least || d > most {
			errs = append(errs, fmt.Errorf("%s is %v: give %v to %v", name, d, least, most))
		}
	}
	const year = 365 * 24 * time.Hour
	check("access", c.Access, time.Minute, year)
	check("refresh", c.Refresh, max(c.Access, time.Minute), year)
	check("media", c.Media, mediaStep, maxMedia)
	return errors.Join(errs...)
}
