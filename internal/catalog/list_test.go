package catalog

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// shelf makes some dozens of videos of all kinds.
func shelf(t *testing.T) (*Catalog, []Video) {
	c, s := open(t)
	ctx := t.Context()
	random := rand.New(rand.NewPCG(1, 2))
	channels := []int64{}
	for _, name := range []string{"alice", "bob"} {
		u := user(t, c, name)
		ch, err := c.CreateChannel(ctx, NewChannel{AccountID: u.Account.ID, Name: name + "-2"})
		if err != nil {
			t.Fatal(err)
		}
		channels = append(channels, firstChannel(t, c, name).ID, ch.ID)
	}
	names := []string{"Morning Concert", "evening concert", "Éclair", "zebra", "東京の夜", "Concert hall"}
	views := map[string]int64{}
	var all []Video
	n := 60
	if raceDetector {
		n = 30
	}
	for i := range n {
		s.Advance(time.Duration(random.IntN(2)) * time.Hour)
		n := NewLive{
			ChannelID: channels[random.IntN(4)], Name: fmt.Sprintf("%s %d", names[random.IntN(len(names))], i%7), Privacy: Privacy(1 + random.IntN(5)),
			NSFW: random.IntN(4) == 0, Category: int64(random.IntN(3)), Licence: int64(random.IntN(2)), Language: []string{"", "en", "fr"}[random.IntN(3)],
			SaveReplay: true, PasswordHashes: []string{"p"},
		}
		for _, tag := range []string{"music", "Sport", "news"} {
			if random.IntN(2) == 0 {
				n.Tags = append(n.Tags, tag)
			}
		}
		v := makeLive(t, c, n)
		start := s.Now().Add(time.Duration(random.IntN(100)) * time.Minute)
		switch random.IntN(6) {
		case 0: // waits
		case 1: // on the air
			begin(t, c, v.UUID, start)
		case 2: // has ended
			if _, err := c.EndSession(ctx, EndSession{UUID: begin(t, c, v.UUID, start).UUID, At: start}); err != nil {
				t.Fatal(err)
			}
		default:
			r := Recording{Duration: time.Duration(random.IntN(5)) * time.Minute, Bytes: 1, HasAudio: true}
			if _, err := c.EndSession(ctx, EndSession{UUID: begin(t, c, v.UUID, start).UUID, At: start, Recording: &r}); err != nil {
				t.Fatal(err)
			}
		}
		views[v.UUID] = int64(random.IntN(4))
		all = append(all, v)
	}
	if err := c.AddViews(ctx, views); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		original := time.Date(2000+random.IntN(3), 1, 1, 0, 0, 0, 0, time.UTC)
		if _, err := c.UpdateVideo(ctx, all[i].UUID, VideoChange{Original: &original}); err != nil {
			t.Fatal(err)
		}
		all[i] = video(t, c, all[i].UUID)
	}
	return c, all
}

// lets says whether a filter lets a video through, in the plainest way.
func lets(f VideoFilter, v Video) bool {
	anyOf := func(want, have []string) bool {
		return slices.ContainsFunc(want, func(w string) bool {
			return slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(w, h) })
		})
	}
	own := f.OwnedBy != 0 && f.Viewer.LoggedIn && f.OwnedBy == f.Viewer.UserID
	everything := own || f.Viewer.LoggedIn && f.Viewer.Role <= Moderator
	listed := v.Privacy == Public || v.Privacy == Internal && f.Viewer.LoggedIn
	if len(f.Privacies) == 0 {
		listed = listed || own
	} else {
		listed = (listed || everything) && slices.Contains(f.Privacies, v.Privacy)
	}
	states := f.States
	if states == nil {
		states = []VideoState{Published}
	}
	fold := func(text string) string { return strings.ReplaceAll(strings.ToLower(text), "é", "e") }
	for word := range strings.FieldsSeq(f.Search) {
		if word == "東京" || word == "の夜" {
			if !strings.Contains(v.Name, word) {
				return false
			}
		} else if !slices.ContainsFunc(strings.Fields(fold(v.Name)), func(w string) bool { return strings.HasPrefix(w, fold(word)) }) {
			return false
		}
	}
	for _, tag := range f.AllTags {
		if !anyOf([]string{tag}, v.Tags) {
			return false
		}
	}
	return listed && slices.Contains(states, v.State) &&
		(f.Account == "" || strings.EqualFold(f.Account, v.Channel.Account.Name)) && (f.Channel == "" || strings.EqualFold(f.Channel, v.Channel.Name)) &&
		(f.OwnedBy == 0 || f.OwnedBy == v.Channel.Account.UserID) && (f.IsLive == nil || *f.IsLive == v.IsLive) && (f.NSFW == nil || *f.NSFW == v.NSFW) &&
		(f.Tags == nil || anyOf(f.Tags, v.Tags)) && (f.Categories == nil || slices.Contains(f.Categories, v.Category) && v.Category != 0) &&
		(f.Licences == nil || slices.Contains(f.Licences, v.Licence)) && (f.Languages == nil || slices.Contains(f.Languages, v.Language) && v.Language != "")
}

// compare puts videos in order, in the plainest way.
func compare(sort string) func(a, b Video) int {
	name, descends := strings.CutPrefix(cmp.Or(sort, "-publishedAt"), "-")
	return func(a, b Video) int {
		var n int
		switch name {
		case "publishedAt", "match", "likes":
			n = a.Published.Compare(b.Published)
		case "name":
			n = strings.Compare(asciiLower(a.Name), asciiLower(b.Name))
		case "duration":
			n = cmp.Compare(a.Duration, b.Duration)
		case "views", "trending", "hot", "best":
			n = cmp.Compare(a.Views, b.Views)
		case "originallyPublishedAt":
			n = a.Original.Compare(b.Original)
		}
		if n == 0 {
			n = cmp.Compare(a.ID, b.ID)
		}
		if descends {
			n = -n
		}
		return n
	}
}

