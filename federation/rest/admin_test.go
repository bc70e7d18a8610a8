package rest

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const path = "/api/v1/shoal/settings"
	now := s.do("root", "GET", path, nil).want(200).object()
	now["name"], now["short"] = "The hall", "Concerts."
	now["live"].(map[string]any)["maxDuration"] = 3600
	now["replays"].(map[string]any)["maxBytes"] = int64(5_000_000_000)
	s.do("root", "PUT", path, now).want(200).is("name", "The hall", "live.maxDuration", 3600)
	s.do("root", "GET", path, nil).want(200).is("replays.maxBytes", float64(5_000_000_000))
	s.do("", "GET", "/api/v1/config", nil).want(200).is("instance.name", "The hall", "live.maxDuration", 3_600_000, "serverVersion", "6.3.3", "shoal.version", "1.2.3")
	s.do("", "GET", "/api/v1/config/about", nil).want(200).is("instance.shortDescription", "Concerts.")
	s.do("", "GET", "/api/v1/shoal/node", nil).want(200).is("name", "The hall", "short", "Concerts.")

	delete(now["live"].(map[string]any), "maxUser")
	s.do("root", "PUT", path, now).wantMistake("live.maxUser")
	now["live"].(map[string]any)["maxUser"] = nil
	s.do("root", "PUT", path, now).wantMistake("live.maxUser")
	now["live"].(map[string]any)["maxUser"] = "3"
	s.do("root", "PUT", path, now).wantMistake("live.maxUser") // our own calls take numbers as numbers
	now["live"].(map[string]any)["maxUser"] = -2
	s.do("root", "PUT", path, now).wantMistake("live.maxUser")
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const path = "/api/v1/shoal/setup"
	body := map[string]any{
		"instanceName": "The hall", "short": "Concerts.", "channel": map[string]any{"name": "hall", "displayName": "The hall"}, "password": "a new horse", "replays": false,
	}
	s.do("root", "PUT", path, map[string]any{"instanceName": "x", "password": "short"}).wantMistake("password")
	body["channel"].(map[string]any)["name"] = "alice"
	s.do("root", "PUT", path, body).wantProblem(http.StatusConflict, "name_taken")
	body["channel"].(map[string]any)["name"] = "hall"
	s.do("root", "PUT", path, body).want(204)
	s.do("root", "PUT", path, body).wantProblem(http.StatusConflict, "")
	s.do("", "GET", "/api/v1/shoal/node", nil).want(200).is("setUp", true, "name", "The hall")
	s.do("", "GET", "/api/v1/config", nil).want(200).is("live.allowReplay", false)
	s.do("", "GET", "/api/v1/video-channels/hall", nil).want(200).is("displayName", "The hall", "ownerAccount.name", "root")
	s.do("root", "GET", "/api/v1/shoal/session", nil).want(200).is("mustChange", false)
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "root", "password": password}).wantProblem(http.StatusUnauthorized, "")
	s.do("", "POST", "/api/v1/shoal/session", map[string]any{"username": "root", "password": "a new horse"}).want(200)

	other := newStand(t)
	other.do("root", "PUT", path, map[string]any{"instanceName": "Town", "channel": map[string]any{"name": "root_channel", "displayName": "Town"}, "replays": true}).want(204)
	other.do("", "GET", "/api/v1/video-channels/root_channel", nil).want(200).is("displayName", "Town")
}

func TestStatusAndStorage(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.do("root", "GET", "/api/v1/shoal/status", nil).want(200).is("node", "n1", "leader", "n1", "term", 3, "applied", 77, "diskFull", false, "version", "1.2.3")
	v := s.live("alice")
	s.replay(v, s.begin(v))
	s.do("root", "GET", "/api/v1/shoal/storage", nil).want(200).is(
		"recordings", 400, "free", 500, "total", 1000, "reserve", 600, "low", true, "videos.0.uuid", v.UUID, "videos.0.bytes", 12_345_678)
	s.do("", "GET", "/api/v1/server/stats", nil).want(200).is(
		"totalUsers", 4, "totalAdmins", 1, "totalModerators", 1, "totalLocalVideos", 1, "totalLocalVideoFilesSize", 12_345_678, "totalDailyActiveUsers", nil)
	s.do("alice", "GET", "/api/v1/users/me/video-quota-used", nil).want(200).is("videoQuotaUsed", 12_345_678)
}

// TestFilesStay deletes a video whose files cannot be deleted: that is the log's to tell.
func TestFilesStay(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := newStand(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.storage.err = errors.New("the disk is broken")
	v := s.live("alice")
	session := s.begin(v)
	s.replay(v, session)
	s.do("alice", "DELETE", "/api/v1/videos/"+v.UUID, nil).want(204)
	for _, want := range []string{session.UUID, "the disk is broken", "level=WARN"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell %s: %s", want, log.String())
		}
	}
}
