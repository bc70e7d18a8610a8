package catalog

import (
	"flag"
	"testing"
	"time"

	"shoal/cluster/fsm/fsmtest"
)

var update = flag.Bool("update", false, "record what is not recorded yet")

// TestCorpus replays what earlier versions have written. A script that is recorded and released is not changed: add another one.
func TestCorpus(t *testing.T) {
	fsmtest.Corpus(t, "testdata", *update, Register,
		fsmtest.Script{Name: "people-1", Run: people},
		fsmtest.Script{Name: "broadcasts-1", Run: broadcasts},
	)
}

// people has users come, change and go.
func people(t *testing.T, s *fsmtest.State) {
	c, ctx := New(s, s), t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root := makeUser(t, c, NewUser{Name: "root", Email: "root@example.org", PasswordHash: "hash", Quota: Unlimited, DailyQuota: Unlimited, MustChange: true})
	alice := makeUser(t, c, NewUser{Name: "alice", Role: Ordinary, Quota: 1000, DailyQuota: 500})
	refused(t, "twice", second(c.CreateUser(ctx, NewUser{Name: "alice"})), ErrNameTaken)
	s.Advance(time.Hour)
	ok(second(c.UpdateUser(ctx, root.ID, UserChange{MustChange: ptr(false), PasswordHash: ptr("other"), Display: ptr("Root"), Description: ptr("d")})))
	refused(t, "the last", second(c.UpdateUser(ctx, root.ID, UserChange{Role: ptr(Moderator)})), ErrLastAdmin)
	ok(second(c.UpdateAccount(ctx, "alice", AccountChange{DisplayName: ptr("Alice")})))
	ok(second(c.CreateChannel(ctx, NewChannel{AccountID: alice.Account.ID, Name: "Gigs", Description: "d"})))
	ok(second(c.UpdateChannel(ctx, "gigs", ChannelChange{Support: ptr("s")})))
	token := func(name string, of int64) NewToken {
		return NewToken{of, "a" + name, "r" + name, s.Now().Add(time.Hour), s.Now().Add(24 * time.Hour)}
	}
	ok(c.Issue(ctx, token("1", alice.ID)))
	ok(second(c.Refresh(ctx, "r1", token("2", 0))))
	refused(t, "again", second(c.Refresh(ctx, "r1", token("3", 0))), ErrNotFound)
	ok(c.Issue(ctx, token("4", root.ID)))
	ok(c.Revoke(ctx, "a4"))
	ok(c.RevokeUser(ctx, root.ID))
	s.Advance(48 * time.Hour)
	ok(c.Issue(ctx, token("5", root.ID)))
	ok(second(c.Secret(ctx, "media.token", func() string { return "secret" })))
	ok(c.UpdateSettings(ctx, DefaultSettings()))
	ok(second(c.UpdateUser(ctx, alice.ID, UserChange{Blocked: ptr(true), Reason: ptr("spam")})))
	ok(second(c.DeleteChannel(ctx, "gigs")))
	refused(t, "the last", second(c.DeleteChannel(ctx, "alice_channel")), ErrLastChannel)
	ok(second(c.DeleteUser(ctx, alice.ID)))
}

