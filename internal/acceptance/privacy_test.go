package acceptance

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shoal/internal/testkit/node"
)

// TestPrivacy holds, for each privacy, who may see a live and its media: on pages, in the interface, and byte by byte.
func TestPrivacy(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	h.does(http.MethodPost, "/api/v1/users", map[string]any{
		"username": "guest", "email": "guest@example.org", "password": "a-password-for-guest", "role": 2, "videoQuota": -1, "videoQuotaDaily": -1,
	}, nil)
	guest, err := h.node.LogIn(soon(t), "guest", "a-password-for-guest")
	if err != nil {
		t.Fatal(err)
	}
	const secret = "open sesame"
	for _, tt := range []struct {
		name            string
		privacy         int
		anybody, guests bool // may see it without more ado
	}{
		{"public", 1, true, true},
		{"unlisted", 2, true, true},
		{"private", 3, false, false},
		{"internal", 4, false, true},
		{"with a password", 5, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &house{T: t, node: h.node, Account: h.Account, channel: h.channel}
			more := map[string]any{"privacy": tt.privacy, "permanentLive": true, "saveReplay": false}
			if tt.privacy == 5 {
				more["videoPasswords"] = []string{secret}
			}
			v, in := h.makes("Live that is "+tt.name, more)
			defer func() { _ = h.Call(t.Context(), http.MethodPost, "/api/v1/shoal/studio/"+v.UUID+"/end", nil, nil) }()
			p, err := startFFmpeg(t, "25", in.address())
			if err != nil {
				t.Fatal(err)
			}
			h.becomes(v.UUID, "on the air", onAir)
			var token struct {
				Files struct {
					Token string `json:"token"`
				} `json:"files"`
			}
			path := "/api/v1/videos/" + v.UUID
			for who, may := range map[*node.Account]bool{h.node.Anybody(): tt.anybody, guest: tt.guests, h.Account: true} {
				err := who.Call(soon(t), http.MethodGet, path, nil, nil)
				if (err == nil) != may {
					t.Errorf("may see it: %v, want %v", err, may)
				}
				var list struct {
					Data []video `json:"data"`
				}
				if err := who.Call(soon(t), http.MethodGet, "/api/v1/videos?isLive=true&count=100", nil, &list); err != nil {
					t.Error(err)
				}
				listed := false
				for _, other := range list.Data {
					listed = listed || other.UUID == v.UUID
				}
				if wanted := tt.privacy == 1 || tt.privacy == 4 && may; listed && !wanted {
					t.Errorf("it is listed")
				}
			}
			h.does(http.MethodPost, path+"/token", nil, &token)
			if tt.privacy == 5 {
				h.refused(h.node.Anybody(), http.StatusForbidden, http.MethodPost, "/api/v1/shoal/lives/"+v.UUID+"/unlock", map[string]any{"password": "wrong"})
				var unlocked struct {
					Token string `json:"token"`
				}
				if err := h.node.Anybody().Call(soon(t), http.MethodPost, "/api/v1/shoal/lives/"+v.UUID+"/unlock", map[string]any{"password": secret}, &unlocked); err != nil {
					t.Error(err)
				}
				token.Files.Token = unlocked.Token
			}
			h.mediaOf(v, tt.anybody, token.Files.Token)
			if err := p.stop(syscall.SIGINT); err != nil {
				t.Error(err)
			}
		})
	}
}

var address = regexp.MustCompile(`URI="([^"]+)"|(?m)^([^#\n]\S*)$`)

