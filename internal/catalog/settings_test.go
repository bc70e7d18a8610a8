package catalog

import (
	"testing"
	"time"

	"shoal/cluster/state"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	if got, err := c.Settings(ctx); got != DefaultSettings() || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	want := DefaultSettings()
	want.Name, want.Terms, want.SetUp = "Harbour TV", "Be kind.\nOr leave.", true
	want.Live = LiveLimits{Enabled: false, MaxLives: 3, MaxUser: Unlimited, MaxDuration: time.Hour, MaxBitRate: 6_000_000}
	want.Replays = ReplayLimits{Allowed: false, MaxBytes: 1 << 40, MaxAge: 24 * time.Hour}
	want.Users = UserDefaults{Quota: 1, DailyQuota: 2}
	if err := c.UpdateSettings(ctx, want); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Settings(ctx); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	// What an older program has written has the defaults for what it did not know.
	if _, err := s.Propose(ctx, updateSettings{Body: `{"Name":"Old","Replays":{"Allowed":true},"Gone":1}`}); err != nil {
		t.Fatal(err)
	}
	want = DefaultSettings()
	want.Name = "Old"
	if got, err := c.Settings(ctx); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	if got, err := c.Stats(ctx); got != (Stats{}) || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	makeUser(t, c, NewUser{Name: "root"})
	makeUser(t, c, NewUser{Name: "mod", Role: Moderator})
	alice := user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	a := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "One", SaveReplay: true})
	b := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Two", SaveReplay: true, Permanent: true})
	now := s.Now()
	end(t, c, begin(t, c, a.UUID, now.Add(-26*time.Hour)).UUID, now.Add(-25*time.Hour), 1000)
	end(t, c, begin(t, c, b.UUID, now.Add(-2*time.Hour)).UUID, now.Add(-time.Hour), 500)
	if err := c.AddViews(ctx, map[string]int64{a.UUID: 3, b.UUID: 4, newUUID(): 9}); err != nil {
		t.Fatal(err)
	}
	// b waits for its next broadcast.
	want := Stats{Users: 3, Admins: 1, Moderators: 1, Videos: 2, Channels: 3, Views: 7, Bytes: 1500}
	if got, err := c.Stats(ctx); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, p := range []Privacy{Unlisted, Private, Internal} {
		if _, err := c.UpdateVideo(ctx, a.UUID, VideoChange{Privacy: &p}); err != nil {
			t.Fatal(err)
		}
		want.Videos, want.Views, want.Bytes = 1, 4, 500
		if got, err := c.Stats(ctx); got != want || err != nil {
			t.Errorf("privacy %d: %+v, %v; want %+v", p, got, err, want)
		}
	}
	err := s.Read(ctx, func(q state.Querier) error {
		total, today, err := usedBytes(ctx, q, alice.ID, now)
		if total != 1500 || today != 500 {
			t.Errorf("%d bytes, %d of them today; want 1500 and 500", total, today)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if total, _, err := c.UsedBytes(ctx, alice.ID); total != 1500 || err != nil {
		t.Errorf("%d, %v", total, err)
	}
	if total, today, err := c.UsedBytes(ctx, 99); total != 0 || today != 0 || err != nil {
		t.Errorf("nobody uses %d, %d, %v", total, today, err)
	}
}
