package catalog

import (
	"context"

	"shoal/cluster/state"
)

const (
	sessionColumns = `s.id, s.uuid, v.uuid, s.start_at, s.end_at, s.save_replay, CASE s.replay_privacy WHEN 0 THEN v.privacy ELSE s.replay_privacy END, s.replay, s.error`
	sessionTables  = ` FROM session s JOIN video v ON v.id = s.video_id`
	// openSessions are the few that have not ended, among all that ever were.
	openSessions = ` FROM session s INDEXED BY session_open CROSS JOIN video v ON v.id = s.video_id WHERE s.end_at = 0`
)

func scanSession(r scanner) (s Session, err error) {
	var start, end int64
	if err := r.Scan(&s.ID, &s.UUID, &s.Video, &start, &end, &s.SaveReplay, &s.ReplayPrivacy, &s.Replay, &s.Error); err != nil {
		return Session{}, err
	}
	s.Start, s.End = moment(start), moment(end)
	return s, nil
}

// sessionBy reads the session that a condition on s names.
func sessionBy(ctx context.Context, q state.Querier, where string, args ...any) (Session, error) {
	return one(ctx, q, "the broadcast", scanSession, `SELECT `+sessionColumns+sessionTables+` WHERE `+where, args...)
}

// Session reads a broadcast by its UUID. ErrNotFound.
func (c *Catalog) Session(ctx context.Context, uuid string) (Session, error) {
	return read(ctx, c, func(q state.Querier) (Session, error) { return sessionBy(ctx, q, `s.uuid = ?`, uuid) })
}

// SessionOf reads the broadcast that a replay shows, or the last one of a live. ErrNotFound.
func (c *Catalog) SessionOf(ctx context.Context, replayOrLiveUUID string) (Session, error) {
	return read(ctx, c, func(q state.Querier) (Session, error) {
		s, err := sessionBy(ctx, q, `s.replay = ? AND s.replay <> '' ORDER BY s.id DESC LIMIT 1`, replayOrLiveUUID)
		if isNotFound(err) {
			return sessionBy(ctx, q, `v.uuid = ? ORDER BY s.start_at DESC, s.id DESC LIMIT 1`, replayOrLiveUUID)
		}
		return s, err
	})
}

// Sessions lists the broadcasts of a live, the last first, and counts them all.
func (c *Catalog) Sessions(ctx context.Context, videoUUID string, p Page) (sessions []Session, total int, err error) {
	limit, offset := p.limits()
	return pages(ctx, c, "the broadcasts of a live", scanSession, sessionColumns, sessionTables+` WHERE v.uuid = ?`, []any{videoUUID},
		` ORDER BY s.start_at DESC, s.id DESC`, limit, offset)
}

// OpenSessions lists the broadcasts that have not ended, oldest first: those on the air, and those of a process before this one.
func (c *Catalog) OpenSessions(ctx context.Context) ([]Session, error) {
	return read(ctx, c, func(q state.Querier) ([]Session, error) {
		return list(ctx, q, "the open broadcasts", scanSession, `SELECT `+sessionColumns+openSessions+` ORDER BY s.id`)
	})
}