// TestVideos compares lists with those that are made by looking at every video, for filters at random.
func TestVideos(t *testing.T) {
	t.Parallel()
	c, all := shelf(t)
	random := rand.New(rand.NewPCG(3, 4))
	rounds, seen := 3000, 0
	if testing.Short() {
		rounds = 300
	}
	if raceDetector {
		rounds = 60
	}
	everyState := []VideoState{Published, WaitingForLive, LiveEnded}
	everyPrivacy := []Privacy{Public, Unlisted, Private, Internal, Protected}
	sorts := []string{""}
	for s := range videoSorts {
		if s != "comments" {
			sorts = append(sorts, s, "-"+s)
		}
	}
	slices.Sort(sorts)
	for range rounds {
		maybe := func(n int) bool { return random.IntN(n) == 0 }
		f := VideoFilter{Sort: sorts[random.IntN(len(sorts))], Start: random.IntN(3) * random.IntN(8), Count: random.IntN(30)}
		if maybe(2) {
			f.Viewer = Viewer{UserID: int64(1 + random.IntN(2)), LoggedIn: true, Role: Role(1 + random.IntN(2))}
		}
		if maybe(3) {
			f.Account = []string{"alice", "BOB", "nobody"}[random.IntN(3)]
		}
		if maybe(3) {
			f.Channel = []string{"alice_channel", "bob-2", "nothing"}[random.IntN(3)]
		}
		if maybe(3) {
			f.OwnedBy = int64(1 + random.IntN(3))
		}
		if maybe(2) {
			f.States = everyState[:1+random.IntN(3)]
		}
		if maybe(2) {
			f.Privacies = everyPrivacy[random.IntN(3) : 3+random.IntN(3)]
		}
		if maybe(4) {
			f.IsLive = ptr(maybe(2))
		}
		if maybe(4) {
			f.NSFW = ptr(maybe(2))
		}
		if maybe(4) {
			f.Search = []string{"con", "CONCERT hall", "ecl", "  éCLAIR  1 ", "東京", "の夜 東京", "zebra 3", "none"}[random.IntN(8)]
		}
		if maybe(4) {
			f.Tags = []string{"music", "sport"}[random.IntN(2):]
		}
		if maybe(6) {
			f.AllTags = []string{"MUSIC", "news"}[random.IntN(2):]
		}
		if maybe(5) {
			f.Categories = []int64{0, 1, 2}[random.IntN(3):]
		}
		if maybe(6) {
			f.Licences = []int64{1}
		}
		if maybe(5) {
			f.Languages = []string{"", "en", "fr"}[random.IntN(3):]
		}

		want := []Video{}
		for _, v := range all {
			if lets(f, v) {
				want = append(want, v)
			}
		}
		slices.SortFunc(want, compare(f.Sort))
		total := len(want)
		want = want[min(f.Start, total):min(f.Start+cmp.Or(f.Count, defaultCount), total)]
		got, n, err := c.Videos(t.Context(), f)
		if err != nil || n != total || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v: %s of %d, %v; want %s of %d", f, titles(got), n, err, titles(want), total)
		}
		seen += len(got)
	}
	if seen < rounds {
		t.Errorf("only %d videos were listed in %d lists", seen, rounds)
	}
}

// titles names videos in an error.
func titles(all []Video) []string {
	names := []string{}
	for _, v := range all {
		names = append(names, fmt.Sprint(v.ID, " ", v.Name))
	}
	return names
}

// TestSearchText looks for texts that mean something to the index.
func TestSearchText(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	user(t, c, "alice")
	for _, name := range []string{`AC/DC "live"`, "Rock'n'roll * night", "100% NEAR(x y)", "Ärger", "foo-bar_baz", "ไทยแลนด์"} {
		v := makeLive(t, c, NewLive{ChannelID: firstChannel(t, c, "alice").ID, Name: name})
		begin(t, c, v.UUID, v.Created)
	}
	for search, want := range map[string]int{
		`AC/DC`: 1, `"live"`: 1, `ac`: 1, `"`: 0, `*`: 0, `roll`: 1, `rock'n`: 1, `n*`: 2, `night OR rock`: 0, `NEAR(x`: 1, `NOT rock`: 0, `100%`: 1, `%`: 0, `aerger`: 0,
		`arg`: 1, `foo-bar`: 1, `bar`: 1, `baz`: 1, `name:foo`: 0, `-foo`: 1, `^foo`: 1, `{foo}`: 1, `แลนด์`: 1, `_ไทย`: 0, "\x00foo": 1, "\xff": 0, `'; DROP TABLE video`: 0,
	} {
		if _, total, err := c.Videos(t.Context(), VideoFilter{Search: search}); err != nil || total != want {
			t.Errorf("%q: %d, %v; want %d", search, total, err, want)
		}
	}
}

func FuzzSearch(f *testing.F) {
	c, _ := open(f)
	user(f, c, "alice")
	for _, seed := range []string{"con", `"`, `AND OR NOT`, "a*b", "東", "\xff\x00", `\%_`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := c.Videos(t.Context(), VideoFilter{Search: text, States: []VideoState{WaitingForLive}})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestPage(t *testing.T) {
	t.Parallel()
	for p, want := range map[Page][2]int{
		{}: {15, 0}, {5, 100}: {100, 5}, {-1, 101}: {100, 0}, {1 << 30, -1}: {15, 1 << 30},
	} {
		if limit, offset := p.limits(); limit != want[0] || offset != want[1] {
			t.Errorf("%+v: %d, %d; want %v", p, limit, offset, want)
		}
	}
}
