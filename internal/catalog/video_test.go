package catalog

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// replayOf makes a short-lived live, broadcasts and gives its replay.
func replayOf(t testing.TB, c *Catalog, n NewLive, start time.Time, bytes int64) Video {
	t.Helper()
	n.SaveReplay = true
	v := makeLive(t, c, n)
	end(t, c, begin(t, c, v.UUID, start).UUID, start.Add(time.Hour), bytes)
	return video(t, c, v.UUID)
}

func TestVideoByRef(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	a := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "One", UUID: "0065A420-8DEF-4FA6-9BF0-8C6D4CB6ED73"})
	makeUser(t, c, NewUser{Name: "root"})
	// Aliases that look like other things.
	ids := []string{newUUID(), newUUID(), newUUID()}
	if err := c.Provision(ctx, []Declared{
		{UUID: ids[0], Name: "main-stage", Key: "k1"},
		{UUID: ids[1], Name: "1", Key: "k2"},
		{UUID: ids[2], Name: "77", Key: "k3"},
		{UUID: newUUID(), Name: "aaaaaaaaaaaaaaaaaaaaaa", Key: "k4"},
	}); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"1": a.UUID, "0065a420-8def-4fa6-9bf0-8c6d4cb6ed73": a.UUID, "0065A420-8def-4fa6-9bf0-8c6d4cb6ed73": a.UUID, "13QVTevYY7zRiiYE5f4QMH": a.UUID,
		"main-stage": ids[0], "77": ids[2], "2": ids[0],
	} {
		for range 2 { // the second is remembered
			if v, err := c.Video(ctx, ref); err != nil || v.UUID != want {
				t.Errorf("%s: %s, %v; want %s", ref, v.UUID, err, want)
			}
		}
	}
	if v := video(t, c, "aaaaaaaaaaaaaaaaaaaaaa"); v.Alias != "aaaaaaaaaaaaaaaaaaaaaa" {
		t.Errorf("%+v", v)
	}
	for _, ref := range []string{"+1", "01", "-1", "+01", "", "0", "-1", "99", "99999999999999999999", "MAIN-STAGE", "gmm9Yb95Vh3tckPU6ZMY5H", "7c506043-9ead-4044-9b1a-7c9dfedc6e29", "' OR 1", "7c506043-9ead-4044-9b1a-7c9dfedc6e2x"} {
		refused(t, ref, second(c.Video(ctx, ref)), ErrNotFound)
	}
	// What is remembered does not outlive a change.
	if _, err := c.UpdateVideo(ctx, a.UUID, VideoChange{Name: ptr("Other")}); err != nil {
		t.Fatal(err)
	}
	if v := video(t, c, "1"); v.Name != "Other" {
		t.Errorf("the name is %q still", v.Name)
	}
}

func TestUpdateVideo(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	bob := user(t, c, "bob")
	v := replayOf(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: "One"}, s.Now(), 1000)
	s.Advance(48 * time.Hour)
	original := time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC)
	got, err := c.UpdateVideo(ctx, v.UUID, VideoChange{
		Name: ptr("Two"), Description: ptr("d"), Support: ptr("s"), Category: ptr(int64(4)), Licence: ptr(int64(2)), Language: ptr("fr"),
		Tags: &[]string{"aa", "bb"}, NSFW: ptr(true), Comments: ptr(2), Download: ptr(false), ChannelID: ptr(firstChannel(t, c, "bob").ID),
		Original: &original, Aspect: ptr(int64(13333)), Poster: ptr(int64(3)),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := v
	want.Name, want.Description, want.Support, want.Category, want.Licence, want.Language = "Two", "d", "s", 4, 2, "fr"
	want.Tags, want.NSFW, want.Comments, want.Download, want.Channel = []string{"aa", "bb"}, true, 2, false, firstChannel(t, c, "bob")
	want.Original, want.Aspect, want.Poster, want.Updated = original, 13333, 3, s.Now()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v; want %+v", got, want)
	}
	if got := video(t, c, v.UUID); !reflect.DeepEqual(got, want) {
		t.Errorf("read: %+v; want %+v", got, want)
	}
	if total, _, err := c.UsedBytes(ctx, bob.ID); total != 1000 || err != nil {
		t.Errorf("its new owner uses %d bytes, %v", total, err)
	}
	if got, err := c.UpdateVideo(ctx, v.UUID, VideoChange{Original: &time.Time{}, Tags: &[]string{"bb"}}); err != nil || !got.Original.IsZero() || len(got.Tags) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, total, err := c.Videos(ctx, VideoFilter{Tags: []string{"AA"}}); total != 0 || err != nil {
		t.Errorf("%d videos have the old tag, %v", total, err)
	}
	refused(t, "no video", second(c.UpdateVideo(ctx, newUUID(), VideoChange{})), ErrNotFound)
	refused(t, "no channel", second(c.UpdateVideo(ctx, v.UUID, VideoChange{ChannelID: ptr(int64(99))})), ErrNotFound)
}

