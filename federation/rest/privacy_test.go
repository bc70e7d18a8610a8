package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"shoal/internal/catalog"
	"shoal/internal/media"
)

// TestPrivacy asks as everybody for videos of every privacy, in every way.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hashes, err := s.auth.HashAll(t.Context(), []string{"open sesame"})
	if err != nil {
		t.Fatal(err)
	}
	type callers struct{ visitor, stranger, owner, moderator int }
	for _, tc := range []struct {
		privacy catalog.Privacy
		byUUID  callers
		byID    callers
		listed  string // callers in whose lists it is
		token   bool   // its media needs one
	}{
		{catalog.Public, callers{200, 200, 200, 200}, callers{200, 200, 200, 200}, "visitor stranger owner moderator", false},
		{catalog.Unlisted, callers{200, 200, 200, 200}, callers{401, 403, 200, 200}, "", false},
		{catalog.Private, callers{401, 403, 200, 200}, callers{401, 403, 200, 200}, "", true},
		{catalog.Internal, callers{401, 200, 200, 200}, callers{401, 200, 200, 200}, "stranger owner moderator", true},
		{catalog.Protected, callers{401, 403, 200, 200}, callers{401, 403, 200, 200}, "", true},
	} {
		name := fmt.Sprintf("Concert of privacy %d", tc.privacy)
		v := s.live("alice", func(n *catalog.NewLive) {
			n.Name, n.Privacy, n.Description = name, tc.privacy, "a secret"
			if tc.privacy == catalog.Protected {
				n.PasswordHashes = hashes
			}
		})
		s.begin(v)
		for _, by := range []struct {
			caller, as string
			uuid, id   int
		}{
			{"visitor", "", tc.byUUID.visitor, tc.byID.visitor},
			{"stranger", "bob", tc.byUUID.stranger, tc.byID.stranger},
			{"owner", "alice", tc.byUUID.owner, tc.byID.owner},
			{"moderator", "mod", tc.byUUID.moderator, tc.byID.moderator},
		} {
			for ref, status := range map[string]int{v.UUID: by.uuid, catalog.ShortUUID(v.UUID): by.uuid, fmt.Sprint(v.ID): by.id} {
				for _, path := range []string{"/api/v1/videos/%s", "/api/v1/videos/%s/description", "/api/v1/videos/live/%s", "/api/v1/shoal/lives/%s"} {
					a := s.do(by.as, "GET", fmt.Sprintf(path, ref), nil).want(status)
					if status != 200 && (strings.Contains(a.Body.String(), name) || strings.Contains(a.Body.String(), "secret")) {
						t.Errorf("%s as %s tells %s", a.call, by.caller, a.Body)
					}
				}
				s.do(by.as, "POST", "/api/v1/videos/"+ref+"/token", map[string]any{}).want(status)
				if status == 200 {
					status = 204
				}
				s.do(by.as, "POST", "/api/v1/videos/"+ref+"/views", map[string]any{"currentTime": 1}).want(status)
			}
			if by.uuid == 200 {
				live := s.do(by.as, "GET", "/api/v1/shoal/lives/"+v.UUID, nil)
				if got := strings.Contains(live.at("lowLatencyUrl").(string), "?videoFileToken="); got != tc.token {
					t.Errorf("privacy %d: the playlist is %v", tc.privacy, live.at("lowLatencyUrl"))
				}
				if cache := live.Header().Get("Cache-Control"); tc.token && cache != "private, no-store" {
					t.Errorf("privacy %d: Cache-Control is %s", tc.privacy, cache)
				}
			}
			if by.as == "bob" || by.as == "" {
				if a := s.do(by.as, "GET", "/api/v1/videos/live/"+v.UUID, nil); a.Code == 200 && a.at("streamKey") != nil {
					t.Errorf("%s gets the stream key", by.caller)
				}
			}
			listed := strings.Contains(tc.listed, by.caller)
			for _, path := range []string{
				"/api/v1/videos?isLive=true", "/api/v1/search/videos?search=concert", "/api/v1/video-channels/alice_channel/videos",
				"/api/v1/accounts/alice/videos?sort=-createdAt",
			} {
				if a := s.do(by.as, "GET", path, nil).want(200); strings.Contains(a.Body.String(), v.UUID) != listed {
					t.Errorf("%s as %s: privacy %d is listed: %v; want %v", a.call, by.caller, tc.privacy, !listed, listed)
				}
			}
			shown := s.do(by.as, "GET", "/api/v1/shoal/lives", nil).want(200)
			if want := listed || by.caller == "owner"; strings.Contains(shown.Body.String(), v.UUID) != want {
				t.Errorf("%s as %s: privacy %d is listed: %v; want %v", shown.call, by.caller, tc.privacy, !want, want)
			}
		}
	}
	for as, total := range map[string]int{"": 1, "bob": 2, "alice": 2, "mod": 2} {
		s.do(as, "GET", "/api/v1/videos", nil).want(200).is("total", total)
	}
	s.do("mod", "GET", "/api/v1/videos?include=1&privacyOneOf=1&privacyOneOf=2&privacyOneOf=3&privacyOneOf=4&privacyOneOf=5", nil).want(200).is("total", 5)
	s.do("bob", "GET", "/api/v1/videos?privacyOneOf=3", nil).wantProblem(http.StatusUnauthorized, "")
	s.do("alice", "GET", "/api/v1/users/me/videos", nil).want(200).is("total", 5, "data.0.privacy.id", 5)
	s.do("bob", "GET", "/api/v1/users/me/videos", nil).want(200).is("total", 0)
}