// broadcasts has lives of all kinds.
func broadcasts(t *testing.T, s *fsmtest.State) {
	c, ctx := New(s, s), t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	declared := Declared{UUID: "5b0f3c1e-0000-4000-8000-000000000001", Name: "main", Title: "Main stage", Key: "key-1", Permanent: true, SaveReplay: true}
	ok(c.Provision(ctx, []Declared{declared}))
	makeUser(t, c, NewUser{Name: "root", Quota: Unlimited, DailyQuota: Unlimited})
	ok(c.Provision(ctx, []Declared{declared, {UUID: "5b0f3c1e-0000-4000-8000-000000000002", Name: "other", Key: "key-2"}}))
	makeUser(t, c, NewUser{Name: "bob", Role: Ordinary, Quota: 1000, DailyQuota: 1000})
	ch := firstChannel(t, c, "bob")
	short := makeLive(t, c, NewLive{
		UUID: "5b0f3c1e-0000-4000-8000-000000000003", ChannelID: ch.ID, Name: "Éclair 東京 🐟", Description: "d", Tags: []string{"one", "two"}, Category: 2, Language: "fr",
		Key: "key-3", SaveReplay: true, Privacy: Protected, PasswordHashes: []string{"p"}, Latency: SmallLatency, Takeover: NewestWins,
	})
	refused(t, "the key", second(c.CreateLive(ctx, NewLive{ChannelID: ch.ID, Name: "Same", Key: "key-3"})), ErrKeyTaken)
	ok(second(c.UpdateLive(ctx, short.UUID, LiveChange{ReplayPrivacy: ptr(Unlisted)})))
	ok(second(s.Propose(ctx, rotateKey{short.UUID, "key-4"})))
	start := s.Now()
	session := func(live, uuid string) string {
		t.Helper()
		got, err := c.BeginSession(ctx, NewSession{UUID: uuid, Video: live, At: start, MaxLives: 2, MaxUser: 1})
		ok(err)
		return got.UUID
	}
	first := session(short.UUID, "5b0f3c1e-0000-4000-8000-000000000004")
	refused(t, "on the air", second(c.UpdateLive(ctx, short.UUID, LiveChange{SaveReplay: ptr(false)})), ErrLiveRunning)
	main := session(declared.UUID, "5b0f3c1e-0000-4000-8000-000000000005")
	s.Advance(time.Hour)
	recording := &Recording{Duration: 59*time.Minute + time.Millisecond, Bytes: 1500, Width: 1280, Height: 720, Rate: 25, HasVideo: true, HasAudio: true}
	for range 2 {
		ok(second(c.EndSession(ctx, EndSession{UUID: first, At: s.Now(), Recording: recording, ReplayUUID: "5b0f3c1e-0000-4000-8000-000000000006"})))
		ok(second(c.EndSession(ctx, EndSession{UUID: main, At: s.Now(), Recording: recording, ReplayUUID: "5b0f3c1e-0000-4000-8000-000000000007"})))
	}
	refused(t, "no room", second(c.CreateLive(ctx, NewLive{ChannelID: ch.ID, Name: "Full", SaveReplay: true})), ErrQuota)
	ok(c.AddViews(ctx, map[string]int64{short.UUID: 3, declared.UUID: 4}))
	ok(second(c.UpdateVideo(ctx, short.UUID, VideoChange{Name: ptr("Other"), Tags: &[]string{"two"}, NSFW: ptr(true), Privacy: ptr(Private), Poster: ptr(int64(1))})))
	refused(t, "the name", second(c.UpdateVideo(ctx, declared.UUID, VideoChange{Name: ptr("Other")})), ErrDeclared)
	ok(c.DropRecording(ctx, "5b0f3c1e-0000-4000-8000-000000000007", "no room"))
	plain := makeLive(t, c, NewLive{UUID: "5b0f3c1e-0000-4000-8000-000000000008", ChannelID: ch.ID, Name: "Plain", Key: "key-5"})
	ended := session(plain.UUID, "5b0f3c1e-0000-4000-8000-000000000009")
	ok(second(c.EndSession(ctx, EndSession{UUID: ended, At: s.Now(), Error: "nothing came"})))
	refused(t, "it has ended", second(c.BeginSession(ctx, NewSession{Video: plain.UUID, At: s.Now()})), ErrLiveEnded)
	ok(second(c.DeleteVideo(ctx, short.UUID)))
	ok(c.Provision(ctx, []Declared{declared}))
	check, err := s.Machine().CheckCommand(ctx)
	ok(err)
	ok(second(s.Propose(ctx, check)))
}
