package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shoal/internal/testkit/judges"
	"shoal/internal/testkit/node"
)

// house is a node with somebody who is logged in to it.
type house struct {
	*testing.T
	*node.Account
	node    *node.Node
	channel int64
}

// video is what tests ask of a video of PeerTube's interface.
type video struct {
	ID        int64  `json:"id"`
	UUID      string `json:"uuid"`
	ShortUUID string `json:"shortUUID"`
	Name      string `json:"name"`
	IsLive    bool   `json:"isLive"`
	Duration  int    `json:"duration"`
	Viewers   int    `json:"viewers"`
	State     struct {
		ID int `json:"id"`
	} `json:"state"`
	Privacy struct {
		ID int `json:"id"`
	} `json:"privacy"`
	ThumbnailPath      string `json:"thumbnailPath"`
	PreviewPath        string `json:"previewPath"`
	StreamingPlaylists []struct {
		PlaylistURL string `json:"playlistUrl"`
		Files       []struct {
			URL        string `json:"fileUrl"`
			Download   string `json:"fileDownloadUrl"`
			Size       int64  `json:"size"`
			Resolution struct {
				ID int `json:"id"`
			} `json:"resolution"`
		} `json:"files"`
	} `json:"streamingPlaylists"`
	Shoal struct {
		LowLatencyURL string `json:"lowLatencyUrl"`
		DVRURL        string `json:"dvrUrl"`
	} `json:"shoal"`
}

// The states of a video, in PeerTube's numbers.
const (
	published = 1
	waiting   = 4
	liveEnded = 5
)

// way is how an encoder gets in.
type way struct {
	URL string `json:"rtmpUrl"`
	Key string `json:"streamKey"`
}

func (w way) address() string { return w.URL + "/" + w.Key }

// session is one broadcast of a live, as PeerTube lists it.
type session struct {
	Start  time.Time  `json:"startDate"`
	End    *time.Time `json:"endDate"`
	Error  any        `json:"error"`
	Replay *struct {
		UUID string `json:"uuid"`
	} `json:"replayVideo"`
}

func newHouse(t *testing.T, o node.Options) *house {
	t.Helper()
	n := node.Start(t, o)
	return enter(t, n)
}

// enter logs in to a node.
func enter(t *testing.T, n *node.Node) *house {
	t.Helper()
	h := &house{T: t, node: n, Account: n.Root(soon(t))}
	var me struct {
		Channels []struct {
			ID int64 `json:"id"`
		} `json:"videoChannels"`
	}
	h.does(http.MethodGet, "/api/v1/users/me", nil, &me)
	if len(me.Channels) == 0 {
		t.Fatal("root has no channel")
	}
	h.channel = me.Channels[0].ID
	return h
}

// does calls the node's interface, which must succeed.
func (h *house) does(method, path string, body, reply any) {
	h.Helper()
	if err := h.Call(soon(h.T), method, path, body, reply); err != nil {
		h.Fatalf("%v\n%s", err, h.node.Log())
	}
}

// refused calls the node's interface, which must answer with a status.
func (h *house) refused(a *node.Account, want int, method, path string, body any) {
	h.Helper()
	var no *node.StatusError
	if err := a.Call(soon(h.T), method, path, body, nil); !errors.As(err, &no) || no.Status != want {
		h.Errorf("%s %s: %v; want status %d", method, path, err, want)
	}
}

// makes creates a live, with more fields than it must have.
func (h *house) makes(name string, more map[string]any) (video, way) {
	h.Helper()
	body := map[string]any{"name": name, "channelId": h.channel, "privacy": 1, "permanentLive": false, "saveReplay": true}
	for k, v := range more {
		body[k] = v
	}
	var made struct {
		Video video `json:"video"`
	}
	h.does(http.MethodPost, "/api/v1/videos/live", body, &made)
	v := h.video(made.Video.UUID)
	if v.State.ID != waiting || !v.IsLive || len(v.StreamingPlaylists) != 0 {
		h.Errorf("a live that nobody has sent to: %+v", v)
	}
	return v, h.wayIn(v.UUID)
}

