package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shoal/cluster/state"
)

// updateSettings replaces the settings. Their text is made by the proposer, so that all nodes keep the same bytes whatever
// fields their programs know.
type updateSettings struct {
	Body string `json:"body"`
}

func (updateSettings) Kind() string { return "catalog.settings.update/1" }

// DefaultSettings are those of a new instance. Where there is one, the limits are PeerTube's defaults.
func DefaultSettings() Settings {
	return Settings{
		Name:     "Shoal",
		Short:    "Live streaming at the edge.",
		Live:     LiveLimits{Enabled: true, MaxLives: 20, MaxUser: 3},
		Replays:  ReplayLimits{Allowed: true, MaxBytes: Unlimited, DVR: 30 * time.Minute},
		Users:    UserDefaults{Quota: Unlimited, DailyQuota: Unlimited},
		Language: "en",
	}
}

// Settings reads the settings.
func (c *Catalog) Settings(ctx context.Context) (Settings, error) {
	return remember(ctx, c, &c.settings, struct{}{}, func(q state.Querier) (Settings, error) {
		s := DefaultSettings()
		body, err := one(ctx, q, "the settings", value[string], `SELECT body FROM settings WHERE id = 1`)
		if isNotFound(err) {
			return s, nil
		}
		if err != nil {
			return Settings{}, err
		}
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			return Settings{}, fmt.Errorf("read the settings: %w", err)
		}
		return s, nil
	})
}

// UpdateSettings replaces the settings. ErrInvalid.
func (c *Catalog) UpdateSettings(ctx context.Context, s Settings) error {
	var check checker
	check.line("name of the instance", &s.Name, 1, maxInstanceName)
	check.line("short description", &s.Short, 0, maxShort)
	check.text("description", &s.Description, 0, maxLong)
	check.text("terms", &s.Terms, 0, maxLong)
	check.language(&s.Language)
	check.quota("quota of new users", &s.Users.Quota)
	check.quota("daily quota of new users", &s.Users.DailyQuota)
	check.quota("space for recordings", &s.Replays.MaxBytes)
	check.limits(s)
	if err := check.err(); err != nil {
		return err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the settings: %w", err)
	}
	_, err = c.proposer.Propose(ctx, updateSettings{string(body)})
	return err
}

// limits checks the settings' numbers.
func (c *checker) limits(s Settings) {
	if s.Live.MaxLives < Unlimited || s.Live.MaxUser < Unlimited {
		c.fail("The number of lives at once is negative: give a number, or -1 for no limit.")
	}
	if s.Live.MaxBitRate < 0 {
		c.fail("The bit rate is negative: give bits per second, or 0 for the configuration's.")
	}
	for what, d := range map[string]time.Duration{
		"longest live": s.Live.MaxDuration, "age of replays": s.Replays.MaxAge, "time that viewers may go back": s.Replays.DVR,
	} {
		if d < 0 {
			c.fail("The %s is negative: give a duration, or 0 for none.", what)
		}
	}
}

func (u updateSettings) Apply(tx *state.Tx) (any, error) {
	_, err := tx.Exec(`INSERT INTO settings (id, body) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`, u.Body)
	return nil, err
}

// Stats count what the instance has. Of videos, only those that anybody can find and watch are counted.
type Stats struct {
	Users      int
	Admins     int
	Moderators int
	Videos     int // with lives on the air
	Channels   int
	Views      int64 // of all public videos
	Bytes      int64 // of recordings
}

// Stats counts what the instance has.
func (c *Catalog) Stats(ctx context.Context) (Stats, error) {
	scan := func(r scanner) (s Stats, err error) {
		err = r.Scan(&s.Users, &s.Admins, &s.Moderators, &s.Videos, &s.Channels, &s.Views, &s.Bytes)
		return s, err
	}
	return remember(ctx, c, &c.stats, struct{}{}, func(q state.Querier) (Stats, error) {
		return one(ctx, q, "the numbers of the instance", scan, `SELECT
			(SELECT count(*) FROM user), (SELECT count(*) FROM user WHERE role = ?), (SELECT count(*) FROM user WHERE role = ?),
			(SELECT COALESCE(SUM(n), 0) FROM tally WHERE kind = 0 AND class >> 8 = ? AND (class >> 2) & 63 = ?), (SELECT count(*) FROM channel),
			(SELECT COALESCE(SUM(views), 0) FROM video WHERE privacy = ?),
			(SELECT COALESCE(SUM(r.bytes), 0) FROM recording r JOIN video v ON v.id = r.video_id WHERE v.privacy = ? AND v.state = ?)`,
			Admin, Moderator, Public, Published, Public, Public, Published)
	})
}
