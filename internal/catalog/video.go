package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"shoal/cluster/state"
)

// VideoChange is what shall be different; nil leaves it as it is.
type VideoChange struct {
	Name        *string
	Description *string
	Support     *string
	Category    *int64
	Licence     *int64
	Language    *string
	Tags        *[]string
	NSFW        *bool
	Privacy     *Privacy
	Comments    *int
	Download    *bool
	ChannelID   *int64
	Original    *time.Time // the zero time for none
	Aspect      *int64
	Poster      *int64
	// PasswordHashes replace the video's passwords. They are kept only while the privacy is Protected.
	PasswordHashes *[]string
}

// updateVideo changes a video.
type updateVideo struct {
	UUID        string    `json:"uuid"`
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	Support     *string   `json:"support,omitempty"`
	Category    *int64    `json:"category,omitempty"`
	Licence     *int64    `json:"licence,omitempty"`
	Language    *string   `json:"language,omitempty"`
	Tags        *[]string `json:"tags,omitempty"`
	NSFW        *bool     `json:"nsfw,omitempty"`
	Privacy     *Privacy  `json:"privacy,omitempty"`
	Comments    *int      `json:"comments,omitempty"`
	Download    *bool     `json:"download,omitempty"`
	Channel     *int64    `json:"channel,omitempty"`
	Original    *int64    `json:"original,omitempty"`
	Aspect      *int64    `json:"aspect,omitempty"`
	Poster      *int64    `json:"poster,omitempty"`
	Passwords   *[]string `json:"passwords,omitempty"`
}

func (updateVideo) Kind() string { return "catalog.video.update/1" }

// UpdateVideo changes a video. ErrNotFound for the video or the channel, ErrInvalid, ErrDeclared for another name of a live
// that the configuration sets up.
func (c *Catalog) UpdateVideo(ctx context.Context, uuid string, u VideoChange) (Video, error) {
	var check checker
	check.line("name", u.Name, minVideoName, maxVideoName)
	check.text("description", u.Description, 0, maxVideoDescription)
	check.text("support text", u.Support, 0, maxSupport)
	check.number("category", u.Category)
	check.number("licence", u.Licence)
	check.language(u.Language)
	check.privacy("privacy", u.Privacy)
	check.comments(u.Comments)
	check.number("aspect ratio", u.Aspect)
	if u.Tags != nil {
		tidy := check.tags(*u.Tags)
		u.Tags = &tidy
	}
	if u.PasswordHashes != nil {
		check.passwords(*u.PasswordHashes)
	}
	if err := check.err(); err != nil {
		return Video{}, err
	}
	var original *int64
	if u.Original != nil {
		ms := millis(*u.Original)
		original = &ms
	}
	return state.Do[Video](ctx, c.proposer, updateVideo{
		UUID: uuid, Name: u.Name, Description: u.Description, Support: u.Support, Category: u.Category, Licence: u.Licence,
		Language: u.Language, Tags: u.Tags, NSFW: u.NSFW, Privacy: u.Privacy, Comments: u.Comments, Download: u.Download,
		Channel: u.ChannelID, Original: original, Aspect: u.Aspect, Poster: u.Poster, Passwords: u.PasswordHashes,
	})
}

func (u updateVideo) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	v, err := videoByUUID(ctx, tx, u.UUID)
	if err != nil {
		return nil, err
	}
	was := v
	set(&v.Name, u.Name)
	set(&v.Description, u.Description)
	set(&v.Support, u.Support)
	set(&v.Category, u.Category)
	set(&v.Licence, u.Licence)
	set(&v.Language, u.Language)
	set(&v.Tags, u.Tags)
	set(&v.NSFW, u.NSFW)
	set(&v.Privacy, u.Privacy)
	set(&v.Comments, u.Comments)
	set(&v.Download, u.Download)
	set(&v.Aspect, u.Aspect)
	set(&v.Poster, u.Poster)
	if u.Original != nil {
		v.Original = moment(*u.Original)
	}
	if v.Live != nil && v.Live.Declared && v.Name != was.Name {
		return nil, ErrDeclared
	}
	if u.Channel != nil && *u.Channel != v.Channel.ID {
		if v.Channel, err = channelByID(ctx, tx, *u.Channel); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(`UPDATE recording SET account_id = ? WHERE video_id = ?`, v.Channel.Account.ID, v.ID); err != nil {
			return nil, err
		}
	}
	changed, err := u.passwords(tx, &v)
	if err != nil {
		return nil, err
	}
	if changed || v.Privacy != was.Privacy {
		v.Access++
	}
	if was.Privacy == Private && v.Privacy != Private {
		v.Published = tx.Now() // nobody could see it before (PeerTube's VideoModel.setPrivacy)
	}
	v.Updated = tx.Now()
	if err := writeVideo(tx, &v); err != nil {
		return nil, err
	}
	if u.Tags != nil {
		if err := writeTags(tx, &v); err != nil {
			return nil, err
		}
	}
	return videoByUUID(ctx, tx, u.UUID)
}

