package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"shoal/federation/rest/shape"
	"shoal/internal/audience"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

func (a *API) videoCalls() []operation {
	const forAnHour = "public, max-age=3600"
	return []operation{
		answered(operation{id: "listVideos", method: "GET", path: "/videos", summary: "List videos."}, a.getVideos),
		answered(operation{id: "searchVideos", method: "GET", path: "/search/videos", summary: "Search videos."}, a.getVideos),
		answered(operation{id: "listCategories", method: "GET", path: "/videos/categories", summary: "List the topics a video can have.", cache: forAnHour}, labels(shape.Categories)),
		answered(operation{id: "listLicences", method: "GET", path: "/videos/licences", summary: "List the licences a video can have.", cache: forAnHour}, labels(shape.Licences)),
		answered(operation{id: "listPrivacies", method: "GET", path: "/videos/privacies", summary: "List who may see a video.", cache: forAnHour}, labels(shape.Privacies)),
		answered(operation{id: "listLanguages", method: "GET", path: "/videos/languages", summary: "List the languages a video can have.", cache: forAnHour}, a.getLanguages),
		answered(operation{id: "getVideo", method: "GET", path: "/videos/{id}", of: ofVideo, summary: "Get a video, a live or a replay."}, a.getVideo),
		answered(operation{id: "updateVideo", method: "PUT", path: "/videos/{id}", of: ofVideo, access: owner, images: true, summary: "Change a video."}, a.putVideo),
		answered(operation{id: "deleteVideo", method: "DELETE", path: "/videos/{id}", of: ofVideo, access: owner, summary: "Delete a video; a live on the air is ended."}, a.deleteVideo),
		answered(operation{id: "getVideoDescription", method: "GET", path: "/videos/{id}/description", of: ofVideo, summary: "Get a video's whole description."}, a.getDescription),
		answered(operation{id: "createVideoToken", method: "POST", path: "/videos/{id}/token", of: ofVideo, unlocks: true, summary: "Get a token that opens a video's media."}, a.postVideoToken),
		answered(operation{id: "addView", method: "POST", path: "/videos/{id}/views", of: ofVideo, summary: "Say that somebody watches; every 5 seconds."}, a.postView),
		answered(operation{id: "getReplaySession", method: "GET", path: "/videos/{id}/live-session", of: ofVideo, summary: "Get the broadcast that a replay shows."}, a.getLiveSession),
	}
}

func (a *API) getVideos(c *call, q *videosQuery, _ *none) (shape.Page[shape.Video], error) {
	return c.listVideos(q, func(*catalog.VideoFilter) {})
}

// labels answers with a table of constants, by their numbers.
func labels(all map[int64]string) func(*call, *none, *none) (map[string]string, error) {
	texts := make(map[string]string, len(all))
	for id, label := range all {
		texts[strconv.FormatInt(id, 10)] = label
	}
	return func(*call, *none, *none) (map[string]string, error) { return texts, nil }
}

func (a *API) getLanguages(*call, *none, *none) (map[string]string, error) {
	return shape.Languages, nil
}

func (a *API) getVideo(c *call, _ *none, _ *none) (shape.VideoDetails, error) {
	return c.details(&c.video)
}

func (a *API) getDescription(c *call, _ *none, _ *none) (shape.Description, error) {
	return shape.Description{Description: shape.Text(c.video.Description)}, nil
}

func (a *API) putVideo(c *call, _ *none, b *shape.VideoChange) (none, error) {
	change := videoChange(&b.VideoText)
	change.Name = b.Name
	if b.ChannelID != nil && *b.ChannelID != c.video.Channel.ID {
		if err := c.mayMove(*b.ChannelID); err != nil {
			return none{}, err
		}
		change.ChannelID = b.ChannelID
	}
	if err := c.passwords(&change, b.VideoPasswords, c.video.Privacy); err != nil {
		return none{}, err
	}
	if err := c.poster(&change, &b.VideoText, c.video.UUID); err != nil {
		return none{}, err
	}
	_, err := a.catalog.UpdateVideo(c.ctx(), c.video.UUID, change)
	return none{}, err
}

// videoChange takes over what a body says about a video, but for its passwords and pictures.
func videoChange(t *shape.VideoText) catalog.VideoChange {
	ch := catalog.VideoChange{
		Description: t.Description.Pointer(), Support: t.Support.Pointer(), Category: t.Category.Pointer(), Licence: t.Licence.Pointer(),
		Language: t.Language.Pointer(), Tags: t.Tags.Pointer(), NSFW: t.NSFW, Download: t.DownloadEnabled, Original: t.OriginallyAt.Pointer(),
	}
	if t.Privacy != nil {
		p := catalog.Privacy(*t.Privacy)
		ch.Privacy = &p
	}
	if policy := commentsOf(t); policy != 0 {
		ch.Comments = &policy
	}
	return ch
}

