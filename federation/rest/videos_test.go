package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shoal/cluster/state"
	"shoal/internal/catalog"
	"shoal/internal/httpd"
)

func testUpdateVideo(t *testing.T, s *stand) {
	v := s.live("alice", func(n *catalog.NewLive) {
		n.Description, n.Support, n.Category, n.Language, n.Tags = "Long ago", "Give", 1, "en", []string{"aa", "bb"}
	})
	path := "/api/v1/videos/" + v.UUID
	s.do("alice", "PUT", path, map[string]any{"name": "Another name", "nsfw": true, "scheduleUpdate": nil, "waitTranscoding": false}).want(204)
	s.do("", "GET", path, nil).want(200).is("name", "Another name", "nsfw", true, "description", "Long ago", "category.id", 1, "tags.1", "bb")

	// What is null, in JSON and in a form, is taken away; what does not come stays.
	s.do("alice", "PUT", path, map[string]any{"description": nil, "category": nil}).want(204)
	s.do("", "GET", path, nil).want(200).is("description", nil, "category.id", nil, "support", "Give", "language.id", "en", "tags.1", "bb")
	body, kind := form(t, [][2]string{{"support", "null"}, {"language", "null"}, {"tags", "null"}, {"nsfw", "false"}, {"commentsEnabled", "false"}},
		map[string][]byte{"previewfile": picture(t)})
	s.do("alice", "PUT", path, body, kind).want(204)
	s.do("", "GET", path, nil).want(200).is("support", nil, "language.id", nil, "tags.0", nil, "nsfw", false, "commentsPolicy.id", 2,
		"thumbnailPath", "/lazy-static/thumbnails/"+v.UUID+"-1.jpg")
	s.do("alice", "PUT", path, strings.NewReader("tags[]=cc&tags[]=dd"), header("Content-Type", typeForm)).want(204)
	s.do("", "GET", path, nil).want(200).is("tags.0", "cc", "tags.1", "dd")

	s.do("alice", "PUT", path, map[string]any{"channelId": s.channel("bob")}).wantMistake("channelId")
	if _, err := s.catalog.CreateChannel(t.Context(), catalog.NewChannel{AccountID: s.users["alice"].Account.ID, Name: "second"}); err != nil {
		t.Fatal(err)
	}
	second := s.do("", "GET", "/api/v1/video-channels/second", nil).want(200).at("id")
	s.do("alice", "PUT", path, map[string]any{"channelId": second}).want(204)
	s.do("alice", "GET", fmt.Sprintf("/api/v1/users/me/videos?channelId=%v&isLive=true&search=another", second), nil).want(200).is("total", 1, "data.0.state.id", 4)
	// Who moderates may move it within its account, but not take it over or give it away.
	for _, as := range []string{"mod", "root"} {
		s.do(as, "PUT", path, map[string]any{"channelId": s.channel(as)}).wantMistake("channelId")
		s.do(as, "PUT", path, map[string]any{"channelId": s.channel("bob")}).wantMistake("channelId")
		s.do(as, "PUT", path, map[string]any{"channelId": 4711}).wantMistake("channelId")
	}
	s.do("mod", "PUT", path, map[string]any{"channelId": s.channel("alice")}).want(204)
	s.do("", "GET", path, nil).want(200).is("account.name", "alice", "channel.name", "alice_channel")
	s.do("mod", "PUT", path, map[string]any{"channelId": second}).want(204)
	s.do("mod", "PUT", path, map[string]any{"privacy": 3}).want(204)
	s.do("", "GET", path, nil).wantProblem(http.StatusUnauthorized, "")
}

func TestLists(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for i := range 5 {
		v := s.live("alice", func(n *catalog.NewLive) {
			n.Name, n.NSFW, n.Tags, n.Category = fmt.Sprintf("Concert %d", i), i == 3, []string{"music", fmt.Sprintf("tag%d", i)}, int64(1+i%2)
			n.Language, n.Licence = []string{"en", "fr"}[i%2], int64(1+i)
		})
		s.state.Advance(time.Minute)
		s.begin(v)
	}
	for query, want := range map[string]string{
		"":                                   "4 3 2 1 0",
		"?sort=createdAt":                    "0 1 2 3 4",
		"?sort=-name&start=1&count=2":        "3 2",
		"?count=0":                           "",
		"?nsfw=true":                         "3",
		"?nsfw=false":                        "4 2 1 0",
		"?nsfw=both&search=concert+2":        "2",
		"?isLive=false":                      "",
		"?isLocal=true&isLive=true":          "4 3 2 1 0",
		"?isLocal=false":                     "",
		"?host=live.example:8080":            "4 3 2 1 0",
		"?host=elsewhere.example":            "",
		"?hasHLSFiles=true":                  "4 3 2 1 0",
		"?hasWebVideoFiles=true":             "",
		"?categoryOneOf=2&categoryOneOf=7":   "3 1",
		"?licenceOneOf[]=5":                  "4",
		"?languageOneOf=fr":                  "3 1",
		"?tagsOneOf=tag1&tagsOneOf=tag2":     "2 1",
		"?tagsAllOf[0]=music&tagsAllOf=tag2": "wrong",
		"?tagsAllOf=music&tagsAllOf=tag2":    "2",
		"?excludeAlreadyWatched=false":       "4 3 2 1 0",
	} {
		a := s.do("", "GET", "/api/v1/videos"+query, nil)
		if want == "wrong" {
			a.wantMistake("tagsAllOf")
			continue
		}
		data := a.want(200).at("data").([]any)
		var got []string
		for _, v := range data {
			got = append(got, strings.TrimPrefix(v.(map[string]any)["name"].(string), "Concert "))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v; want %s", query, got, want)
		}
	}
	s.do("", "GET", "/api/v1/videos?skipCount=true", nil).want(200).is("total", nil, "data.4.name", "Concert 0")
	s.do("", "GET", "/api/v1/videos?start=4", nil).want(200).is("total", 5, "data.0.name", "Concert 0")
	s.do("", "GET", "/api/v1/videos?sort=colour", nil).wantProblem(http.StatusBadRequest, "invalid")
}

