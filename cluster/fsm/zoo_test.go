package fsm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// The zoo has one of each kind of table, so that the sum meets everything SQLite does to rows.
var zooSchema = state.Schema{
	Package: "zoo",
	Steps: []string{
		`CREATE TABLE item (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, title TEXT NOT NULL, weight REAL, data BLOB, at INTEGER NOT NULL,
			CHECK (length(title) < 4000)) STRICT;
		CREATE INDEX item_at ON item (at, title);
		CREATE TABLE pair (a TEXT, b TEXT, n INTEGER NOT NULL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
		CREATE TABLE child (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE, note ANY) STRICT;
		CREATE INDEX child_item ON child (item);
		CREATE TABLE loose (a, "b ""c" VARCHAR(3), made DATETIME, both TEXT AS (a || made) VIRTUAL, kept TEXT AS (a || 'x') STORED, last BOOLEAN);
		CREATE VIRTUAL TABLE words USING fts5 (title, content='item', content_rowid='id');
		CREATE TRIGGER item_i AFTER INSERT ON item BEGIN INSERT INTO words (rowid, title) VALUES (new.id, new.title); END;
		CREATE TRIGGER item_d AFTER DELETE ON item BEGIN INSERT INTO words (words, rowid, title) VALUES ('delete', old.id, old.title); END;
		CREATE TRIGGER item_u AFTER UPDATE OF title ON item BEGIN
			INSERT INTO words (words, rowid, title) VALUES ('delete', old.id, old.title);
			INSERT INTO words (rowid, title) VALUES (new.id, new.title); END;
		CREATE TABLE cached (n INTEGER PRIMARY KEY, text TEXT)`,
		`ALTER TABLE item ADD COLUMN extra TEXT NOT NULL DEFAULT 'none';
		ALTER TABLE pair ADD COLUMN extra REAL;
		CREATE TABLE later (k TEXT PRIMARY KEY, v INTEGER);
		INSERT INTO later (k, v) SELECT a || b, n FROM pair ORDER BY a, b`,
	},
	Derived: []string{"words", "cached"},
}

// do is a command that runs one of the zoo's statements.
type do struct {
	What string
	N    int64
	Text string
	Real float64
	Blob []byte
}

func (do) Kind() string { return "zoo.do/1" }

var statements = map[string]string{
	"new":      `INSERT INTO item (id, uuid, title, weight, data, at) VALUES (?1, 'u' || ?1, ?2, ?3, ?4, ?5)`,
	"replace":  `REPLACE INTO item (id, uuid, title, weight, data, at) VALUES (?1, 'u' || (?1 % 50), ?2, ?3, ?4, ?5)`,
	"upsert":   `INSERT INTO item (id, uuid, title, weight, data, at) VALUES (?1, 'u' || (?1 % 50), ?2, ?3, ?4, ?5) ON CONFLICT (uuid) DO UPDATE SET title = title || excluded.title WHERE length(title) < 100`,
	"renumber": `UPDATE OR REPLACE item SET id = id + 1, uuid = 'u' || (id % 60) WHERE id % 7 = ?1 % 7`,
	"retitle":  `UPDATE item SET title = ?2, weight = ?3 WHERE id % 5 = ?1 % 5`,
	"remove":   `DELETE FROM item WHERE id % 11 = ?1 % 11`,
	"pair":     `INSERT INTO pair (a, b, n) VALUES (?2, ?1 % 30, 1) ON CONFLICT DO UPDATE SET n = n + 1`,
	"pairs":    `INSERT OR REPLACE INTO pair (a, b, n) SELECT title, id, at FROM item ORDER BY id LIMIT 5`,
	"repair":   `UPDATE OR REPLACE pair SET b = b || 'x', n = n + ?1 WHERE length(b) < 4`,
	"unpair":   `DELETE FROM pair WHERE a = ?2`,
	"nopair":   `DELETE FROM pair`,
	"child":    `INSERT INTO child (item, note) SELECT id, ?2 FROM item ORDER BY id LIMIT 3`,
	"grand":    `INSERT INTO child (item, note) SELECT id, ?4 FROM item ORDER BY id DESC LIMIT 2`,
	"orphan":   `INSERT INTO child (item, note) VALUES (-1, ?3)`,
	"loose":    `INSERT INTO loose (a, "b ""c", made, last) VALUES (?2, ?4, '2026-01-02 03:04:05', ?1 % 2), (?1, ?3, ?5, NULL), (?3, x'', 1.0, 'true')`,
	"looser":   `INSERT INTO loose (a, last) SELECT last, a FROM loose ORDER BY rowid LIMIT 4`,
	"loosest":  `DELETE FROM loose`,
	"cache":    `INSERT OR REPLACE INTO cached (n, text) VALUES (?1, ?2)`,
}