func TestVideoPassword(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	a := s.do("alice", "POST", "/api/v1/videos/live", map[string]any{
		"name": "For friends", "channelId": s.channel("alice"), "privacy": 5, "videoPasswords": []string{"open sesame", "let me in"},
	}).want(200)
	uuid := a.at("video.uuid").(string)
	path := "/api/v1/videos/" + uuid
	s.do("", "GET", path, nil).wantProblem(http.StatusUnauthorized, codeNeedsPassword)
	s.do("bob", "GET", path, nil).wantProblem(http.StatusForbidden, codeNeedsPassword)
	s.do("", "GET", path, nil, header("X-PeerTube-Video-Password", "closed")).wantProblem(http.StatusForbidden, "incorrect_video_password")
	right := header("x-peertube-video-password", "let me in")
	if got := s.do("", "GET", path, nil, right).want(200); got.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("headers %v", got.Header())
	}

	byHeader := s.do("", "POST", path+"/token", nil, right).want(200).at("files.token").(string)
	byBody := s.do("", "POST", path+"/token", map[string]any{"password": "open sesame"}).want(200).at("files.token").(string)
	unlocked := s.do("", "POST", "/api/v1/shoal/lives/"+uuid+"/unlock", map[string]any{"password": "open sesame"}).want(200).at("token").(string)
	for _, token := range []string{byHeader, byBody, unlocked} {
		live := s.do("", "GET", "/api/v1/shoal/lives/"+uuid+"?videoFileToken="+token, nil).want(200)
		if !strings.Contains(live.at("classicUrl").(string), "videoFileToken=") {
			t.Errorf("the playlist is %v", live.at("classicUrl"))
		}
	}
	s.do("", "GET", path+"?videoFileToken=void", nil).wantProblem(http.StatusForbidden, "invalid_media_token")
	s.do("", "POST", "/api/v1/shoal/lives/"+uuid+"/unlock", map[string]any{"password": "closed"}).wantProblem(http.StatusForbidden, "incorrect_video_password")

	// Another password, and the tokens of the old one are void.
	s.do("alice", "PUT", path, map[string]any{"videoPasswords": []string{"other"}}).want(204)
	s.do("", "GET", path+"?videoFileToken="+unlocked, nil).wantProblem(http.StatusForbidden, "invalid_media_token")
	s.do("", "GET", path, nil, right).wantProblem(http.StatusForbidden, "incorrect_video_password")
	s.do("", "GET", path, nil, header("x-peertube-video-password", "other")).want(200)

	for n := 0; ; n++ {
		a := s.do("", "POST", "/api/v1/shoal/lives/"+uuid+"/unlock", map[string]any{"password": "guess"})
		if a.Code == http.StatusForbidden && n < 20 {
			continue
		}
		a.wantProblem(http.StatusTooManyRequests, codeTooManyRequests)
		break
	}

	s.do("alice", "PUT", path, map[string]any{"privacy": 1}).want(204)
	s.do("", "GET", path, nil).want(200)
	s.do("", "POST", "/api/v1/shoal/lives/"+uuid+"/unlock", map[string]any{"password": "whatever"}).want(200)
	s.do("alice", "PUT", path, map[string]any{"privacy": 5}).wantMistake("videoPasswords")
}

