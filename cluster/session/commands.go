package session

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"shoal/cluster/state"
	"shoal/internal/media"
)

// Register makes the claims' table and commands known.
func Register(reg *state.Registry) {
	reg.AddSchema(state.Schema{Package: "session", Steps: []string{
		// Of each live that was ever claimed: the epoch of the last claim, and where the next one begins.
		`CREATE TABLE claim (
			live              TEXT PRIMARY KEY,
			epoch             INTEGER NOT NULL,
			segment           INTEGER NOT NULL, -- a media sequence number that was not used
			discontinuities   INTEGER NOT NULL,
			part_target       INTEGER NOT NULL, -- nanoseconds
			audio_part_target INTEGER NOT NULL
		) STRICT, WITHOUT ROWID`,
	}})
	reg.Add(claim{}, reserve{}, release{})
}

// mark is how far an epoch of a live has got, in the form of the log.
type mark struct {
	Live            media.LiveID `json:"live"`
	Epoch           uint64       `json:"epoch"`
	Segment         uint64       `json:"segment"` // number of the next one
	Listed          bool         `json:"listed"`  // something was listed before
	Discontinuities uint64       `json:"discontinuities"`
	PartTarget      int64        `json:"part_target"` // nanoseconds
	AudioPartTarget int64        `json:"audio_part_target"`
}

// markOf brings a position into the form of the log.
func markOf(live media.LiveID, epoch uint64, at media.Position) mark {
	return mark{live, epoch, at.Segment, at.Discontinuity, at.DiscontinuitySequence, int64(at.PartTarget), int64(at.AudioPartTarget)}
}

// position is the opposite.
func (m mark) position() media.Position {
	return media.Position{
		Segment: m.Segment, Discontinuity: m.Listed, DiscontinuitySequence: m.Discontinuities,
		PartTarget: time.Duration(m.PartTarget), AudioPartTarget: time.Duration(m.AudioPartTarget),
	}
}

// ahead gives the mark with numbers to spare.
func (m mark) ahead(spare uint64) mark {
	m.Segment += spare
	m.Discontinuities += spare
	return m
}

// load reads where a live's next claim begins; epoch 0 if it was never claimed.
func load(tx *state.Tx, live media.LiveID) (mark, error) {
	m := mark{Live: live, Listed: true}
	err := tx.QueryRow(`SELECT epoch, segment, discontinuities, part_target, audio_part_target FROM claim WHERE live = ?`, live).
		Scan(&m.Epoch, &m.Segment, &m.Discontinuities, &m.PartTarget, &m.AudioPartTarget)
	if errors.Is(err, sql.ErrNoRows) {
		return mark{Live: live, Segment: firstSegment}, nil
	}
	if err != nil {
		return mark{}, fmt.Errorf("read the claim on %s: %w", live, err)
	}
	return m, nil
}

// save says where a live's next claim begins.
func (m mark) save(tx *state.Tx) error {
	_, err := tx.Exec(`INSERT INTO claim (live, epoch, segment, discontinuities, part_target, audio_part_target) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (live) DO UPDATE SET epoch = excluded.epoch, segment = excluded.segment, discontinuities = excluded.discontinuities,
		part_target = excluded.part_target, audio_part_target = excluded.audio_part_target`,
		m.Live, int64(m.Epoch), int64(m.Segment), int64(m.Discontinuities), m.PartTarget, m.AudioPartTarget)
	return err
}

// claim takes a live. Its result is the mark with which the new epoch begins.
type claim struct {
	Live  media.LiveID `json:"live"`
	Spare uint64       `json:"spare"` // numbers to reserve
	// Own is how far the claimant has got with its claim before, which holds if nobody has claimed the live in between:
	// then no number is left out.
	Own *mark `json:"own,omitempty"`
}

func (claim) Kind() string { return "session.live.claim/1" }

func (c claim) Apply(tx *state.Tx) (any, error) {
	m, err := load(tx, c.Live)
	if err != nil {
		return nil, err
	}
	if c.Own != nil && c.Own.Epoch == m.Epoch {
		own := *c.Own
		own.Live = c.Live
		m = own
	}
	m.Epoch++
	return m, m.ahead(c.Spare).save(tx)
}

// reserve keeps more numbers for lives that run. Those that somebody else has claimed are left alone. Its result is how many
// were not.
type reserve struct {
	Marks []mark `json:"marks"`
	Spare uint64 `json:"spare"`
}

func (reserve) Kind() string { return "session.live.reserve/1" }

func (r reserve) Apply(tx *state.Tx) (any, error) { return advance(tx, r.Marks, r.Spare) }

// release gives back what was reserved and not used, at a clean stop: the next claims begin exactly at the marks. Its result
// is that of reserve.
type release struct {
	Marks []mark `json:"marks"`
}

func (release) Kind() string { return "session.live.release/1" }

func (r release) Apply(tx *state.Tx) (any, error) { return advance(tx, r.Marks, 0) }

// advance moves the beginnings of the next claims.
func advance(tx *state.Tx, marks []mark, spare uint64) (moved int, err error) {
	for _, m := range marks {
		now, err := load(tx, m.Live)
		if err != nil {
			return 0, err
		}
		if now.Epoch != m.Epoch {
			continue
		}
		if err := m.ahead(spare).save(tx); err != nil {
			return 0, err
		}
		moved++
	}
	return moved, nil
}