// passwords brings the passwords in line with the change, and says whether they are others.
func (u updateVideo) passwords(tx *state.Tx, v *Video) (changed bool, err error) {
	had, err := list(context.Background(), tx, "the passwords of a video", value[string],
		`SELECT hash FROM video_password WHERE video_id = ? ORDER BY position`, v.ID)
	if err != nil {
		return false, err
	}
	want := had
	set(&want, u.Passwords)
	if v.Privacy != Protected {
		want = nil
	} else if len(want) == 0 {
		return false, errNoPassword()
	}
	if slices.Equal(had, want) {
		return false, nil
	}
	return true, writePasswords(tx, v.ID, want)
}

// errNoPassword refuses to protect a video by no password.
func errNoPassword() error {
	return invalid("A video that is protected by a password needs one: give at least one password, or choose another privacy.")
}

// writePasswords replaces a video's passwords.
func writePasswords(tx *state.Tx, video int64, hashes []string) error {
	if _, err := tx.Exec(`DELETE FROM video_password WHERE video_id = ?`, video); err != nil {
		return err
	}
	for i, h := range hashes {
		if _, err := tx.Exec(`INSERT INTO video_password (video_id, position, hash) VALUES (?, ?, ?)`, video, i, h); err != nil {
			return err
		}
	}
	return nil
}

// writeVideo writes a video's row, with the channel by its number. A number that is 0 is a new video's, which gets one.
func writeVideo(tx *state.Tx, v *Video) (err error) {
	tags, err := json.Marshal(v.Tags)
	if err != nil {
		return fmt.Errorf("encode the tags of %s: %w", v.UUID, err)
	}
	if len(v.Tags) == 0 {
		tags = []byte("[]")
	}
	fields := []any{
		v.Channel.ID, v.Channel.Account.ID, v.Privacy, v.State, v.IsLive, v.NSFW, millis(v.Updated), millis(v.Published), millis(v.Original),
		int64(v.Duration), v.Views, v.Category, v.Licence, v.Language, v.Comments, v.Download, v.Access, v.Aspect, v.Poster, v.Alias, v.Name,
		string(tags), v.Support, v.Description, v.UUID,
	}
	if v.ID != 0 {
		_, err = tx.Exec(`UPDATE video SET channel_id = ?, account_id = ?, privacy = ?, state = ?, is_live = ?, nsfw = ?, updated = ?, published = ?,
			original = ?, duration = ?, views = ?, category = ?, licence = ?, language = ?, comments = ?, download = ?, access = ?, aspect = ?,
			poster = ?, alias = ?, name = ?, tags = ?, support = ?, description = ? WHERE uuid = ?`, fields...)
		return err
	}
	if v.ID, err = tx.NextID("video"); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO video (channel_id, account_id, privacy, state, is_live, nsfw, updated, published, original, duration, views,
		category, licence, language, comments, download, access, aspect, poster, alias, name, tags, support, description, uuid, id, created)
		VALUES (`+marks(len(fields)+2)+`)`, append(fields, v.ID, millis(v.Created))...)
	return err
}

// writeTags replaces what a video is found under by its tags.
func writeTags(tx *state.Tx, v *Video) error {
	if _, err := tx.Exec(`DELETE FROM video_tag WHERE video_id = ?`, v.ID); err != nil {
		return err
	}
	for _, t := range v.Tags {
		if _, err := tx.Exec(`INSERT INTO video_tag (tag, video_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, t, v.ID); err != nil {
			return err
		}
	}
	return nil
}