// TestPrivatePictures asks as everybody for the pictures of videos of every privacy.
func TestPrivatePictures(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hashes, err := s.auth.HashAll(t.Context(), []string{"open sesame"})
	if err != nil {
		t.Fatal(err)
	}
	for privacy, seen := range map[catalog.Privacy]string{
		catalog.Public:    "visitor bob alice mod",
		catalog.Unlisted:  "visitor bob alice mod",
		catalog.Private:   "alice mod",
		catalog.Internal:  "bob alice mod",
		catalog.Protected: "alice mod",
	} {
		v := s.live("alice", func(n *catalog.NewLive) {
			n.Privacy = privacy
			if privacy == catalog.Protected {
				n.PasswordHashes = hashes
			}
		})
		token, _, err := s.auth.MediaToken(t.Context(), &v, 0)
		if err != nil {
			t.Fatal(err)
		}
		wantCache := func(a answer) {
			t.Helper()
			want := "private, no-cache"
			if privacy == catalog.Public || privacy == catalog.Unlisted {
				want = "public, max-age=60"
			}
			if got := a.Header().Get("Cache-Control"); got != want {
				t.Errorf("privacy %d: Cache-Control is %s; want %s", privacy, got, want)
			}
		}
		for _, preview := range []bool{false, true} {
			path := posterPath(&v, preview)
			for _, as := range []string{"visitor", "bob", "alice", "mod"} {
				caller := strings.TrimPrefix(as, "visitor")
				if strings.Contains(seen, as) {
					a := s.do(caller, "GET", path, nil).want(200)
					wantCache(a)
					s.do(caller, "GET", path, nil, header("If-None-Match", a.Header().Get("Etag"))).want(http.StatusNotModified)
				} else {
					for _, query := range []string{"", "?videoFileToken=void"} {
						s.do(caller, "GET", path+query, nil, header("If-None-Match", "*")).wantProblem(http.StatusNotFound, "")
					}
				}
				wantCache(s.do(caller, "GET", path+"?videoFileToken="+token, nil).want(200))
			}
			if strings.Contains(seen, "alice") { // an image of a page comes with its cookie
				s.do("", "GET", path, nil, header("Cookie", "shoal_access="+s.token("alice"))).want(200)
			}
		}
	}
}

// pictureLinks are the addresses of a video's pictures as a visitor gets them who comes in by a query or a header.
func (s *stand) pictureLinks(uuid, query string, options ...option) []string {
	s.t.Helper()
	video := s.do("", "GET", "/api/v1/videos/"+uuid+query, nil, options...).want(200)
	live := s.do("", "GET", "/api/v1/shoal/lives/"+uuid+query, nil, options...).want(200)
	return []string{video.at("thumbnailPath").(string), video.at("previewPath").(string), live.at("poster").(string)}
}

