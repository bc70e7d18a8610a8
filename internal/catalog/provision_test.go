package catalog

import (
	"testing"
	"time"
)

func TestProvision(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	a := Declared{UUID: newUUID(), Name: "a", Title: "Main stage", Key: "key-a", Permanent: true, SaveReplay: true}
	b := Declared{UUID: newUUID(), Name: "b", Key: "key-b"}
	provision := func(proposed uint64, lives ...Declared) {
		t.Helper()
		for i := range 2 { // the second time, nothing differs
			before := s.Index()
			if err := c.Provision(ctx, lives); err != nil {
				t.Fatal(err)
			}
			if n := s.Index() - before; n != proposed*uint64(1-i) {
				t.Errorf("time %d: %d commands were proposed; want %d", i+1, n, proposed*uint64(1-i))
			}
		}
	}
	is := func(d Declared, title, owner string, declared bool) Video {
		t.Helper()
		v := video(t, c, d.UUID)
		if v.Live == nil || v.Alias != d.Name || v.Name != title || v.Live.Key != d.Key || v.Live.Permanent != d.Permanent || v.Live.SaveReplay != d.SaveReplay || v.Live.Declared != declared || v.Channel.Account.Name != owner {
			t.Errorf("%+v, %+v; want %+v of %s", v, v.Live, d, owner)
		}
		if d.Key != "" {
			if got, err := c.LiveByKey(ctx, d.Key); err != nil || got.UUID != d.UUID {
				t.Errorf("by the key of %s: %s, %v", d.Name, got.UUID, err)
			}
		}
		return v
	}
	provision(0)
	provision(1, a, b)
	v := is(a, "Main stage", "shoal", true)
	if v.State != WaitingForLive || v.Privacy != Public || v.Comments != 1 || !v.Download || v.Live.Latency != DefaultLatency || v.Channel.Name != "shoal_channel" || v.Channel.Account.UserID != 0 {
		t.Errorf("%+v", v)
	}
	is(b, "b", "shoal", true)
	if owned, err := c.Account(ctx, "shoal"); err != nil || owned.DisplayName != "Shoal" {
		t.Errorf("%+v, %v", owned, err)
	}

	// Only the configuration changes them.
	refused(t, "the key", second(c.RotateKey(ctx, a.UUID)), ErrDeclared)
	refused(t, "permanent", second(c.UpdateLive(ctx, a.UUID, LiveChange{Permanent: ptr(false)})), ErrDeclared)
	refused(t, "the name", second(c.UpdateVideo(ctx, a.UUID, VideoChange{Name: ptr("Other")})), ErrDeclared)
	refused(t, "deletion", second(c.DeleteVideo(ctx, a.UUID)), ErrDeclared)
	if _, err := c.UpdateLive(ctx, a.UUID, LiveChange{Permanent: ptr(true), SaveReplay: ptr(true), Latency: ptr(SmallLatency), Takeover: ptr(NewestWins)}); err != nil {
		t.Error(err)
	}
	if _, err := c.UpdateVideo(ctx, a.UUID, VideoChange{Name: ptr("Main stage"), Description: ptr("d"), Privacy: ptr(Unlisted)}); err != nil {
		t.Error(err)
	}

	// Somebody is there now: theirs they become. What users have changed stays.
	user(t, c, "alice")
	provision(0, a, b)
	root := makeUser(t, c, NewUser{Name: "root"})
	provision(1, a, b)
	if v := is(a, "Main stage", "root", true); v.Description != "d" || v.Privacy != Unlisted || v.Live.Takeover != NewestWins || v.Live.ReplayPrivacy != Unlisted {
		t.Errorf("%+v", v)
	}
	if _, total, err := c.Videos(ctx, VideoFilter{Account: "root", States: []VideoState{WaitingForLive}, Viewer: moderator, Privacies: []Privacy{Public, Unlisted}}); total != 2 || err != nil {
		t.Errorf("%d are listed, %v", total, err)
	}
	refused(t, "the owner's deletion", second(c.DeleteUser(ctx, root.ID)), ErrLastAdmin)
	makeUser(t, c, NewUser{Name: "second"})
	refused(t, "the owner's deletion", second(c.DeleteUser(ctx, root.ID)), ErrDeclared)
	if _, err := c.CreateChannel(ctx, NewChannel{AccountID: root.Account.ID, Name: "more"}); err != nil {
		t.Fatal(err)
	}
	refused(t, "the channel's deletion", second(c.DeleteChannel(ctx, "root_channel")), ErrDeclared)
	// An owner may put it into another channel; the next start leaves it there.
	more, err := c.Channel(ctx, "more")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateVideo(ctx, b.UUID, VideoChange{ChannelID: &more.ID}); err != nil {
		t.Fatal(err)
	}
	provision(0, a, b)

	// Keys and names change places.
	a.Key, b.Key, a.Name, b.Name = b.Key, a.Key, b.Name, a.Name
	b.Title = "Second stage"
	provision(1, a, b)
	is(a, "Main stage", "root", true)
	if v := is(b, "Second stage", "root", true); v.Channel.Name != "more" {
		t.Errorf("%+v", v.Channel)
	}

	// One goes, and another takes its name and key.
	third := Declared{UUID: newUUID(), Name: b.Name, Key: b.Key, Permanent: true}
	provision(1, a, third)
	is(third, third.Name, "root", true)
	old := b
	old.Key, old.Name = "", ""
	is(old, "Second stage", "root", false)
	if _, err := c.RotateKey(ctx, b.UUID); err != nil {
		t.Errorf("it is anybody's: %v", err)
	}
	// It comes back, and takes the name.
	b.Key = "key-b2"
	third.Name = "third"
	provision(1, b, third, a)
	is(b, "Second stage", "root", true)
	provision(1)
	if _, err := c.DeleteVideo(ctx, a.UUID); err != nil {
		t.Error(err)
	}
}

func TestProvisionRefusals(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	makeUser(t, c, NewUser{Name: "root", Quota: Unlimited, DailyQuota: Unlimited})
	live := makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "root").ID, Name: "Mine", Key: "taken"})
	d := Declared{UUID: newUUID(), Name: "a", Key: "taken", SaveReplay: true}
	refused(t, "the key of another live", c.Provision(ctx, []Declared{d}), ErrKeyTaken)
	refused(t, "one key twice", c.Provision(ctx, []Declared{{UUID: newUUID(), Name: "a", Key: "k"}, {UUID: newUUID(), Name: "b", Key: "k"}}), ErrKeyTaken)
	if n := count(t, c, "video"); n != 1 {
		t.Errorf("%d videos", n)
	}
	// A live that somebody has made can be named by its UUID.
	if err := c.Provision(ctx, []Declared{{UUID: live.UUID, Name: "a", Title: "x", Key: "new"}}); err != nil {
		t.Fatal(err)
	}
	if v := video(t, c, "a"); v.UUID != live.UUID || v.Name != "x" || !v.Live.Declared || v.Live.Key != "new" {
		t.Errorf("%+v", v)
	}
	// A short-lived one that has become its replay stays that.
	d.Key = "free"
	if err := c.Provision(ctx, []Declared{d}); err != nil {
		t.Fatal(err)
	}
	end(t, c, begin(t, c, d.UUID, s.Now()).UUID, s.Now().Add(time.Hour), 1)
	before := s.Index()
	if err := c.Provision(ctx, []Declared{d}); err != nil || s.Index() != before {
		t.Errorf("%d commands, %v", s.Index()-before, err)
	}
	if v := video(t, c, d.UUID); v.IsLive || v.Live != nil || v.Alias != "a" {
		t.Errorf("%+v", v)
	}
}
