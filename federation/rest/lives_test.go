package rest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"shoal/internal/broadcast"
	"shoal/internal/catalog"
)

// permanent makes a permanent live of alice's with three broadcasts, two of them with a replay.
func (s *stand) permanent() catalog.Video {
	s.t.Helper()
	v := s.live("alice", func(n *catalog.NewLive) { n.Permanent = true; n.Name = "Town square" })
	s.replay(v, s.begin(v))
	second := s.begin(v)
	s.state.Advance(1e9)
	if _, err := s.catalog.EndSession(s.t.Context(), catalog.EndSession{UUID: second.UUID, At: s.state.Now(), Error: "The disk was full."}); err != nil {
		s.t.Fatal(err)
	}
	s.replay(v, s.begin(v))
	return v
}

// form writes a multipart body, as PeerTube's clients do.
func form(t *testing.T, fields [][2]string, files map[string][]byte) (body *bytes.Buffer, kind option) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for _, f := range fields {
		if err := w.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="` + name + `"; filename="../../etc/picture.jpg"`}, "Content-Type": {typeJPEG},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, header("Content-Type", w.FormDataContentType())
}

func testCreateLive(t *testing.T, s *stand) {
	channel := strconv.FormatInt(s.channel("alice"), 10)
	body, kind := form(t, [][2]string{
		{"name", "A concert"},
		{"channelId", channel},
		{"privacy", "2"},
		{"saveReplay", "true"},
		{"permanentLive", "false"},
		{"replaySettings[privacy]", "3"},
		{"latencyMode", "3"},
		{"tags[0]", "music"},
		{"tags[1]", "town"},
		{"nsfw", "false"},
		{"category", "1"},
		{"licence", "null"},
		{"language", "fr"},
		{"description", "What is played."},
		{"support", "null"},
		{"commentsPolicy", "2"},
		{"downloadEnabled", "false"},
		{"waitTranscoding", "true"},
		{"originallyPublishedAt", "2020-02-03T04:05:06.000Z"},
		{"pluginData[a][b]", "c"},
	}, map[string][]byte{"thumbnailfile": picture(t), "previewfile": picture(t), "videofile": []byte("other")})
	a := s.do("alice", "POST", "/api/v1/videos/live", body, kind).want(http.StatusOK)
	uuid := a.at("video.uuid").(string)
	id, short := strconv.Itoa(int(a.at("video.id").(float64))), a.at("video.shortUUID").(string)

	for _, ref := range []string{uuid, id, short, strings.ToUpper(uuid)} {
		s.do("alice", "GET", "/api/v1/videos/"+ref, nil).want(200).is(
			"uuid", uuid, "name", "A concert", "privacy.id", 2, "category.label", "Music", "licence.id", nil, "language.id", "fr",
			"language.label", "French", "description", "What is played.", "support", nil, "tags.0", "music", "tags.1", "town",
			"commentsEnabled", false, "downloadEnabled", false, "originallyPublishedAt", "2020-02-03T04:05:06Z",
			"previewPath", "/lazy-static/previews/"+uuid+"-1.jpg")
		s.do("alice", "GET", "/api/v1/videos/live/"+ref, nil).want(200).is(
			"rtmpUrl", "rtmp://live.example:1935/live", "rtmpsUrl", nil, "saveReplay", true, "permanentLive", false,
			"replaySettings.privacy", 3, "latencyMode", 3, "shoal.declared", false, "shoal.rtmpUrls.0", "rtmp://live.example:1935/live")
	}
	key, _ := s.do("alice", "GET", "/api/v1/videos/live/"+uuid, nil).want(200).at("streamKey").(string)
	if len(key) < 24 {
		t.Errorf("the stream key is %q", key)
	}
	s.do("root", "GET", "/api/v1/videos/live/"+uuid, nil).want(200).is("streamKey", key)
	s.do("mod", "GET", "/api/v1/videos/live/"+uuid, nil).want(200).is("streamKey", nil, "rtmpUrl", "rtmp://live.example:1935/live")
	if got := s.do("bob", "GET", "/api/v1/videos/live/"+uuid, nil).want(200); strings.Contains(got.Body.String(), key) || got.at("rtmpUrl") != nil {
		t.Errorf("others get %s", got.Body)
	}
	if a.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("headers %v", a.Header())
	}
}

func TestCreateLiveRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	live := func(change map[string]any) map[string]any {
		b := map[string]any{"name": "A concert", "channelId": s.channel("alice")}
		for k, v := range change {
			if v == "gone" {
				delete(b, k)
				continue
			}
			b[k] = v
		}
		return b
	}
	for _, tc := range []struct {
		change map[string]any
		field  string
	}{
		{map[string]any{"name": "gone"}, "name"},
		{map[string]any{"name": "ab"}, "name"},
		{map[string]any{"name": strings.Repeat("x", 121)}, "name"},
		{map[string]any{"name": "a\nb c"}, "name"},
		{map[string]any{"channelId": "gone"}, "channelId"},
		{map[string]any{"channelId": 4711}, "channelId"},
		{map[string]any{"channelId": s.channel("bob")}, "channelId"},
		{map[string]any{"privacy": 9}, "privacy"},
		{map[string]any{"privacy": 5}, "videoPasswords"},
		{map[string]any{"privacy": 5, "videoPasswords": []string{""}}, "videoPasswords[0]"},
		{map[string]any{"tags": []string{"a"}}, "tags[0]"},
		{map[string]any{"tags": []string{"aa", "bb", "cc", "dd", "ee", "ff"}}, "tags"},
		{map[string]any{"replaySettings": map[string]any{"privacy": 7}}, "replaySettings.privacy"},
		{map[string]any{"replaySettings": map[string]any{"privacy": 5}}, "replaySettings.privacy"},
		{map[string]any{"latencyMode": 4}, "latencyMode"},
		{map[string]any{"takeover": 2}, "takeover"},
	} {
		s.do("alice", "POST", "/api/v1/videos/live", live(tc.change)).wantMistake(tc.field)
	}
	// Moderators look after what is others', but do not publish as others.
	s.do("mod", "POST", "/api/v1/videos/live", live(nil)).wantMistake("channelId")
	body, kind := form(t, [][2]string{{"name", "A concert"}, {"channelId", strconv.FormatInt(s.channel("alice"), 10)}},
		map[string][]byte{"thumbnailfile": []byte("no picture")})
	s.do("alice", "POST", "/api/v1/videos/live", body, kind).wantMistake("thumbnailfile")
	body, kind = form(t, nil, map[string][]byte{"thumbnailfile": make([]byte, maxImage+1)})
	s.do("alice", "POST", "/api/v1/videos/live", body, kind).wantProblem(http.StatusRequestEntityTooLarge, "")
	s.do("", "GET", "/api/v1/videos?include=1", nil).wantProblem(http.StatusUnauthorized, "")
	if n := s.do("mod", "GET", "/api/v1/videos?include=1&privacyOneOf=1&privacyOneOf=3", nil).want(200).at("total"); n != float64(0) {
		t.Errorf("%v lives were made", n)
	}

	settings, err := s.catalog.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	settings.Replays.Allowed = false
	if err := s.catalog.UpdateSettings(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	s.do("alice", "POST", "/api/v1/videos/live", live(map[string]any{"saveReplay": true})).wantProblem(http.StatusForbidden, codeReplaysOff)
	settings.Live.Enabled = false
	if err := s.catalog.UpdateSettings(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	s.do("alice", "POST", "/api/v1/videos/live", live(nil)).wantProblem(http.StatusForbidden, codeLivesOff)
	s.do("", "GET", "/api/v1/config", nil).want(200).is("live.enabled", false, "live.allowReplay", false)
}

func testUpdateLive(t *testing.T, s *stand) {
	live := s.live("alice", func(n *catalog.NewLive) { n.SaveReplay = false })
	path := "/api/v1/videos/live/" + live.UUID
	s.do("alice", "PUT", path, map[string]any{
		"saveReplay": true, "replaySettings": map[string]any{"privacy": "2"}, "permanentLive": "true", "latencyMode": 2, "takeover": 1,
	}).want(http.StatusNoContent)
	s.do("mod", "GET", path, nil).want(200).is(
		"saveReplay", true, "replaySettings.privacy", 2, "permanentLive", true, "latencyMode", 2, "shoal.takeover", 1)
	s.begin(live)
	s.do("alice", "PUT", path, map[string]any{"permanentLive": false}).wantProblem(http.StatusBadRequest, "live_running")
}

func testSessions(t *testing.T, s *stand) {
	live := s.permanent()
	path := "/api/v1/videos/live/" + live.UUID + "/sessions"
	a := s.do("alice", "GET", path, nil).want(200)
	a.is("total", 3, "data.1.replayVideo", nil, "data.1.error", sessionError, "data.1.shoal.error", "The disk was full.", "data.0.error", nil)
	first, last := a.at("data.0.startDate").(string), a.at("data.2.startDate").(string)
	if first >= last {
		t.Errorf("the first broadcast, of %s, comes behind that of %s", first, last)
	}
	replay := a.at("data.2.replayVideo.uuid").(string)
	s.do("", "GET", "/api/v1/videos/"+replay, nil).want(200).is("isLive", false, "duration", 90)
	s.do("", "GET", "/api/v1/videos/"+replay+"/live-session", nil).want(200).is("replayVideo.uuid", replay)
	s.do("", "GET", "/api/v1/shoal/lives/"+live.UUID, nil).want(200).is("state", "ended", "nextRef", replay, "permanent", true)

	s.do("alice", "GET", path+"?start=1&count=1", nil).want(200).is("total", 3, "data.0.shoal.error", "The disk was full.", "data.1", nil)
	s.do("alice", "GET", path+"?start=3", nil).want(200).is("total", 3, "data.0", nil)

	// Who may not find the replay does not hear of it from the live.
	for privacy, hears := range map[int]string{2: "alice mod", 3: "alice mod", 4: "alice mod bob"} {
		s.do("alice", "PUT", "/api/v1/videos/"+replay, map[string]any{"privacy": privacy}).want(204)
		for _, as := range []string{"", "bob", "alice", "mod"} {
			var want any
			if as != "" && strings.Contains(hears, as) {
				want = replay
			}
			s.do(as, "GET", "/api/v1/shoal/lives/"+live.UUID, nil).want(200).is("nextRef", want)
		}
	}
	s.do("alice", "DELETE", "/api/v1/videos/"+replay, nil).want(204)
	s.do("alice", "GET", path, nil).want(200).is("data.2.replayVideo", nil)
}

func testDeleteLive(t *testing.T, s *stand) {
	live := s.live("alice")
	s.begin(live)
	s.do("alice", "DELETE", "/api/v1/videos/"+live.UUID, nil).want(204)
	if st, _ := s.lives.Get(live.LiveID()); st.State != broadcast.Ended {
		t.Error("the live goes on without its video")
	}
	s.do("alice", "GET", "/api/v1/videos/"+live.UUID, nil).wantProblem(404, "")

	ended := s.live("alice")
	session := s.begin(ended)
	s.replay(ended, session)
	s.do("mod", "DELETE", "/api/v1/videos/"+ended.UUID, nil).want(204)
	want := "recording " + session.UUID + " posters " + ended.UUID
	if got := strings.Join(s.storage.removed, " "); !strings.HasSuffix(got, want) {
		t.Errorf("removed %s; want %s at the end", got, want)
	}

	if err := s.catalog.Provision(t.Context(), []catalog.Declared{{UUID: "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11", Name: "stage", Title: "The stage", Key: "a-stage-key"}}); err != nil {
		t.Fatal(err)
	}
	s.do("root", "DELETE", "/api/v1/videos/stage", nil).wantProblem(http.StatusConflict, "declared")
}
