package catalog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shoal/cluster/state"
)

// text makes a text of n characters.
func text(n int) string { return strings.Repeat("x", n) }

func ptr[T any](v T) *T { return &v }

// TestInvalid gives every field what is not allowed, and just what is.
func TestInvalid(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	u := user(t, c, "alice")
	channel := firstChannel(t, c, "alice")
	live := makeLive(t, c, NewLive{ChannelID: channel.ID, Name: "Live"})
	before := s.Index()

	newUser := func(n NewUser) error { _, err := c.CreateUser(ctx, n); return err }
	change := func(v VideoChange) error { _, err := c.UpdateVideo(ctx, live.UUID, v); return err }
	newLive := func(n NewLive) error {
		n.ChannelID = channel.ID
		if n.Name == "" {
			n.Name = "Live"
		}
		_, err := c.CreateLive(ctx, n)
		return err
	}
	settings := func(change func(*Settings)) error {
		v := DefaultSettings()
		change(&v)
		return c.UpdateSettings(ctx, v)
	}
	for name, tc := range map[string]struct {
		err  error
		says string
	}{
		"user name empty":       {newUser(NewUser{}), "user name"},
		"user name upper case":  {newUser(NewUser{Name: "Bob"}), "a-z"},
		"user name long":        {newUser(NewUser{Name: text(51)}), "1 to 50"},
		"user name with hyphen": {newUser(NewUser{Name: "a-b"}), "user name"},
		"user name reserved":    {newUser(NewUser{Name: "peertube"}), "choose another"},
		"user name of system":   {newUser(NewUser{Name: "shoal"}), "choose another"},
		"email":                 {newUser(NewUser{Name: "bob", Email: "bob"}), "name@example.org"},
		"email with name":       {newUser(NewUser{Name: "bob", Email: "Bob <bob@example.org>"}), "name@example.org"},
		"email with newline":    {newUser(NewUser{Name: "bob", Email: "bob@example.org\nx"}), "cannot be shown"},
		"display long":          {newUser(NewUser{Name: "bob", Display: text(121)}), "shorten it to 120"},
		"display lines":         {newUser(NewUser{Name: "bob", Display: "a\nb"}), "cannot be shown"},
		"display not UTF-8":     {newUser(NewUser{Name: "bob", Display: "a\xff"}), "UTF-8"},
		"role":                  {newUser(NewUser{Name: "bob", Role: 3}), "role"},
		"quota":                 {newUser(NewUser{Name: "bob", Quota: -2}), "-1 for no limit"},
		"daily quota":           {newUser(NewUser{Name: "bob", DailyQuota: -2}), "-1 for no limit"},

		"user role":        {second(c.UpdateUser(ctx, u.ID, UserChange{Role: ptr(Role(-1))})), "role"},
		"user email":       {second(c.UpdateUser(ctx, u.ID, UserChange{Email: ptr("@")})), "email"},
		"user reason":      {second(c.UpdateUser(ctx, u.ID, UserChange{Reason: ptr(text(251))})), "250"},
		"user display":     {second(c.UpdateUser(ctx, u.ID, UserChange{Display: ptr(" ")})), "at least 1"},
		"user description": {second(c.UpdateUser(ctx, u.ID, UserChange{Description: ptr(text(1001))})), "1000"},
		"account display":  {second(c.UpdateAccount(ctx, "alice", AccountChange{DisplayName: ptr("")})), "at least 1"},

		"channel name":        {second(c.CreateChannel(ctx, NewChannel{AccountID: u.Account.ID, Name: "a b"})), "hyphen"},
		"channel reserved":    {second(c.CreateChannel(ctx, NewChannel{AccountID: u.Account.ID, Name: "PeerTube"})), "choose another"},
		"channel display":     {second(c.UpdateChannel(ctx, channel.Name, ChannelChange{DisplayName: ptr("")})), "at least 1"},
		"channel description": {second(c.UpdateChannel(ctx, channel.Name, ChannelChange{Description: ptr(text(1001))})), "1000"},
		"channel support":     {second(c.UpdateChannel(ctx, channel.Name, ChannelChange{Support: ptr(text(1001))})), "1000"},

		"name short":            {change(VideoChange{Name: ptr("ab")}), "at least 3"},
		"name blank":            {change(VideoChange{Name: ptr("a    ")}), "at least 3"},
		"name long":             {change(VideoChange{Name: ptr(text(121))}), "121 characters: shorten it to 120"},
		"name long in UTF-16":   {change(VideoChange{Name: ptr(strings.Repeat("🐟", 61))}), "122 characters"},
		"name with NUL":         {change(VideoChange{Name: ptr("abc\x00")}), "U+0000"},
		"description long":      {change(VideoChange{Description: ptr(text(10001))}), "10000"},
		"description with bell": {change(VideoChange{Description: ptr("a\a")}), "U+0007"},
		"support long":          {change(VideoChange{Support: ptr(text(1001))}), "1000"},
		"category":              {change(VideoChange{Category: ptr(int64(-1))}), "category"},
		"licence":               {change(VideoChange{Licence: ptr(int64(-1))}), "licence"},
		"language":              {change(VideoChange{Language: ptr("en us")}), "en or fr"},
		"tags many":             {change(VideoChange{Tags: &[]string{"aa", "bb", "cc", "dd", "ee", "ff"}}), "at most 5"},
		"tag short":             {change(VideoChange{Tags: &[]string{"a"}}), "at least 2"},
		"tag long":              {change(VideoChange{Tags: &[]string{text(31)}}), "30"},
		"privacy":               {change(VideoChange{Privacy: ptr(Privacy(6))}), "privacy"},
		"comments":              {change(VideoChange{Comments: ptr(0)}), "comments"},
		"protected by nothing":  {change(VideoChange{Privacy: ptr(Protected)}), "at least one password"},
		"passwords many":        {change(VideoChange{PasswordHashes: ptr(make([]string, 101))}), "at most 100"},

		"live UUID":           {newLive(NewLive{UUID: "x"}), "UUID"},
		"live name":           {newLive(NewLive{Name: "ab"}), "at least 3"},
		"live key":            {newLive(NewLive{Key: "a/b"}), "stream key"},
		"live key long":       {newLive(NewLive{Key: text(129)}), "stream key"},
		"live privacy":        {newLive(NewLive{Privacy: 9}), "privacy"},
		"live replay privacy": {newLive(NewLive{ReplayPrivacy: 9}), "privacy of the replay"},
		"live latency":        {newLive(NewLive{Latency: 4}), "latency"},
		"live takeover":       {newLive(NewLive{Takeover: 2}), "second encoder"},
		"live without secret": {newLive(NewLive{Privacy: Protected}), "at least one password"},
		"change latency":      {second(c.UpdateLive(ctx, live.UUID, LiveChange{Latency: ptr(Latency(0))})), "latency"},
		"change replay":       {second(c.UpdateLive(ctx, live.UUID, LiveChange{ReplayPrivacy: ptr(Privacy(0))})), "privacy of the replay"},
		"change takeover":     {second(c.UpdateLive(ctx, live.UUID, LiveChange{Takeover: ptr(Takeover(-1))})), "second encoder"},

		"session UUID": {second(c.BeginSession(ctx, NewSession{UUID: "x", Video: live.UUID})), "UUID"},
		"replay UUID":  {second(c.EndSession(ctx, EndSession{ReplayUUID: "x"})), "UUID"},

		"declared alias": {c.Provision(ctx, []Declared{{UUID: newUUID(), Name: "A B", Key: "key"}}), "short name"},
		"declared key":   {c.Provision(ctx, []Declared{{UUID: newUUID(), Name: "a"}}), "stream key"},
		"declared UUID":  {c.Provision(ctx, []Declared{{Name: "a", Key: "key"}}), "no UUID"},

		"instance name":     {settings(func(s *Settings) { s.Name = "" }), "at least 1"},
		"instance short":    {settings(func(s *Settings) { s.Short = text(251) }), "250"},
		"instance long":     {settings(func(s *Settings) { s.Terms = text(50001) }), "50000"},
		"instance language": {settings(func(s *Settings) { s.Language = "?" }), "en or fr"},
		"lives at once":     {settings(func(s *Settings) { s.Live.MaxLives = -2 }), "-1 for no limit"},
		"lives of a user":   {settings(func(s *Settings) { s.Live.MaxUser = -2 }), "-1 for no limit"},
		"longest live":      {settings(func(s *Settings) { s.Live.MaxDuration = -time.Second }), "longest live"},
		"bit rate":          {settings(func(s *Settings) { s.Live.MaxBitRate = -1 }), "bits per second"},
		"recordings":        {settings(func(s *Settings) { s.Replays.MaxBytes = -2 }), "-1 for no limit"},
		"age":               {settings(func(s *Settings) { s.Replays.MaxAge = -1 }), "age of replays"},
		"DVR":               {settings(func(s *Settings) { s.Replays.DVR = -1 }), "go back"},
		"quota of users":    {settings(func(s *Settings) { s.Users.Quota = -2 }), "-1 for no limit"},
		"list of users":     {third(c.Users(ctx, UserFilter{Sort: "password"})), "sorted"},
		"list of channels":  {third(c.Channels(ctx, ChannelFilter{Sort: "-"})), "sorted"},
		"list of videos":    {third(c.Videos(ctx, VideoFilter{Sort: "uuid; DROP TABLE video"})), "sorted"},
	} {
		if !errors.Is(tc.err, ErrInvalid) || !strings.Contains(tc.err.Error(), tc.says) {
			t.Errorf("%s: %v; want an ErrInvalid that says %q", name, tc.err, tc.says)
		}
	}
	// "protected by nothing" is the only one that takes a look at the state.
	if n := s.Index() - before; n != 1 {
		t.Errorf("%d commands were proposed; want 1", n)
	}
}

