package rest

import (
	"strconv"
	"time"
	"unicode/utf8"

	"shoal/federation/rest/shape"
	"shoal/internal/catalog"
)

// truncated is how many characters of a description stand in lists, as PeerTube has it.
const truncated = 250

// accountOf gives an account in full.
func (c *call) accountOf(a *catalog.Account) shape.Account {
	return shape.Account{
		Actor:       c.actor(a.ID, a.Name, a.DisplayName, "/accounts/"),
		CreatedAt:   a.Created,
		UpdatedAt:   a.Updated,
		Description: shape.Text(a.Description),
		UserID:      a.UserID,
	}
}

// channelOf gives a channel in full.
func (c *call) channelOf(ch *catalog.Channel) shape.Channel {
	account := c.accountOf(&ch.Account)
	return shape.Channel{
		Actor:        c.actor(ch.ID, ch.Name, ch.DisplayName, "/video-channels/"),
		CreatedAt:    ch.Created,
		UpdatedAt:    ch.Updated,
		Banners:      []shape.Image{},
		Description:  shape.Text(ch.Description),
		Support:      shape.Text(ch.Support),
		IsLocal:      true,
		OwnerAccount: &account,
	}
}

func (c *call) actor(id int64, name, display, path string) shape.Actor {
	return shape.Actor{
		ID: id, Name: name, DisplayName: display, URL: c.at.String() + path + name, Host: c.at.host, Avatars: []shape.Image{},
	}
}

// videoBase gives what a video has everywhere.
func (c *call) videoBase(v *catalog.Video) shape.VideoBase {
	published := v.Published
	if published.IsZero() {
		published = v.Created
	}
	b := shape.VideoBase{
		ID: v.ID, UUID: v.UUID, ShortUUID: catalog.ShortUUID(v.UUID), URL: c.at.String() + "/videos/watch/" + v.UUID,
		Name:                  v.Name,
		Category:              shape.Chosen(shape.Categories, v.Category),
		Licence:               shape.Chosen(shape.Licences, v.Licence),
		Language:              shape.Spoken(v.Language),
		Privacy:               shape.Named(shape.Privacies, int64(v.Privacy)),
		NSFW:                  v.NSFW,
		TruncatedDescription:  shape.Text(truncate(v.Description)),
		IsLocal:               true,
		Duration:              int64(v.Duration.Round(time.Second) / time.Second),
		Views:                 v.Views,
		Viewers:               c.api.audience.Count(v.UUID, c.now),
		ThumbnailPath:         c.posterLink(v, false),
		PreviewPath:           c.posterLink(v, true),
		EmbedPath:             "/videos/embed/" + v.UUID,
		CreatedAt:             v.Created,
		UpdatedAt:             v.Updated,
		PublishedAt:           published,
		OriginallyPublishedAt: shape.Time(v.Original),
		IsLive:                v.IsLive,
	}
	if v.Aspect != 0 {
		ratio := float64(v.Aspect) / 10000
		b.AspectRatio = &ratio
	}
	return b
}

// truncate cuts a description for a list.
func truncate(s string) string {
	if utf8.RuneCountInString(s) <= truncated {
		return s
	}
	return string([]rune(s)[:truncated-3]) + "..."
}

// listed gives a video of a list.
func (c *call) listed(v *catalog.Video) shape.Video {
	b := c.videoBase(v)
	b.Description = b.TruncatedDescription
	return shape.Video{
		VideoBase: b,
		Account:   c.actor(v.Channel.Account.ID, v.Channel.Account.Name, v.Channel.Account.DisplayName, "/accounts/"),
		Channel:   c.actor(v.Channel.ID, v.Channel.Name, v.Channel.DisplayName, "/video-channels/"),
	}
}

// managed gives a video of a list for who may manage it.
func (c *call) managed(v *catalog.Video) shape.Video {
	s := c.listed(v)
	state, no := shape.Named(shape.States, int64(v.State)), false
	s.State, s.WaitTranscoded, s.Blacklisted = &state, &no, &no
	return s
}