// TestTokensDoNotRenew sees that who comes in by a media token gets that one back, with pictures that it opens.
func TestTokensDoNotRenew(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hashes, err := s.auth.HashAll(t.Context(), []string{"open sesame"})
	if err != nil {
		t.Fatal(err)
	}
	v := s.live("alice", func(n *catalog.NewLive) { n.Privacy, n.PasswordHashes = catalog.Protected, hashes })
	private := s.live("alice", func(n *catalog.NewLive) { n.Privacy = catalog.Private })
	for _, v := range []catalog.Video{v, private} {
		token, expires, err := s.auth.MediaToken(t.Context(), &v, time.Hour) // less than a new one has
		if err != nil {
			t.Fatal(err)
		}
		query := "?videoFileToken=" + token
		want := expires.Format(time.RFC3339)
		s.do("", "POST", "/api/v1/videos/"+v.UUID+"/token"+query, map[string]any{}).want(200).is("files.token", token, "files.expires", want)
		s.do("bob", "POST", "/api/v1/videos/"+v.UUID+"/token"+query, map[string]any{}).want(200).is("files.token", token, "files.expires", want)
		s.do("", "GET", "/api/v1/shoal/lives/"+v.UUID+query, nil).want(200).is("lowLatencyUrl", mediaPrefix+v.UUID+"/master.m3u8"+query)
		if v.Privacy != catalog.Protected {
			s.do("", "POST", "/api/v1/shoal/lives/"+v.UUID+"/unlock"+query, map[string]any{"password": "any"}).want(200).is("token", token, "expires", want)
		}
		for _, link := range s.pictureLinks(v.UUID, query) {
			if !strings.HasSuffix(link, query) {
				t.Errorf("a picture is at %s", link)
			}
			s.do("", "GET", link, nil).want(200)
		}
		// Who needs none gets a new one, and pictures without.
		if got := s.do("alice", "POST", "/api/v1/videos/"+v.UUID+"/token"+query, map[string]any{}).want(200).at("files.token"); got == token {
			t.Error("the owner gets the token that came")
		}
		s.do("alice", "GET", "/api/v1/videos/"+v.UUID+query, nil).want(200).is("previewPath", posterPath(&v, true))
	}
	for _, link := range s.pictureLinks(v.UUID, "", header(headerVideoPassword, "open sesame")) {
		s.do("", "GET", link, nil).want(200)
	}
}

// TestDeclaredLives sees that lives of the configuration are listed before they begin.
func TestDeclaredLives(t *testing.T) {
	t.Parallel()
	const uuid = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	s := newStand(t, func(o *Options) {
		o.Declared = []media.LiveID{uuid, "00000000-0000-4000-8000-000000000001"}
		o.Encoders = []Encoder{{Live: uuid, Key: "a-stage-key"}}
		o.Hosts = func() []string { return []string{"192.0.2.77", "2001:db8::7"} }
	})
	if err := s.catalog.Provision(t.Context(), []catalog.Declared{{UUID: uuid, Name: "stage", Title: "The stage", Key: "a-stage-key"}}); err != nil {
		t.Fatal(err)
	}
	running := s.live("alice")
	s.begin(running)
	s.do("", "GET", "/api/v1/shoal/lives", nil).want(200).is(
		"lives.0.uuid", running.UUID, "lives.0.state", "live", "lives.1.uuid", uuid, "lives.1.alias", "stage", "lives.1.state", "waiting", "lives.1.startedAt", nil, "lives.2", nil)
	s.do("", "GET", "/api/v1/shoal/lives/stage", nil).want(200).is("uuid", uuid, "name", "The stage", "state", "waiting",
		"lowLatencyUrl", "/static/streaming-playlists/hls/"+uuid+"/master.m3u8")
	s.do("", "GET", "/api/v1/videos/stage", nil).want(200).is("uuid", uuid, "shoal.alias", "stage")
	s.do("root", "GET", "/api/v1/videos/live/stage", nil).want(200).is("shoal.declared", true, "streamKey", "a-stage-key",
		"shoal.rtmpUrls.1", "rtmp://192.0.2.77:1935/live", "shoal.rtmpUrls.2", "rtmp://[2001:db8::7]:1935/live")

	node := s.do("", "GET", "/api/v1/shoal/node", nil).want(200)
	node.is("version", "1.2.3", "rtmpPort", 1935, "setUp", false, "hosts", nil, "encoder.0.key", "a-stage-key", "language", "en")
	if node.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("pages of other sites may read the node's keys")
	}
	for host, want := range map[string]any{"localhost:8080": "192.0.2.77", "127.0.0.1": "192.0.2.77", "[::1]:80": "192.0.2.77", "live.example": nil} {
		s.host, s.from = host, "127.0.0.1:4000"
		s.do("", "GET", "/api/v1/shoal/node", nil).want(200).is("hosts.0", want)
		s.from = "192.0.2.7:4000"
		s.do("", "GET", "/api/v1/shoal/node", nil).want(200).is("hosts.0", nil)
	}
}
