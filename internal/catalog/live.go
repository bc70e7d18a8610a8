package catalog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"shoal/cluster/state"
)

// NewLive is a live to be made.
type NewLive struct {
	UUID      string // "" for a new one; one that is there already, of the same channel, is given as it is
	ChannelID int64

	Name           string
	Description    string
	Support        string
	Category       int64
	Licence        int64
	Language       string
	Tags           []string
	NSFW           bool
	Privacy        Privacy
	PasswordHashes []string
	Comments       int // 0 for 1, on
	NoDownload     bool

	Key           string // "" for a new one
	Permanent     bool
	SaveReplay    bool
	ReplayPrivacy Privacy // 0 for that of the live, then
	Latency       Latency // 0 for DefaultLatency
	Takeover      Takeover
}

// LiveChange is what shall be different; nil leaves it as it is.
type LiveChange struct {
	Permanent     *bool
	SaveReplay    *bool
	ReplayPrivacy *Privacy
	Latency       *Latency
	Takeover      *Takeover
}

// newKey makes a stream key: 128 random bits in 26 characters.
func newKey() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// keyHash is what a key is found by; nil for no key. The comparison of hashes tells nobody, by its time, how much of a key
// was right.
func keyHash(key string) []byte {
	if key == "" {
		return nil
	}
	h := sha256.Sum256([]byte(key))
	return h[:]
}

// createLive makes a live.
type createLive struct {
	UUID          string   `json:"uuid"`
	Channel       int64    `json:"channel"`
	Name          string   `json:"name"`
	Description   string   `json:"description,omitempty"`
	Support       string   `json:"support,omitempty"`
	Category      int64    `json:"category,omitempty"`
	Licence       int64    `json:"licence,omitempty"`
	Language      string   `json:"language,omitempty"`
	Tags          []string `json:"tags,omitempty"`
	NSFW          bool     `json:"nsfw,omitempty"`
	Privacy       Privacy  `json:"privacy"`
	Passwords     []string `json:"passwords,omitempty"`
	Comments      int      `json:"comments"`
	Download      bool     `json:"download"`
	Key           string   `json:"key"`
	Permanent     bool     `json:"permanent,omitempty"`
	SaveReplay    bool     `json:"saveReplay,omitempty"`
	ReplayPrivacy Privacy  `json:"replayPrivacy,omitempty"`
	Latency       Latency  `json:"latency"`
	Takeover      Takeover `json:"takeover,omitempty"`
}

func (createLive) Kind() string { return "catalog.live.create/1" }

// CreateLive makes a live, which then waits. ErrInvalid, ErrNotFound for an unknown channel, ErrKeyTaken, ErrUUIDTaken,
// ErrQuota if replays are wanted for which the owner has no room.
func (c *Catalog) CreateLive(ctx context.Context, n NewLive) (Video, error) {
	if n.Comments == 0 {
		n.Comments = 1
	}
	if n.Latency == 0 {
		n.Latency = DefaultLatency
	}
	if n.Privacy == 0 {
		n.Privacy = Public
	}
	if n.Key == "" {
		n.Key = newKey()
	}
	var check checker
	n.UUID = check.uuid(n.UUID)
	check.line("name", &n.Name, minVideoName, maxVideoName)
	check.text("description", &n.Description, 0, maxVideoDescription)
	check.text("support text", &n.Support, 0, maxSupport)
	check.number("category", &n.Category)
	check.number("licence", &n.Licence)
	check.language(&n.Language)
	n.Tags = check.tags(n.Tags)
	check.privacy("privacy", &n.Privacy)
	check.passwords(n.PasswordHashes)
	check.comments(&n.Comments)
	check.key(n.Key)
	if n.ReplayPrivacy != 0 {
		check.privacy("privacy of the replay", &n.ReplayPrivacy)
	}
	check.latency(&n.Latency)
	check.takeover(&n.Takeover)
	if err := check.err(); err != nil {
		return Video{}, err
	}
	if n.Privacy != Protected {
		n.PasswordHashes = nil
	} else if len(n.PasswordHashes) == 0 {
		return Video{}, errNoPassword()
	}
	return state.Do[Video](ctx, c.proposer, createLive{
		UUID: n.UUID, Channel: n.ChannelID, Name: n.Name, Description: n.Description, Support: n.Support, Category: n.Category,
		Licence: n.Licence, Language: n.Language, Tags: n.Tags, NSFW: n.NSFW, Privacy: n.Privacy, Passwords: n.PasswordHashes,
		Comments: n.Comments, Download: !n.NoDownload, Key: n.Key, Permanent: n.Permanent, SaveReplay: n.SaveReplay,
		ReplayPrivacy: n.ReplayPrivacy, Latency: n.Latency, Takeover: n.Takeover,
	})
}

