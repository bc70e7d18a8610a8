package fsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"modernc.org/sqlite"

	"shoal/cluster/state"
)

func TestOpen(t *testing.T) {
	// A path on which a careless URI stumbles.
	k := &keeper{t: t, path: filepath.Join(t.TempDir(), "a %41?b#c&d=e", "state.db"), next: 1}
	if err := os.Mkdir(filepath.Dir(k.path), 0o700); err != nil {
		t.Fatal(err)
	}
	k.open(Options{})
	if k.Applied() != 0 || len(k.Schemas()) != 0 {
		t.Errorf("a new state is at %d, %v", k.Applied(), k.Schemas())
	}
	k.must(Raise{"zoo", 2})
	k.must(do{What: "new", N: 1, Text: "there"})
	hash := k.hash()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k.open(Options{})
	if k.Applied() != 2 || k.Schemas()["zoo"] != 2 || k.hash() != hash {
		t.Errorf("after opening it again: %d, %v", k.Applied(), k.Schemas())
	}
	files, err := os.ReadDir(filepath.Dir(k.path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !strings.HasPrefix(f.Name(), "state.db") || info.Mode().Perm() != 0o600 {
			t.Errorf("there is a %v, %v", info, err)
		}
	}
}

// TestSettings looks at what SQLite has made of the settings.
func TestSettings(t *testing.T) {
	k := keep(t)
	for pragma, want := range map[string][2]string{ // of the writer, of readers
		"journal_mode": {"wal", "wal"}, "synchronous": {"1", ""}, "cache_size": {"-8000", "-1000"}, "mmap_size": {"0", "0"}, "query_only": {"0", "1"},
		"busy_timeout": {"5000", "5000"}, "temp_store": {"2", "2"}, "foreign_keys": {"1", ""}, "wal_autocheckpoint": {"4000", ""},
	} {
		var got string
		if err := k.w.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want[0] {
			t.Errorf("the writer's %s is %s, %v; want %s", pragma, got, err, want[0])
		}
		if want[1] != "" {
			if got := one[string](t, k.Machine, "PRAGMA "+pragma); got != want[1] {
				t.Errorf("a reader's %s is %s; want %s", pragma, got, want[1])
			}
		}
	}
}

// TestRefuseToOpen has databases that are not for this program.
func TestRefuseToOpen(t *testing.T) {
	older := func(r *state.Registry) {
		r.Add(do{})
		r.AddSchema(state.Schema{Package: "zoo", Steps: zooSchema.Steps[:1]})
	}
	for name, tc := range map[string]struct {
		spoil string // a statement
		reg   func(*state.Registry)
		is    error
		says  string
	}{
		"newer tables":          {"", older, ErrTooNew, "the tables of zoo have version 2, this program knows 1"},
		"unknown package":       {"", func(*state.Registry) {}, ErrTooNew, "knows nothing of the tables of zoo"},
		"newer form":            {"PRAGMA user_version = 9", zoo, ErrTooNew, "number 9"},
		"another program":       {"PRAGMA application_id = 1", zoo, ErrDamaged, "not of this program"},
		"no index":              {"DELETE FROM meta", zoo, ErrDamaged, "index"},
		"another index":         {"UPDATE meta SET applied = applied + 1", zoo, ErrDamaged, "index"},
		"another clock":         {"UPDATE meta SET time = time + 1", zoo, ErrDamaged, "index"},
		"no table":              {"DROP TABLE meta", zoo, ErrDamaged, "meta"},
		"another value":         {"UPDATE item SET title = 'changed behind its back'", zoo, ErrDamaged, "a value"},
		"a lost row":            {"DELETE FROM item", zoo, ErrDamaged, "a value"},
		"another number":        {"UPDATE counter SET last = 1 + last", zoo, ErrDamaged, "a value"},
		"another version":       {"UPDATE schema SET version = 1", zoo, ErrDamaged, "a value"},
		"another index's":       {"DROP INDEX item_at", zoo, ErrDamaged, "a value"},
		"another trigger":       {"DROP TRIGGER item_u", zoo, ErrDamaged, "a value"},
		"nothing the sum minds": {"DELETE FROM cached", zoo, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := keep(t)
			k.must(do{What: "new", N: 1, Text: "there"})
			k.must(do{What: "count", Text: "series"})
			k.must(do{What: "cache", N: 1})
			if err := k.Close(); err != nil {
				t.Fatal(err)
			}
			if tc.spoil != "" {
				spoil(t, k.path, tc.spoil)
			}
			before := folder(t, k.path)
			reg := state.NewRegistry()
			Register(reg)
			tc.reg(reg)
			m, err := Open(k.path, reg, Options{})
			if tc.is == nil {
				if err != nil {
					t.Fatal(err)
				}
				m.Close()
				return
			}
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("it says %v", err)
			}
			if after := folder(t, k.path); before != after {
				t.Errorf("the folder was %s, is %s", before, after)
			}
		})
	}
}

