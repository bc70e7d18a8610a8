package rest

import (
	"context"
	"errors"
	"net/url"
	"time"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// tokenLife is how long a media token opens a video, as PeerTube's (server/core/initializers/constants.ts, VIDEO_TOKEN).
const tokenLife = 8 * time.Hour

// Words of a live's state beside broadcast's.
const (
	stateReplay = "replay"
	stateEnded  = "ended"
)

// show gives a video as the pages show it, with a media token in its addresses where one is needed: the caller has been
// found to be one who may see it.
func (c *call) show(v *catalog.Video) (shape.Live, error) {
	status, known := c.api.Lives.Get(v.LiveID())
	return c.showStatus(v, &status, known)
}

func (c *call) showStatus(v *catalog.Video, s *broadcast.Status, known bool) (shape.Live, error) {
	l := shape.Live{
		UUID: v.UUID, ShortUUID: catalog.ShortUUID(v.UUID), Alias: v.Alias, Name: v.Name, Description: v.Description,
		Channel: shape.ChannelRef{Name: v.Channel.Name, DisplayName: v.Channel.DisplayName},
		Privacy: int64(v.Privacy),
		Tags:    notNil(v.Tags), NSFW: v.NSFW,
		State: stateOf(v, s, known), IsLive: v.IsLive,
		Viewers: c.api.audience.Count(v.UUID, c.now), Views: v.Views,
		Poster:   c.posterLink(v, true),
		Duration: v.Duration.Seconds(),
	}
	if v.Live != nil {
		l.Permanent = v.Live.Permanent
	}
	query, err := c.tokenQuery(v)
	if err != nil {
		return l, err
	}
	if !v.IsLive {
		c.showReplay(&l, v, query)
		return l, nil
	}
	at := mediaPrefix + v.UUID + "/"
	l.LowLatencyURL, l.ClassicURL = at+"master.m3u8"+query, at+"classic.m3u8"+query
	if onAir(v) {
		l.StartedAt = shape.Time(v.Published)
	}
	if known {
		l.StartedAt = shape.Time(s.Started)
		err = c.showBroadcast(&l, s, at, query)
	}
	return l, err
}

// showBroadcast adds what is known of the broadcast that runs or ran last.
func (c *call) showBroadcast(l *shape.Live, s *broadcast.Status, at, query string) error {
	if s.Recording.On && (s.State == broadcast.Running || s.State == broadcast.Interrupted) {
		settings, err := c.api.catalog.Settings(c.ctx())
		if err != nil {
			return err
		}
		if settings.Replays.DVR > 0 {
			l.DVRURL, l.DVRSeconds = at+"dvr.m3u8"+query, int64(settings.Replays.DVR/time.Second)
		}
	}
	l.Bitrate = s.Info.Rates[media.Main].Average
	init := s.Info.Init
	if init == nil {
		return nil
	}
	if _, ok := init.Data[media.AudioOnly]; ok {
		l.AudioURL = at + "audio.m3u8" + query
	}
	if v := init.Track(media.Video); v != nil {
		l.Width, l.Height, l.FrameRate, l.VideoCodec = v.Width, v.Height, v.FrameRate, v.Codec.Name()
	}
	if a := init.Track(media.Audio); a != nil {
		l.AudioCodec = a.Codec.Name()
	}
	return nil
}

func (c *call) showReplay(l *shape.Live, v *catalog.Video, query string) {
	l.StartedAt = shape.Time(v.Published)
	if len(v.Recordings) == 0 {
		return
	}
	l.VODURL = mediaPrefix + v.UUID + "/" + v.UUID + "-master.m3u8" + query
	switch {
	case v.Download:
		l.DownloadURL = downloadPrefix + fileName(v) + query
	case c.manages(v): // where downloads are off, what the players get is still there
		l.DownloadURL = mediaPrefix + v.UUID + "/" + fileName(v) + query
	}
	for _, r := range v.Recordings {
		if r.Height > l.Height {
			l.Width, l.Height, l.FrameRate = r.Width, r.Height, float64(r.Rate)
		}
	}
	var bytes int64
	for _, r := range v.Recordings {
		bytes += r.Bytes
	}
	if s := v.Duration.Seconds(); s > 0 {
		l.Bitrate = int(float64(bytes) * 8 / s)
	}
}

// tokenQuery is what is to be put behind the addresses of a video's media.
func (c *call) tokenQuery(v *catalog.Video) (string, error) {
	if !auth.NeedsToken(v) {
		return "", nil
	}
	token, _, err := c.mediaToken(v)
	if err != nil {
		return "", err
	}
	return asQuery(token), nil
}

// asQuery is a media token as it is put behind an address.
func asQuery(token string) string { return "?" + m3u8.TokenKey + "=" + url.QueryEscape(token) }

// stateOf says where a video is in its life.
func stateOf(v *catalog.Video, s *broadcast.Status, known bool) string {
	switch {
	case !v.IsLive:
		return stateReplay
	case known:
		return s.State.String()
	case v.State == catalog.Published:
		return broadcast.Interrupted.String() // its encoder is on another node, or has not come back after a restart
	case v.State == catalog.LiveEnded:
		return stateEnded
	}
	return broadcast.Waiting.String()
}

// endLive ends a broadcast; nothing if there is none.
func (a *API) endLive(ctx context.Context, id media.LiveID) error {
	if err := a.Lives.End(ctx, id); err != nil && !errors.Is(err, broadcast.ErrNotRunning) {
		return err
	}
	return nil
}
