package shape

import (
	"time"

	"shoal/federation/rest/schema"
)

// OAuthClient is what a client of this instance names itself by.
type OAuthClient struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// TokenGrant asks for an access token (RFC 6749, sections 4.3 and 6).
type TokenGrant struct {
	ClientID     string `json:"client_id" rule:"max=255"`
	ClientSecret string `json:"client_secret" rule:"max=255"`
	GrantType    string `json:"grant_type" rule:"max=64" doc:"password or refresh_token."`
	Username     string `json:"username" rule:"max=255"`
	Password     string `json:"password" rule:"max=255"`
	RefreshToken string `json:"refresh_token" rule:"max=255"`
}

// OAuthToken is a log-in.
type OAuthToken struct {
	TokenType             string `json:"token_type"`
	AccessToken           string `json:"access_token"`
	RefreshToken          string `json:"refresh_token"`
	ExpiresIn             int64  `json:"expires_in" doc:"Seconds."`
	RefreshTokenExpiresIn int64  `json:"refresh_token_expires_in" doc:"Seconds."`
}

// Revoked says that a log-in is over.
type Revoked struct {
	Success bool `json:"success"`
}

// User is somebody who can log in.
type User struct {
	ID                        int64          `json:"id"`
	Username                  string         `json:"username"`
	Email                     *string        `json:"email"`
	Theme                     string         `json:"theme"`
	PendingEmail              *string        `json:"pendingEmail"`
	EmailPublic               bool           `json:"emailPublic"`
	EmailVerified             bool           `json:"emailVerified"`
	NSFWPolicy                string         `json:"nsfwPolicy"`
	P2PEnabled                bool           `json:"p2pEnabled"`
	VideosHistoryEnabled      bool           `json:"videosHistoryEnabled"`
	AutoPlayVideo             bool           `json:"autoPlayVideo"`
	AutoPlayNextVideo         bool           `json:"autoPlayNextVideo"`
	AutoPlayNextVideoPlaylist bool           `json:"autoPlayNextVideoPlaylist"`
	VideoLanguages            *[]string      `json:"videoLanguages"`
	Role                      Constant       `json:"role"`
	VideoQuota                int64          `json:"videoQuota" doc:"Bytes; -1 for no limit."`
	VideoQuotaDaily           int64          `json:"videoQuotaDaily" doc:"Bytes in 24 hours; -1 for no limit."`
	VideoQuotaUsed            *int64         `json:"videoQuotaUsed,omitempty"`
	VideoQuotaUsedDaily       *int64         `json:"videoQuotaUsedDaily,omitempty"`
	NoInstanceConfigWarning   bool           `json:"noInstanceConfigWarningModal"`
	NoWelcomeModal            bool           `json:"noWelcomeModal"`
	NoAccountSetupWarning     bool           `json:"noAccountSetupWarningModal"`
	Blocked                   bool           `json:"blocked"`
	BlockedReason             *string        `json:"blockedReason"`
	Account                   Account        `json:"account"`
	NotificationSettings      *Notifications `json:"notificationSettings,omitempty"`
	VideoChannels             []Channel      `json:"videoChannels"`
	CreatedAt                 time.Time      `json:"createdAt"`
	PluginAuth                *string        `json:"pluginAuth"`
	LastLoginDate             *time.Time     `json:"lastLoginDate" doc:"Not kept."`
	TwoFactorEnabled          bool           `json:"twoFactorEnabled"`
	AdminFlags                int            `json:"adminFlags"`
	SpecialPlaylists          []Playlist     `json:"specialPlaylists"`
	Shoal                     UserExtra      `json:"shoal"`
}

// UserExtra is what Shoal tells of a user beside.
type UserExtra struct {
	MustChange bool `json:"mustChange" doc:"The password was set by somebody else and is to be changed."`
}

// Playlist is a playlist that a user has from the start.
type Playlist struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type int    `json:"type"`
}

// Notifications are PeerTube's settings of what a user is told: all are 0, none, since nothing is sent.
type Notifications struct {
	NewCommentOnMyVideo           int `json:"newCommentOnMyVideo"`
	NewVideoFromSubscription      int `json:"newVideoFromSubscription"`
	AbuseAsModerator              int `json:"abuseAsModerator"`
	VideoAutoBlacklistAsModerator int `json:"videoAutoBlacklistAsModerator"`
	BlacklistOnMyVideo            int `json:"blacklistOnMyVideo"`
	MyVideoPublished              int `json:"myVideoPublished"`
	MyVideoImportFinished         int `json:"myVideoImportFinished"`
	NewUserRegistration           int `json:"newUserRegistration"`
	CommentMention                int `json:"commentMention"`
	NewFollow                     int `json:"newFollow"`
	NewInstanceFollower           int `json:"newInstanceFollower"`
	AutoInstanceFollowing         int `json:"autoInstanceFollowing"`
	AbuseNewMessage               int `json:"abuseNewMessage"`
	AbuseStateChange              int `json:"abuseStateChange"`
	NewPeerTubeVersion            int `json:"newPeerTubeVersion"`
	MyVideoStudioEditionFinished  int `json:"myVideoStudioEditionFinished"`
	MyVideoTranscriptionGenerated int `json:"myVideoTranscriptionGenerated"`
	NewPluginVersion              int `json:"newPluginVersion"`
}

// QuotaUsed is what a user's recordings take.
type QuotaUsed struct {
	VideoQuotaUsed      int64 `json:"videoQuotaUsed" doc:"Bytes."`
	VideoQuotaUsedDaily int64 `json:"videoQuotaUsedDaily" doc:"Bytes of the last 24 hours."`
}

// NewUser makes a user.
type NewUser struct {
	Username        string  `json:"username" rule:"required,line,min=1,max=50"`
	Password        string  `json:"password" rule:"required,min=6,max=255"`
	Email           string  `json:"email" rule:"line,max=320" format:"email"`
	Role            *int64  `json:"role" enum:"0,1,2" doc:"0 admin, 1 moderator, 2 user; a user, if it does not come."`
	VideoQuota      *int64  `json:"videoQuota" rule:"min=-1"`
	VideoQuotaDaily *int64  `json:"videoQuotaDaily" rule:"min=-1"`
	ChannelName     *string `json:"channelName" rule:"line,min=1,max=50"`
}

// CreatedUser says which user was made.
type CreatedUser struct {
	User struct {
		ID      int64 `json:"id"`
		Account struct {
			ID int64 `json:"id"`
		} `json:"account"`
	} `json:"user"`
}

// UserChange is a change of a user by an admin or a moderator.
type UserChange struct {
	Email           *string `json:"email" rule:"line,max=320" format:"email"`
	Password        *string `json:"password" rule:"min=6,max=255"`
	Role            *int64  `json:"role" enum:"0,1,2"`
	VideoQuota      *int64  `json:"videoQuota" rule:"min=-1"`
	VideoQuotaDaily *int64  `json:"videoQuotaDaily" rule:"min=-1"`
}

// MeChange is a user's change of their own account.
type MeChange struct {
	DisplayName     *string                  `json:"displayName" rule:"line,min=1,max=120"`
	Description     schema.Clearable[string] `json:"description" rule:"max=1000"`
	Email           *string                  `json:"email" rule:"line,max=320" format:"email" doc:"Needs currentPassword."`
	Password        *string                  `json:"password" rule:"min=6,max=255" doc:"Needs currentPassword."`
	CurrentPassword *string                  `json:"currentPassword" rule:"max=255"`
}

// Block says why a user is shut out.
type Block struct {
	Reason string `json:"reason" rule:"max=250"`
}