// BenchmarkVideos answers a list of twenty.
func BenchmarkVideos(b *testing.B) {
	s := newStand(b)
	for range 40 {
		s.begin(s.live("alice"))
	}
	r := s.request()
	r.URL.Path, r.URL.RawQuery, r.Host, r.RemoteAddr = "/api/v1/videos", "count=20", s.host, s.from
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// TestReadsOfLists sees that a longer list takes no more reads of the state than a short one.
func TestReadsOfLists(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for range 30 {
		s.begin(s.live("alice"))
	}
	for _, path := range []string{"/api/v1/videos?", "/api/v1/search/videos?search=concert&", "/api/v1/users/me/videos?", "/api/v1/users?", "/api/v1/video-channels?", "/api/v1/accounts?"} {
		reads := func(count int) int64 {
			before := s.state.reads.Load()
			s.do("root", "GET", fmt.Sprintf("%scount=%d", path, count), nil).want(200)
			return s.state.reads.Load() - before
		}
		reads(1) // what is remembered from now on
		if one, many := reads(1), reads(30); many != one || many > 2 {
			t.Errorf("%s: %d reads for one, %d for thirty", path, one, many)
		}
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const path = "/api/v1/video-channels"
	s.do("alice", "POST", path, map[string]any{"name": "the hall", "displayName": "x"}).wantProblem(http.StatusBadRequest, "invalid")
	s.do("alice", "POST", path, map[string]any{"name": "bob", "displayName": "x"}).wantProblem(http.StatusConflict, "name_taken")
	s.do("alice", "POST", path, map[string]any{"name": "hall"}).wantMistake("displayName")
	s.do("alice", "POST", path, map[string]any{"name": "hall", "displayName": "The hall", "description": "Concerts."}).want(200)
	s.do("", "GET", path+"/hall@live.example:8080", nil).want(200).is("displayName", "The hall", "description", "Concerts.", "support", nil,
		"url", "http://live.example:8080/video-channels/hall", "ownerAccount.name", "alice")
	s.do("", "GET", path+"/hall@elsewhere.example", nil).wantProblem(404, "")
	s.do("mod", "PUT", path+"/hall", map[string]any{"description": nil, "support": "Give."}).want(204)
	s.do("", "GET", path+"/hall", nil).want(200).is("displayName", "The hall", "description", nil, "support", "Give.")
	s.do("", "GET", path+"?search=hall&sort=-match", nil).want(200).is("total", 1)
	s.do("", "GET", "/api/v1/accounts/alice/video-channels?sort=createdAt", nil).want(200).is("total", 2, "data.1.name", "hall")
	s.do("", "GET", "/api/v1/accounts?count=2", nil).want(200).is("total", 4, "data.1.name", "mod", "data.2", nil)

	s.do("alice", "DELETE", path+"/hall", nil).want(204)
	s.do("alice", "DELETE", path+"/alice_channel", nil).wantProblem(http.StatusConflict, "last_channel")
}

// TestFaults looks at how errors of every kind are told.
func TestFaults(t *testing.T) {
	t.Parallel()
	secret := errors.New("open /var/lib/shoal/secret: denied")
	for _, tc := range []struct {
		err    error
		status int
		code   string
	}{
		{catalog.ErrNotFound, 404, "not_found"},
		{fmt.Errorf("begin: %w", catalog.ErrLimitLives), 403, codeInstanceLives},
		{catalog.ErrLimitUserLives, 403, codeUserLives},
		{catalog.ErrQuota, 403, codeQuota},
		{&state.Refusal{Code: "new", Text: "Something new."}, 400, "new"},
		{fmt.Errorf("propose: %w: %w", state.ErrUnavailable, secret), 503, ""},
		{state.ErrUnknownOutcome, 503, ""},
		{context.Canceled, 503, ""},
		{&httpd.Error{Status: 418, Message: "I am a teapot.", Cause: secret}, 418, ""},
		{&http.MaxBytesError{Limit: 5}, 413, ""},
		{secret, 500, ""},
	} {
		f := toFault(tc.err)
		p := f.problem()
		if p.Status != tc.status || p.Code != tc.code || p.Title == "" || p.Detail == "" || p.Error != p.Detail || strings.Contains(p.Detail, "/var/lib") {
			t.Errorf("%v: %+v; want %d %s", tc.err, p, tc.status, tc.code)
		}
	}
}
