package catalog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"shoal/cluster/fsm"
	"shoal/cluster/fsm/fsmtest"
	"shoal/cluster/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a catalog over an empty state that checks, when the test ends, that all commands were deterministic.
func open(t testing.TB) (*Catalog, *fsmtest.State) {
	t.Helper()
	s := fsmtest.New(t, Register)
	return New(s, s), s
}

// fillVideos writes many videos at once: the log's way would take minutes. Nothing but tests knows it.
type fillVideos struct{ N, Channels int }

func (fillVideos) Kind() string { return "catalogtest.videos.fill/1" }

func (f fillVideos) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	channels := make([]Channel, f.Channels)
	for i := range channels {
		name := fmt.Sprintf("user%d", i)
		id, err := tx.NextID("user")
		if err != nil {
			return nil, err
		}
		if _, err := tx.Exec(`INSERT INTO user (id, name, email, role, blocked, reason, quota, daily_quota, must_change, password, created)
			VALUES (?, ?, '', ?, 0, '', -1, -1, 0, '', ?)`, id, name, Ordinary, tx.Now().UnixMilli()); err != nil {
			return nil, err
		}
		channel, err := insertAccount(tx, name, name, &id)
		if err != nil {
			return nil, err
		}
		if channels[i], err = channelByID(ctx, tx, channel); err != nil {
			return nil, err
		}
	}
	numbers := make([]string, len(channels))
	for i, c := range channels {
		numbers[i] = fmt.Sprintf("(%d, %d, %d)", i, c.ID, c.Account.ID)
	}
	// Every other video is in the first channel. One in twenty each is unlisted, private, and for who is logged in; one in
	// fifty is sensitive.
	if _, err := tx.Exec(`WITH channels (n, channel, account) AS (VALUES `+strings.Join(numbers, ", ")+`),
		one (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM one WHERE i + 1 < ?1)
		INSERT INTO video (id, uuid, channel_id, account_id, privacy, state, is_live, nsfw, created, updated, published, original, duration, views,
			category, licence, language, comments, download, access, aspect, poster, alias, name, tags, support, description)
		SELECT i + 1, printf('%08x-0000-4000-8000-%012x', i * 2654435761 % 4294967296, i), channel, account,
			CASE i % 20 WHEN 1 THEN 2 WHEN 2 THEN 3 WHEN 3 THEN 4 ELSE 1 END, 1, 0, i % 50 = 7,
			1700000000000 + i * 60000, 1700000000000 + i * 60000, 1700000000000 + i * 60000, 0, (i % 7200) * 1000000000, i * 7919 % 10007,
			i % 16, 0, CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN 'en' ELSE 'fr' END, 1, 1, 0, 17778, 0, '',
			printf('Concert %d in the %s of town %d', i, CASE i % 4 WHEN 0 THEN 'hall' WHEN 1 THEN 'square' WHEN 2 THEN 'church' ELSE 'école' END, i % 977),
			printf('["tag%d","music"]', i % 50), '', 'What was played that evening, and by whom. Thanks to all who came.'
		FROM one JOIN channels ON n = (i % 2) * (i % ?2) ORDER BY i`, f.N, len(channels)); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`INSERT INTO counter (series, last) VALUES ('video', ?)`, f.N); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`INSERT INTO video_tag (tag, video_id) SELECT value, v.id FROM video v, json_each(v.tags) ORDER BY v.id, value`); err != nil {
		return nil, err
	}
	_, err := tx.Exec(`INSERT INTO recording (session, video_id, account_id, position, made, duration, bytes, width, height, rate, has_video, has_audio)
		SELECT uuid, id, account_id, 0, published, duration, 1000000 + id, 1280, 720, 25, 1, 1 FROM video ORDER BY id`)
	return nil, err
}

// machine is a state that does not replay what it was given.
type machine struct {
	*fsm.Machine
	reg   *state.Registry
	index uint64
}

func (m *machine) Propose(_ context.Context, c state.Command) (any, error) {
	data, err := m.reg.Encode(c, fsmtest.Epoch)
	if err != nil {
		return nil, err
	}
	m.index++
	r := m.Apply(&raft.Log{Index: m.index, Type: raft.LogCommand, Data: data}).(fsm.Result)
	return r.Value, r.Err
}

// filled makes a catalog with many videos.
func filled(t testing.TB, videos, channels int) (*Catalog, *machine) {
	t.Helper()
	m := &machine{reg: state.NewRegistry()}
	fsm.Register(m.reg)
	Register(m.reg)
	m.reg.Add(fillVideos{})
	var err error
	if m.Machine, err = fsm.Open(filepath.Join(t.TempDir(), "state.db"), m.reg, fsm.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range append(m.SchemaBehind(), fillVideos{videos, channels}) {
		if _, err := m.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return New(m, m), m
}

// user makes an ordinary user.
func user(t testing.TB, c *Catalog, name string) User {
	t.Helper()
	return makeUser(t, c, NewUser{Name: name, Role: Ordinary, PasswordHash: "hash of " + name, Quota: Unlimited, DailyQuota: Unlimited})
}

func makeUser(t testing.TB, c *Catalog, n NewUser) User {
	t.Helper()
	u, err := c.CreateUser(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// firstChannel gives the channel that came with an account.
func firstChannel(t testing.TB, c *Catalog, account string) Channel {
	t.Helper()
	ch, err := c.Channel(t.Context(), account+"_channel")
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func makeLive(t testing.TB, c *Catalog, n NewLive) Video {
	t.Helper()
	v, err := c.CreateLive(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// begin puts a live on the air.
func begin(t testing.TB, c *Catalog, live string, at time.Time) Session {
	t.Helper()
	s, err := c.BeginSession(t.Context(), NewSession{Video: live, At: at, MaxLives: Unlimited, MaxUser: Unlimited})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// end takes a live off the air, with a recording of an hour.
func end(t testing.TB, c *Catalog, session string, at time.Time, bytes int64) *Video {
	t.Helper()
	v, err := c.EndSession(t.Context(), EndSession{UUID: session, At: at, Recording: &Recording{
		Duration: time.Hour, Bytes: bytes, Width: 1280, Height: 720, Rate: 25, HasVideo: true, HasAudio: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// video reads a video that is there.
func video(t testing.TB, c *Catalog, ref string) Video {
	t.Helper()
	v, err := c.Video(t.Context(), ref)
	if err != nil {
		t.Fatalf("%s: %v", ref, err)
	}
	return v
}

// refused checks that something was refused in this way.
func refused(t testing.TB, what string, err error, want *state.Refusal) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want %s", what, err, want.Code)
	}
}

// refusedAs is refused for tables.
func refusedAs(t testing.TB, what string, err, want error) {
	t.Helper()
	refused(t, what, err, want.(*state.Refusal))
}

// moderator sees everything.
var moderator = Viewer{LoggedIn: true, Role: Moderator}

// count counts the rows of a table.
func count(t testing.TB, c *Catalog, table string) int {
	t.Helper()
	n, err := read(t.Context(), c, func(q state.Querier) (int, error) {
		return one(t.Context(), q, table, value[int], `SELECT count(*) FROM `+table)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
