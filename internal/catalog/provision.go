package catalog

import (
	"context"
	"maps"
	"slices"

	"shoal/cluster/state"
)

// systemAccount owns the lives of the configuration while there is no user.
const systemAccount = "shoal"

// Declared is a live of the configuration.
type Declared struct {
	UUID       string
	Name       string // the alias in links
	Title      string // "" for the name
	Key        string
	Permanent  bool
	SaveReplay bool
}

// provision brings the lives in line with the configuration.
type provision struct {
	Lives []declared `json:"lives"`
}

// declared is a Declared as it stands in a log.
type declared struct {
	UUID       string `json:"uuid"`
	Alias      string `json:"alias"`
	Name       string `json:"name"`
	Key        string `json:"key"`
	Permanent  bool   `json:"permanent,omitempty"`
	SaveReplay bool   `json:"saveReplay,omitempty"`
}

func (provision) Kind() string { return "catalog.live.provision/1" }

// Provision brings the lives in line with the configuration. A new one belongs to the first channel of the first admin, or,
// while there is no user, to the instance's own account, from which it goes to the first admin's later. One that is declared no
// more stays, as anybody's, but its key is void. A short-lived one that has become a replay is left as it is. Nothing is proposed if nothing
// differs. ErrInvalid, ErrKeyTaken by a live that is not declared, ErrUUIDTaken by a video that never was.
func (c *Catalog) Provision(ctx context.Context, lives []Declared) error {
	var check checker
	want := make([]declared, 0, len(lives))
	for _, d := range lives {
		if d.Title == "" {
			d.Title = d.Name
		}
		check.line("title of a live", &d.Title, 1, 4*maxVideoName)
		check.alias(d.Name)
		check.key(d.Key)
		if d.UUID == "" {
			check.fail("A live of the configuration has no UUID.")
		}
		want = append(want, declared{check.uuid(d.UUID), d.Name, fit(d.Title, maxVideoName), d.Key, d.Permanent, d.SaveReplay})
	}
	if err := check.err(); err != nil {
		return err
	}
	same, err := read(ctx, c, func(q state.Querier) (bool, error) { return provisioned(ctx, q, want) })
	if err != nil || same {
		return err
	}
	_, err = c.proposer.Propose(ctx, provision{want})
	return err
}

// standing is a declared live as it is, with what decides whether it has to change.
type standing struct {
	declared
	id                           int64
	isLive, declaredNow, systems bool
}

// stands reads the lives that are declared or are to be, by their UUIDs.
func stands(ctx context.Context, q state.Querier, want []declared) (map[string]standing, error) {
	uuids := make([]string, len(want))
	for i, d := range want {
		uuids[i] = d.UUID
	}
	scan := func(r scanner) (s standing, err error) {
		err = r.Scan(&s.id, &s.UUID, &s.Alias, &s.Name, &s.Key, &s.Permanent, &s.SaveReplay, &s.isLive, &s.declaredNow, &s.systems)
		return s, err
	}
	all, err := list(ctx, q, "the lives of the configuration", scan, `SELECT v.id, v.uuid, v.alias, v.name, COALESCE(l.key, ''), COALESCE(l.permanent, 0),
		COALESCE(l.save_replay, 0), l.video_id IS NOT NULL, COALESCE(l.declared, 0), a.user_id IS NULL
		FROM video v JOIN account a ON a.id = v.account_id LEFT JOIN live l ON l.video_id = v.id
		WHERE v.uuid IN (`+marks(len(uuids))+`) OR v.id IN (SELECT video_id FROM live WHERE declared <> 0) ORDER BY v.id`, anys(uuids)...)
	if err != nil {
		return nil, err
	}
	by := make(map[string]standing, len(all))
	for _, s := range all {
		by[s.UUID] = s
	}
	return by, nil
}

// fits says whether a live is as it is to be. admin is the first admin's channel, 0 if there is none.
func (s standing) fits(d declared, admin int64) bool {
	return !s.isLive || s.declaredNow && s.declared == d && !(s.systems && admin != 0)
}

