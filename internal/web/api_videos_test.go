package web_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// labelled is a number with its name, as PeerTube gives it. The pages read the number alone.
func labelled(id int) map[string]any {
	return map[string]any{"id": id, "label": "number " + strconv.Itoa(id)}
}

func (a *api) video(l *live) map[string]any {
	state := map[string]int{waiting: 4, ended: 5, onAir: 1, interrupted: 1, replay: 1}[l.State]
	v := map[string]any{
		"uuid": l.UUID, "name": l.Name, "isLive": l.IsLive, "state": labelled(state), "privacy": labelled(l.Privacy), "description": l.Description,
		"duration": int(l.Duration), "views": l.Views, "viewers": l.Viewers, "previewPath": l.Poster, "createdAt": started, "publishedAt": l.StartedAt,
		"tags": l.tags, "downloadEnabled": l.download, "account": named{"root", "Harbour master"},
	}
	if _, ch := a.channel(l.Channel.Name); ch != nil {
		v["channel"] = ch
	}
	return v
}

// list answers with the part of the lives that is asked for.
func (a *api) list(c *call, keep func(*live) bool) {
	q := c.r.URL.Query()
	all := []map[string]any{}
	for _, l := range a.lives {
		if keep(l) && (q.Get("isLive") == "" || q.Get("isLive") == strconv.FormatBool(l.IsLive)) && strings.Contains(strings.ToLower(l.Name), strings.ToLower(q.Get("search"))) {
			all = append(all, a.video(l))
		}
	}
	c.page(len(all), func(from, to int) any { return all[from:to] })
}

func (c *call) page(total int, part func(from, to int) any) {
	q := c.r.URL.Query()
	start, _ := strconv.Atoi(q.Get("start"))
	count, err := strconv.Atoi(q.Get("count"))
	if err != nil || count > 100 {
		c.refuse(http.StatusBadRequest, "", "count must be 1 to 100")
		return
	}
	from := min(start, total)
	c.answer(map[string]any{"total": total, "data": part(from, min(from+count, total))})
}

func published(l *live) bool {
	return l.Privacy == public && (l.State == onAir || l.State == interrupted || l.State == replay)
}

func (a *api) listVideos(c *call) { a.list(c, published) }

func (a *api) channelVideos(c *call) {
	a.list(c, func(l *live) bool { return published(l) && l.Channel.Name == c.r.PathValue("name") })
}

func (a *api) myVideos(c *call) {
	a.list(c, func(l *live) bool {
		return slices.ContainsFunc(c.me.channels, func(ch *channel) bool { return ch.Name == l.Channel.Name })
	})
}

func (a *api) getVideo(c *call) {
	if l := a.find(c); l != nil {
		c.answer(a.video(l))
	}
}

func (a *api) putVideo(c *call) {
	var body struct {
		Name, Description *string
		Privacy           *int
		VideoPasswords    []string
		Tags              *[]string
		DownloadEnabled   *bool
	}
	l := a.find(c)
	if l == nil || !c.read(&body) {
		return
	}
	if body.Privacy != nil && *body.Privacy == protected && l.Privacy != protected && len(body.VideoPasswords) == 0 {
		c.refuse(http.StatusBadRequest, "", "videoPasswords is missing")
		return
	}
	assign(&l.Name, body.Name)
	assign(&l.Description, body.Description)
	assign(&l.Privacy, body.Privacy)
	assign(&l.tags, body.Tags)
	assign(&l.download, body.DownloadEnabled)
	if len(body.VideoPasswords) > 0 {
		l.passwords = body.VideoPasswords
	}
	c.done()
}

