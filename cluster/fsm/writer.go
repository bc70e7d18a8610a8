package fsm

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Settings of the connections. Memory is scarce on boards: the caches are in KiB, negative as SQLite wants it, and nothing
// is mapped. The WAL is written back when it has 4,000 pages (16 MB).
var (
	writerPragmas = []string{
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(normal)", "wal_autocheckpoint(4000)", "foreign_keys(1)",
		"cache_size(-8000)", "mmap_size(0)", "temp_store(memory)",
	}
	readerPragmas = []string{"busy_timeout(5000)", "query_only(1)", "cache_size(-1000)", "mmap_size(0)", "temp_store(memory)"}
	copierPragmas = []string{"busy_timeout(5000)", "cache_size(-1000)", "mmap_size(0)", "temp_store(memory)"}
)

// dsn names a database with its settings.
func dsn(path string, pragmas []string, more ...string) string {
	q := url.Values{"_pragma": pragmas, "_dqs": {"0"}, "_error_rc": {"1"}}
	for _, m := range more {
		k, v, _ := strings.Cut(m, "=")
		q.Set(k, v)
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

// opener opens connections to one database with a driver, without a name in the process.
type opener struct {
	driver *sqlite.Driver
	dsn    string
}

func (o opener) Connect(context.Context) (driver.Conn, error) { return o.driver.Open(o.dsn) }
func (o opener) Driver() driver.Driver                        { return o.driver }

// pool opens a pool of at most n connections.
func pool(n int, d *sqlite.Driver, dsn string) *sql.DB {
	db := sql.OpenDB(opener{d, dsn})
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

// writer is the one connection that changes the database. It sees every change of a row and keeps the sum. Whoever applies
// commands owns it.
type writer struct {
	db   *sql.DB
	conn *sql.Conn

	layout layout
	sum    sum
	rights rights
	err    error // what kept the hook from its work

	hasher   hasher
	old, new []any
}

// rights is what a statement may do.
type rights int

const (
	anything      rights = iota // the machine's own statements
	stepRights                  // steps of a schema: rows and definitions
	commandRights               // commands: rows
)

// openWriter opens the connection, and makes the file, for nobody else's eyes, if it is not there.
func openWriter(path string) (*writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	w := &writer{}
	d := &sqlite.Driver{}
	d.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, _ string) error {
		h, ok := c.(sqlite.HookRegisterer)
		a, ok2 := c.(sqlite.AuthorizerRegisterer)
		if !ok || !ok2 {
			return errors.New("this build of SQLite has no hooks")
		}
		h.RegisterPreUpdateHook(w.changing)
		return a.RegisterAuthorizer(w.authorize)
	})
	w.db = pool(1, d, dsn(path, writerPragmas, "_txlock=immediate", "_defensive=1"))
	// One connection is held for good, so that no other, of which the sum knows nothing, takes its place unseen.
	if w.conn, err = w.db.Conn(context.Background()); err != nil {
		_ = w.db.Close()
		return nil, err
	}
	return w, nil
}

// close writes the WAL back, if there is room, and closes the database.
func (w *writer) close() error { return errors.Join(w.conn.Close(), w.db.Close()) }

// changing is SQLite's pre-update hook: a row is about to change.
func (w *writer) changing(d sqlite.SQLitePreUpdateData) {
	t := w.layout[d.TableName]
	if t == nil || d.DatabaseName != "main" || w.err != nil {
		return
	}
	w.err = w.count(t, &d)
}

// count takes a row's old value out of the sum and brings the new one in.
func (w *writer) count(t *table, d *sqlite.SQLitePreUpdateData) error {
	n := d.Count()
	w.old, w.new = slices.Grow(w.old[:0], n)[:n], slices.Grow(w.new[:0], n)[:n]
	if d.Op != sqlite3.SQLITE_INSERT {
		if err := d.Old(w.old...); err != nil {
			return fmt.Errorf("sum up %s: %w", t.name, err)
		}
		hash, err := w.hasher.row(t.name, t.pick(w.old))
		if err != nil {
			return err
		}
		w.sum.sub(hash)
	}
	if d.Op != sqlite3.SQLITE_DELETE {
		if err := d.New(w.new...); err != nil {
			return fmt.Errorf("sum up %s: %w", t.name, err)
		}
		hash, err := w.hasher.row(t.name, t.pick(w.new))
		if err != nil {
			return err
		}
		w.sum.add(hash)
	}
	return nil
}

// pick keeps the columns that are in the sum, in place.
func (t *table) pick(values []any) []any {
	for i, c := range t.columns {
		if c >= len(values) {
			return values
		}
		values[i] = values[c]
	}
	return values[:len(t.columns)]
}

// unsteady are the functions whose value is not in the state.
var unsteady = []string{
	"random", "randomblob", "changes", "total_changes", "last_insert_rowid", "date", "time", "datetime", "julianday", "unixepoch", "strftime",
	"timediff", "current_date", "current_time", "current_timestamp",
}

// own are the tables that only the machine changes.
var own = []string{"meta", "schema", "derived"}

// authorize is SQLite's authorizer: it judges statements when they are prepared.
func (w *writer) authorize(action sqlite.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite.AuthorizerReturnCode {
	if w.rights == anything {
		return sqlite.AuthorizerOK
	}
	deny := false
	switch action {
	case sqlite.AuthTransaction, sqlite.AuthSavepoint, sqlite.AuthAttach, sqlite.AuthDetach, sqlite.AuthAnalyze:
		deny = true
	case sqlite.AuthPragma:
		deny = arg1 != "data_version" && arg1 != "quick_check" // full-text search asks the one, ALTER TABLE the other
	case sqlite.AuthInsert, sqlite.AuthUpdate, sqlite.AuthDelete:
		deny = slices.Contains(own, arg1)
	case sqlite.AuthRead:
		deny = arg1 == "meta" // it changes once in a batch
	case sqlite.AuthFunction:
		deny = slices.Contains(unsteady, arg2)
	case sqlite.AuthCreateIndex, sqlite.AuthCreateTable, sqlite.AuthCreateTrigger, sqlite.AuthCreateView, sqlite.AuthCreateVTable, sqlite.AuthDropIndex,
		sqlite.AuthDropTable, sqlite.AuthDropTrigger, sqlite.AuthDropView, sqlite.AuthDropVTable, sqlite.AuthAlterTable, sqlite.AuthReindex, // making an index is one
		sqlite.AuthCreateTempIndex, sqlite.AuthCreateTempTable, sqlite.AuthCreateTempTrigger, sqlite.AuthCreateTempView,
		sqlite.AuthDropTempIndex, sqlite.AuthDropTempTable, sqlite.AuthDropTempTrigger, sqlite.AuthDropTempView:
		deny = w.rights != stepRights
	}
	if deny {
		return sqlite.AuthorizerDeny
	}
	return sqlite.AuthorizerOK
}