// TestAccess follows the count of changes of who may see a video.
func TestAccess(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	v := replayOf(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: "One"}, s.Now(), 1000)
	published := v.Published
	s.Advance(48 * time.Hour)
	for i, step := range []struct {
		change    VideoChange
		access    int64
		passwords []string
		published time.Time
	}{
		{VideoChange{Name: ptr("Two")}, 0, []string{}, published},
		{VideoChange{Privacy: ptr(Public)}, 0, []string{}, published},
		{VideoChange{PasswordHashes: &[]string{"a"}}, 0, []string{}, published}, // a public video has none
		{VideoChange{Privacy: ptr(Protected), PasswordHashes: &[]string{"a", "b"}}, 1, []string{"a", "b"}, published},
		{VideoChange{Privacy: ptr(Protected)}, 1, []string{"a", "b"}, published},
		{VideoChange{PasswordHashes: &[]string{"a", "b"}}, 1, []string{"a", "b"}, published},
		{VideoChange{PasswordHashes: &[]string{"c"}}, 2, []string{"c"}, published},
		{VideoChange{Privacy: ptr(Private)}, 3, []string{}, published},
		{VideoChange{Privacy: ptr(Unlisted)}, 4, []string{}, s.Now()}, // seen for the first time
		{VideoChange{Privacy: ptr(Internal)}, 5, []string{}, s.Now()},
	} {
		got, err := c.UpdateVideo(ctx, v.UUID, step.change)
		if err != nil {
			t.Fatal(err)
		}
		if got.Access != step.access || got.Published.Sub(step.published).Abs() > time.Second {
			t.Errorf("step %d: access %d, published %v; want %d, %v", i, got.Access, got.Published, step.access, step.published)
		}
		if hashes, err := c.PasswordHashes(ctx, v.UUID); err != nil || !reflect.DeepEqual(hashes, step.passwords) {
			t.Errorf("step %d: passwords %q, %v; want %q", i, hashes, err, step.passwords)
		}
	}
	refused(t, "the last password", second(c.UpdateVideo(ctx, v.UUID, VideoChange{Privacy: ptr(Protected), PasswordHashes: &[]string{}})), ErrInvalid)
	if hashes, err := c.PasswordHashes(ctx, newUUID()); len(hashes) != 0 || err != nil {
		t.Errorf("%q, %v", hashes, err)
	}
}

