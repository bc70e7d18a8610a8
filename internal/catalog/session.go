package catalog

import (
	"context"
	"fmt"
	"time"

	"shoal/cluster/state"
)

// NewSession is a broadcast that begins.
type NewSession struct {
	UUID     string // "" for a new one
	Video    string // the live's UUID
	At       time.Time
	MaxLives int  // on the air at once, or Unlimited
	MaxUser  int  // likewise, of the live's owner
	NoReplay bool // whatever the live says
}

// EndSession is how a broadcast ended.
type EndSession struct {
	UUID      string
	At        time.Time
	Recording *Recording // nil if there is none to keep; its Session may be left out
	Error     string     // why there is no replay, or only a part of one
	// ReplayUUID and ReplayName are those of a permanent live's replay; "" for a new UUID, and the live's name with the date.
	ReplayUUID string
	ReplayName string
}

// beginSession opens a broadcast.
type beginSession struct {
	UUID     string `json:"uuid"`
	Video    string `json:"video"`
	At       int64  `json:"at"`
	MaxLives int    `json:"maxLives"`
	MaxUser  int    `json:"maxUser"`
	NoReplay bool   `json:"noReplay,omitempty"`
}

func (beginSession) Kind() string { return "catalog.session.begin/1" }

// BeginSession puts a live on the air. A live has one broadcast at a time: if one is open, it goes on and is given. If the
// owner's quota is used up the live runs all the same, but its session says that there will be no replay, and why. ErrNotFound if
// there is no such live, ErrLiveEnded, ErrBlocked for its owner unless the live is declared, ErrLimitLives, ErrLimitUserLives.
func (c *Catalog) BeginSession(ctx context.Context, n NewSession) (Session, error) {
	var check checker
	n.UUID = check.uuid(n.UUID)
	if err := check.err(); err != nil {
		return Session{}, err
	}
	return state.Do[Session](ctx, c.proposer, beginSession{n.UUID, n.Video, n.At.UnixMilli(), n.MaxLives, n.MaxUser, n.NoReplay})
}

func (n beginSession) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	v, err := liveByUUID(tx, n.Video)
	if err != nil {
		return nil, err
	}
	// One that is open goes on; this very one may have ended since, if the command comes again.
	s, err := sessionBy(ctx, tx, `s.video_id = ? AND (s.end_at = 0 OR s.uuid = ?) ORDER BY s.end_at, s.id LIMIT 1`, v.ID, n.UUID)
	if !isNotFound(err) {
		return s, err
	}
	if v.State == LiveEnded {
		return nil, ErrLiveEnded
	}
	if err := n.allowed(tx, &v); err != nil {
		return nil, err
	}
	saveReplay, reason := v.Live.SaveReplay && !n.NoReplay, ""
	if saveReplay {
		full, err := quotaUsed(tx, v.Channel.Account.UserID)
		if err != nil {
			return nil, err
		}
		if full {
			saveReplay, reason = false, ErrQuota.Text
		}
	}
	id, err := tx.NextID("session")
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`INSERT INTO session (id, uuid, video_id, start_at, end_at, save_replay, replay_privacy, replay, error)
		SELECT ?, ?, video_id, ?, 0, ?, replay_privacy, '', ? FROM live WHERE video_id = ?`, id, n.UUID, n.At, saveReplay, reason, v.ID); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE video SET state = ?, published = ?, updated = ? WHERE id = ?`, Published, n.At, tx.Now().UnixMilli(), v.ID); err != nil {
		return nil, err
	}
	return sessionBy(ctx, tx, `s.uuid = ?`, n.UUID)
}

// allowed looks at the limits.
func (n beginSession) allowed(tx *state.Tx, v *Video) error {
	var blocked bool
	var all, users int
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM user WHERE id = ?1 AND blocked <> 0), (SELECT count(*) FROM session WHERE end_at = 0),
		(SELECT count(*)`+openSessions+` AND v.account_id = ?2)`,
		v.Channel.Account.UserID, v.Channel.Account.ID).Scan(&blocked, &all, &users); err != nil {
		return fmt.Errorf("count the lives on the air: %w", err)
	}
	switch {
	case blocked && !v.Live.Declared: // whoever writes the configuration may
		return ErrBlocked
	case n.MaxLives != Unlimited && all >= n.MaxLives:
		return ErrLimitLives
	case n.MaxUser != Unlimited && users >= n.MaxUser:
		return ErrLimitUserLives
	}
	return nil
}

// endSession closes a broadcast.
type endSession struct {
	UUID       string    `json:"uuid"`
	At         int64     `json:"at"`
	Recording  *recorded `json:"recording,omitempty"`
	Error      string    `json:"error,omitempty"`
	ReplayUUID string    `json:"replayUUID"`
	ReplayName string    `json:"replayName,omitempty"`
}

// recorded is a Recording as it stands in a log.
type recorded struct {
	Duration int64 `json:"duration"` // ns
	Bytes    int64 `json:"bytes"`
	Width    int   `json:"width,omitempty"`
	Height   int   `json:"height,omitempty"`
	Rate     int   `json:"rate,omitempty"`
	Video    bool  `json:"video,omitempty"`
	Audio    bool  `json:"audio,omitempty"`
}

func (endSession) Kind() string { return "catalog.session.end/1" }

