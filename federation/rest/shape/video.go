package shape

import (
	"time"

	"shoal/federation/rest/schema"
)

// VideoBase is what a video has in lists and alone.
type VideoBase struct {
	ID                    int64      `json:"id"`
	UUID                  string     `json:"uuid" format:"uuid"`
	ShortUUID             string     `json:"shortUUID"`
	URL                   string     `json:"url" format:"uri"`
	Name                  string     `json:"name"`
	Category              Choice     `json:"category"`
	Licence               Choice     `json:"licence"`
	Language              Language   `json:"language"`
	Privacy               Constant   `json:"privacy"`
	NSFW                  bool       `json:"nsfw"`
	TruncatedDescription  *string    `json:"truncatedDescription" doc:"The first 250 characters."`
	Description           *string    `json:"description"`
	IsLocal               bool       `json:"isLocal"`
	Duration              int64      `json:"duration" doc:"Whole seconds; 0 for a live."`
	AspectRatio           *float64   `json:"aspectRatio"`
	Views                 int64      `json:"views"`
	Viewers               int        `json:"viewers" doc:"Who watches now."`
	Likes                 int        `json:"likes"`
	Dislikes              int        `json:"dislikes"`
	ThumbnailPath         string     `json:"thumbnailPath"`
	PreviewPath           string     `json:"previewPath"`
	EmbedPath             string     `json:"embedPath"`
	CreatedAt             time.Time  `json:"createdAt"`
	UpdatedAt             time.Time  `json:"updatedAt"`
	PublishedAt           time.Time  `json:"publishedAt"`
	OriginallyPublishedAt *time.Time `json:"originallyPublishedAt"`
	IsLive                bool       `json:"isLive"`
}

// Video is a video of a list.
type Video struct {
	VideoBase
	Account Actor `json:"account"`
	Channel Actor `json:"channel"`
	// In the lists of those who may manage it.
	State          *Constant `json:"state,omitempty"`
	WaitTranscoded *bool     `json:"waitTranscoding,omitempty"`
	Blacklisted    *bool     `json:"blacklisted,omitempty"`
}

// VideoDetails is a video alone.
type VideoDetails struct {
	VideoBase
	Account            Account             `json:"account"`
	Channel            Channel             `json:"channel"`
	Blacklisted        bool                `json:"blacklisted"`
	BlacklistedReason  *string             `json:"blacklistedReason"`
	StreamingPlaylists []StreamingPlaylist `json:"streamingPlaylists" doc:"Empty while a live is not on the air."`
	Files              []VideoFile         `json:"files"`
	Support            *string             `json:"support"`
	DescriptionPath    string              `json:"descriptionPath"`
	Tags               []string            `json:"tags"`
	CommentsEnabled    bool                `json:"commentsEnabled"`
	CommentsPolicy     Constant            `json:"commentsPolicy"`
	DownloadEnabled    bool                `json:"downloadEnabled"`
	WaitTranscoding    bool                `json:"waitTranscoding"`
	InputFileUpdatedAt *time.Time          `json:"inputFileUpdatedAt"`
	State              Constant            `json:"state"`
	TrackerURLs        []string            `json:"trackerUrls"`
	Shoal              VideoExtra          `json:"shoal"`
}

// VideoExtra is what Shoal tells of a video beside.
type VideoExtra struct {
	Alias         string `json:"alias" doc:"A short name for links; empty for none."`
	LowLatencyURL string `json:"lowLatencyUrl" doc:"The low-latency playlist of a live that is on the air; else empty. With a token where one is needed."`
	DVRURL        string `json:"dvrUrl" doc:"The playlist of a live that goes back in time; empty for none."`
	AudioURL      string `json:"audioUrl" doc:"The playlist of a live's audio alone; empty for none."`
}

// StreamingPlaylist is an HLS playlist.
type StreamingPlaylist struct {
	ID                int64        `json:"id"`
	Type              int          `json:"type" doc:"1: HLS."`
	PlaylistURL       string       `json:"playlistUrl" format:"uri"`
	SegmentsSha256URL *string      `json:"segmentsSha256Url"`
	Redundancies      []Redundancy `json:"redundancies"`
	Files             []VideoFile  `json:"files"`
}

