package rest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"shoal/federation/rest/shape"
	"shoal/internal/catalog"
)

func (a *API) adminCalls() []operation {
	return []operation{
		answered(operation{id: "getSettings", method: "GET", path: "/settings", access: admin, summary: "Get the instance's settings."}, a.getSettings),
		answered(operation{id: "updateSettings", method: "PUT", path: "/settings", access: admin, summary: "Set the instance's settings, all of them."}, a.putSettings),
		answered(operation{id: "setUp", method: "PUT", path: "/setup", access: admin, summary: "Set up a new instance."}, a.putSetUp),
		answered(operation{id: "getStorage", method: "GET", path: "/storage", access: admin, summary: "Get how the disk stands."}, a.getStorage),
		answered(operation{id: "getStatus", method: "GET", path: "/status", access: admin, summary: "Get how the node's state stands."}, a.getStatus),
	}
}

func (a *API) getSettings(c *call, _ *none, _ *none) (shape.Settings, error) {
	s, err := a.catalog.Settings(c.ctx())
	return settingsOf(&s), err
}

func settingsOf(s *catalog.Settings) shape.Settings {
	return shape.Settings{
		Name: s.Name, Short: s.Short, Description: s.Description, Terms: s.Terms, Language: s.Language, SetUp: s.SetUp,
		Live: shape.LiveSettings{
			Enabled: s.Live.Enabled, MaxLives: s.Live.MaxLives, MaxUser: s.Live.MaxUser,
			MaxDuration: seconds(s.Live.MaxDuration), MaxBitRate: s.Live.MaxBitRate,
		},
		Replays: shape.ReplayLimits{
			Allowed: s.Replays.Allowed, MaxBytes: s.Replays.MaxBytes, MaxAge: seconds(s.Replays.MaxAge), DVR: seconds(s.Replays.DVR),
		},
		Users: shape.UserSettings{Quota: s.Users.Quota, DailyQuota: s.Users.DailyQuota},
	}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func (a *API) putSettings(c *call, _ *none, b *shape.Settings) (shape.Settings, error) {
	s, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return shape.Settings{}, err
	}
	s.Name, s.Short, s.Description, s.Terms, s.Language, s.SetUp = b.Name, b.Short, b.Description, b.Terms, b.Language, b.SetUp
	s.Live = catalog.LiveLimits{
		Enabled: b.Live.Enabled, MaxLives: b.Live.MaxLives, MaxUser: b.Live.MaxUser,
		MaxDuration: time.Duration(b.Live.MaxDuration) * time.Second, MaxBitRate: b.Live.MaxBitRate,
	}
	s.Replays = catalog.ReplayLimits{
		Allowed: b.Replays.Allowed, MaxBytes: b.Replays.MaxBytes,
		MaxAge: time.Duration(b.Replays.MaxAge) * time.Second, DVR: time.Duration(b.Replays.DVR) * time.Second,
	}
	s.Users = catalog.UserDefaults{Quota: b.Users.Quota, DailyQuota: b.Users.DailyQuota}
	if err := a.catalog.UpdateSettings(c.ctx(), s); err != nil {
		return shape.Settings{}, err
	}
	return settingsOf(&s), nil
}

func (a *API) putSetUp(c *call, _ *none, b *shape.SetUp) (none, error) {
	s, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return none{}, err
	}
	if s.SetUp {
		return none{}, refuse(http.StatusConflict, "The instance has been set up. What was set there can be changed in the settings.")
	}
	if b.Channel != nil {
		if err := a.firstChannel(c, b.Channel); err != nil {
			return none{}, err
		}
	}
	if b.Password != nil {
		if err := c.setPassword(*b.Password); err != nil {
			return none{}, err
		}
	}
	s.Name, s.Short, s.Replays.Allowed, s.SetUp = b.InstanceName, b.Short, b.Replays, true
	return none{}, a.catalog.UpdateSettings(c.ctx(), s)
}

// firstChannel names the channel of who sets up: one that is there gets the display name, else it is made.
func (a *API) firstChannel(c *call, ch *shape.SetUpChannel) error {
	there, err := a.catalog.Channel(c.ctx(), ch.Name)
	switch {
	case err == nil && there.Account.ID == c.user.Account.ID:
		_, err = a.catalog.UpdateChannel(c.ctx(), ch.Name, catalog.ChannelChange{DisplayName: &ch.DisplayName})
		return err
	case err == nil:
		return catalog.ErrNameTaken
	case !errors.Is(err, catalog.ErrNotFound):
		return err
	}
	_, err = a.catalog.CreateChannel(c.ctx(), catalog.NewChannel{AccountID: c.user.Account.ID, Name: ch.Name, DisplayName: ch.DisplayName})
	return err
}

func (a *API) getStorage(c *call, _ *none, _ *none) (shape.Storage, error) {
	disk := a.Storage.Disk()
	if disk.Err != nil {
		return shape.Storage{}, fmt.Errorf("look at the disk: %w", disk.Err)
	}
	_, oldest, err := a.catalog.Stored(c.ctx())
	if err != nil {
		return shape.Storage{}, err
	}
	s := shape.Storage{
		Recordings: a.Storage.Usage(), Free: disk.Free, Total: disk.Total, Reserve: disk.Reserve, Low: disk.Low,
		Videos: []shape.StoredVideo{},
	}
	for i := range oldest {
		v := &oldest[i]
		one := shape.StoredVideo{UUID: v.UUID, Name: v.Name, Published: v.Published}
		for _, r := range v.Recordings {
			one.Bytes += r.Bytes
		}
		s.Videos = append(s.Videos, one)
	}
	return s, nil
}

func (a *API) getStatus(c *call, _ *none, _ *none) (shape.Status, error) {
	n := a.Node.Status()
	return shape.Status{
		Node: n.Node, Leader: n.Leader, Term: n.Term, Applied: n.Applied, DiskFull: n.DiskFull, Error: n.Error,
		Uptime: c.now.Sub(n.Started).Seconds(), Version: a.Version,
	}, nil
}