// EndSession takes a live off the air, and gives the replay, if there is one. With a replay a short-lived live becomes it,
// under the same UUID; a permanent one waits again, and its replay is a video of its own. A short-lived live without
// replay has ended. What has ended before is left as it is. ErrNotFound.
func (c *Catalog) EndSession(ctx context.Context, e EndSession) (replay *Video, err error) {
	var check checker
	e.ReplayUUID = check.uuid(e.ReplayUUID)
	if err := check.err(); err != nil {
		return nil, err
	}
	// No text keeps a broadcast from ending.
	e.ReplayName = fit(plain(e.ReplayName), maxVideoName)
	e.Error = fit(plain(e.Error), maxLong)
	end := endSession{UUID: e.UUID, At: e.At.UnixMilli(), Error: e.Error, ReplayUUID: e.ReplayUUID, ReplayName: e.ReplayName}
	if r := e.Recording; r != nil {
		end.Recording = &recorded{int64(r.Duration), r.Bytes, r.Width, r.Height, r.Rate, r.HasVideo, r.HasAudio}
	}
	return state.Do[*Video](ctx, c.proposer, end)
}

func (e endSession) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	s, err := sessionBy(ctx, tx, `s.uuid = ?`, e.UUID)
	if err != nil {
		return nil, err
	}
	if !s.End.IsZero() {
		return e.replay(tx, s.Replay)
	}
	v, err := liveByUUID(tx, s.Video)
	if err != nil {
		return nil, err
	}
	uuid := ""
	if s.SaveReplay && e.Recording != nil {
		uuid = v.UUID
		if v.Live.Permanent {
			uuid = e.ReplayUUID
		}
	}
	if _, err := tx.Exec(`UPDATE session SET end_at = ?, replay = ?, error = CASE WHEN ?3 <> '' THEN ?3 ELSE error END WHERE id = ?4`,
		max(e.At, 1), uuid, e.Error, s.ID); err != nil {
		return nil, err
	}
	switch {
	case v.Live.Permanent:
		if err := e.wait(tx, &v, WaitingForLive); err != nil {
			return nil, err
		}
		if uuid != "" {
			err = e.derive(tx, v, s)
		}
	case uuid != "":
		err = e.become(tx, v, s)
	default:
		err = e.wait(tx, &v, LiveEnded)
	}
	if err != nil {
		return nil, err
	}
	return e.replay(tx, uuid)
}

// replay reads the replay; nil if there is none.
func (e endSession) replay(tx *state.Tx, uuid string) (*Video, error) {
	if uuid == "" {
		return nil, nil
	}
	v, err := videoByUUID(context.Background(), tx, uuid)
	return &v, err
}

// wait leaves a live off the air.
func (e endSession) wait(tx *state.Tx, v *Video, next VideoState) error {
	_, err := tx.Exec(`UPDATE video SET state = ?, updated = ? WHERE id = ?`, next, tx.Now().UnixMilli(), v.ID)
	return err
}

// become makes the replay of a short-lived live.
func (e endSession) become(tx *state.Tx, v Video, s Session) error {
	if _, err := tx.Exec(`DELETE FROM live WHERE video_id = ?`, v.ID); err != nil {
		return err
	}
	was := v.Privacy
	e.show(tx, &v, s)
	passwords, err := passwordsFor(tx, &v, v.ID)
	if err != nil {
		return err
	}
	if v.Privacy != was {
		v.Access++
	}
	if err := writeVideo(tx, &v); err != nil {
		return err
	}
	if err := writePasswords(tx, v.ID, passwords); err != nil {
		return err
	}
	return e.keep(tx, &v, s)
}

// derive makes the replay of a permanent live.
func (e endSession) derive(tx *state.Tx, live Video, s Session) error {
	v := live
	v.ID, v.UUID, v.Alias, v.Views, v.Access, v.Poster = 0, e.ReplayUUID, "", 0, 0, 0
	v.Created = tx.Now()
	if v.Name = e.ReplayName; v.Name == "" {
		date := " - " + s.Start.Format("2006-01-02 15:04") + " UTC"
		v.Name = fit(live.Name, maxVideoName-len(date)) + date
	}
	e.show(tx, &v, s)
	passwords, err := passwordsFor(tx, &v, live.ID)
	if err != nil {
		return err
	}
	if err := writeVideo(tx, &v); err != nil {
		return err
	}
	if err := writeTags(tx, &v); err != nil {
		return err
	}
	if err := writePasswords(tx, v.ID, passwords); err != nil {
		return err
	}
	return e.keep(tx, &v, s)
}

// show makes a video that can be watched of what was a live.
func (e endSession) show(tx *state.Tx, v *Video, s Session) {
	v.IsLive, v.Live, v.State = false, nil, Published
	v.Privacy = s.ReplayPrivacy
	v.Duration = time.Duration(e.Recording.Duration)
	v.Published, v.Updated = moment(e.At), tx.Now()
	if e.Recording.Height > 0 {
		v.Aspect = (int64(e.Recording.Width)*10000 + int64(e.Recording.Height)/2) / int64(e.Recording.Height)
	}
}

// passwordsFor gives the passwords of the live for a replay that is protected by them. Without any it is private: nobody shall
// see what was to be protected.
func passwordsFor(tx *state.Tx, replay *Video, live int64) ([]string, error) {
	if replay.Privacy != Protected {
		return nil, nil
	}
	hashes, err := list(context.Background(), tx, "the passwords of a live", value[string],
		`SELECT hash FROM video_password WHERE video_id = ? ORDER BY position`, live)
	if len(hashes) == 0 {
		replay.Privacy = Private
	}
	return hashes, err
}

// keep notes the recording.
func (e endSession) keep(tx *state.Tx, v *Video, s Session) error {
	r := e.Recording
	_, err := tx.Exec(`INSERT INTO recording (session, video_id, account_id, position, made, duration, bytes, width, height, rate, has_video, has_audio)
		VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.UUID, v.ID, v.Channel.Account.ID, e.At, r.Duration, r.Bytes, r.Width, r.Height, r.Rate, r.Video, r.Audio)
	return err
}
