package rest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/catalog"
	"shoal/internal/poster"
)

// Where pictures are, as PeerTube's.
const (
	thumbnailPrefix = "/lazy-static/thumbnails/"
	previewPrefix   = "/lazy-static/previews/"
)

func (a *API) pictureCalls() []operation {
	return []operation{
		answered(operation{id: "getThumbnail", method: "GET", path: thumbnailPrefix + "{file}", open: true, replyType: typeJPEG, summary: "Get a video's picture, 280 x 157."}, a.picture(false)),
		answered(operation{id: "getPreview", method: "GET", path: previewPrefix + "{file}", open: true, replyType: typeJPEG, summary: "Get a video's picture, 850 x 480."}, a.picture(true)),
	}
}

// posterPath is where a video's picture is. The name is a new one with each version, so that it may be kept for ever. Where
// the media of the video needs a token, so does its picture, unless a log-in will do.
func posterPath(v *catalog.Video, preview bool) string {
	prefix := thumbnailPrefix
	if preview {
		prefix = previewPrefix
	}
	return prefix + v.UUID + "-" + strconv.FormatInt(v.Poster, 10) + ".jpg"
}

// posterLink is posterPath for the caller: who has no log-in that opens the picture gets their token with it.
func (c *call) posterLink(v *catalog.Video, preview bool) string {
	path := posterPath(v, preview)
	if c.pass.token != "" && v.UUID == c.video.UUID {
		path += asQuery(c.pass.token)
	}
	return path
}

// mayHavePicture says whether the caller may see a video's picture.
func (c *call) mayHavePicture(v *catalog.Video) (bool, error) {
	if !auth.NeedsToken(v) || auth.CanWatch(c.who(), v) == auth.Open {
		return true, nil
	}
	err := c.api.auth.CheckMediaToken(c.ctx(), v, c.tokenShown())
	if errors.Is(err, auth.ErrMediaToken) {
		return false, nil
	}
	return err == nil, err
}

var pictureName = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-(\d{1,18})\.jpg$`)

// picture answers with pictures of one size.
func (a *API) picture(preview bool) func(*call, *none, *none) (raw, error) {
	return func(c *call, _ *none, _ *none) (raw, error) {
		m := pictureName.FindStringSubmatch(c.r.PathValue("file"))
		if m == nil {
			return raw{}, refuse(http.StatusNotFound, "Picture not found")
		}
		v, err := a.catalog.Video(c.ctx(), m[1])
		if err != nil {
			return raw{}, missing(err, "Picture not found")
		}
		switch ok, err := c.mayHavePicture(&v); {
		case err != nil:
			return raw{}, err
		case !ok: // as if there were no such video
			return raw{}, refuse(http.StatusNotFound, "Picture not found")
		}
		version, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return raw{}, refuse(http.StatusNotFound, "Picture not found")
		}
		// Of a version that is gone or has not come yet here, the present one is shown, and not kept.
		cache := "public, max-age=31536000, immutable"
		if version != v.Poster || version == 0 {
			version, cache = v.Poster, "public, max-age=60"
		}
		if auth.NeedsToken(&v) {
			cache = "private, no-cache"
		}
		data, err := a.Posters.Get(&v, version, preview)
		if err != nil {
			return raw{}, fmt.Errorf("get the picture of %s: %w", v.UUID, err)
		}
		return raw{data, cache}, nil
	}
}

// posterQuery says when a picture is to be taken.
type posterQuery struct {
	Auto bool `json:"auto" default:"false" doc:"Only if there is none yet."`
}

func (a *API) putPoster(c *call, q *posterQuery, b *imageBody) (shape.Poster, error) {
	if q.Auto && c.video.Poster != 0 {
		return shape.Poster{Poster: posterPath(&c.video, true)}, nil
	}
	version, err := c.keepPicture(c.video.UUID, *b, "")
	if err != nil {
		return shape.Poster{}, err
	}
	v, err := a.catalog.UpdateVideo(c.ctx(), c.video.UUID, catalog.VideoChange{Poster: &version})
	if err != nil {
		return shape.Poster{}, err
	}
	return shape.Poster{Poster: posterPath(&v, true), Changed: true}, nil
}

// keepPicture gives a picture to the posters; field is where it came in the body.
func (c *call) keepPicture(video string, picture []byte, field string) (version int64, err error) {
	version, err = c.api.Posters.Put(video, bytes.NewReader(picture))
	for _, wrong := range []error{poster.ErrFormat, poster.ErrSize} {
		switch {
		case !errors.Is(err, wrong):
		case field == "":
			return 0, refuse(http.StatusBadRequest, "Bad picture: "+wrong.Error()+".")
		default:
			return 0, mistake(field, "is no good: "+wrong.Error())
		}
	}
	if err != nil {
		return 0, fmt.Errorf("keep a picture of %s: %w", video, err)
	}
	return version, nil
}

// poster takes over the picture that came with a video's texts, if one did.
func (c *call) poster(change *catalog.VideoChange, t *shape.VideoText, video string) error {
	file, field := t.Preview, "previewfile"
	if file == nil {
		file, field = t.Thumbnail, "thumbnailfile"
	}
	if file == nil {
		return nil
	}
	version, err := c.keepPicture(video, file.Data, field)
	if err == nil {
		change.Poster = &version
	}
	return err
}