func assign[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (a *api) deleteVideo(c *call) {
	if l := a.find(c); l != nil {
		a.lives = slices.DeleteFunc(a.lives, func(x *live) bool { return x == l })
		c.done()
	}
}

type liveBody struct {
	Name           string
	ChannelID      int
	Privacy        int
	VideoPasswords []string
	PermanentLive  *bool
	SaveReplay     *bool
	ReplaySettings *struct{ Privacy int }
	Takeover       *int
}

func (b *liveBody) apply(l *live) {
	assign(&l.Permanent, b.PermanentLive)
	assign(&l.save, b.SaveReplay)
	assign(&l.takeover, b.Takeover)
	if b.ReplaySettings != nil {
		l.replayPrivacy = b.ReplaySettings.Privacy
	}
}

func (a *api) postLive(c *call) {
	var body liveBody
	if !c.read(&body) {
		return
	}
	i := slices.IndexFunc(c.me.channels, func(ch *channel) bool { return ch.ID == body.ChannelID })
	if i < 0 {
		c.refuse(http.StatusBadRequest, "", "channelId names no channel of this instance")
		return
	}
	n := a.number()
	l := &live{
		UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: body.Name, State: waiting, IsLive: true, Privacy: body.Privacy,
		Channel: c.me.channels[i].named, passwords: body.VideoPasswords, key: fmt.Sprintf("key-of-%d", n),
	}
	body.apply(l)
	a.lives = append(a.lives, l)
	c.answer(map[string]any{"video": map[string]any{"id": n, "uuid": l.UUID, "shortUUID": "x"}})
}

func (a *api) putLive(c *call) {
	var body liveBody
	l := a.find(c)
	if l == nil || !c.read(&body) {
		return
	}
	if (l.State == onAir || l.State == interrupted) && (body.PermanentLive != nil || body.SaveReplay != nil) {
		c.refuse(http.StatusBadRequest, "live_running", "The live is on the air.")
		return
	}
	body.apply(l)
	c.done()
}

func (a *api) putPoster(c *call) {
	l := a.find(c)
	if l == nil {
		return
	}
	picture, err := io.ReadAll(http.MaxBytesReader(c, c.r.Body, 4<<20))
	if err != nil {
		c.refuse(http.StatusRequestEntityTooLarge, "", "The picture is too large.")
		return
	}
	changed := c.r.URL.Query().Get("auto") == "" || strings.HasSuffix(l.Poster, "-0.jpg")
	if changed {
		a.posters[l.UUID] = picture
		l.Poster = fmt.Sprintf("/lazy-static/previews/%s-%d.jpg", l.UUID, a.number())
	}
	c.answer(map[string]any{"poster": l.Poster, "changed": changed})
}

// ---- the studio

func (a *api) getStudio(c *call) {
	l := a.find(c)
	switch {
	case l == nil:
		return
	case !l.IsLive:
		c.refuse(http.StatusNotFound, "", "Live video not found")
		return
	}
	on := l.State == onAir
	samples := []map[string]any{}
	now := time.Now().Truncate(time.Second)
	for i := -90; i < 0 && on; i++ {
		wave := (i*i*7)%11 - 5
		samples = append(samples, map[string]any{"t": now.Add(time.Duration(i) * time.Second).UnixMilli(), "bitRate": 900_000 + 20_000*wave, "frames": 25 + wave%2})
	}
	s := map[string]any{
		"live": l, "rtmpUrl": "rtmp://127.0.0.1:1935/live", "rtmpUrls": []string{"rtmp://127.0.0.1:1935/live", "rtmp://192.168.1.20:1935/live"},
		"streamKey": l.key, "state": l.State, "since": l.StartedAt, "session": nil, "recording": l.recording, "viewers": l.Viewers, "samples": samples,
		"findings": slices.Concat([]finding{}, l.findings), "takeover": l.takeover, "permanent": l.Permanent, "saveReplay": l.save,
		"replayPrivacy": max(1, l.replayPrivacy), "declared": l.declared, "encoder": "", "protocol": "", "bitRate": 0, "frameRate": 0, "keyInterval": 0,
	}
	if on {
		maps.Copy(s, map[string]any{"encoder": "OBS 31.0.3", "protocol": "RTMP", "bitRate": 900_000, "frameRate": 25, "keyInterval": 2})
	}
	if l.StartedAt != nil {
		s["session"] = map[string]any{"start": l.StartedAt, "seconds": time.Since(*l.StartedAt).Seconds()}
	}
	c.answer(s)
}

func (a *api) end(c *call) {
	l := a.find(c)
	if l == nil {
		return
	}
	if l.State != onAir && l.State != interrupted {
		c.refuse(http.StatusConflict, "", "The live is not on the air.")
		return
	}
	l.State, l.recording.On = ended, false
	c.done()
}

func (a *api) rotate(c *call) {
	if l := a.find(c); l != nil {
		l.key = fmt.Sprintf("key-of-%d", a.number())
		c.answer(map[string]any{"streamKey": l.key})
	}
}