func TestDeleteVideo(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Show", Permanent: true, SaveReplay: true})
	session := begin(t, c, live.UUID, s.Now())
	refused(t, "while it runs", second(c.DeleteVideo(ctx, live.UUID)), ErrLiveRunning)
	replay := end(t, c, session.UUID, s.Now().Add(time.Hour), 1000)
	refused(t, "no video", second(c.DeleteVideo(ctx, newUUID())), ErrNotFound)
	if gone, err := c.DeleteVideo(ctx, replay.UUID); err != nil || !reflect.DeepEqual(gone, []string{session.UUID}) {
		t.Errorf("%v, %v", gone, err)
	}
	refused(t, "again", second(c.DeleteVideo(ctx, replay.UUID)), ErrNotFound)
	if got, err := c.Session(ctx, session.UUID); err != nil || got.Replay != "" || got.Error != "" {
		t.Errorf("%+v, %v", got, err)
	}
	// A replay outlives its live.
	session = begin(t, c, live.UUID, s.Now().Add(2*time.Hour))
	replay = end(t, c, session.UUID, s.Now().Add(3*time.Hour), 1000)
	if gone, err := c.DeleteVideo(ctx, live.UUID); err != nil || len(gone) != 0 {
		t.Errorf("%v, %v", gone, err)
	}
	refused(t, "its sessions", second(c.Session(ctx, session.UUID)), ErrNotFound)
	if v := video(t, c, replay.UUID); len(v.Recordings) != 1 || v.Recordings[0].Session != session.UUID {
		t.Errorf("%+v", v)
	}
	if gone, err := c.DeleteVideo(ctx, replay.UUID); err != nil || len(gone) != 1 {
		t.Errorf("%v, %v", gone, err)
	}
	for _, table := range []string{"video", "live", "session", "recording", "tally"} {
		if n := count(t, c, table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
}

// TestTrimming looks at what is stored, and takes the oldest away.
func TestTrimming(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	ch := firstChannel(t, c, "alice")
	if bytes, oldest, err := c.Stored(ctx); bytes != 0 || len(oldest) != 0 || err != nil {
		t.Errorf("%d, %v, %v", bytes, oldest, err)
	}
	permanent := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Show", Permanent: true, SaveReplay: true})
	start := s.Now().Add(-100 * time.Hour)
	first := begin(t, c, permanent.UUID, start)
	old := end(t, c, first.UUID, start.Add(time.Hour), 10)
	short := replayOf(t, c, NewLive{ChannelID: ch.ID, Name: "Number 23"}, start.Add(time.Hour), 100)
	for i := range 23 {
		s := begin(t, c, permanent.UUID, start)
		if _, err := c.EndSession(ctx, EndSession{UUID: s.UUID, At: start.Add(time.Duration(25-i) * time.Hour), ReplayName: fmt.Sprintf("Number %d", i), Recording: &Recording{Bytes: 100, HasAudio: true}}); err != nil {
			t.Fatal(err)
		}
	}
	bytes, oldest, err := c.Stored(ctx)
	if err != nil || bytes != 2410 || len(oldest) != 20 || oldest[0].UUID != old.UUID || oldest[1].Name != "Number 23" || oldest[19].Name != "Number 5" {
		t.Errorf("%d bytes, %d videos, %v", bytes, len(oldest), err)
	}
	if err := c.DropRecording(ctx, old.UUID, "The disk was full."); err != nil {
		t.Fatal(err)
	}
	refused(t, "what was dropped", second(c.Video(ctx, old.UUID)), ErrNotFound)
	if got, err := c.Session(ctx, first.UUID); err != nil || got.Replay != "" || got.Error != "The disk was full." {
		t.Errorf("%+v, %v", got, err)
	}
	if err := c.DropRecording(ctx, old.UUID, "again"); err != nil {
		t.Error(err)
	}
	if err := c.DropRecording(ctx, permanent.UUID, "a live"); err != nil {
		t.Error(err)
	}
	if v := video(t, c, permanent.UUID); v.Live == nil {
		t.Errorf("%+v", v)
	}
	if err := c.DropRecording(ctx, short.UUID, "old"); err != nil {
		t.Error(err)
	}
	if bytes, oldest, err := c.Stored(ctx); bytes != 2300 || oldest[0].Name != "Number 22" || err != nil {
		t.Errorf("%d, %s, %v", bytes, oldest[0].Name, err)
	}
}

// TestManyViews has more views than go into one command.
func TestManyViews(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	user(t, c, "alice")
	v := makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: "One"})
	views := map[string]int64{v.UUID: 5}
	for len(views) < viewsAtOnce+1 {
		views[newUUID()] = 1
	}
	before := s.Index()
	if err := c.AddViews(t.Context(), views); err != nil || s.Index() != before+2 {
		t.Errorf("%d commands, %v", s.Index()-before, err)
	}
	if err := c.AddViews(t.Context(), map[string]int64{v.UUID: 0}); err != nil || s.Index() != before+2 {
		t.Errorf("no views made a command, %v", err)
	}
	if got := video(t, c, v.UUID); got.Views != 5 || !got.Updated.Equal(v.Updated) {
		t.Errorf("%+v", got)
	}
}

// TestConcurrent reads what is changed at the same time.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	user(t, c, "alice")
	v := makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: "Live"})
	var group sync.WaitGroup
	var acknowledged atomic.Int64
	writing, stop := context.WithCancel(t.Context())
	for range 4 {
		group.Go(func() {
			for writing.Err() == nil {
				// What was acknowledged is seen; what is on its way may be, or may not be yet.
				least := acknowledged.Load()
				got, err := c.Video(t.Context(), v.UUID)
				if err != nil || got.Views < least {
					t.Errorf("%d views when %d were acknowledged, %v", got.Views, least, err)
					return
				}
			}
		})
	}
	for range 20 {
		if err := c.AddViews(t.Context(), map[string]int64{v.UUID: 1}); err != nil {
			t.Error(err)
		}
		acknowledged.Add(1)
	}
	stop()
	group.Wait()
	if got := video(t, c, v.UUID); got.Views != 20 {
		t.Errorf("%d views; want 20", got.Views)
	}
}
