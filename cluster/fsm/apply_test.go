package fsm

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// knownHash is the state after 300 entries of the random log of seed 1, on every processor, for ever.
const knownHash = "6f40aa9adb75be60641da9f7e5e2f5f06d98507c027404f28140c76771705a9b"

func TestKnownHash(t *testing.T) {
	m := openAt(t, filepath.Join(t.TempDir(), "state.db"))
	for at, logs := 0, randomLog(t, 1, 300); at < len(logs); at += 30 {
		m.ApplyBatch(logs[at : at+30])
	}
	if got := hashOf(t, m); got != knownHash {
		t.Errorf("the hash is %s; want %s", got, knownHash)
	}
}

// TestBatches applies the same random log in batches of several sizes, and compares the sum that is kept with a scan.
func TestBatches(t *testing.T) {
	logs, sizes := randomLog(t, 7, 600), []int{1, 7, 64, 600}
	if racing {
		sizes = []int{7, 64}
	}
	var want string
	for _, size := range sizes {
		m := openAt(t, filepath.Join(t.TempDir(), "state.db"))
		refused := 0
		for at := 0; at < len(logs); at += size {
			for _, r := range m.ApplyBatch(logs[at:min(at+size, len(logs))]) {
				switch err := r.(Result).Err; {
				case errors.As(err, new(*state.Refusal)):
					refused++
				case err != nil:
					t.Fatal(err)
				}
			}
			if at%20 < size {
				hashOf(t, m)
			}
		}
		got := hashOf(t, m)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("in batches of %d: %s; want %s", size, got, want)
		}
		for _, table := range []string{"item", "pair", "child", "loose", "later", "cached"} {
			if one[int](t, m, "SELECT count(*) FROM "+table) == 0 {
				t.Errorf("nothing is left in %s: the log is too short or too destructive", table)
			}
		}
		if refused < 50 {
			t.Errorf("only %d refusals", refused)
		}
	}
}

func TestRefusal(t *testing.T) {
	k := keep(t)
	k.must(do{What: "new", N: 1, Text: "there"})
	k.must(do{What: "count", Text: "series"})
	before := k.now.Load()
	for _, tc := range []struct {
		c    do
		code string
	}{
		{do{What: "refuse", N: 2, Text: "not there"}, "no"},
		{do{What: "new", N: 1, Text: "twice"}, "constraint"},
		{do{What: "orphan"}, "constraint"},
		{do{What: "new", N: 3, Text: strings.Repeat("long", 1001)}, "constraint"},
		{do{What: "sql", Text: `INSERT INTO pair (a, b, n) VALUES ('x', 'y', 'no number')`}, "constraint"},
		{do{What: "sql", Text: `INSERT INTO item (id, uuid, title, at) VALUES ('no number', 'x', 'y', 1)`}, "constraint"},
	} {
		r := k.apply(tc.c)
		var refusal *state.Refusal
		if !errors.As(r.Err, &refusal) || refusal.Code != tc.code || refusal.Text == "" || r.Value != nil {
			t.Errorf("%+v gave %+v; want a refusal with code %s", tc.c, r, tc.code)
		}
		after := k.now.Load()
		if after.sum != before.sum {
			t.Errorf("%+v left a trace", tc.c)
		}
		if after.applied != k.next-1 || after.time <= before.time {
			t.Errorf("after %+v the index is %d, the clock %d", tc.c, after.applied, after.time)
		}
		k.hash()
	}
	if n := k.must(do{What: "count", Text: "refused"}); n != int64(1) {
		t.Errorf("a number that was refused was used up: %v", n)
	}
}

func TestReplay(t *testing.T) {
	k := keep(t)
	k.must(do{What: "count", Text: "series"})
	hash := k.hash()
	var logs []*raft.Log
	for i := range uint64(4) {
		logs = append(logs, entryOf(t, k.reg, i+1, do{What: "count", Text: "series"}, epoch))
	}
	for i, r := range k.ApplyBatch(logs[:2]) {
		if !errors.Is(r.(Result).Err, state.ErrUnknownOutcome) {
			t.Errorf("entry %d, which was applied before, gave %v", i+1, r)
		}
	}
	if k.hash() != hash || k.Applied() != 2 {
		t.Error("entries that were applied before changed the state")
	}
	logs = append(logs, &raft.Log{Index: 5, Type: raft.LogConfiguration, Data: []byte("not a command")})
	results := k.ApplyBatch(logs)
	if results[2].(Result).Value != int64(2) || results[3].(Result).Value != int64(3) || results[4].(Result).Err != nil {
		t.Errorf("got %+v", results)
	}
	if k.Applied() != 4 || k.Index() != 4 {
		t.Errorf("the index is %d; want that of the last command, 4", k.Applied())
	}
}

