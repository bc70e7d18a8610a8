package catalog

import (
	"reflect"
	"regexp"
	"testing"
	"time"
)

func TestCreateLive(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	v := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Plain"})
	want := Video{
		ID: 1, UUID: v.UUID, Name: "Plain", Privacy: Public, Comments: 1, Download: true, State: WaitingForLive, IsLive: true, Channel: ch,
		Live:    &Live{Key: v.Live.Key, ReplayPrivacy: Public, Latency: DefaultLatency},
		Created: v.Created, Updated: v.Created, Published: v.Created,
	}
	if !reflect.DeepEqual(v, want) || v.Created.Before(s.Now()) {
		t.Errorf("%+v; want %+v", v, want)
	}
	if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(v.Live.Key) {
		t.Errorf("the key is %q", v.Live.Key)
	}
	full := NewLive{
		UUID: newUUID(), ChannelID: ch.ID, Name: "Full", Description: "d", Support: "s", Category: 1, Licence: 2, Language: "en", Tags: []string{"tt"}, NSFW: true,
		Privacy: Protected, PasswordHashes: []string{"p", "q"}, Comments: 3, NoDownload: true,
		Key: "My.Key~1", Permanent: true, SaveReplay: true, ReplayPrivacy: Private, Latency: SmallLatency, Takeover: NewestWins,
	}
	got := makeLive(t, c, full)
	want = Video{
		ID: 2, UUID: full.UUID, Name: "Full", Description: "d", Support: "s", Category: 1, Licence: 2, Language: "en", Tags: []string{"tt"}, NSFW: true,
		Privacy: Protected, Comments: 3, State: WaitingForLive, IsLive: true, Channel: ch,
		Live:    &Live{"My.Key~1", true, true, Private, SmallLatency, NewestWins, false},
		Created: got.Created, Updated: got.Created, Published: got.Created,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v; want %+v", got, want)
	}
	if hashes, err := c.PasswordHashes(ctx, full.UUID); err != nil || !reflect.DeepEqual(hashes, full.PasswordHashes) {
		t.Errorf("%q, %v", hashes, err)
	}
	// Again, it is the same.
	again := full
	again.Name = "Another name"
	if got, err := c.CreateLive(ctx, again); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("again: %+v, %v", got, err)
	}
	user(t, c, "bob")
	again.ChannelID = firstChannel(t, c, "bob").ID
	refused(t, "somebody else's UUID", second(c.CreateLive(ctx, again)), ErrUUIDTaken)
	refused(t, "the same key", second(c.CreateLive(ctx, NewLive{ChannelID: ch.ID, Name: "Third", Key: "My.Key~1"})), ErrKeyTaken)
	refused(t, "no channel", second(c.CreateLive(ctx, NewLive{ChannelID: 99, Name: "Third"})), ErrNotFound)

	for key, want := range map[string]string{v.Live.Key: v.UUID, "My.Key~1": full.UUID} {
		if got, err := c.LiveByKey(ctx, key); err != nil || got.UUID != want {
			t.Errorf("%s, %v", got.UUID, err)
		}
	}
	for _, key := range []string{"", "my.key~1", "My.Key~", "My.Key~1 "} {
		refused(t, key, second(c.LiveByKey(ctx, key)), ErrNotFound)
	}
	rotated, err := c.RotateKey(ctx, v.UUID)
	if err != nil || rotated.Live.Key == v.Live.Key {
		t.Errorf("%+v, %v", rotated, err)
	}
	refused(t, "the old key", second(c.LiveByKey(ctx, v.Live.Key)), ErrNotFound)
	if got, err := c.LiveByKey(ctx, rotated.Live.Key); err != nil || got.UUID != v.UUID {
		t.Errorf("%s, %v", got.UUID, err)
	}
	refused(t, "another live's key", second(s.Propose(ctx, rotateKey{v.UUID, "My.Key~1"})), ErrKeyTaken)
	refused(t, "the key of no live", second(c.RotateKey(ctx, newUUID())), ErrNotFound)
}

