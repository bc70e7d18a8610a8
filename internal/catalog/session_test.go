package catalog

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/cluster/state"
)

func TestBeginSession(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	alice := user(t, c, "alice")
	user(t, c, "bob")
	at := s.Now().Add(time.Second)
	lives := []Video{}
	for _, name := range []string{"One", "Two", "Three"} {
		lives = append(lives, makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: name, SaveReplay: true}))
	}
	lives = append(lives, makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "bob").ID, Name: "Four"}))

	session, err := c.BeginSession(ctx, NewSession{UUID: newUUID(), Video: lives[0].UUID, At: at, MaxLives: 2, MaxUser: 1})
	if want := (Session{ID: 1, UUID: session.UUID, Video: lives[0].UUID, Start: at, SaveReplay: true, ReplayPrivacy: Public}); err != nil || session != want {
		t.Errorf("%+v, %v; want %+v", session, err, want)
	}
	if v := video(t, c, lives[0].UUID); v.State != Published || !v.Published.Equal(at) || !v.IsLive {
		t.Errorf("%+v", v)
	}
	// It goes on, whatever the limits.
	if got, err := c.BeginSession(ctx, NewSession{Video: lives[0].UUID, At: at.Add(time.Hour)}); err != nil || got != session {
		t.Errorf("again: %+v, %v", got, err)
	}
	refused(t, "another of the user", second(c.BeginSession(ctx, NewSession{Video: lives[1].UUID, At: at, MaxLives: 2, MaxUser: 1})), ErrLimitUserLives)
	refused(t, "another of all", second(c.BeginSession(ctx, NewSession{Video: lives[3].UUID, At: at, MaxLives: 1, MaxUser: Unlimited})), ErrLimitLives)
	refused(t, "none at all", second(c.BeginSession(ctx, NewSession{Video: lives[3].UUID, At: at, MaxLives: Unlimited})), ErrLimitUserLives)
	other, err := c.BeginSession(ctx, NewSession{Video: lives[3].UUID, At: at, MaxLives: 2, MaxUser: 1})
	if err != nil {
		t.Fatal(err)
	}
	if open, err := c.OpenSessions(ctx); err != nil || !reflect.DeepEqual(open, []Session{session, other}) {
		t.Errorf("%+v, %v", open, err)
	}
	refused(t, "no live", second(c.BeginSession(ctx, NewSession{Video: newUUID()})), ErrNotFound)
	refused(t, "a UUID in use", second(s.Propose(ctx, beginSession{session.UUID, lives[1].UUID, 1, Unlimited, Unlimited, false})), &state.Refusal{Code: "constraint"})
	if _, err := c.UpdateUser(ctx, alice.ID, UserChange{Blocked: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Propose(ctx, provision{[]declared{{UUID: lives[2].UUID, Alias: "a", Name: "Three", Key: "k"}}}); err != nil {
		t.Fatal(err)
	}
	begin(t, c, lives[2].UUID, at) // the configuration wants it
	refused(t, "one who is blocked", second(c.BeginSession(ctx, NewSession{Video: lives[1].UUID, MaxLives: Unlimited, MaxUser: Unlimited})), ErrBlocked)
}

// TestShortLived ends short-lived lives.
func TestShortLived(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	at := s.Now()
	recording := Recording{Duration: 90*time.Minute + time.Millisecond, Bytes: 12345, Width: 1920, Height: 1080, Rate: 30, HasVideo: true, HasAudio: true}

	t.Run("with replay", func(t *testing.T) {
		live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "With", SaveReplay: true, Tags: []string{"keep"}})
		session := begin(t, c, live.UUID, at)
		var first *Video
		for i := range 2 { // the second time changes nothing
			r := recording
			r.Bytes += int64(i)
			got, err := c.EndSession(ctx, EndSession{UUID: session.UUID, At: at.Add(time.Duration(2+i) * time.Hour), Recording: &r, Error: strings.Repeat("x", i)})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = got
			} else if !reflect.DeepEqual(got, first) {
				t.Errorf("again: %+v; want %+v", got, first)
			}
		}
		want := live
		want.State, want.IsLive, want.Live = Published, false, nil
		want.Duration, want.Aspect, want.Published, want.Updated = recording.Duration, 17778, at.Add(2*time.Hour), first.Updated
		want.Recordings = []Recording{recording}
		want.Recordings[0].Session = session.UUID
		if !reflect.DeepEqual(*first, want) {
			t.Errorf("%+v; want %+v", *first, want)
		}
		if got := video(t, c, live.UUID); !reflect.DeepEqual(got, want) {
			t.Errorf("read: %+v; want %+v", got, want)
		}
		refused(t, "its key", second(c.LiveByKey(ctx, live.Live.Key)), ErrNotFound)
		refused(t, "a second broadcast", second(c.BeginSession(ctx, NewSession{Video: live.UUID})), ErrNotFound)
		wantSession := session
		wantSession.End, wantSession.Replay = at.Add(2*time.Hour), live.UUID
		for name, get := range map[string]func() (Session, error){
			"by UUID": func() (Session, error) { return c.Session(ctx, session.UUID) },
			"by live": func() (Session, error) { return c.SessionOf(ctx, live.UUID) },
		} {
			if got, err := get(); err != nil || got != wantSession {
				t.Errorf("%s: %+v, %v; want %+v", name, got, err, wantSession)
			}
		}
		if _, total, err := c.Videos(ctx, VideoFilter{Tags: []string{"keep"}, IsLive: ptr(false)}); total != 1 || err != nil {
			t.Errorf("%d are listed, %v", total, err)
		}
	})
	t.Run("without replay", func(t *testing.T) {
		live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Without"})
		session := begin(t, c, live.UUID, at)
		if replay, err := c.EndSession(ctx, EndSession{UUID: session.UUID, At: at, Recording: &recording}); replay != nil || err != nil {
			t.Errorf("%+v, %v", replay, err)
		}
		if v := video(t, c, live.UUID); v.State != LiveEnded || !v.IsLive || v.Live == nil || len(v.Recordings) != 0 {
			t.Errorf("%+v", v)
		}
		refused(t, "a second broadcast", second(c.BeginSession(ctx, NewSession{Video: live.UUID, MaxLives: Unlimited, MaxUser: Unlimited})), ErrLiveEnded)
		if got, err := c.BeginSession(ctx, NewSession{UUID: session.UUID, Video: live.UUID}); err != nil || got.UUID != session.UUID {
			t.Errorf("the command that comes again: %+v, %v", got, err)
		}
	})
	t.Run("nothing recorded", func(t *testing.T) {
		live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Failed", SaveReplay: true})
		session := begin(t, c, live.UUID, at)
		if replay, err := c.EndSession(ctx, EndSession{UUID: session.UUID, At: at, Error: "The disk\x00is\xff full.\n"}); replay != nil || err != nil {
			t.Errorf("%+v, %v", replay, err)
		}
		if v := video(t, c, live.UUID); v.State != LiveEnded {
			t.Errorf("%+v", v)
		}
		if got, err := c.SessionOf(ctx, live.UUID); err != nil || got.Error != "The disk is? full." {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("audio alone", func(t *testing.T) {
		live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Radio", SaveReplay: true})
		session := begin(t, c, live.UUID, at)
		r := Recording{Duration: time.Hour, Bytes: 5, HasAudio: true}
		if replay, err := c.EndSession(ctx, EndSession{UUID: session.UUID, At: at, Recording: &r}); err != nil || replay.Aspect != 0 || replay.Recordings[0].HasVideo || !replay.Recordings[0].HasAudio {
			t.Errorf("%+v, %v", replay, err)
		}
	})
	refused(t, "no broadcast", second(c.EndSession(ctx, EndSession{UUID: newUUID()})), ErrNotFound)
	if open, err := c.OpenSessions(ctx); err != nil || len(open) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	refused(t, "no broadcast of it", second(c.SessionOf(ctx, newUUID())), ErrNotFound)
	refused(t, "no broadcast of none", second(c.SessionOf(ctx, "")), ErrNotFound)
}

// TestPermanent broadcasts several times under one link.
func TestPermanent(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	at := s.Now()
	name := strings.Repeat("🐟", 60)
	live := makeLive(t, c, NewLive{
		ChannelID: ch.ID, Name: name, Description: "d", Tags: []string{"keep"}, Category: 3, NSFW: true, NoDownload: true,
		Permanent: true, SaveReplay: true, ReplayPrivacy: Unlisted, Privacy: Internal,
	})
	if _, err := c.UpdateVideo(ctx, live.UUID, VideoChange{Poster: ptr(int64(4))}); err != nil {
		t.Fatal(err)
	}
	session := begin(t, c, live.UUID, at)
	replay := end(t, c, session.UUID, at.Add(time.Hour), 7)
	want := Video{
		ID: 2, UUID: replay.UUID, Name: strings.Repeat("🐟", 48) + " - 2026-01-02 03:04 UTC", Description: "d", Tags: []string{"keep"}, Category: 3, NSFW: true,
		Privacy: Unlisted, Comments: 1, State: Published, Duration: time.Hour, Aspect: 17778, Channel: ch,
		Recordings: []Recording{{session.UUID, time.Hour, 7, 1280, 720, 25, true, true}},
		Created:    replay.Created, Updated: replay.Updated, Published: at.Add(time.Hour),
	}
	if !reflect.DeepEqual(*replay, want) || replay.UUID == live.UUID {
		t.Errorf("%+v; want %+v", *replay, want)
	}
	if v := video(t, c, live.UUID); v.State != WaitingForLive || !v.IsLive || v.Live == nil || v.Live.Key != live.Live.Key || v.Name != name {
		t.Errorf("%+v", v)
	}
	if got, err := c.SessionOf(ctx, replay.UUID); err != nil || got.UUID != session.UUID {
		t.Errorf("%+v, %v", got, err)
	}
	// Again, with names of the caller's, and without recording.
	next := begin(t, c, live.UUID, at.Add(2*time.Hour))
	id := newUUID()
	for range 2 {
		got, err := c.EndSession(ctx, EndSession{UUID: next.UUID, At: at.Add(3 * time.Hour), ReplayUUID: id, ReplayName: "Second", Recording: &Recording{Duration: 1, Bytes: 1, HasAudio: true}})
		if err != nil || got.UUID != id || got.Name != "Second" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	last := begin(t, c, live.UUID, at.Add(4*time.Hour))
	if got, err := c.EndSession(ctx, EndSession{UUID: last.UUID, At: at.Add(5 * time.Hour)}); got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	sessions, total, err := c.Sessions(ctx, live.UUID, Page{Count: 2})
	if err != nil || total != 3 || len(sessions) != 2 || sessions[0].UUID != last.UUID || sessions[1].UUID != next.UUID || sessions[1].Replay != id {
		t.Errorf("%+v of %d, %v", sessions, total, err)
	}
	if got, err := c.SessionOf(ctx, live.UUID); err != nil || got.UUID != last.UUID {
		t.Errorf("%+v, %v", got, err)
	}
	if v := video(t, c, live.UUID); v.State != WaitingForLive || v.Live == nil {
		t.Errorf("%+v", v)
	}
	if n := count(t, c, "video"); n != 3 {
		t.Errorf("%d videos", n)
	}
}

// TestProtectedReplay has passwords go with a replay that they protect.
func TestProtectedReplay(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	for name, tc := range map[string]struct {
		live      NewLive
		privacy   Privacy
		access    int64
		passwords int
	}{
		"short, as the live":       {NewLive{Privacy: Protected}, Protected, 0, 1},
		"short, to public":         {NewLive{Privacy: Protected, ReplayPrivacy: Public}, Public, 1, 0},
		"short, without any":       {NewLive{Privacy: Public, ReplayPrivacy: Protected}, Private, 1, 0},
		"permanent, as the live":   {NewLive{Privacy: Protected, Permanent: true}, Protected, 0, 1},
		"permanent, to internal":   {NewLive{Privacy: Protected, Permanent: true, ReplayPrivacy: Internal}, Internal, 0, 0},
		"permanent, without any":   {NewLive{Privacy: Public, Permanent: true, ReplayPrivacy: Protected}, Private, 0, 0},
		"permanent, to be private": {NewLive{Privacy: Public, Permanent: true, ReplayPrivacy: Private}, Private, 0, 0},
	} {
		n := tc.live
		n.ChannelID, n.Name, n.SaveReplay, n.PasswordHashes = ch.ID, "Live", true, []string{"secret"}
		v := makeLive(t, c, n)
		replay := end(t, c, begin(t, c, v.UUID, s.Now()).UUID, s.Now(), 1)
		if replay.Privacy != tc.privacy || replay.Access != tc.access {
			t.Errorf("%s: privacy %d, access %d; want %d, %d", name, replay.Privacy, replay.Access, tc.privacy, tc.access)
		}
		if hashes, err := c.PasswordHashes(ctx, replay.UUID); err != nil || len(hashes) != tc.passwords {
			t.Errorf("%s: %q, %v", name, hashes, err)
		}
	}
}