// TestClock holds the cluster's time against proposers' clocks.
func TestClock(t *testing.T) {
	k := keep(t)
	at := func(proposed time.Time, want time.Time) {
		t.Helper()
		k.Apply(entryOf(t, k.reg, k.next, do{What: "new", N: int64(k.next), Text: "x"}, proposed))
		k.next++
		if got := time.UnixMilli(one[int64](t, k.Machine, "SELECT max(at) FROM item")).UTC(); !got.Equal(want) {
			t.Errorf("proposed at %v: now is %v; want %v", proposed, got, want)
		}
	}
	start := epoch.Add(time.Hour)
	at(start, start)
	at(start, start.Add(time.Millisecond))
	at(start.Add(-24*time.Hour), start.Add(2*time.Millisecond))
	at(start.Add(2*time.Millisecond+999*time.Microsecond), start.Add(3*time.Millisecond))
	at(start.Add(time.Minute+time.Microsecond), start.Add(time.Minute))
}

// TestStop has entries that this program must not go past.
func TestStop(t *testing.T) {
	for name, tc := range map[string]struct {
		data string
		is   error
		says string
	}{
		"unknown kind":     {`{"k":"zoo.fly/1","t":0,"c":{}}`, state.ErrUnknownKind, "zoo.fly/1"},
		"unknown field":    {`{"k":"zoo.do/1","t":0,"c":{"Wings":2}}`, state.ErrUnknownKind, "Wings"},
		"no command":       {"\x00", nil, "entry 4 of the log"},
		"panic":            {`{"k":"zoo.do/1","t":0,"c":{"What":"panic"}}`, nil, "the command's own"},
		"error":            {`{"k":"zoo.do/1","t":0,"c":{"What":"fail"}}`, nil, "the command's own"},
		"no such table":    {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"DELETE FROM nowhere"}}`, nil, "nowhere"},
		"too new a schema": {`{"k":"fsm.schema.raise/1","t":0,"c":{"Package":"zoo","Version":3}}`, state.ErrUnknownKind, "version 3"},
		"unknown schema":   {`{"k":"fsm.schema.raise/1","t":0,"c":{"Package":"aviary","Version":1}}`, state.ErrUnknownKind, "aviary"},
		"clock":            {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"INSERT INTO pair VALUES (datetime('now'), '', 0, 0)"}}`, nil, "not authorized"},
		"clock by default": {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"INSERT INTO pair VALUES (CURRENT_TIMESTAMP, '', 0, 0)"}}`, nil, "not authorized"},
		"chance":           {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"INSERT INTO pair VALUES (random(), '', 0, 0)"}}`, nil, "not authorized"},
		"rows changed":     {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"INSERT INTO pair VALUES (changes(), '', 0, 0)"}}`, nil, "not authorized"},
		"own transaction":  {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"COMMIT"}}`, nil, "not authorized"},
		"own savepoint":    {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"ROLLBACK TO command"}}`, nil, "not authorized"},
		"pragma":           {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"PRAGMA synchronous = off"}}`, nil, "not authorized"},
		"another database": {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"ATTACH ':memory:' AS other"}}`, nil, "not authorized"},
		"own schema":       {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"CREATE TABLE mine (id INTEGER)"}}`, nil, "not authorized"},
		"machine's table":  {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"UPDATE meta SET applied = 7"}}`, nil, "not authorized"},
		"machine's index":  {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"INSERT INTO pair SELECT 'x', 'y', applied, 0 FROM meta"}}`, nil, "prohibited"},
		"machine's schema": {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"DELETE FROM schema"}}`, nil, "not authorized"},
		"quotes":           {`{"k":"zoo.do/1","t":0,"c":{"What":"sql","Text":"DELETE FROM pair WHERE a = \"text\""}}`, nil, "no such column"},
	} {
		t.Run(name, func(t *testing.T) {
			k := keep(t)
			k.must(do{What: "pair", N: 1, Text: "kept"})
			logs := []*raft.Log{
				entryOf(t, k.reg, 3, do{What: "pair", N: 2, Text: "kept"}, epoch),
				{Index: 4, Type: raft.LogCommand, Data: []byte(tc.data)},
				entryOf(t, k.reg, 5, do{What: "pair", N: 3, Text: "kept"}, epoch),
			}
			results := k.ApplyBatch(logs)
			if r := results[0].(Result); r.Err != nil || r.Value != int64(1) {
				t.Errorf("the entry before gave %+v", r)
			}
			for _, r := range results[1:] {
				if err := r.(Result).Err; !errors.Is(err, state.ErrUnknownOutcome) {
					t.Errorf("an entry that the log still has gave %v; want a state.ErrUnknownOutcome", err)
				}
			}
			select {
			case <-k.Failed():
			default:
				t.Fatal("the machine goes on")
			}
			if err := k.Err(); !strings.Contains(err.Error(), tc.says) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("it says %q", err)
			}
			if r := k.Apply(logs[2]).(Result); !errors.Is(r.Err, state.ErrUnknownOutcome) {
				t.Errorf("later entries give %v", r.Err)
			}
			if err := k.Read(t.Context(), nil); !errors.Is(err, state.ErrUnavailable) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("readers get %v", err)
			}
			if _, err := k.Snapshot(); err == nil {
				t.Error("it makes a snapshot, after which the entries would be gone")
			}
			if err := k.Close(); err != nil {
				t.Fatal(err)
			}
			k.open(Options{})
			if k.Applied() != 3 || one[int](t, k.Machine, "SELECT count(*) FROM pair") != 2 {
				t.Errorf("after a restart the index is %d", k.Applied())
			}
			k.hash()
		})
	}
}

func TestRaise(t *testing.T) {
	k := &keeper{t: t, path: filepath.Join(t.TempDir(), "state.db"), next: 1}
	k.open(Options{})
	if behind := k.SchemaBehind(); len(behind) != 1 || behind[0] != (Raise{"zoo", 2}) {
		t.Errorf("behind are %+v", behind)
	}
	if v := k.must(Raise{"zoo", 1}); v != 0 || k.Schemas()["zoo"] != 1 {
		t.Errorf("from 0 to 1 gave %v, %v", v, k.Schemas())
	}
	k.must(do{What: "new", N: 1, Text: "early"})
	k.must(do{What: "pair", N: 1, Text: "a"})
	for _, behind := range k.SchemaBehind() {
		if v := k.must(behind); v != 1 {
			t.Errorf("from 1 to 2 gave %v", v)
		}
	}
	if v := k.must(Raise{"zoo", 1}); v != 2 || k.Schemas()["zoo"] != 2 {
		t.Errorf("there is a way back: %v, %v", v, k.Schemas())
	}
	if len(k.SchemaBehind()) != 0 {
		t.Errorf("still behind: %+v", k.SchemaBehind())
	}
	k.must(do{What: "retitle", N: 1, Text: "a row from before it had its last column"})
	k.must(do{What: "sql", Text: `DELETE FROM pair`})
	hash := k.hash()
	k.must(do{What: "cache", N: 1, Text: "outside of the sum"})
	if k.now.Load().sum != mustLoad(t, k.Machine).sum {
		t.Error("a derived table is in the sum")
	}
	if k.hash() == hash {
		t.Error("the clock is not in the hash")
	}
}

// mustLoad reads where the state stands from the database.
func mustLoad(t *testing.T, m *Machine) *standing {
	t.Helper()
	m.work.Lock()
	defer m.work.Unlock()
	s, err := m.load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBadSchemas has steps that would make states differ in time.
func TestBadSchemas(t *testing.T) {
	for name, tc := range map[string]struct{ step, says string }{
		"autoincrement": {`CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)`, "Tx.NextID"},
		"virtual table": {`CREATE VIRTUAL TABLE t USING fts5 (text)`, "not named as derived"},
		"clock":         {`CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (unixepoch())`, "not authorized"},
		"deferred key":  {`CREATE TABLE t (id INTEGER PRIMARY KEY, of INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)`, "defers"},
		"transaction":   {`COMMIT; CREATE TABLE t (id INTEGER)`, "not authorized"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := state.NewRegistry()
			Register(reg)
			reg.AddSchema(state.Schema{Package: "bad", Steps: []string{tc.step}})
			m, err := Open(filepath.Join(t.TempDir(), "state.db"), reg, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			m.Apply(entryOf(t, reg, 1, Raise{"bad", 1}, epoch))
			if err := m.Err(); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	k := keep(t)
	other := keep(t)
	both := func(c state.Command) (Result, Result) {
		t.Helper()
		return k.apply(c), other.apply(c)
	}
	both(do{What: "new", N: 1, Text: "same"})
	check, err := k.CheckCommand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if check.(Check).Hash != k.hash() {
		t.Error("it is not the hash of a scan")
	}
	both(do{What: "new", N: 2, Text: "between the making and the coming of the command"})
	if a, b := both(check); a.Value != true || b.Value != true || a.Err != nil || b.Err != nil {
		t.Errorf("equal states: %+v, %+v", a, b)
	}

	// In a batch that holds the entry too.
	logs := []*raft.Log{
		entryOf(t, k.reg, k.next, do{What: "new", N: 3, Text: "same"}, epoch),
		entryOf(t, k.reg, k.next+1, do{What: "new", N: 4, Text: "same"}, epoch),
	}
	k.Apply(logs[0])
	check, err = k.CheckCommand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.Apply(logs[1])
	logs = append(logs, entryOf(t, k.reg, k.next+2, check, epoch))
	if r := other.ApplyBatch(logs)[2].(Result); r.Value != true {
		t.Errorf("in one batch: %+v", r)
	}
	k.Apply(logs[2])
	k.next, other.next = k.next+3, other.next+3

	// What is not known any more, or not yet, is not compared.
	if a, _ := both(Check{Index: 999, Hash: "other"}); a.Value != false || a.Err != nil {
		t.Errorf("an unknown index gave %+v", a)
	}

	if _, err := other.w.conn.ExecContext(t.Context(), `UPDATE item SET title = 'other' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	both(do{What: "count", Text: "series"})
	if check, err = k.CheckCommand(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, b := both(check)
	if a.Value != true || a.Err != nil || k.Err() != nil {
		t.Errorf("the node that asked: %+v", a)
	}
	if !errors.Is(other.Err(), ErrDiverged) || !errors.Is(b.Err, state.ErrUnknownOutcome) {
		t.Errorf("the node that differs: %+v, %v", b, other.Err())
	}
}