// details gives a video alone.
func (c *call) details(v *catalog.Video) (shape.VideoDetails, error) {
	d := shape.VideoDetails{
		VideoBase:          c.videoBase(v),
		Account:            c.accountOf(&v.Channel.Account),
		Channel:            c.channelOf(&v.Channel),
		StreamingPlaylists: c.playlists(v),
		Files:              []shape.VideoFile{},
		Support:            shape.Text(v.Support),
		DescriptionPath:    "/api/v1/videos/" + v.UUID + "/description",
		Tags:               notNil(v.Tags),
		CommentsEnabled:    v.Comments != 2,
		CommentsPolicy:     shape.Named(shape.Policies, int64(v.Comments)),
		DownloadEnabled:    v.Download,
		State:              shape.Named(shape.States, int64(v.State)),
		TrackerURLs:        []string{},
	}
	d.Description = shape.Text(v.Description)
	live, err := c.show(v)
	if err != nil {
		return d, err
	}
	d.Shoal = shape.VideoExtra{Alias: v.Alias, DVRURL: c.absolute(live.DVRURL), AudioURL: c.absolute(live.AudioURL)}
	if onAir(v) {
		d.Shoal.LowLatencyURL = c.absolute(live.LowLatencyURL)
	}
	return d, nil
}

// absolute makes a URL of a path; "" stays.
func (c *call) absolute(path string) string {
	if path == "" {
		return ""
	}
	return c.at.String() + path
}

// onAir says whether a video is a live that can be watched now.
func onAir(v *catalog.Video) bool { return v.IsLive && v.State == catalog.Published }

// mediaPrefix is where media is (relay/hls); the UUID and a file's name follow.
const mediaPrefix = "/static/streaming-playlists/hls/"

// downloadPrefix is where whole files are to be saved.
const downloadPrefix = "/download/streaming-playlists/hls/videos/"

// playlists gives the playlist that other players are told: of a live that is on the air the one without low latency, of a
// replay that of its recording, of others none. Where a token is needed it is not in them: PeerTube's clients add it.
func (c *call) playlists(v *catalog.Video) []shape.StreamingPlaylist {
	at := c.at.String() + mediaPrefix + v.UUID + "/"
	p := shape.StreamingPlaylist{ID: v.ID, Type: 1, Redundancies: []shape.Redundancy{}, Files: []shape.VideoFile{}}
	switch {
	case onAir(v):
		p.PlaylistURL = at + "classic.m3u8"
	case !v.IsLive && len(v.Recordings) > 0:
		p.PlaylistURL = at + v.UUID + "-master.m3u8"
		p.Files = append(p.Files, c.file(v))
	default:
		return []shape.StreamingPlaylist{}
	}
	return []shape.StreamingPlaylist{p}
}

// file gives a replay as one file.
func (c *call) file(v *catalog.Video) shape.VideoFile {
	f := shape.VideoFile{ID: v.ID}
	for _, r := range v.Recordings {
		f.Size += r.Bytes
		f.HasVideo = f.HasVideo || r.HasVideo
		f.HasAudio = f.HasAudio || r.HasAudio
		if r.Height > f.Height {
			f.Width, f.Height, f.FPS = r.Width, r.Height, r.Rate
		}
	}
	if n := c.api.Downloads.Size(v); n > 0 {
		f.Size = n
	}
	f.Resolution = shape.Constant{ID: int64(f.Height), Label: strconv.Itoa(f.Height) + "p"}
	if !f.HasVideo {
		f.Resolution.Label = "Audio only"
	}
	name := fileName(v)
	f.FileURL = c.at.String() + mediaPrefix + v.UUID + "/" + name
	f.FileDownloadURL = c.at.String() + downloadPrefix + name
	return f
}

// fileName is that of a replay as one file.
func fileName(v *catalog.Video) string {
	height := 0
	for _, r := range v.Recordings {
		height = max(height, r.Height)
	}
	return v.UUID + "-" + strconv.Itoa(height) + "-fragmented.mp4"
}

// notNil makes an empty list of none: JSON knows the difference.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// videoID names a video in three ways.
func videoID(v *catalog.Video) shape.VideoID {
	return shape.VideoID{ID: v.ID, UUID: v.UUID, ShortUUID: catalog.ShortUUID(v.UUID)}
}