func (h *house) wayIn(uuid string) (w way) {
	h.Helper()
	h.does(http.MethodGet, "/api/v1/videos/live/"+uuid, nil, &w)
	return w
}

func (h *house) video(ref string) (v video) {
	h.Helper()
	h.does(http.MethodGet, "/api/v1/videos/"+ref, nil, &v)
	return v
}

// broadcast is the session that a replay shows.
func (h *house) broadcast(uuid string) (s session) {
	h.Helper()
	h.does(http.MethodGet, "/api/v1/videos/"+uuid+"/live-session", nil, &s)
	return s
}

func (h *house) sessions(uuid string) []session {
	h.Helper()
	var list struct {
		Data []session `json:"data"`
	}
	h.does(http.MethodGet, "/api/v1/videos/live/"+uuid+"/sessions", nil, &list)
	return list.Data
}

// becomes waits until a video is as it should be, and says how long that took.
func (h *house) becomes(uuid, what string, is func(video) bool) (video, time.Duration) {
	h.Helper()
	ctx, began := soon(h.T), time.Now()
	for {
		v := h.video(uuid)
		if is(v) {
			return v, time.Since(began)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			h.Fatalf("the video never is %s: %+v\n%s", what, v, h.node.Log())
		}
	}
}

func onAir(v video) bool {
	return v.IsLive && v.State.ID == published && len(v.StreamingPlaylists) > 0
}

func replayed(v video) bool {
	return !v.IsLive && v.State.ID == published && len(v.StreamingPlaylists) > 0
}

// sends publishes a clip with ffmpeg, for so many seconds or (0) until it is stopped, and waits until the live is on.
func (h *house) sends(v video, w way, name string, seconds float64) *program {
	h.Helper()
	var length []string
	if seconds > 0 {
		length = []string{"-t", strconv.FormatFloat(seconds, 'f', -1, 64)}
	}
	p, err := startFFmpeg(h.T, name, w.address(), length...)
	if err != nil {
		h.Fatal(err)
	}
	h.becomes(v.UUID, "on the air", onAir)
	h.watchable(v.UUID)
	return p
}

// watchable waits until a live has something to show.
func (h *house) watchable(uuid string) {
	h.Helper()
	ctx := soon(h.T)
	for {
		status, _, err := h.node.Get(ctx, h.node.URL("/static/streaming-playlists/hls/"+uuid+"/main.m3u8"))
		if err == nil && status == http.StatusOK {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			h.Fatalf("there is nothing to watch of %s: status %d, %v\n%s", uuid, status, err, h.node.Log())
		}
	}
}

// over waits for an encoder to come to its end.
func (h *house) over(p *program) {
	h.Helper()
	select {
	case <-p.ended:
		if p.err != nil {
			h.Errorf("the encoder ended with %v: %s", p.err, p.output())
		}
	case <-time.After(2 * patience):
		h.Fatalf("the encoder does not end: %s", p.output())
	}
}

// passes waits for a while of the real world: what happens in it is what is tested.
func (h *house) passes(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.Context().Done():
	}
}

var extinf = regexp.MustCompile(`#EXTINF:([0-9.]+)`)

// replay is what is said and found of a replay.
type replay struct {
	listed time.Duration // by its playlist
	breaks int
	master string
	file   string // address of the MP4
	size   int64
}

