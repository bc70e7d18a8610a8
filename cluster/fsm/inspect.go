package fsm

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"modernc.org/sqlite"

	"shoal/cluster/state"
)

const (
	applicationID = 0x53686f61 // "Shoa", in SQLite's header
	baseVersion   = 1          // of baseTables, in SQLite's header
	magic         = "SQLite format 3\x00"
	smallest      = 512 // bytes of a page, at least
)

// inspect looks at a database before anybody writes to it: what it is, whether SQLite and the sums find it whole, and
// whether this program can go on with it. A file that is not there, or to which nothing was ever written, is in order.
func inspect(path string, reg *state.Registry) error {
	fresh, err := header(path)
	if err != nil || fresh {
		return err
	}
	// Read-only: even closing another would write the WAL back.
	db := pool(1, &sqlite.Driver{}, dsn(path, copierPragmas, "mode=ro"))
	defer db.Close()
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err == nil {
		defer tx.Rollback() //nolint:errcheck // it only reads
		err = whole(ctx, tx, path, reg)
	}
	if code(err) == readonlyRollback {
		// The process that made the file was killed before it was a database with a WAL: the writer rolls back to nothing.
		return nil
	}
	if err != nil {
		return explain(path, "inspect the state", err)
	}
	return nil
}

// readonlyRollback is SQLITE_READONLY_ROLLBACK (sqlite.org/rescode.html): a rollback journal must be played back, which
// who only reads may not.
const readonlyRollback = 776

// header looks at the file's first bytes, and says whether it is as good as not there.
func header(path string) (fresh bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path + "-wal"); err == nil {
			return false, damaged(path, "the file is gone, though its companion "+path+"-wal is there")
		}
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("open the state: %w", err)
	}
	defer f.Close()
	b := make([]byte, smallest)
	n, err := io.ReadFull(f, b)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return true, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, fmt.Errorf("read the state: %w", err)
	case n < smallest || !bytes.HasPrefix(b, []byte(magic)):
		return false, damaged(path, "it does not begin as a database does")
	}
	return false, nil
}

// whole checks a database's content.
func whole(ctx context.Context, q state.Querier, path string, reg *state.Registry) error {
	var tables, id, version int64
	err := q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sqlite_schema), application_id, user_version FROM pragma_application_id, pragma_user_version`).
		Scan(&tables, &id, &version)
	switch {
	case err != nil:
		return explain(path, "inspect the state", err)
	case tables == 0 && id == 0:
		return nil // the power went while it was made
	case id != applicationID:
		return damaged(path, "it is a database, but not of this program")
	case version > baseVersion:
		return tooNew(path, fmt.Sprintf("its form is number %d, this program knows %d", version, baseVersion))
	}
	if err := integrity(ctx, q, path); err != nil {
		return err
	}
	p, err := readPoint(ctx, q)
	if err != nil {
		return explain(path, "inspect the state", err)
	}
	if err := verify(ctx, q, path, p); err != nil {
		return err
	}
	versions, err := readVersions(ctx, q)
	if err != nil {
		return explain(path, "inspect the state", err)
	}
	for _, s := range reg.Schemas() {
		if versions[s.Package] > len(s.Steps) {
			return tooNew(path, fmt.Sprintf("the tables of %s have version %d, this program knows %d", s.Package, versions[s.Package], len(s.Steps)))
		}
		delete(versions, s.Package)
	}
	for name := range versions {
		return tooNew(path, "this program knows nothing of the tables of "+name)
	}
	return nil
}

// integrity lets SQLite look at its pages.
func integrity(ctx context.Context, q state.Querier, path string) error {
	rows, err := q.QueryContext(ctx, `PRAGMA integrity_check(3)`)
	if err != nil {
		return explain(path, "inspect the state", err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return explain(path, "inspect the state", err)
		}
		if s != "ok" {
			found = append(found, s)
		}
	}
	if err := rows.Err(); err != nil {
		return explain(path, "inspect the state", err)
	}
	if found != nil {
		return damaged(path, strings.Join(found, "; "))
	}
	return nil
}

// verify compares all rows with their sum.
func verify(ctx context.Context, q state.Querier, path string, p point) error {
	l, err := readLayout(ctx, q)
	if err != nil {
		return explain(path, "inspect the state", err)
	}
	s, err := l.scan(ctx, q)
	if err != nil {
		return explain(path, "inspect the state", err)
	}
	if s != p.sum {
		return damaged(path, "a value is not the one that was written")
	}
	return nil
}

// errSeal says that the machine's own values are not those it wrote.
var errSeal = errors.New("the index of the last change is not the one that was written")

// readPoint reads the machine's own values.
func readPoint(ctx context.Context, q state.Querier) (p point, err error) {
	var applied int64
	var s, seal []byte
	err = q.QueryRowContext(ctx, `SELECT applied, time, sum, seal FROM meta`).Scan(&applied, &p.time, &s, &seal)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, errSeal
	case err != nil:
		return p, fmt.Errorf("read meta: %w", err)
	}
	p.applied = uint64(applied)
	if p.sum, err = parseSum(s); err != nil || !p.sealed(seal) {
		return p, errSeal
	}
	return p, nil
}

// readVersions reads which schemas are in force.
func readVersions(ctx context.Context, q state.Querier) (map[string]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT package, version FROM schema ORDER BY package`)
	if err != nil {
		return nil, fmt.Errorf("read the versions of the schemas: %w", err)
	}
	defer rows.Close()
	versions := map[string]int{}
	for rows.Next() {
		var name string
		var version int
		if err := rows.Scan(&name, &version); err != nil {
			return nil, fmt.Errorf("read the versions of the schemas: %w", err)
		}
		versions[name] = version
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the versions of the schemas: %w", err)
	}
	return versions, nil
}

// explain turns an error about a database into one for people: what SQLite could not make sense of is damage.
func explain(path, doing string, err error) error {
	switch {
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrTooNew):
		return err
	case isCorrupt(err), isMissing(err), errors.Is(err, errSeal):
		return damaged(path, err.Error())
	case passes(err, path):
		return fmt.Errorf("%s: %w. Make room on the disk of %s, end other programs that have it open, and start again", doing, err, path)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