func (n createLive) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	channel, err := channelByID(ctx, tx, n.Channel)
	if err != nil {
		return nil, err
	}
	if known, ok, err := n.known(tx); err != nil || ok {
		return known, err
	}
	if taken, err := keyTaken(tx, n.Key, 0); err != nil || taken {
		return nil, refuse(taken, ErrKeyTaken, err)
	}
	if n.SaveReplay {
		if full, err := quotaUsed(tx, channel.Account.UserID); err != nil || full {
			return nil, refuse(full, ErrQuota, err)
		}
	}
	v := Video{
		UUID: n.UUID, Name: n.Name, Description: n.Description, Support: n.Support, Category: n.Category, Licence: n.Licence,
		Language: n.Language, Tags: n.Tags, NSFW: n.NSFW, Privacy: n.Privacy, Comments: n.Comments, Download: n.Download,
		Channel: channel,
		Live:    &Live{n.Key, n.Permanent, n.SaveReplay, n.ReplayPrivacy, n.Latency, n.Takeover, false},
	}
	if err := insertLive(tx, &v); err != nil {
		return nil, err
	}
	if err := writePasswords(tx, v.ID, n.Passwords); err != nil {
		return nil, err
	}
	return videoByUUID(ctx, tx, n.UUID)
}

// known gives the live with the command's UUID, if this command comes again.
func (n createLive) known(tx *state.Tx) (v Video, ok bool, err error) {
	v, err = videoByUUID(context.Background(), tx, n.UUID)
	switch {
	case isNotFound(err):
		return Video{}, false, nil
	case err != nil:
		return Video{}, false, err
	case v.Channel.ID != n.Channel || v.Live == nil:
		return Video{}, false, ErrUUIDTaken
	}
	return v, true, nil
}

// insertLive writes a new live, which waits.
func insertLive(tx *state.Tx, v *Video) error {
	v.State, v.IsLive = WaitingForLive, true
	v.Created, v.Updated, v.Published = tx.Now(), tx.Now(), tx.Now()
	if err := writeVideo(tx, v); err != nil {
		return err
	}
	if err := writeTags(tx, v); err != nil {
		return err
	}
	l := v.Live
	_, err := tx.Exec(`INSERT INTO live (video_id, key, key_hash, permanent, save_replay, replay_privacy, latency, takeover, declared)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, l.Key, keyHash(l.Key), l.Permanent, l.SaveReplay, l.ReplayPrivacy, l.Latency, l.Takeover, l.Declared)
	return err
}

// keyTaken says whether another live has a key.
func keyTaken(tx *state.Tx, key string, but int64) (taken bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM live WHERE key_hash = ? AND video_id <> ?)`, keyHash(key), but).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look for the stream key: %w", err)
	}
	return taken, nil
}

// quotaUsed says whether a user has no room for another recording.
func quotaUsed(tx *state.Tx, userID int64) (bool, error) {
	if userID == 0 {
		return false, nil
	}
	ctx := context.Background()
	u, err := userByID(ctx, tx, userID)
	if err != nil || u.Quota == Unlimited && u.DailyQuota == Unlimited {
		return false, err // a sum over all recordings of a user with many costs more than all the rest
	}
	total, today, err := usedBytes(ctx, tx, userID, tx.Now())
	return u.Quota != Unlimited && total >= u.Quota || u.DailyQuota != Unlimited && today >= u.DailyQuota, err
}

// updateLive changes a live.
type updateLive struct {
	UUID          string    `json:"uuid"`
	Permanent     *bool     `json:"permanent,omitempty"`
	SaveReplay    *bool     `json:"saveReplay,omitempty"`
	ReplayPrivacy *Privacy  `json:"replayPrivacy,omitempty"`
	Latency       *Latency  `json:"latency,omitempty"`
	Takeover      *Takeover `json:"takeover,omitempty"`
}

func (updateLive) Kind() string { return "catalog.live.update/1" }

// UpdateLive changes what a live has beside what every video has. What becomes of the recording cannot be changed on the air,
// but who may see it can. ErrNotFound if there is no such live, ErrInvalid, ErrLiveRunning, ErrDeclared for what the
// configuration says, ErrQuota as CreateLive.
func (c *Catalog) UpdateLive(ctx context.Context, uuid string, u LiveChange) (Video, error) {
	var check checker
	check.privacy("privacy of the replay", u.ReplayPrivacy)
	check.latency(u.Latency)
	check.takeover(u.Takeover)
	if err := check.err(); err != nil {
		return Video{}, err
	}
	return state.Do[Video](ctx, c.proposer, updateLive{uuid, u.Permanent, u.SaveReplay, u.ReplayPrivacy, u.Latency, u.Takeover})
}

