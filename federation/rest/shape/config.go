package shape

// Enabled is a switch of PeerTube's configuration.
type Enabled struct {
	Enabled bool `json:"enabled"`
}

// Allowed is another.
type Allowed struct {
	Allowed bool `json:"allowed"`
}

// Runners are programs that transcode elsewhere: there are none.
type Runners struct {
	RemoteRunners Enabled `json:"remoteRunners"`
}

// EnabledRunners is a switch with its Runners.
type EnabledRunners struct {
	Enabled
	Runners
}

// Profiles are transcoding's: there is no transcoding.
type Profiles struct {
	EnabledResolutions []int    `json:"enabledResolutions"`
	Profile            string   `json:"profile"`
	AvailableProfiles  []string `json:"availableProfiles"`
}

// FileLimit bounds a file that is sent.
type FileLimit struct {
	Size struct {
		Max int64 `json:"max" doc:"Bytes."`
	} `json:"size"`
	Extensions []string `json:"extensions"`
}

// FileLimits has the limit of one kind of file.
type FileLimits struct {
	File FileLimit `json:"file"`
}

// Config is what clients ask first: what this instance can do.
type Config struct {
	Client struct {
		Videos struct {
			Miniature struct {
				DisplayAuthorAvatar     bool `json:"displayAuthorAvatar"`
				PreferAuthorDisplayName bool `json:"preferAuthorDisplayName"`
			} `json:"miniature"`
			ResumableUpload struct {
				MaxChunkSize int64 `json:"maxChunkSize"`
			} `json:"resumableUpload"`
		} `json:"videos"`
		Menu struct {
			Login struct {
				RedirectOnSingleExternalAuth bool `json:"redirectOnSingleExternalAuth"`
			} `json:"login"`
		} `json:"menu"`
	} `json:"client"`
	Defaults struct {
		Publish struct {
			DownloadEnabled bool   `json:"downloadEnabled"`
			CommentsPolicy  int64  `json:"commentsPolicy"`
			CommentsEnabled bool   `json:"commentsEnabled"`
			Privacy         int64  `json:"privacy"`
			Licence         *int64 `json:"licence"`
		} `json:"publish"`
		P2P struct {
			Webapp Enabled `json:"webapp"`
			Embed  Enabled `json:"embed"`
		} `json:"p2p"`
	} `json:"defaults"`
	Webadmin struct {
		Configuration struct {
			Edition Allowed `json:"edition"`
		} `json:"configuration"`
	} `json:"webadmin"`
	Instance struct {
		Name               string `json:"name"`
		ShortDescription   string `json:"shortDescription"`
		IsNSFW             bool   `json:"isNSFW"`
		DefaultNSFWPolicy  string `json:"defaultNSFWPolicy"`
		DefaultClientRoute string `json:"defaultClientRoute"`
		Customizations     struct {
			JavaScript string `json:"javascript"`
			CSS        string `json:"css"`
		} `json:"customizations"`
		Avatars []Image `json:"avatars"`
		Banners []Image `json:"banners"`
	} `json:"instance"`
	Search struct {
		RemoteURI struct {
			Users     bool `json:"users"`
			Anonymous bool `json:"anonymous"`
		} `json:"remoteUri"`
		SearchIndex struct {
			Enabled
			URL                string `json:"url"`
			DisableLocalSearch bool   `json:"disableLocalSearch"`
			IsDefaultSearch    bool   `json:"isDefaultSearch"`
		} `json:"searchIndex"`
	} `json:"search"`
	Plugin struct {
		Registered              []string `json:"registered"`
		RegisteredExternalAuths []string `json:"registeredExternalAuths"`
		RegisteredIDAndPass     []string `json:"registeredIdAndPassAuths"`
	} `json:"plugin"`
	Theme struct {
		Registered []string `json:"registered"`
		Default    string   `json:"default"`
	} `json:"theme"`
	Email         Enabled `json:"email"`
	ContactForm   Enabled `json:"contactForm"`
	ServerVersion string  `json:"serverVersion" doc:"The version of PeerTube whose API this is; shoal.version is the program's own."`
	ServerCommit  *string `json:"serverCommit"`
	Transcoding   struct {
		Runners
		Profiles
		HLS       Enabled `json:"hls"`
		WebVideos Enabled `json:"web_videos"`
	} `json:"transcoding"`
	Live struct {
		Enabled
		AllowReplay      bool    `json:"allowReplay"`
		LatencySetting   Enabled `json:"latencySetting"`
		MaxDuration      int64   `json:"maxDuration" doc:"Milliseconds of a broadcast; -1 for no limit."`
		MaxInstanceLives int     `json:"maxInstanceLives"`
		MaxUserLives     int     `json:"maxUserLives"`
		Transcoding      struct {
			EnabledRunners
			Profiles
		} `json:"transcoding"`
		RTMP struct {
			Port int `json:"port"`
		} `json:"rtmp"`
	} `json:"live"`
	VideoStudio EnabledRunners `json:"videoStudio"`
	VideoFile   struct {
		Update Enabled `json:"update"`
	} `json:"videoFile"`
	VideoTranscription EnabledRunners `json:"videoTranscription"`
	Import             struct {
		Videos struct {
			HTTP    Enabled `json:"http"`
			Torrent Enabled `json:"torrent"`
		} `json:"videos"`
		VideoChannelSynchronization Enabled `json:"videoChannelSynchronization"`
		Users                       Enabled `json:"users"`
	} `json:"import"`
	Export struct {
		Users struct {
			Enabled
			ExportExpiration  int64 `json:"exportExpiration"`
			MaxUserVideoQuota int64 `json:"maxUserVideoQuota"`
		} `json:"users"`
	} `json:"export"`
	AutoBlacklist struct {
		Videos struct {
			OfUsers Enabled `json:"ofUsers"`
		} `json:"videos"`
	} `json:"autoBlacklist"`
	Avatar FileLimits `json:"avatar"`
	Banner FileLimits `json:"banner"`
	Video  struct {
		Image FileLimit `json:"image"`
		File  struct {
			Extensions []string `json:"extensions"`
		} `json:"file"`
	} `json:"video"`
	VideoCaption FileLimits `json:"videoCaption"`
	User         struct {
		VideoQuota      int64 `json:"videoQuota"`
		VideoQuotaDaily int64 `json:"videoQuotaDaily"`
	} `json:"user"`
	VideoChannels struct {
		MaxPerUser int `json:"maxPerUser"`
	} `json:"videoChannels"`
	Trending struct {
		Videos struct {
			IntervalDays int `json:"intervalDays"`
			Algorithms   struct {
				Enabled []string `json:"enabled"`
				Default string   `json:"default"`
			} `json:"algorithms"`
		} `json:"videos"`
	} `json:"trending"`
	Tracker    Enabled `json:"tracker"`
	Followings struct {
		Instance struct {
			AutoFollowIndex struct {
				IndexURL string `json:"indexUrl"`
			} `json:"autoFollowIndex"`
		} `json:"instance"`
	} `json:"followings"`
	BroadcastMessage struct {
		Enabled
		Message     string `json:"message"`
		Level       string `json:"level"`
		Dismissable bool   `json:"dismissable"`
	} `json:"broadcastMessage"`
	Homepage      Enabled `json:"homepage"`
	OpenTelemetry struct {
		Metrics struct {
			Enabled
			PlaybackStatsInterval int64 `json:"playbackStatsInterval"`
		} `json:"metrics"`
	} `json:"openTelemetry"`
	Views struct {
		Videos struct {
			WatchingInterval struct {
				Anonymous int64 `json:"anonymous" doc:"Milliseconds between two views that a page reports."`
				Users     int64 `json:"users"`
			} `json:"watchingInterval"`
		} `json:"videos"`
	} `json:"views"`
	Storyboards Enabled `json:"storyboards"`
	Signup      struct {
		Allowed
		AllowedForCurrentIP       bool `json:"allowedForCurrentIP"`
		MinimumAge                int  `json:"minimumAge"`
		RequiresApproval          bool `json:"requiresApproval"`
		RequiresEmailVerification bool `json:"requiresEmailVerification"`
	} `json:"signup"`
	Shoal ConfigExtra `json:"shoal"`
}

// ConfigExtra is what Shoal tells of the instance beside.
type ConfigExtra struct {
	Version    string `json:"version"`
	DVRSeconds int64  `json:"dvrSeconds" doc:"How far back viewers of a live may go."`
	Language   string `json:"language"`
}

// About is what the instance says of itself.
type About struct {
	Instance struct {
		Name                  string   `json:"name"`
		ShortDescription      string   `json:"shortDescription"`
		Description           string   `json:"description" doc:"Markdown."`
		Terms                 string   `json:"terms" doc:"Markdown."`
		CodeOfConduct         string   `json:"codeOfConduct"`
		HardwareInformation   string   `json:"hardwareInformation"`
		CreationReason        string   `json:"creationReason"`
		ModerationInformation string   `json:"moderationInformation"`
		Administrator         string   `json:"administrator"`
		MaintenanceLifetime   string   `json:"maintenanceLifetime"`
		BusinessModel         string   `json:"businessModel"`
		Languages             []string `json:"languages"`
		Categories            []int64  `json:"categories"`
		Avatars               []Image  `json:"avatars"`
		Banners               []Image  `json:"banners"`
	} `json:"instance"`
}