func TestRecent(t *testing.T) {
	var r recent
	for i := range uint64(3 * remembered / 2) {
		r.add(point{applied: i, time: int64(i)})
	}
	if _, ok := r.at(remembered/2 - 1); ok {
		t.Error("it remembers too much")
	}
	for i := uint64(remembered / 2); i < 3*remembered/2; i++ {
		if h, ok := r.at(i); !ok || h != (point{time: int64(i)}).hash() {
			t.Fatalf("at %d: %q, %v", i, h, ok)
		}
	}
}

func TestClose(t *testing.T) {
	k := keep(t)
	if err := errors.Join(k.Close(), k.Close()); err != nil {
		t.Fatal(err)
	}
	if r := k.apply(do{What: "nopair"}); !errors.Is(r.Err, state.ErrUnknownOutcome) || !errors.Is(r.Err, ErrClosed) {
		t.Errorf("apply: %v", r.Err)
	}
	if err := k.Read(t.Context(), nil); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("read: %v", err)
	}
	if _, err := k.Snapshot(); !errors.Is(err, ErrClosed) {
		t.Errorf("snapshot: %v", err)
	}
	if _, err := k.CheckCommand(t.Context()); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("check: %v", err)
	}
	if _, err := k.WriteCopy(nil); !errors.Is(err, state.ErrUnavailable) {
		t.Errorf("copy: %v", err)
	}
	if k.Err() != nil {
		t.Errorf("closing is no failure: %v", k.Err())
	}
}

func openAt(t testing.TB, path string) *Machine {
	t.Helper()
	m, err := Open(path, zooRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}
