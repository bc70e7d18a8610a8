package catalog

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"shoal/cluster/fsm/fsmtest"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	root := makeUser(t, c, NewUser{Name: "root", Email: "Root@example.org", PasswordHash: "h", Quota: Unlimited, DailyQuota: 5, MustChange: true})
	want := User{
		ID: 1, Name: "root", Email: "Root@example.org", Role: Admin, Quota: Unlimited, DailyQuota: 5, MustChange: true, Created: root.Created,
		Account: Account{ID: 1, Name: "root", DisplayName: "root", UserID: 1, Created: root.Created, Updated: root.Created},
	}
	if root != want || root.Created.Before(fsmtest.Epoch) {
		t.Errorf("%+v; want %+v", root, want)
	}
	ch := firstChannel(t, c, "root")
	if ch.DisplayName != "Main root channel" || ch.Account != root.Account || ch.ID != 1 {
		t.Errorf("%+v", ch)
	}
	for _, ref := range []string{"root", "ROOT", "root@EXAMPLE.org"} {
		if u, hash, err := c.UserByName(ctx, ref); u != root || hash != "h" || err != nil {
			t.Errorf("%s: %+v, %s, %v", ref, u, hash, err)
		}
	}
	alice := user(t, c, "alice")
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"same name":         {second(c.CreateUser(ctx, NewUser{Name: "alice"})), ErrNameTaken},
		"name of a channel": {second(c.CreateUser(ctx, NewUser{Name: "alice_channel"})), ErrNameTaken},
		"same address":      {second(c.CreateUser(ctx, NewUser{Name: "bob", Email: "root@example.ORG"})), ErrEmailTaken},
		"address by change": {second(c.UpdateUser(ctx, alice.ID, UserChange{Email: ptr("root@example.org")})), ErrEmailTaken},
		"change of nobody":  {second(c.UpdateUser(ctx, 99, UserChange{})), ErrNotFound},
		"read of nobody":    {second(c.User(ctx, 99)), ErrNotFound},
		"nobody by name":    {third(c.UserByName(ctx, "")), ErrNotFound},
		"nobody by address": {third(c.UserByName(ctx, "@")), ErrNotFound},
		"demote the last":   {second(c.UpdateUser(ctx, root.ID, UserChange{Role: ptr(Moderator)})), ErrLastAdmin},
		"block the last":    {second(c.UpdateUser(ctx, root.ID, UserChange{Blocked: ptr(true)})), ErrLastAdmin},
		"delete the last":   {second(c.DeleteUser(ctx, root.ID)), ErrLastAdmin},
		"delete nobody":     {second(c.DeleteUser(ctx, 99)), ErrNotFound},
	} {
		refusedAs(t, name, tc.err, tc.want)
	}

	s.Advance(time.Hour)
	changed, err := c.UpdateUser(ctx, alice.ID, UserChange{
		Email: ptr("alice@example.org"), Role: ptr(Admin), Quota: ptr(int64(7)), DailyQuota: ptr(int64(8)), MustChange: ptr(true),
		Display: ptr("Alice A."), Description: ptr("Hello."), PasswordHash: ptr("new"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want = alice
	want.Email, want.Role, want.Quota, want.DailyQuota, want.MustChange = "alice@example.org", Admin, 7, 8, true
	want.Account.DisplayName, want.Account.Description, want.Account.Updated = "Alice A.", "Hello.", fsmtest.Epoch.Add(time.Hour)
	if changed != want {
		t.Errorf("%+v; want %+v", changed, want)
	}
	if u, hash, err := c.UserByName(ctx, "alice"); u != want || hash != "new" || err != nil {
		t.Errorf("%+v, %s, %v", u, hash, err)
	}
	// There is another admin now, until that one is blocked.
	blocked, err := c.UpdateUser(ctx, root.ID, UserChange{Blocked: ptr(true), Reason: ptr("spam")})
	if err != nil || !blocked.Blocked || blocked.Reason != "spam" {
		t.Errorf("%+v, %v", blocked, err)
	}
	refused(t, "the other is blocked", second(c.DeleteUser(ctx, alice.ID)), ErrLastAdmin)
	if u, err := c.UpdateUser(ctx, root.ID, UserChange{Blocked: ptr(false)}); err != nil || u.Blocked || u.Reason != "" {
		t.Errorf("%+v, %v", u, err)
	}
	if gone, err := c.DeleteUser(ctx, alice.ID); err != nil || len(gone.Videos) != 0 {
		t.Errorf("%v, %v", gone, err)
	}
	// Neither number is given again.
	if again := user(t, c, "alice"); again.ID != 3 || again.Account.ID != 3 {
		t.Errorf("%+v", again)
	}
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	for i, name := range []string{"carol", "alice", "bob", "eve_1", "eve_2"} {
		s.Advance(time.Minute)
		makeUser(t, c, NewUser{Name: name, Email: fmt.Sprintf("%c@example.org", 'z'-i), Role: Role(i % 3)})
	}
	if _, err := c.UpdateUser(ctx, 3, UserChange{Blocked: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		f     UserFilter
		want  []string
		total int
	}{
		{UserFilter{}, []string{"eve_2", "eve_1", "bob", "alice", "carol"}, 5},
		{UserFilter{Sort: "username", Count: 2}, []string{"alice", "bob"}, 5},
		{UserFilter{Sort: "username", Count: 2, Start: 4}, []string{"eve_2"}, 5},
		{UserFilter{Sort: "username", Start: 5}, []string{}, 5},
		{UserFilter{Sort: "-role"}, []string{"bob", "eve_2", "alice", "eve_1", "carol"}, 5},
		{UserFilter{Sort: "videoQuotaUsed"}, []string{"carol", "alice", "bob", "eve_1", "eve_2"}, 5},
		{UserFilter{Search: "E_"}, []string{"eve_2", "eve_1"}, 2},
		{UserFilter{Search: "%"}, []string{}, 0},
		{UserFilter{Search: `\`}, []string{}, 0},
		{UserFilter{Search: "z@EXAMPLE"}, []string{"carol"}, 1},
		{UserFilter{Blocked: ptr(true)}, []string{"bob"}, 1},
		{UserFilter{Blocked: ptr(false), Sort: "id"}, []string{"carol", "alice", "eve_1", "eve_2"}, 4},
	} {
		users, total, err := c.Users(ctx, tc.f)
		names := []string{}
		for _, u := range users {
			names = append(names, u.Name)
		}
		if err != nil || total != tc.total || !reflect.DeepEqual(names, tc.want) {
			t.Errorf("%+v: %v of %d, %v; want %v of %d", tc.f, names, total, err, tc.want, tc.total)
		}
	}
	accounts, total, err := c.Accounts(ctx, Page{Start: 1, Count: 2})
	if err != nil || total != 5 || len(accounts) != 2 || accounts[0].Name != "alice" || accounts[1].Name != "bob" {
		t.Errorf("%+v of %d, %v", accounts, total, err)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	alice := user(t, c, "alice")
	bob := user(t, c, "bob")
	first := firstChannel(t, c, "alice")
	s.Advance(time.Hour)
	ch, err := c.CreateChannel(ctx, NewChannel{AccountID: alice.Account.ID, Name: "Gigs-2", Description: "d", Support: "s"})
	if err != nil {
		t.Fatal(err)
	}
	want := Channel{ID: 3, Name: "Gigs-2", DisplayName: "Gigs-2", Description: "d", Support: "s", Account: alice.Account, Created: ch.Created, Updated: ch.Created}
	if ch != want {
		t.Errorf("%+v; want %+v", ch, want)
	}
	if got, err := c.ChannelByID(ctx, 3); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Channel(ctx, "gigs-2"); got != want || err != nil {
		t.Errorf("in lower case: %+v, %v", got, err)
	}
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"same name":          {second(c.CreateChannel(ctx, NewChannel{AccountID: bob.Account.ID, Name: "gigs-2"})), ErrNameTaken},
		"name of an account": {second(c.CreateChannel(ctx, NewChannel{AccountID: bob.Account.ID, Name: "Alice"})), ErrNameTaken},
		"no account":         {second(c.CreateChannel(ctx, NewChannel{AccountID: 99, Name: "x"})), ErrNotFound},
		"change of none":     {second(c.UpdateChannel(ctx, "none", ChannelChange{})), ErrNotFound},
		"read of none":       {second(c.Channel(ctx, "none")), ErrNotFound},
		"none by number":     {second(c.ChannelByID(ctx, 99)), ErrNotFound},
		"no such account":    {second(c.Account(ctx, "none")), ErrNotFound},
		"change no account":  {second(c.UpdateAccount(ctx, "none", AccountChange{})), ErrNotFound},
		"delete none":        {second(c.DeleteChannel(ctx, "none")), ErrNotFound},
		"delete the last":    {second(c.DeleteChannel(ctx, "bob_channel")), ErrLastChannel},
	} {
		refusedAs(t, name, tc.err, tc.want)
	}
	s.Advance(time.Hour)
	if got, err := c.UpdateChannel(ctx, "gigs-2", ChannelChange{DisplayName: ptr("Gigs")}); err != nil || got.DisplayName != "Gigs" || got.Description != "d" || !got.Updated.After(ch.Updated) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.UpdateAccount(ctx, "ALICE", AccountChange{Description: ptr("x")}); err != nil || got.Description != "x" || got.DisplayName != "alice" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, tc := range []struct {
		f     ChannelFilter
		want  []string
		total int
	}{
		{ChannelFilter{}, []string{"Gigs-2", "bob_channel", "alice_channel"}, 3},
		{ChannelFilter{Account: "ALICE", Sort: "displayName"}, []string{"Gigs-2", "alice_channel"}, 2},
		{ChannelFilter{Sort: "name", Start: 1, Count: 1}, []string{"bob_channel"}, 3},
		{ChannelFilter{Search: "gig"}, []string{"Gigs-2"}, 1},
		{ChannelFilter{Account: "nobody"}, []string{}, 0},
	} {
		channels, total, err := c.Channels(ctx, tc.f)
		names := []string{}
		for _, ch := range channels {
			names = append(names, ch.Name)
		}
		if err != nil || total != tc.total || !reflect.DeepEqual(names, tc.want) {
			t.Errorf("%+v: %v of %d, %v; want %v of %d", tc.f, names, total, err, tc.want, tc.total)
		}
	}
	for i := range maxChannels - 2 {
		if _, err := c.CreateChannel(ctx, NewChannel{AccountID: alice.Account.ID, Name: fmt.Sprint("c", i)}); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "one too many", second(c.CreateChannel(ctx, NewChannel{AccountID: alice.Account.ID, Name: "more"})), ErrLimitChannels)
	if _, err := c.DeleteChannel(ctx, first.Name); err != nil {
		t.Error(err)
	}
	refused(t, "it is gone", second(c.Channel(ctx, first.Name)), ErrNotFound)
}

// TestChannelNameTaken has a channel's name already when its user comes.
func TestChannelNameTaken(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	user(t, c, "bob_channel")
	user(t, c, "bob")
	if ch, err := c.Channel(t.Context(), "bob_channel_2"); err != nil || ch.Account.Name != "bob" {
		t.Errorf("%+v, %v", ch, err)
	}
}

// TestDeleteUser looks at what goes with a user, and what stays.
func TestDeleteUser(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	bob := user(t, c, "bob")
	ch := firstChannel(t, c, "bob")
	others := makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: "Other", Tags: []string{"both"}})
	live := makeLive(t, c, NewLive{ChannelID: ch.ID, Name: "Live", Tags: []string{"both"}, Privacy: Protected, PasswordHashes: []string{"p"}, Permanent: true, SaveReplay: true})
	now := s.Now()
	session := begin(t, c, live.UUID, now)
	refused(t, "while it runs", second(c.DeleteUser(ctx, bob.ID)), ErrLiveRunning)
	replay := end(t, c, session.UUID, now.Add(time.Hour), 1000)
	if err := c.Issue(ctx, NewToken{UserID: bob.ID, AccessHash: "a", RefreshHash: "r", AccessExpires: now.Add(time.Hour), RefreshExpires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	gone, err := c.DeleteUser(ctx, bob.ID)
	if want := (Removed{[]string{live.UUID, replay.UUID}, []string{session.UUID}}); err != nil || !reflect.DeepEqual(gone, want) {
		t.Errorf("%+v, %v; want %+v", gone, err, want)
	}
	for table, want := range map[string]int{
		"user": 1, "account": 1, "channel": 1, "video": 1, "live": 1, "session": 0, "recording": 0, "token": 0, "video_tag": 1, "video_password": 0, "tally": 3,
	} {
		if n := count(t, c, table); n != want {
			t.Errorf("%d rows are in %s; want %d", n, table, want)
		}
	}
	if _, total, err := c.Videos(ctx, VideoFilter{States: []VideoState{WaitingForLive}}); total != 1 || err != nil {
		t.Errorf("%d videos, %v", total, err)
	}
	if v := video(t, c, others.UUID); v.Name != "Other" {
		t.Errorf("%+v", v)
	}
	if _, total, err := c.Videos(ctx, VideoFilter{Search: "live", Viewer: moderator}); total != 0 || err != nil {
		t.Errorf("%d videos are found, %v", total, err)
	}
}
