package rest

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/internal/broadcast"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/vitals"
)

func testStudio(t *testing.T, s *stand) {
	v := s.live("alice")
	path := "/api/v1/shoal/studio/" + v.UUID
	s.do("alice", "GET", path, nil).want(200).is(
		"state", "waiting", "since", nil, "session", nil, "streamKey", v.Live.Key, "rtmpUrl", "rtmp://live.example:1935/live",
		"recording.on", false, "saveReplay", true, "replayPrivacy", 1, "live.uuid", v.UUID, "encoder", "", "declared", false)
	s.do("alice", "POST", path+"/end", nil).wantProblem(http.StatusConflict, "")

	s.begin(v)
	since := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s.lives.change(v.LiveID(), func(st *broadcast.Status) {
		st.Since, st.Encoder, st.Protocol = since, "obs-studio", "rtmp"
		st.Info = live.Info{Rates: map[media.RenditionID]live.Rate{media.Main: {Average: 4_000_000}}}
		st.Recording = broadcast.RecordingStatus{On: true, Progress: broadcast.Progress{Bytes: 77, Duration: 3 * time.Second, Err: errors.New("the disk is full: delete something")}}
		st.Vitals = vitals.Report{
			BitRate: 4_100_000, FrameRate: 25, KeyInterval: 2 * time.Second,
			Samples:  []vitals.Sample{{At: since, BitRate: 4_000_000, Frames: 25}},
			Findings: []vitals.Finding{{Code: vitals.KeyframeDistance, Severity: vitals.Warning, Since: since, Values: map[string]float64{"seconds": 9}}},
		}
	})
	a := s.do("mod", "GET", path, nil).want(200)
	a.is("state", "live", "since", "2026-03-04T05:06:07Z", "encoder", "obs-studio", "protocol", "rtmp", "recording.bytes", 77,
		"recording.seconds", 3, "recording.error", "the disk is full: delete something", "bitRate", 4_100_000, "frameRate", 25, "keyInterval", 2,
		"samples.0.t", int(since.UnixMilli()), "samples.0.frames", 25, "findings.0.code", "keyframe_distance", "findings.0.severity", "warning",
		"findings.0.values.seconds", 9, "live.bitrate", 4_000_000, "live.dvrSeconds", 1800)
	if text, _ := a.at("findings.0.text").(string); len(text) < 20 {
		t.Errorf("the finding says %q", text)
	}
	if a.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("headers %v", a.Header())
	}

	// Who moderates may end the live, but not publish in its owner's name.
	a.is("streamKey", "", "rtmpUrl", "rtmp://live.example:1935/live")
	s.do("root", "GET", path, nil).want(200).is("streamKey", v.Live.Key)
	s.do("mod", "POST", path+"/key", nil).wantProblem(http.StatusForbidden, "")
	s.do("alice", "GET", path, nil).want(200).is("streamKey", v.Live.Key)
	if len(s.lives.expelled) > 0 {
		t.Error("a moderator sent the encoder away")
	}

	key := s.do("alice", "POST", path+"/key", nil).want(200).at("streamKey").(string)
	if key == v.Live.Key || !slices.Contains(s.lives.expelled, v.LiveID()) {
		t.Errorf("the key is %s, was %s; expelled are %v", key, v.Live.Key, s.lives.expelled)
	}
	s.do("alice", "GET", "/api/v1/videos/live/"+v.UUID, nil).want(200).is("streamKey", key)
	s.do("alice", "POST", path+"/end", nil).want(204)
	s.do("alice", "GET", path, nil).want(200).is("state", "ended")
}

func testPictures(t *testing.T, s *stand) {
	v := s.live("alice")
	put := func(query string, body []byte, kind string) answer {
		return s.do("alice", "PUT", "/api/v1/shoal/videos/"+v.UUID+"/poster"+query, bytes.NewReader(body), header("Content-Type", kind))
	}
	put("", picture(t), "image/gif").wantProblem(http.StatusUnsupportedMediaType, "")
	put("", []byte("no picture"), typeJPEG).wantProblem(http.StatusBadRequest, "")
	put("", nil, typeJPEG).wantProblem(http.StatusBadRequest, "")
	put("", make([]byte, maxImage+1), typePNG).wantProblem(http.StatusRequestEntityTooLarge, "")
	put("?auto=perhaps", picture(t), typeJPEG).wantMistake("auto")
	first := put("?auto=1", picture(t), typeJPEG).want(200)
	first.is("poster", "/lazy-static/previews/"+v.UUID+"-1.jpg", "changed", true)
	put("?auto=1", picture(t), typeJPEG).want(200).is("poster", "/lazy-static/previews/"+v.UUID+"-1.jpg", "changed", false)
	put("", picture(t), typeJPEG).want(200).is("poster", "/lazy-static/previews/"+v.UUID+"-2.jpg")

	forEver, forNow := "public, max-age=31536000, immutable", "public, max-age=60"
	for path, want := range map[string][2]string{
		"/lazy-static/previews/" + v.UUID + "-2.jpg":   {"jpeg of Concert 2 true", forEver},
		"/lazy-static/thumbnails/" + v.UUID + "-2.jpg": {"jpeg of Concert 2 false", forEver},
		"/lazy-static/previews/" + v.UUID + "-1.jpg":   {"jpeg of Concert 2 true", forNow}, // an old page's
		"/lazy-static/previews/" + v.UUID + "-0.jpg":   {"jpeg of Concert 2 true", forNow},
	} {
		a := s.do("", "GET", path, nil).want(200)
		if a.Body.String() != want[0] || a.Header().Get("Cache-Control") != want[1] || a.Header().Get("Content-Type") != typeJPEG {
			t.Errorf("%s: %s, %v; want %v", path, a.Body, a.Header(), want)
		}
		s.do("", "GET", path, nil, header("If-None-Match", a.Header().Get("Etag"))).want(http.StatusNotModified)
	}
	for _, name := range []string{
		"x.jpg", v.UUID + ".jpg", v.UUID + "-x.jpg", v.UUID + "-1.png", strings.ToUpper(v.UUID) + "-1.jpg", strangers[ofVideo] + "-1.jpg", v.UUID + "-9999999999999999999.jpg",
	} {
		s.do("", "GET", "/lazy-static/thumbnails/"+name, nil).wantProblem(404, "")
	}
	own := s.live("bob")
	s.do("", "GET", "/lazy-static/previews/"+own.UUID+"-0.jpg", nil).want(200)
}

func testViews(t *testing.T, s *stand) {
	v := s.live("alice")
	s.begin(v)
	path := "/api/v1/videos/" + v.UUID
	for range 2 {
		for _, session := range []string{"one", "two"} {
			s.do("", "POST", path+"/views", map[string]any{"currentTime": 12.5, "sessionId": session, "viewEvent": "seek"}).want(204)
		}
		s.do("", "POST", path+"/views", strings.NewReader("currentTime=3"), header("Content-Type", typeForm)).want(204)
	}
	s.do("", "GET", path, nil).want(200).is("viewers", 3)
	s.do("", "GET", "/api/v1/videos", nil).want(200).is("data.0.viewers", 3)
	s.do("", "GET", "/api/v1/shoal/lives", nil).want(200).is("lives.0.viewers", 3)
	s.do("", "POST", path+"/views", map[string]any{}).wantMistake("currentTime")
	s.do("", "POST", path+"/views", map[string]any{"currentTime": -1}).wantMistake("currentTime")
	s.do("", "POST", path+"/views", map[string]any{"currentTime": 1, "sessionId": strings.Repeat("x", 129)}).wantMistake("sessionId")
}