// replay reads the playlists of a replay as a player does, and has others judge them.
func (h *house) replay(v video) replay {
	h.Helper()
	ctx := soon(h.T)
	r := replay{master: v.StreamingPlaylists[0].PlaylistURL}
	master := h.fetches(ctx, r.master)
	base, err := url.Parse(r.master)
	if err != nil {
		h.Fatal(err)
	}
	var lists []judges.Playlist
	lists = append(lists, judges.Playlist{Name: "master", Text: string(master)})
	first := true
	for line := range strings.Lines(string(master)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at, err := base.Parse(line)
		if err != nil {
			h.Fatal(err)
		}
		text := string(h.fetches(ctx, at.String()))
		lists = append(lists, judges.Playlist{Name: line, Text: text})
		if !first {
			continue
		}
		first = false
		for _, m := range extinf.FindAllStringSubmatch(text, -1) {
			s, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				h.Fatal(err)
			}
			r.listed += time.Duration(s * float64(time.Second))
		}
		r.breaks = strings.Count(text, "#EXT-X-DISCONTINUITY\n")
		if !strings.Contains(text, "#EXT-X-ENDLIST") || !strings.Contains(text, "#EXT-X-PLAYLIST-TYPE:VOD") {
			h.Errorf("the playlist of a replay:\n%s", text)
		}
	}
	verdicts, err := judges.Ask(ctx, lists, nil)
	if err != nil {
		h.Fatal(err)
	}
	for i := range lists {
		for who, got := range map[string]judges.Reading{"hls-parser": verdicts.HLSParser[i], "m3u8-parser": verdicts.M3U8Parser[i]} {
			if len(got.Complaints) > 0 {
				h.Errorf("%s does not like %s: %v\n%s", who, lists[i].Name, got.Complaints, lists[i].Text)
			}
		}
	}
	if files := v.StreamingPlaylists[0].Files; len(files) > 0 {
		r.file, r.size = files[0].Download, files[0].Size
	}
	return r
}

func (h *house) fetches(ctx context.Context, url string) []byte {
	h.Helper()
	status, body, err := h.node.Get(ctx, url)
	if err != nil || status != http.StatusOK {
		h.Fatalf("%s: status %d, %v: %s\n%s", url, status, err, bytes.TrimSpace(body[:min(len(body), 300)]), h.node.Log())
	}
	return body
}

// lasts holds that a replay lasts what was sent, by its playlist, by the video's word and by ffprobe, and that it decodes.
func (h *house) lasts(v video, r replay, want, tolerance time.Duration) {
	h.Helper()
	off := func(got time.Duration) bool { return got < want-tolerance || got > want+tolerance }
	if off(r.listed) {
		h.Errorf("the playlist lists %v of %v", r.listed, want)
	}
	if got := time.Duration(v.Duration) * time.Second; got < want-tolerance-time.Second/2 || got > want+tolerance+time.Second/2 {
		h.Errorf("the video says that it lasts %v, not %v", got, want)
	}
	for what, at := range map[string]string{"playlist": r.master, "download": r.file} {
		if at == "" {
			h.Errorf("there is no %s", what)
			continue
		}
		ctx := soon(h.T)
		got, complaint, err := judges.Duration(ctx, at)
		if err != nil || complaint != "" {
			h.Errorf("ffprobe and the %s: %v %s", what, err, complaint)
		}
		if off(got) {
			h.Errorf("ffprobe finds that the %s lasts %v, not %v", what, got, want)
		}
	}
	d, complaint, err := judges.Decode(soon(h.T), r.file, want.Seconds()+10)
	if err != nil || complaint != "" {
		h.Errorf("ffmpeg and the download: %v %s", err, complaint)
	}
	h.Logf("%v were sent; the playlist lists %v in %d pieces; %d pictures and %d audio frames decode", want, r.listed, r.breaks+1, d.Video, d.Audio)
}

// boxed has mp4box read a download.
func (h *house) boxed(r replay) judges.Footage {
	h.Helper()
	ctx := soon(h.T)
	body := h.fetches(ctx, r.file)
	if int64(len(body)) != r.size {
		h.Errorf("the download has %d bytes, %d were announced", len(body), r.size)
	}
	at := bytes.Index(body, []byte("moof"))
	if at < 4 {
		h.Fatal("the download has no moof")
	}
	verdicts, err := judges.Ask(ctx, nil, []judges.Movie{{Name: "download", Init: body[:at-4], Media: body[at-4:]}})
	if err != nil {
		h.Fatal(err)
	}
	f := verdicts.MP4Box[0]
	// Where two pieces meet, both tracks go on from the end of the longer one: the other pauses for a part of a frame.
	f.Complaints = slices.DeleteFunc(f.Complaints, func(s string) bool {
		return r.breaks > 0 && strings.Contains(s, "a fragment begins at")
	})
	if len(f.Complaints) > 0 {
		h.Errorf("mp4box does not like the download: %v", f.Complaints)
	}
	return f
}

func (v video) String() string { return fmt.Sprintf("%s (%s)", v.Name, v.UUID) }
