package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"shoal/cluster/state"
)

// videoColumns are scanned by scanVideo. A live has l.key and what follows; else they are NULL.
const videoColumns = `v.id, v.uuid, v.alias, v.name, v.description, v.support, v.category, v.licence, v.language, v.tags, v.nsfw, v.privacy,
	v.comments, v.download, v.state, v.is_live, v.duration, v.views, v.access, v.aspect, v.poster, v.created, v.updated, v.published, v.original,
	l.key, l.permanent, l.save_replay, l.replay_privacy, l.latency, l.takeover, l.declared, ` + channelColumns

// videoTables go with videoColumns.
const videoTables = ` FROM video v JOIN channel c ON c.id = v.channel_id JOIN account a ON a.id = c.account_id LEFT JOIN live l ON l.video_id = v.id`

func scanVideo(s scanner) (v Video, err error) {
	var tags []byte
	var duration int64
	var times [4]int64
	var channelTimes [4]int64
	var key *string
	var permanent, saveReplay, declared *bool
	var replayPrivacy *Privacy
	var latency *Latency
	var takeover *Takeover
	if err := s.Scan(append([]any{
		&v.ID, &v.UUID, &v.Alias, &v.Name, &v.Description, &v.Support, &v.Category, &v.Licence, &v.Language, &tags, &v.NSFW, &v.Privacy,
		&v.Comments, &v.Download, &v.State, &v.IsLive, &duration, &v.Views, &v.Access, &v.Aspect, &v.Poster, &times[0], &times[1], &times[2], &times[3],
		&key, &permanent, &saveReplay, &replayPrivacy, &latency, &takeover, &declared,
	}, v.Channel.into(&channelTimes)...)...); err != nil {
		return Video{}, err
	}
	v.Channel.at(&channelTimes)
	v.Duration = time.Duration(duration)
	v.Created, v.Updated, v.Published, v.Original = moment(times[0]), moment(times[1]), moment(times[2]), moment(times[3])
	if len(tags) > len("[]") {
		if err := json.Unmarshal(tags, &v.Tags); err != nil {
			return Video{}, fmt.Errorf("read the tags of %s: %w", v.UUID, err)
		}
	}
	if key != nil {
		v.Live = &Live{*key, *permanent, *saveReplay, *replayPrivacy, *latency, *takeover, *declared}
		if v.Live.ReplayPrivacy == 0 {
			v.Live.ReplayPrivacy = v.Privacy
		}
	}
	return v, nil
}

// videoBy reads the video that a condition on v or l names.
func videoBy(ctx context.Context, q state.Querier, where string, args ...any) (Video, error) {
	v, err := one(ctx, q, "the video", scanVideo, `SELECT `+videoColumns+videoTables+` WHERE `+where, args...)
	if err != nil || v.IsLive {
		return v, err
	}
	v.Recordings, err = list(ctx, q, "the recordings of "+v.UUID, scanRecording,
		`SELECT `+recordingColumns+` FROM recording WHERE video_id = ? ORDER BY position`, v.ID)
	return v, err
}

func videoByUUID(ctx context.Context, q state.Querier, uuid string) (Video, error) {
	return videoBy(ctx, q, `v.uuid = ?`, uuid)
}

// videosByID reads videos in the order of their numbers; one that is gone is left out.
func videosByID(ctx context.Context, q state.Querier, ids []int64) ([]Video, error) {
	if len(ids) == 0 {
		return []Video{}, nil
	}
	in := ` IN (` + marks(len(ids)) + `)`
	found, err := list(ctx, q, "the videos", scanVideo, `SELECT `+videoColumns+videoTables+` WHERE v.id`+in, anys(ids)...)
	if err != nil {
		return nil, err
	}
	type of struct {
		video int64
		Recording
	}
	scan := func(s scanner) (o of, err error) {
		o.Recording, err = scanRecording(scanFunc(func(into ...any) error { return s.Scan(append([]any{&o.video}, into...)...) }))
		return o, err
	}
	recordings, err := list(ctx, q, "the recordings", scan,
		`SELECT video_id, `+recordingColumns+` FROM recording WHERE video_id`+in+` ORDER BY video_id, position`, anys(ids)...)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]*Video, len(found))
	for i := range found {
		at[found[i].ID] = &found[i]
	}
	for _, r := range recordings {
		if v := at[r.video]; v != nil {
			v.Recordings = append(v.Recordings, r.Recording)
		}
	}
	sorted := make([]Video, 0, len(ids))
	for _, id := range ids {
		if v := at[id]; v != nil {
			sorted = append(sorted, *v)
		}
	}
	return sorted, nil
}

