package shape

import "time"

// Image is a picture of an account or a channel.
type Image struct {
	Path      string    `json:"path"`
	Width     int       `json:"width"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Actor is an account or a channel as it stands with a video of a list.
type Actor struct {
	ID          int64   `json:"id"`
	DisplayName string  `json:"displayName"`
	Name        string  `json:"name"`
	URL         string  `json:"url" format:"uri"`
	Host        string  `json:"host"`
	Avatars     []Image `json:"avatars"`
}

// Account is who videos are by.
type Account struct {
	Actor
	HostRedundancyAllowed bool      `json:"hostRedundancyAllowed"`
	FollowingCount        int       `json:"followingCount"`
	FollowersCount        int       `json:"followersCount"`
	CreatedAt             time.Time `json:"createdAt"`
	UpdatedAt             time.Time `json:"updatedAt"`
	Description           *string   `json:"description"`
	UserID                int64     `json:"userId"`
}

// Channel is where videos are.
type Channel struct {
	Actor
	HostRedundancyAllowed bool      `json:"hostRedundancyAllowed"`
	FollowingCount        int       `json:"followingCount"`
	FollowersCount        int       `json:"followersCount"`
	CreatedAt             time.Time `json:"createdAt"`
	UpdatedAt             time.Time `json:"updatedAt"`
	Banners               []Image   `json:"banners"`
	Description           *string   `json:"description"`
	Support               *string   `json:"support"`
	IsLocal               bool      `json:"isLocal"`
	OwnerAccount          *Account  `json:"ownerAccount,omitempty"`
}

// NewChannel makes a channel.
type NewChannel struct {
	Name        string `json:"name" rule:"required,line,min=1,max=50" doc:"Unique among accounts and channels; stands in links."`
	DisplayName string `json:"displayName" rule:"required,line,min=1,max=120"`
	Description string `json:"description" rule:"max=1000"`
	Support     string `json:"support" rule:"max=1000"`
}

// Created says which channel was made.
type CreatedChannel struct {
	VideoChannel struct {
		ID int64 `json:"id"`
	} `json:"videoChannel"`
}