// commentsOf gives the policy of comments, in PeerTube's newer form or its older one; 0 if neither came.
func commentsOf(t *shape.VideoText) int {
	switch {
	case t.CommentsPolicy != nil:
		return int(*t.CommentsPolicy)
	case t.CommentsEnabled == nil:
		return 0
	case *t.CommentsEnabled:
		return 1
	}
	return 2
}

// mayPublish refuses a channel that the caller may not put videos into: what is in it counts to its owner's quota.
func (c *call) mayPublish(id int64) error {
	ch, err := c.channelNamed(id)
	if err == nil && !auth.CanPublish(c.who(), &ch) {
		err = mistake("channelId", "names a channel of another user")
	}
	return err
}

// mayMove refuses a channel that the video may not be moved to: it stays with its account. Whoever moderates does not take
// over what is others', nor makes it count to the quota of a third.
func (c *call) mayMove(id int64) error {
	ch, err := c.channelNamed(id)
	if err == nil && ch.Account.ID != c.video.Channel.Account.ID {
		err = mistake("channelId", "names a channel of another user")
	}
	return err
}

// channelNamed finds the channel that a body names.
func (c *call) channelNamed(id int64) (catalog.Channel, error) {
	ch, err := c.api.catalog.ChannelByID(c.ctx(), id)
	if errors.Is(err, catalog.ErrNotFound) {
		err = mistake("channelId", "names no channel of this instance")
	}
	return ch, err
}

// passwords takes over a video's passwords; a video that becomes one with a password needs one.
func (c *call) passwords(change *catalog.VideoChange, given *[]string, was catalog.Privacy) error {
	becomes := change.Privacy != nil && *change.Privacy == catalog.Protected && was != catalog.Protected
	if given == nil || len(*given) == 0 {
		if becomes {
			return mistake("videoPasswords", "is missing: a video with privacy 5 needs a password")
		}
		return nil
	}
	hashes, err := c.api.auth.HashAll(c.ctx(), *given)
	if err != nil {
		return err
	}
	change.PasswordHashes = &hashes
	return nil
}

// deletePatience is what a deletion may take, the end of a broadcast included.
const deletePatience = 20 * time.Second

// toTheEnd is a context for what must not stop half-way because the caller has gone: what is deleted in the catalog must be
// deleted on the disk, too.
func (c *call) toTheEnd() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.ctx()), deletePatience)
}

func (a *API) deleteVideo(c *call, _ *none, _ *none) (none, error) {
	if c.video.Live != nil && c.video.Live.Declared {
		return none{}, catalog.ErrDeclared
	}
	ctx, cancel := c.toTheEnd()
	defer cancel()
	if c.video.IsLive {
		if err := a.endLive(ctx, c.video.LiveID()); err != nil {
			return none{}, err
		}
	}
	recordings, err := a.catalog.DeleteVideo(ctx, c.video.UUID)
	if err != nil {
		return none{}, err
	}
	a.remove(catalog.Removed{Videos: []string{c.video.UUID}, Recordings: recordings})
	return none{}, nil
}

func (a *API) postVideoToken(c *call, _ *none, b *shape.TokenRequest) (shape.VideoToken, error) {
	if b.Password != nil && c.r.Header.Get(headerVideoPassword) == "" {
		c.r.Header.Set(headerVideoPassword, *b.Password)
	}
	if err := c.maySee(&c.video, c.r.PathValue("id")); err != nil {
		return shape.VideoToken{}, err
	}
	t, err := c.tokenReply()
	return shape.VideoToken{Files: t}, err
}

func (c *call) tokenReply() (shape.Token, error) {
	token, expires, err := c.mediaToken(&c.video)
	return shape.Token{Token: token, Expires: expires}, err
}

func (a *API) postView(c *call, _ *none, b *shape.View) (none, error) {
	s := audience.Sign{
		Video: c.video.UUID, Duration: c.video.Duration, From: a.audience.Address(remoteAddr(c.r)),
		Position: time.Duration(b.CurrentTime * float64(time.Second)),
	}
	if b.SessionID != nil {
		s.Session = *b.SessionID
	}
	a.audience.Watch(s, c.now)
	return none{}, nil
}

func (a *API) getLiveSession(c *call, _ *none, _ *none) (shape.LiveSession, error) {
	if c.video.IsLive {
		return shape.LiveSession{}, refuse(http.StatusNotFound, "No live replay found")
	}
	s, err := a.catalog.SessionOf(c.ctx(), c.video.UUID)
	if err != nil {
		return shape.LiveSession{}, missing(err, "No live replay found")
	}
	id := videoID(&c.video)
	return sessionOf(&s, &id), nil
}
