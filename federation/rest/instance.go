package rest

import (
	"time"

	"shoal/federation/rest/shape"
	"shoal/internal/audience"
	"shoal/internal/catalog"
)

func (a *API) instanceCalls() []operation {
	return []operation{
		answered(operation{id: "getConfig", method: "GET", path: "/config", summary: "Get what this instance can do."}, a.getConfig),
		answered(operation{id: "getAbout", method: "GET", path: "/config/about", summary: "Get what this instance says of itself."}, a.getAbout),
		answered(operation{id: "getStats", method: "GET", path: "/server/stats", summary: "Get numbers of this instance."}, a.getStats),
	}
}

// compatibleVersion is the version of PeerTube whose API this is: clients compare it with what they need.
const compatibleVersion = "6.3.3"

// maxChannels is how many channels a user may have (the catalog's bound, and PeerTube's default).
const maxChannels = 20

func (a *API) getConfig(c *call, _ *none, _ *none) (shape.Config, error) {
	settings, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return shape.Config{}, err
	}
	s := a.fixedConfig()
	s.Instance.Name, s.Instance.ShortDescription = settings.Name, settings.Short
	s.Live.Enabled.Enabled = settings.Live.Enabled && a.RTMPPort != 0
	s.Live.AllowReplay = settings.Replays.Allowed
	s.Live.MaxDuration = -1
	if d := settings.Live.MaxDuration; d > 0 {
		s.Live.MaxDuration = d.Milliseconds()
	}
	s.Live.MaxInstanceLives, s.Live.MaxUserLives = settings.Live.MaxLives, settings.Live.MaxUser
	s.User.VideoQuota, s.User.VideoQuotaDaily = settings.Users.Quota, settings.Users.DailyQuota
	s.Shoal.DVRSeconds, s.Shoal.Language = int64(settings.Replays.DVR/time.Second), settings.Language
	return s, nil
}

// fixedConfig is what no setting changes. What PeerTube can do and this program does not is off.
func (a *API) fixedConfig() (s shape.Config) {
	s.Defaults.Publish.DownloadEnabled = true
	s.Defaults.Publish.CommentsPolicy = 2
	s.Defaults.Publish.Privacy = int64(catalog.Public)
	s.Webadmin.Configuration.Edition.Allowed = true
	s.Instance.DefaultNSFWPolicy = "blur"
	s.Instance.DefaultClientRoute = "/"
	s.Instance.Avatars, s.Instance.Banners = []shape.Image{}, []shape.Image{}
	s.Plugin.Registered, s.Plugin.RegisteredExternalAuths, s.Plugin.RegisteredIDAndPass = []string{}, []string{}, []string{}
	s.Theme.Registered, s.Theme.Default = []string{}, "default"
	s.ServerVersion = compatibleVersion
	s.Transcoding.Profiles = noTranscoding()
	s.Transcoding.HLS.Enabled = true // what can be watched is HLS
	s.Live.LatencySetting.Enabled = true
	s.Live.Transcoding.Profiles = noTranscoding()
	s.Live.RTMP.Port = a.RTMPPort
	pictures := []string{".png", ".jpg", ".jpeg"}
	s.Avatar.File.Extensions, s.Banner.File.Extensions = []string{}, []string{}
	s.Video.Image.Extensions = pictures
	s.Video.Image.Size.Max = maxImage
	s.Video.File.Extensions = []string{}
	s.VideoCaption.File.Extensions = []string{}
	s.VideoChannels.MaxPerUser = maxChannels
	s.Trending.Videos.IntervalDays = 7
	s.Trending.Videos.Algorithms.Enabled, s.Trending.Videos.Algorithms.Default = []string{"most-viewed"}, "most-viewed"
	s.BroadcastMessage.Level = "info"
	s.Views.Videos.WatchingInterval.Anonymous = audience.Beat.Milliseconds()
	s.Views.Videos.WatchingInterval.Users = audience.Beat.Milliseconds()
	s.Signup.MinimumAge = 16
	s.Shoal.Version = a.Version
	return s
}

func noTranscoding() shape.Profiles {
	return shape.Profiles{EnabledResolutions: []int{}, Profile: "default", AvailableProfiles: []string{"default"}}
}

func (a *API) getAbout(c *call, _ *none, _ *none) (s shape.About, err error) {
	settings, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return s, err
	}
	i := &s.Instance
	i.Name, i.ShortDescription, i.Description, i.Terms = settings.Name, settings.Short, settings.Description, settings.Terms
	i.Languages, i.Categories = []string{}, []int64{}
	if settings.Language != "" {
		i.Languages = append(i.Languages, settings.Language)
	}
	i.Avatars, i.Banners = []shape.Image{}, []shape.Image{}
	return s, nil
}

func (a *API) getStats(c *call, _ *none, _ *none) (shape.Stats, error) {
	n, err := a.catalog.Stats(c.ctx())
	return shape.Stats{
		TotalUsers: n.Users, TotalAdmins: n.Admins, TotalModerators: n.Moderators,
		TotalLocalVideos: n.Videos, TotalVideos: n.Videos, TotalLocalVideoViews: n.Views, TotalLocalVideoFilesSize: n.Bytes,
		TotalLocalVideoChannels: n.Channels,
		VideosRedundancy:        []shape.Redundancies{},
	}, err
}