// deleteVideo deletes a video.
type deleteVideo struct {
	UUID string `json:"uuid"`
}

func (deleteVideo) Kind() string { return "catalog.video.delete/1" }

// DeleteVideo deletes a video or a live. It gives the sessions whose recordings are the caller's to remove. ErrNotFound,
// ErrLiveRunning, ErrDeclared.
func (c *Catalog) DeleteVideo(ctx context.Context, uuid string) (recordings []string, err error) {
	return state.Do[[]string](ctx, c.proposer, deleteVideo{uuid})
}

func (d deleteVideo) Apply(tx *state.Tx) (any, error) {
	v, err := videoByUUID(context.Background(), tx, d.UUID)
	if err != nil {
		return nil, err
	}
	if v.Live != nil && v.Live.Declared {
		return nil, ErrDeclared
	}
	if running, err := isRunning(tx, v.ID); err != nil || running {
		return nil, refuse(running, ErrLiveRunning, err)
	}
	recordings := make([]string, 0, len(v.Recordings))
	for _, r := range v.Recordings {
		recordings = append(recordings, r.Session)
	}
	return recordings, removeVideo(tx, &v, "")
}

// isRunning says whether a live is on the air.
func isRunning(tx *state.Tx, video int64) (running bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM session WHERE video_id = ? AND end_at = 0)`, video).Scan(&running)
	if err != nil {
		return false, fmt.Errorf("look whether the live runs: %w", err)
	}
	return running, nil
}

// removeVideo deletes a video. The broadcasts that it was the replay of have none any more; reason says why.
func removeVideo(tx *state.Tx, v *Video, reason string) error {
	if _, err := tx.Exec(`UPDATE session SET replay = '', error = CASE WHEN ?1 <> '' THEN ?1 ELSE error END WHERE replay = ?2 AND replay <> ''`, reason, v.UUID); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM video WHERE id = ?`, v.ID)
	return err
}

// dropRecording takes a replay away that there is no room for.
type dropRecording struct {
	UUID   string `json:"uuid"`
	Reason string `json:"reason,omitempty"`
}

func (dropRecording) Kind() string { return "catalog.recording.drop/1" }

// DropRecording deletes a replay to make room. The reason stands at the broadcasts of the permanent live that it was of. It is no
// error if the video is gone; a live is left as it is.
func (c *Catalog) DropRecording(ctx context.Context, videoUUID, reason string) error {
	_, err := c.proposer.Propose(ctx, dropRecording{videoUUID, fit(plain(reason), maxLong)})
	return err
}

func (d dropRecording) Apply(tx *state.Tx) (any, error) {
	v, err := videoByUUID(context.Background(), tx, d.UUID)
	if isNotFound(err) || v.IsLive {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, removeVideo(tx, &v, d.Reason)
}

// addViews counts views.
type addViews struct {
	Views []viewsOf `json:"views"`
}

// viewsOf are the views of a video.
type viewsOf struct {
	UUID string `json:"uuid"`
	N    int64  `json:"n"`
}

func (addViews) Kind() string { return "catalog.video.views/1" }

// viewsAtOnce bounds a command's size.
const viewsAtOnce = 250

// AddViews adds to the views of videos, by their UUIDs. A video that is gone is left out.
func (c *Catalog) AddViews(ctx context.Context, views map[string]int64) error {
	all := make([]viewsOf, 0, len(views))
	for u, n := range views {
		if n > 0 {
			all = append(all, viewsOf{u, n})
		}
	}
	slices.SortFunc(all, func(a, b viewsOf) int { return cmp.Compare(a.UUID, b.UUID) })
	for some := range slices.Chunk(all, viewsAtOnce) {
		if _, err := c.proposer.Propose(ctx, addViews{some}); err != nil {
			return err
		}
	}
	return nil
}

func (a addViews) Apply(tx *state.Tx) (any, error) {
	for _, v := range a.Views {
		if _, err := tx.Exec(`UPDATE video SET views = views + ? WHERE uuid = ?`, v.N, v.UUID); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