// Redundancy is a copy on another instance.
type Redundancy struct {
	BaseURL string `json:"baseUrl" format:"uri"`
}

// VideoFile is a file that can be downloaded whole.
type VideoFile struct {
	ID                 int64    `json:"id"`
	Resolution         Constant `json:"resolution"`
	Width              int      `json:"width"`
	Height             int      `json:"height"`
	MagnetURI          *string  `json:"magnetUri"`
	Size               int64    `json:"size" doc:"Bytes."`
	FPS                int      `json:"fps"`
	TorrentURL         *string  `json:"torrentUrl"`
	TorrentDownloadURL *string  `json:"torrentDownloadUrl"`
	FileURL            string   `json:"fileUrl" format:"uri"`
	FileDownloadURL    string   `json:"fileDownloadUrl" format:"uri"`
	MetadataURL        *string  `json:"metadataUrl"`
	HasAudio           bool     `json:"hasAudio"`
	HasVideo           bool     `json:"hasVideo"`
	Storage            int      `json:"storage" doc:"0: the node's own disk."`
}

// VideoText is what stands about a video in a change of it or of a live that is made.
type VideoText struct {
	Category        schema.Clearable[int64]     `json:"category" rule:"min=1,max=18"`
	Licence         schema.Clearable[int64]     `json:"licence" rule:"min=1,max=7"`
	Language        schema.Clearable[string]    `json:"language" rule:"line,min=2,max=10"`
	Description     schema.Clearable[string]    `json:"description" rule:"max=10000"`
	Support         schema.Clearable[string]    `json:"support" rule:"max=1000"`
	Tags            schema.Clearable[[]string]  `json:"tags" rule:"max=5" item:"line,min=2,max=30"`
	NSFW            *bool                       `json:"nsfw"`
	Privacy         *int64                      `json:"privacy" enum:"1,2,3,4,5" doc:"1 public, 2 unlisted, 3 private, 4 internal, 5 by password."`
	VideoPasswords  *[]string                   `json:"videoPasswords" rule:"max=20" item:"line,min=1,max=255" doc:"For privacy 5."`
	CommentsPolicy  *int64                      `json:"commentsPolicy" enum:"1,2,3"`
	CommentsEnabled *bool                       `json:"commentsEnabled" doc:"An older form of commentsPolicy."`
	DownloadEnabled *bool                       `json:"downloadEnabled"`
	OriginallyAt    schema.Clearable[time.Time] `json:"originallyPublishedAt"`
	Thumbnail       *schema.File                `json:"thumbnailfile" doc:"A JPEG or PNG of at most 4 MB, in a multipart body."`
	Preview         *schema.File                `json:"previewfile" doc:"The same; it wins over thumbnailfile."`
}

// VideoChange is a change of a video.
type VideoChange struct {
	VideoText
	Name      *string `json:"name" rule:"line,min=3,max=120"`
	ChannelID *int64  `json:"channelId" rule:"min=1"`
}

// Description is a video's whole description.
type Description struct {
	Description *string `json:"description"`
}

// TokenRequest asks for a media token.
type TokenRequest struct {
	Password *string `json:"password" rule:"max=255" doc:"Of a video with privacy 5; the header x-peertube-video-password does, too."`
}

// VideoToken opens a video's media: "?videoFileToken=" behind their addresses.
type VideoToken struct {
	Files Token `json:"files"`
}

// Token opens a video's media for a while.
type Token struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// View says that somebody watches.
type View struct {
	CurrentTime float64 `json:"currentTime" rule:"required,min=0,max=100000000" doc:"Seconds."`
	ViewEvent   *string `json:"viewEvent" rule:"line,max=20" doc:"\"seek\", if the viewer has jumped."`
	SessionID   *string `json:"sessionId" rule:"line,max=128" doc:"A random text that the page makes; nothing of the viewer."`
	Device      *string `json:"device" rule:"max=255"`
}