func (c do) Apply(tx *state.Tx) (any, error) {
	switch c.What {
	case "refuse":
		if _, err := tx.Exec(statements["new"], 1_000_000+c.N, c.Text, c.Real, c.Blob, tx.Now().UnixMilli()); err != nil {
			return nil, err
		}
		if _, err := tx.NextID("refused"); err != nil {
			return nil, err
		}
		return nil, &state.Refusal{Code: "no", Text: "No."}
	case "panic":
		if _, err := tx.Exec(statements["nopair"]); err != nil {
			return nil, err
		}
		panic("the command's own")
	case "fail":
		if _, err := tx.Exec(statements["nopair"]); err != nil {
			return nil, err
		}
		return nil, errors.New("the command's own")
	case "count":
		return tx.NextID(c.Text)
	case "sql":
		return tx.Exec(c.Text)
	}
	args := []any{c.N, c.Text, c.Real, c.Blob, tx.Now().UnixMilli()}
	return tx.Exec(statements[c.What], args...)
}

func zoo(r *state.Registry) {
	r.Add(do{})
	r.AddSchema(zooSchema)
}

func zooRegistry() *state.Registry {
	r := state.NewRegistry()
	Register(r)
	zoo(r)
	return r
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// randomCommand draws one of the commands that go on for ever.
func randomCommand(r *rand.Rand) do {
	all := []string{
		"new", "new", "new", "new", "replace", "upsert", "renumber", "retitle", "remove", "pair", "pair", "pair", "pairs", "pairs", "repair", "unpair",
		"child", "grand", "orphan", "loose", "loose", "looser", "cache", "refuse", "count",
	}
	if r.IntN(100) == 0 {
		all = []string{"nopair", "loosest"} // everything at once is a way of its own in SQLite
	}
	c := do{What: all[r.IntN(len(all))], N: r.Int64N(200), Text: []string{"", "a", "grüße an alle", "one two three", "nul\x00inside"}[r.IntN(5)]}
	c.Real = []float64{0, 1, -2.5, 1e300, 0.1}[r.IntN(5)]
	if r.IntN(2) == 0 {
		c.Blob = []byte(strings.Repeat("\x00\xff", r.IntN(4)))
	}
	if r.IntN(10) == 0 {
		c.Text = strings.Repeat("long ", 1000) // a row with overflow pages; too long for a title, at times
	}
	return c
}

// logEntry is an entry of the endless random log of a seed: the schema in two steps, and random commands.
func logEntry(t testing.TB, reg *state.Registry, seed, index uint64) *raft.Log {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, index))
	var c state.Command = randomCommand(r)
	switch index {
	case 1:
		c = Raise{"zoo", 1}
	case 200:
		c = Raise{"zoo", 2}
	}
	// The proposers' clocks run back at times.
	return entryOf(t, reg, index, c, epoch.Add(time.Duration(index)*time.Second+time.Duration(r.IntN(3000)-1500)*time.Millisecond))
}

// randomLog is the first n entries of the random log of a seed.
func randomLog(t testing.TB, seed uint64, n int) []*raft.Log {
	t.Helper()
	reg := zooRegistry()
	logs := make([]*raft.Log, n)
	for i := range logs {
		logs[i] = logEntry(t, reg, seed, uint64(i+1))
	}
	return logs
}

func entryOf(t testing.TB, reg *state.Registry, index uint64, c state.Command, at time.Time) *raft.Log {
	t.Helper()
	data, err := reg.Encode(c, at)
	if err != nil {
		t.Fatal(err)
	}
	return &raft.Log{Index: index, Type: raft.LogCommand, Data: data}
}

// keeper is a machine with a log of its own.
type keeper struct {
	*Machine
	t    testing.TB
	path string
	next uint64
}

// keep opens a machine in a folder of its own, with the zoo.
func keep(t testing.TB) *keeper {
	t.Helper()
	k := &keeper{t: t, path: filepath.Join(t.TempDir(), "state.db"), next: 1}
	k.open(Options{})
	k.must(Raise{"zoo", 2})
	return k
}

func (k *keeper) open(o Options) {
	k.t.Helper()
	m, err := Open(k.path, zooRegistry(), o)
	if err != nil {
		k.t.Fatal(err)
	}
	k.Machine = m
	k.t.Cleanup(func() { m.Close() })
}

// apply applies one command.
func (k *keeper) apply(c state.Command) Result {
	k.t.Helper()
	r := k.Apply(entryOf(k.t, k.reg, k.next, c, epoch)).(Result)
	k.next++
	return r
}

// must is apply for what has to succeed.
func (k *keeper) must(c state.Command) any {
	k.t.Helper()
	r := k.apply(c)
	if r.Err != nil {
		k.t.Fatalf("%+v: %v", c, r.Err)
	}
	return r.Value
}

// hash is the full scan's, which must agree with the sum that was kept.
func (k *keeper) hash() string {
	k.t.Helper()
	return hashOf(k.t, k.Machine)
}

func hashOf(t testing.TB, m *Machine) string {
	t.Helper()
	h, index, err := m.Hash(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if kept := m.now.Load(); kept.hash() != h || kept.applied != index {
		t.Fatalf("scanned %s at %d, kept %s at %d", h, index, kept.hash(), kept.applied)
	}
	return h
}

// one reads one value.
func one[T any](t testing.TB, m *Machine, query string, args ...any) (v T) {
	t.Helper()
	err := m.Read(context.Background(), func(q state.Querier) error {
		return q.QueryRowContext(context.Background(), query, args...).Scan(&v)
	})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	return v
}