func TestUpdateLive(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	v := makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: "Live", Privacy: Unlisted})
	if v.Live.ReplayPrivacy != Unlisted {
		t.Errorf("the replay of an unlisted live would be %d", v.Live.ReplayPrivacy)
	}
	// What nobody chose goes with the live's own privacy.
	if got, err := c.UpdateVideo(ctx, v.UUID, VideoChange{Privacy: ptr(Private)}); err != nil || got.Live.ReplayPrivacy != Private {
		t.Errorf("%+v, %v", got.Live, err)
	}
	got, err := c.UpdateLive(ctx, v.UUID, LiveChange{ptr(true), ptr(true), ptr(Public), ptr(HighLatency), ptr(NewestWins)})
	if want := (Live{v.Live.Key, true, true, Public, HighLatency, NewestWins, false}); err != nil || *got.Live != want {
		t.Errorf("%+v, %v; want %+v", got.Live, err, want)
	}
	refused(t, "no live", second(c.UpdateLive(ctx, newUUID(), LiveChange{})), ErrNotFound)

	session := begin(t, c, v.UUID, s.Now())
	refused(t, "permanent on the air", second(c.UpdateLive(ctx, v.UUID, LiveChange{Permanent: ptr(false)})), ErrLiveRunning)
	refused(t, "replay on the air", second(c.UpdateLive(ctx, v.UUID, LiveChange{SaveReplay: ptr(false)})), ErrLiveRunning)
	if _, err := c.UpdateLive(ctx, v.UUID, LiveChange{Permanent: ptr(true), SaveReplay: ptr(true), Latency: ptr(SmallLatency)}); err != nil {
		t.Errorf("what is as it was: %v", err)
	}
	if _, err := c.UpdateLive(ctx, v.UUID, LiveChange{ReplayPrivacy: ptr(Internal)}); err != nil {
		t.Error(err)
	}
	if replay := end(t, c, session.UUID, s.Now().Add(time.Hour), 1); replay.Privacy != Internal {
		t.Errorf("the replay is %d", replay.Privacy)
	}
	replay := replayOf(t, c, NewLive{ChannelID: v.Channel.ID, Name: "Short"}, s.Now(), 1)
	refused(t, "a replay", second(c.UpdateLive(ctx, replay.UUID, LiveChange{})), ErrNotFound)
	refused(t, "the key of a replay", second(c.RotateKey(ctx, replay.UUID)), ErrNotFound)
}

// TestQuota uses quotas up.
func TestQuota(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	alice := makeUser(t, c, NewUser{Name: "alice", Role: Ordinary, Quota: 1000, DailyQuota: 600})
	ch := firstChannel(t, c, "alice")
	live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Show", Permanent: true, SaveReplay: true})
	plain := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Plain", Permanent: true})
	used := replayOf(t, c, NewLive{ChannelID: ch.ID, Name: "First"}, s.Now().Add(-time.Hour), 600)

	full := func(when string) {
		t.Helper()
		refused(t, when+", a new live", second(c.CreateLive(ctx, NewLive{ChannelID: ch.ID, Name: "Second", SaveReplay: true})), ErrQuota)
		refused(t, when+", a replay of another", second(c.UpdateLive(ctx, plain.UUID, LiveChange{SaveReplay: ptr(true)})), ErrQuota)
		// The live runs all the same.
		session := begin(t, c, live.UUID, s.Now())
		if session.SaveReplay || session.Error != ErrQuota.Text {
			t.Errorf("%s: %+v", when, session)
		}
		if replay := end(t, c, session.UUID, s.Now(), 1); replay != nil {
			t.Errorf("%s: %+v", when, replay)
		}
		if got, err := c.Session(ctx, session.UUID); err != nil || got.Error != ErrQuota.Text || got.End.IsZero() {
			t.Errorf("%s: %+v, %v", when, got, err)
		}
	}
	full("daily")
	s.Advance(25 * time.Hour)
	session := begin(t, c, live.UUID, s.Now())
	if !session.SaveReplay || session.Error != "" {
		t.Errorf("the day after: %+v", session)
	}
	end(t, c, session.UUID, s.Now(), 400)
	s.Advance(25 * time.Hour)
	full("in all")
	if _, err := c.DeleteVideo(ctx, used.UUID); err != nil {
		t.Fatal(err)
	}
	makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Third", SaveReplay: true})
	if _, err := c.UpdateUser(ctx, alice.ID, UserChange{Quota: ptr(int64(Unlimited)), DailyQuota: ptr(int64(Unlimited))}); err != nil {
		t.Fatal(err)
	}
	if session := begin(t, c, live.UUID, s.Now()); !session.SaveReplay {
		t.Errorf("without limit: %+v", session)
	}
}