// scanFunc makes a scanner of a function.
type scanFunc func(into ...any) error

func (f scanFunc) Scan(into ...any) error { return f(into...) }

const recordingColumns = `session, duration, bytes, width, height, rate, has_video, has_audio`

func scanRecording(s scanner) (r Recording, err error) {
	var duration int64
	err = s.Scan(&r.Session, &duration, &r.Bytes, &r.Width, &r.Height, &r.Rate, &r.HasVideo, &r.HasAudio)
	r.Duration = time.Duration(duration)
	return r, err
}

// Video reads a video by its number, its UUID, the short form of it, or its alias. ErrNotFound.
func (c *Catalog) Video(ctx context.Context, ref string) (Video, error) {
	return remember(ctx, c, &c.videos, ref, func(q state.Querier) (Video, error) {
		if len(ref) == 36 {
			if u, err := uuid.Parse(ref); err == nil {
				return videoByUUID(ctx, q, u.String())
			}
		}
		// In its one spelling: who judges by whether a reference is a number must not be got round by "+5".
		if id, err := strconv.ParseInt(ref, 10, 64); err == nil && strconv.FormatInt(id, 10) == ref {
			if v, err := videoBy(ctx, q, `v.id = ?`, id); !isNotFound(err) {
				return v, err
			}
		}
		if u, err := ParseShortUUID(ref); err == nil {
			if v, err := videoByUUID(ctx, q, u); !isNotFound(err) {
				return v, err
			}
		}
		if ref == "" {
			return Video{}, ErrNotFound
		}
		return videoBy(ctx, q, `v.alias = ? AND v.alias <> ''`, ref)
	})
}

// PasswordHashes reads the hashes of a video's passwords. It is no error if there is no such video.
func (c *Catalog) PasswordHashes(ctx context.Context, uuid string) ([]string, error) {
	return read(ctx, c, func(q state.Querier) ([]string, error) {
		return list(ctx, q, "the passwords of a video", value[string],
			`SELECT p.hash FROM video_password p JOIN video v ON v.id = p.video_id WHERE v.uuid = ? ORDER BY p.position`, uuid)
	})
}

// UsedBytes counts what a user's recordings take: in all, and of those made in the last 24 hours.
func (c *Catalog) UsedBytes(ctx context.Context, userID int64) (total, today int64, err error) {
	_, err = read(ctx, c, func(q state.Querier) (struct{}, error) {
		total, today, err = usedBytes(ctx, q, userID, time.Now())
		return struct{}{}, err
	})
	return total, today, err
}

func usedBytes(ctx context.Context, q state.Querier, userID int64, now time.Time) (total, today int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(SUM(r.bytes), 0), COALESCE(SUM(CASE WHEN r.made > ? THEN r.bytes ELSE 0 END), 0)
		FROM account a JOIN recording r ON r.account_id = a.id WHERE a.user_id = ?`, now.Add(-24*time.Hour).UnixMilli(), userID).Scan(&total, &today)
	if err != nil {
		return 0, 0, fmt.Errorf("count the bytes of a user: %w", err)
	}
	return total, today, nil
}

// Stored counts what all recordings take, and gives the replays that were made first, up to 20, oldest first: what is trimmed
// for room or age.
func (c *Catalog) Stored(ctx context.Context) (bytes int64, oldest []Video, err error) {
	oldest, err = read(ctx, c, func(q state.Querier) ([]Video, error) {
		if bytes, err = one(ctx, q, "the size of recordings", value[int64], `SELECT COALESCE(SUM(bytes), 0) FROM recording`); err != nil {
			return nil, err
		}
		// A replay of several broadcasts is as old as its last.
		ids, err := list(ctx, q, "the oldest replays", value[int64], `SELECT r.video_id FROM recording r
			WHERE NOT EXISTS (SELECT 1 FROM recording o WHERE o.video_id = r.video_id AND o.position > r.position)
			ORDER BY r.made, r.video_id LIMIT 20`)
		if err != nil {
			return nil, err
		}
		return videosByID(ctx, q, ids)
	})
	return bytes, oldest, err
}