func (u updateLive) Apply(tx *state.Tx) (any, error) {
	v, err := liveByUUID(tx, u.UUID)
	if err != nil {
		return nil, err
	}
	l := *v.Live
	set(&l.Permanent, u.Permanent)
	set(&l.SaveReplay, u.SaveReplay)
	set(&l.Latency, u.Latency)
	set(&l.Takeover, u.Takeover)
	if l.Permanent != v.Live.Permanent || l.SaveReplay != v.Live.SaveReplay {
		if l.Declared {
			return nil, ErrDeclared
		}
		if running, err := isRunning(tx, v.ID); err != nil || running {
			return nil, refuse(running, ErrLiveRunning, err)
		}
	}
	if l.SaveReplay && !v.Live.SaveReplay {
		if full, err := quotaUsed(tx, v.Channel.Account.UserID); err != nil || full {
			return nil, refuse(full, ErrQuota, err)
		}
	}
	if _, err := tx.Exec(`UPDATE live SET permanent = ?, save_replay = ?, replay_privacy = COALESCE(?, replay_privacy), latency = ?, takeover = ?
		WHERE video_id = ?`, l.Permanent, l.SaveReplay, u.ReplayPrivacy, l.Latency, l.Takeover, v.ID); err != nil {
		return nil, err
	}
	if u.ReplayPrivacy != nil {
		if _, err := tx.Exec(`UPDATE session SET replay_privacy = ? WHERE video_id = ? AND end_at = 0`, *u.ReplayPrivacy, v.ID); err != nil {
			return nil, err
		}
	}
	return touch(tx, &v)
}

// liveByUUID reads a live; ErrNotFound if the video is none.
func liveByUUID(tx *state.Tx, uuid string) (Video, error) {
	v, err := videoByUUID(context.Background(), tx, uuid)
	if err == nil && v.Live == nil {
		err = ErrNotFound
	}
	return v, err
}

// touch notes that a video was changed, and reads it.
func touch(tx *state.Tx, v *Video) (any, error) {
	if _, err := tx.Exec(`UPDATE video SET updated = ? WHERE id = ?`, tx.Now().UnixMilli(), v.ID); err != nil {
		return nil, err
	}
	return videoByUUID(context.Background(), tx, v.UUID)
}

// rotateKey gives a live another key.
type rotateKey struct {
	UUID string `json:"uuid"`
	Key  string `json:"key"`
}

func (rotateKey) Kind() string { return "catalog.live.rotate-key/1" }

// RotateKey gives a live a new stream key; the old one is void at once. ErrNotFound, ErrDeclared.
func (c *Catalog) RotateKey(ctx context.Context, uuid string) (Video, error) {
	return state.Do[Video](ctx, c.proposer, rotateKey{uuid, newKey()})
}

func (r rotateKey) Apply(tx *state.Tx) (any, error) {
	v, err := liveByUUID(tx, r.UUID)
	if err != nil {
		return nil, err
	}
	if v.Live.Declared {
		return nil, ErrDeclared
	}
	if taken, err := keyTaken(tx, r.Key, v.ID); err != nil || taken {
		return nil, refuse(taken, ErrKeyTaken, err)
	}
	if _, err := tx.Exec(`UPDATE live SET key = ?, key_hash = ? WHERE video_id = ?`, r.Key, keyHash(r.Key), v.ID); err != nil {
		return nil, err
	}
	return touch(tx, &v)
}

// LiveByKey finds a live by its stream key. It does not judge whether the live may be published to: see BeginSession. ErrNotFound.
func (c *Catalog) LiveByKey(ctx context.Context, key string) (Video, error) {
	if key == "" {
		return Video{}, ErrNotFound
	}
	// A key that is wrong costs little this way, and one that is right finds the live where Video left it.
	uuid, err := read(ctx, c, func(q state.Querier) (string, error) {
		return one(ctx, q, "the live of a stream key", value[string],
			`SELECT v.uuid FROM live l JOIN video v ON v.id = l.video_id WHERE l.key_hash = ?`, keyHash(key))
	})
	if err != nil {
		return Video{}, err
	}
	v, err := c.Video(ctx, uuid)
	if err == nil && (v.Live == nil || v.Live.Key != key) {
		err = ErrNotFound // changed in between
	}
	return v, err
}
