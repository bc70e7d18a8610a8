package audience

import (
	"errors"
	"fmt"
	"time"
)

const (
	// Beat is how often a player says that it is watching: REST's config says so to players of our kind
	// (views.videos.watchingInterval of PeerTube's API, whose default it is).
	Beat = 5 * time.Second
	// stay is how long a viewer counts after a beat: one beat may be lost, and the next be a little late.
	stay = 2*Beat + time.Second
	// enough is what is to be watched for a view: PeerTube's default of views.videos.count_view_after. Of a video that is
	// shorter, more than half (server/core/lib/views/shared/video-views.ts).
	enough = 10 * time.Second
	// remember is for how long, at least, a session's view is not counted again: PeerTube's default of
	// views.videos.view_expiration.
	remember = time.Hour
	// window is how long an address is known, as a hash: what it did in one minute is forgotten in the next.
	window = time.Minute
)

// Config bounds what strangers can make the node remember.
type Config struct {
	// MaxViewers bounds the viewers of all videos together. Each costs about 150 bytes.
	MaxViewers int
	// MaxPerAddress bounds the new viewers of one address (of IPv6, a /64) in a minute, and, at twelve times as many, its
	// beats. A hall or a provider may stand behind one address.
	MaxPerAddress int
}

// DefaultConfig is for a board with 1 GB of memory.
func DefaultConfig() Config { return Config{MaxViewers: 100_000, MaxPerAddress: 500} }

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	if c.MaxViewers < 1 || c.MaxViewers > 10_000_000 {
		errs = append(errs, fmt.Errorf("max_viewers is %d: give 1 to 10,000,000", c.MaxViewers))
	}
	if c.MaxPerAddress < 1 || c.MaxPerAddress > 1_000_000 {
		errs = append(errs, fmt.Errorf("max_per_address is %d: give 1 to 1,000,000", c.MaxPerAddress))
	}
	return errors.Join(errs...)
}