// provisioned says whether the lives are as they are to be.
func provisioned(ctx context.Context, q state.Querier, want []declared) (bool, error) {
	now, err := stands(ctx, q, want)
	if err != nil {
		return false, err
	}
	admin, err := firstAdmin(ctx, q)
	if err != nil {
		return false, err
	}
	for _, d := range want {
		if s, ok := now[d.UUID]; !ok || !s.fits(d, admin) {
			return false, nil
		}
		delete(now, d.UUID)
	}
	for _, s := range now {
		if s.declaredNow {
			return false, nil
		}
	}
	return true, nil
}

// firstAdmin gives the first channel of the first admin; 0 if there is none.
func firstAdmin(ctx context.Context, q state.Querier) (channel int64, err error) {
	channel, err = one(ctx, q, "the first admin's channel", value[int64], `SELECT c.id FROM user u JOIN account a ON a.user_id = u.id
		JOIN channel c ON c.account_id = a.id WHERE u.role = ? ORDER BY u.id, c.id LIMIT 1`, Admin)
	if isNotFound(err) {
		return 0, nil
	}
	return channel, err
}

func (p provision) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	now, err := stands(ctx, tx, p.Lives)
	if err != nil {
		return nil, err
	}
	if err := p.retire(tx, now); err != nil {
		return nil, err
	}
	admin, err := firstAdmin(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, d := range p.Lives {
		s, ok := now[d.UUID]
		if ok && s.fits(d, admin) {
			continue
		}
		if taken, err := keyTaken(tx, d.Key, s.id); err != nil || taken {
			return nil, refuse(taken, ErrKeyTaken, err)
		}
		if _, err := tx.Exec(`UPDATE video SET alias = '' WHERE alias = ? AND alias <> '' AND uuid <> ?`, d.Alias, d.UUID); err != nil {
			return nil, err
		}
		if !ok {
			err = d.create(tx, admin)
		} else {
			err = d.update(tx, s, admin)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// retire takes the keys that change, so that they may be given anew in any way, and lets go of the lives that are declared no
// more.
func (p provision) retire(tx *state.Tx, now map[string]standing) error {
	want := make(map[string]declared, len(p.Lives))
	for _, d := range p.Lives {
		want[d.UUID] = d
	}
	for _, uuid := range slices.Sorted(maps.Keys(now)) {
		s := now[uuid]
		d, stays := want[uuid]
		if !s.isLive || stays && s.Key == d.Key {
			continue
		}
		if _, err := tx.Exec(`UPDATE live SET key = '', key_hash = NULL, declared = ? WHERE video_id = ?`, stays, s.id); err != nil {
			return err
		}
	}
	return nil
}

// create makes the live.
func (d declared) create(tx *state.Tx, channel int64) (err error) {
	if channel == 0 {
		if channel, err = systemChannel(tx); err != nil {
			return err
		}
	}
	v := Video{UUID: d.UUID, Alias: d.Alias, Name: d.Name, Privacy: Public, Comments: 1, Download: true}
	if v.Channel, err = channelByID(context.Background(), tx, channel); err != nil {
		return err
	}
	v.Live = &Live{Key: d.Key, Permanent: d.Permanent, SaveReplay: d.SaveReplay, Latency: DefaultLatency, Declared: true}
	return insertLive(tx, &v)
}

// systemChannel gives the channel of the instance's own account, which is made when it is first needed.
func systemChannel(tx *state.Tx) (id int64, err error) {
	id, err = one(context.Background(), tx, "the instance's channel", value[int64],
		`SELECT c.id FROM account a JOIN channel c ON c.account_id = a.id WHERE a.name = ? ORDER BY c.id LIMIT 1`, systemAccount)
	if isNotFound(err) {
		return insertAccount(tx, systemAccount, "Shoal", nil)
	}
	return id, err
}

// update brings the live in line.
func (d declared) update(tx *state.Tx, s standing, admin int64) error {
	if _, err := tx.Exec(`UPDATE live SET key = ?, key_hash = ?, permanent = ?, save_replay = ?, declared = 1
		WHERE video_id = ?`, d.Key, keyHash(d.Key), d.Permanent, d.SaveReplay, s.id); err != nil {
		return err
	}
	if s.systems && admin != 0 {
		if _, err := tx.Exec(`UPDATE video SET channel_id = ?1, account_id = (SELECT account_id FROM channel WHERE id = ?1) WHERE id = ?2`,
			admin, s.id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE video SET alias = ?, name = ?, updated = ? WHERE id = ?`, d.Alias, d.Name, tx.Now().UnixMilli(), s.id)
	return err
}
