package rest

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shoal/internal/broadcast"
)

// TestShapes holds answers against what PeerTube 6.3 answers: testdata/shapes has the keys of each reply and their types,
// one a line. null fits everything; behind a list that may be empty here the line has a question mark.
func TestShapes(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	ended := s.live("alice")
	s.replay(ended, s.begin(ended))
	live := s.live("alice")
	s.begin(live)

	client := s.do("", "GET", "/api/v1/oauth-clients/local", nil).want(200)
	form := url.Values{
		"client_id": {client.at("client_id").(string)}, "client_secret": {client.at("client_secret").(string)},
		"grant_type": {"password"}, "response_type": {"code"}, "username": {"alice"}, "password": {password},
	}
	for name, a := range map[string]answer{
		"client":       client,
		"token":        s.do("", "POST", "/api/v1/users/token", strings.NewReader(form.Encode()), header("Content-Type", typeForm)).want(200),
		"config":       s.do("", "GET", "/api/v1/config", nil).want(200),
		"about":        s.do("", "GET", "/api/v1/config/about", nil).want(200),
		"stats":        s.do("", "GET", "/api/v1/server/stats", nil).want(200),
		"me":           s.do("alice", "GET", "/api/v1/users/me", nil).want(200),
		"channels":     s.do("", "GET", "/api/v1/video-channels", nil).want(200),
		"videos":       s.do("", "GET", "/api/v1/videos", nil).want(200),
		"video-live":   s.do("", "GET", "/api/v1/videos/"+live.UUID, nil).want(200),
		"video-replay": s.do("", "GET", "/api/v1/videos/"+ended.UUID, nil).want(200),
		"live":         s.do("alice", "GET", "/api/v1/videos/live/"+live.UUID, nil).want(200),
		"sessions":     s.do("alice", "GET", "/api/v1/videos/live/"+s.permanent().UUID+"/sessions", nil).want(200),
		"problem":      s.do("alice", "GET", "/api/v1/videos/live/"+ended.UUID, nil).want(http.StatusNotFound),
	} {
		t.Run(name, func(t *testing.T) { compareShape(t, name, a.object()) })
	}
	for _, path := range []string{
		"/api/v1/search/videos", "/api/v1/video-channels/alice_channel/videos", "/api/v1/accounts/alice/videos", "/api/v1/users/me/videos",
	} {
		t.Run(path, func(t *testing.T) { compareShape(t, "videos", s.do("alice", "GET", path, nil).want(200).object()) })
	}
	for _, path := range []string{"/api/v1/search/video-channels", "/api/v1/accounts/alice/video-channels"} {
		t.Run(path, func(t *testing.T) { compareShape(t, "channels", s.do("", "GET", path, nil).want(200).object()) })
	}
}

func compareShape(t *testing.T, name string, got map[string]any) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "shapes", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := 0
	for in := bufio.NewScanner(f); in.Scan(); {
		line := in.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		line, maybe := strings.CutSuffix(line, " ?")
		path, want, _ := strings.Cut(line, ": ")
		found := find(got, strings.Split(path, "."))
		if len(found) == 0 && !maybe {
			t.Errorf("%s is missing", path)
		}
		for _, v := range found {
			if have := typeOfJSON(v); have != want && have != "null" && want != "null" {
				t.Errorf("%s is a %s; PeerTube has a %s", path, have, want)
			}
		}
	}
	if lines == 0 {
		t.Error("the list of keys is empty")
	}
}

// find gives all values at a path; one that is missing in one item of a list is not among them. What is below a null counts
// as null.
func find(v any, path []string) []any {
	if v == nil || len(path) == 0 {
		return []any{v}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	name, list := strings.CutSuffix(path[0], "[]")
	child, ok := m[name]
	if !ok {
		return nil
	}
	if !list || child == nil {
		return find(child, path[1:])
	}
	items, _ := child.([]any)
	var all []any
	for _, item := range items {
		below := find(item, path[1:])
		if len(below) == 0 {
			return nil
		}
		all = append(all, below...)
	}
	return all
}

// TestStates follows a live from its making to its replay, as PeerTube's clients see it.
func TestStates(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	live := s.live("alice")
	path := "/api/v1/videos/" + live.UUID
	base := "http://live.example:8080/static/streaming-playlists/hls/" + live.UUID + "/"

	s.do("", "GET", path, nil).want(200).is(
		"isLive", true, "state.id", 4, "state.label", "Waiting for livestream", "streamingPlaylists.0", nil, "shoal.lowLatencyUrl", "")
	s.do("", "GET", "/api/v1/videos", nil).want(200).is("total", 0)

	session := s.begin(live)
	s.lives.change(live.LiveID(), func(st *broadcast.Status) { st.Recording.On = true })
	s.do("", "GET", path, nil).want(200).is(
		"isLive", true, "state.id", 1, "streamingPlaylists.0.playlistUrl", base+"classic.m3u8", "streamingPlaylists.0.type", 1,
		"shoal.lowLatencyUrl", base+"master.m3u8", "shoal.dvrUrl", base+"dvr.m3u8", "duration", 0)
	s.do("", "GET", "/api/v1/videos?isLive=true", nil).want(200).is("total", 1, "data.0.uuid", live.UUID, "data.0.isLive", true)
	s.do("", "GET", path+"/live-session", nil).wantProblem(404, "")

	s.replay(live, session)
	a := s.do("", "GET", path, nil).want(200)
	a.is("isLive", false, "state.id", 1, "duration", 90, "streamingPlaylists.0.playlistUrl", base+live.UUID+"-master.m3u8",
		"shoal.lowLatencyUrl", "", "aspectRatio", 1.7778)
	file := "streamingPlaylists.0.files.0."
	a.is(file+"fileUrl", base+live.UUID+"-720-fragmented.mp4", file+"resolution.id", 720, file+"resolution.label", "720p",
		file+"size", 4321, file+"fps", 25, file+"hasVideo", true,
		file+"fileDownloadUrl", "http://live.example:8080/download/streaming-playlists/hls/videos/"+live.UUID+"-720-fragmented.mp4")
	page := "/api/v1/shoal/lives/" + live.UUID
	s.do("", "GET", page, nil).want(200).is("downloadUrl", "/download/streaming-playlists/hls/videos/"+live.UUID+"-720-fragmented.mp4")
	s.do("alice", "PUT", path, map[string]any{"downloadEnabled": false}).want(204)
	s.do("", "GET", page, nil).want(200).is("downloadUrl", "")
	s.do("alice", "GET", page, nil).want(200).is("downloadUrl", strings.TrimPrefix(base, "http://live.example:8080")+live.UUID+"-720-fragmented.mp4")
	s.do("", "GET", path+"/live-session", nil).want(200).is("saveReplay", true, "replayVideo.uuid", live.UUID, "endingProcessed", true)
	s.do("", "GET", "/api/v1/videos?isLive=false", nil).want(200).is("total", 1)
	s.do("alice", "GET", "/api/v1/videos/live/"+live.UUID, nil).wantProblem(404, "")

	gone := s.live("alice")
	open := s.begin(gone)
	if err := s.lives.End(t.Context(), gone.LiveID()); err != nil {
		t.Fatal(err)
	}
	_ = open
	s.do("", "GET", "/api/v1/videos/"+gone.UUID, nil).want(200).is("isLive", true, "state.id", 5, "streamingPlaylists.0", nil)
}