// mediaOf fetches everything that a live's playlists name, with a token and without.
func (h *house) mediaOf(v video, open bool, token string) {
	h.Helper()
	root := h.node.URL("/static/streaming-playlists/hls/" + v.UUID + "/")
	query := "?videoFileToken=" + url.QueryEscape(token)
	if open {
		query = ""
	}
	h.until("there is something to watch", func() bool {
		status, _, err := h.node.Get(soon(h.T), root+"audio.m3u8"+query)
		return err == nil && status == http.StatusOK
	})
	base, err := url.Parse(root)
	if err != nil {
		h.Fatal(err)
	}
	seen := map[string]bool{}
	todo := []string{"master.m3u8" + query}
	for len(todo) > 0 && len(seen) < 40 {
		name := todo[0]
		todo = todo[1:]
		at, err := base.Parse(name)
		if err != nil {
			h.Fatal(err)
		}
		if seen[at.String()] {
			continue
		}
		seen[at.String()] = true
		body := string(h.fetches(soon(h.T), at.String()))
		if bare := strings.SplitN(at.String(), "?", 2)[0]; !open {
			for _, with := range []string{bare, bare + "?videoFileToken=", bare + "?videoFileToken=" + strings.ToUpper(token)} {
				status, _, err := h.node.Get(soon(h.T), with)
				if err != nil || status != http.StatusForbidden {
					h.Errorf("%s can be had without the token: status %d, %v", with, status, err)
				}
			}
		}
		if strings.Contains(name, ".m3u8") {
			for _, m := range address.FindAllStringSubmatch(body, -1) {
				if strings.Contains(m[0], "m3u8") || !strings.Contains(body, "PRELOAD-HINT:TYPE=PART,"+m[0]) {
					todo = append(todo, m[1]+m[2])
				}
			}
		}
	}
	if len(seen) < 5 {
		h.Errorf("only %d addresses were found from the multivariant playlist", len(seen))
	}
}

// TestIdle holds that a node that does nothing writes nothing.
func TestIdle(t *testing.T) {
	t.Parallel() // it does nothing but wait
	length := 20 * time.Second
	if *soaking {
		length = 10 * time.Minute
	}
	h := newHouse(t, node.Options{Lives: []string{"stage"}})
	h.passes(3 * time.Second) // what the start has left to write
	look := func() (written int64, newest time.Time) {
		written, err := h.node.Written()
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(h.node.Data, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			i, err := d.Info()
			if err == nil && i.ModTime().After(newest) {
				newest = i.ModTime()
			}
			return err
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return written, newest
	}
	before, since := look()
	h.passes(length)
	after, last := look()
	if after != before || !last.Equal(since) {
		t.Errorf("in %v the node wrote %d bytes; the newest change of a file is %v later", length, after-before, last.Sub(since))
	}
	t.Logf("%s bytes in %v", strconv.FormatInt(after-before, 10), length)
}

// TestPrivateReplay holds the same for what was recorded: playlists, files and the download of a private replay.
func TestPrivateReplay(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	v, in := h.makes("For the family", map[string]any{"privacy": 3, "replaySettings": map[string]any{"privacy": 3}})
	h.over(h.sendsPrivately(v, in, 5))
	replay, _ := h.becomes(v.UUID, "a replay", replayed)
	var token struct {
		Files struct {
			Token string `json:"token"`
		} `json:"files"`
	}
	h.does(http.MethodPost, "/api/v1/videos/"+v.UUID+"/token", nil, &token)
	query := "?videoFileToken=" + url.QueryEscape(token.Files.Token)
	master := replay.StreamingPlaylists[0].PlaylistURL
	base, err := url.Parse(master)
	if err != nil {
		t.Fatal(err)
	}
	file := replay.StreamingPlaylists[0].Files[0]
	todo, seen := []string{master + query, file.URL + query, file.Download + query}, map[string]bool{}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		at, err := base.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if seen[at.String()] {
			continue
		}
		seen[at.String()] = true
		body := string(h.fetches(soon(t), at.String()))
		bare, _, _ := strings.Cut(at.String(), "?")
		for _, with := range []string{bare, bare + "?videoFileToken=x"} {
			if status, _, err := h.node.Get(soon(t), with); err != nil || status != http.StatusForbidden {
				t.Errorf("%s can be had without the token: status %d, %v", with, status, err)
			}
		}
		if strings.Contains(name, ".m3u8") {
			for _, m := range address.FindAllStringSubmatch(body, -1) {
				todo = append(todo, m[1]+m[2])
			}
		}
	}
	if len(seen) < 6 {
		t.Errorf("only %d addresses were found", len(seen))
	}
	if status, _, err := h.node.Get(soon(t), h.node.URL("/api/v1/videos/"+v.UUID)); err != nil || status == http.StatusOK {
		t.Errorf("anybody is told of it: status %d, %v", status, err)
	}
}

// sendsPrivately publishes with ffmpeg to a live that cannot be watched without a token.
func (h *house) sendsPrivately(v video, in way, seconds int) *program {
	h.Helper()
	p, err := startFFmpeg(h.T, "25", in.address(), "-t", strconv.Itoa(seconds))
	if err != nil {
		h.Fatal(err)
	}
	h.becomes(v.UUID, "on the air", onAir)
	return p
}