// spoil changes a database as its machine would not.
func spoil(t *testing.T, path, statement string) {
	t.Helper()
	db := pool(1, &sqlite.Driver{}, dsn(path, nil))
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// folder describes a database's files.
func folder(t *testing.T, path string) (s string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(path), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name(), "-shm") || len(b) == 0 {
			continue // SQLite's own affair: it is made anew by whoever comes first
		}
		s += fmt.Sprintf("%s (%d bytes, %x) ", f.Name(), len(b), checksum(b))
	}
	return s
}

// TestInterruptedCreation has the remains of a start that ended before the first commit.
func TestInterruptedCreation(t *testing.T) {
	for name, remains := range map[string]func(path string) error{
		"no file":    func(string) error { return nil },
		"empty file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"empty database": func(path string) error {
			w, err := openWriter(path)
			if err != nil {
				return err
			}
			return w.close()
		},
		"copies": func(path string) error {
			return errors.Join(os.WriteFile(path+incoming, []byte("half"), 0o600), os.WriteFile(path+outgoing+"17", []byte("half"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := remains(path); err != nil {
				t.Fatal(err)
			}
			m := openAt(t, path)
			if r := m.Apply(entryOf(t, m.reg, 1, Raise{"zoo", 2}, epoch)).(Result); r.Err != nil {
				t.Error(r.Err)
			}
			hashOf(t, m)
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			if s := folder(t, path); strings.Contains(s, incoming) || strings.Contains(s, outgoing) {
				t.Errorf("there is %s", s)
			}
		})
	}
}

func TestOpenNowhere(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(filepath.Join(folder, "not there", "state.db"), zooRegistry(), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	path := filepath.Join(folder, "state.db")
	if err := os.WriteFile(path+"-wal", []byte("of a file that is gone"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, zooRegistry(), Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("only the WAL: %v", err)
	}
	if err := os.WriteFile(path, []byte("something else altogether"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, zooRegistry(), Options{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("another file: %v", err)
	}
}

// TestRead looks at one picture while changes go on.
func TestRead(t *testing.T) {
	k := keep(t)
	k.must(do{What: "count", Text: "series"})
	ctx := context.Background()
	last := func(q state.Querier) (n int) {
		if err := q.QueryRowContext(ctx, `SELECT last FROM counter`).Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	err := k.Read(ctx, func(q state.Querier) error {
		index := k.Index()
		if last(q) != 1 {
			t.Error("not there")
		}
		k.must(do{What: "count", Text: "series"})
		if last(q) != 1 {
			t.Error("the picture changed")
		}
		if k.Index() != index+1 {
			t.Error("the index did not")
		}
		if _, err := q.QueryContext(ctx, `DELETE FROM counter RETURNING last`); err == nil {
			t.Error("a reader may write")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	if err := k.Read(ctx, func(q state.Querier) error {
		if last(q) != 2 {
			t.Error("a later picture is old")
		}
		return mine
	}); err != mine {
		t.Errorf("the reader's own error became %v", err)
	}
	ended, end := context.WithCancel(ctx)
	end()
	if err := k.Read(ended, func(state.Querier) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended gave %v", err)
	}
}