// TestTidy has values that are allowed at their limits, and what becomes of them.
func TestTidy(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	ctx := t.Context()
	user(t, c, "alice")
	v := makeLive(t, c, NewLive{
		ChannelID: firstChannel(t, c, "alice").ID, Name: "  " + strings.Repeat("🐟", 60) + " ", Description: "one\r\ntwo\t" + text(9992),
		Tags: []string{" a tag ", "A TAG", "", text(30), "élan", "Élan"}, Language: "pt-BR",
	})
	if v.Name != strings.Repeat("🐟", 60) {
		t.Errorf("the name is %q", v.Name)
	}
	if want := "one\ntwo\t" + text(9992); v.Description != want {
		t.Errorf("the description begins with %q", v.Description[:20])
	}
	if strings.Join(v.Tags, "|") != "a tag|"+text(30)+"|élan|Élan" {
		t.Errorf("the tags are %q", v.Tags)
	}
	if got := fit("🐟🐟x", 3); got != "🐟" {
		t.Errorf("fit gave %q", got)
	}
	if got := fit("abc", 3); got != "abc" {
		t.Errorf("fit gave %q", got)
	}
	if _, err := c.UpdateVideo(ctx, v.UUID, VideoChange{Name: ptr(text(120)), Support: ptr(text(1000)), Tags: &[]string{}, Language: ptr("")}); err != nil {
		t.Error(err)
	}
}

// TestRefusals looks at all that is exported: each has a code of its own and says what to do.
func TestRefusals(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range []*state.Refusal{
		ErrNotFound, ErrInvalid, ErrNameTaken, ErrEmailTaken, ErrUUIDTaken, ErrKeyTaken, ErrLiveRunning, ErrLiveEnded, ErrDeclared, ErrLastChannel,
		ErrLastAdmin, ErrBlocked, ErrQuota, ErrLimitLives, ErrLimitUserLives, ErrLimitChannels,
	} {
		if seen[r.Code] || r.Code == "" || !strings.HasSuffix(r.Text, ".") {
			t.Errorf("%+v", *r)
		}
		seen[r.Code] = true
	}
	if err := invalid("other text"); !errors.Is(err, ErrInvalid) || errors.Is(err, ErrNotFound) || err.Error() != "other text" {
		t.Errorf("%v", err)
	}
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }
