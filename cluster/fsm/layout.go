package fsm

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"shoal/cluster/state"
)

// metaTable holds the machine's own values: one row, outside of the sum and under a seal.
const metaTable = `CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), applied INTEGER NOT NULL, time INTEGER NOT NULL,
	sum BLOB NOT NULL, seal BLOB NOT NULL, synced INTEGER NOT NULL) STRICT`

// baseTables are what a new database holds: the machine's own and that of Tx.NextID.
var baseTables = []string{
	metaTable,
	state.CounterTable,
	// Which version of its schema each package has.
	`CREATE TABLE schema (package TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
	// Tables outside of the sum, as the schemas said when they made them.
	`CREATE TABLE derived (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
}

// layout knows which tables and columns are in the sum. It is not changed once made.
type layout map[string]*table

// table is a table in the sum.
type table struct {
	name    string
	columns []int // which of the columns, counted as SQLite does, hold values of their own: generated ones do not
	query   string
}

// readLayout looks at the database's tables.
func readLayout(ctx context.Context, q state.Querier) (layout, error) {
	rows, err := q.QueryContext(ctx, `SELECT t.name, c.cid, c.name FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c
		WHERE t.schema = 'main' AND t.type = 'table' AND c.hidden = 0 AND t.name <> 'meta' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND t.name NOT IN (SELECT name FROM derived) ORDER BY t.name, c.cid`)
	if err != nil {
		return nil, fmt.Errorf("read the list of tables: %w", err)
	}
	defer rows.Close()
	l := layout{}
	for rows.Next() {
		var name, column string
		var cid int
		if err := rows.Scan(&name, &cid, &column); err != nil {
			return nil, fmt.Errorf("read the list of tables: %w", err)
		}
		if l[name] == nil {
			l[name] = &table{name: name}
		}
		l[name].columns = append(l[name].columns, cid)
		// A plus before a column changes nothing but takes its declared type away, so that nobody makes a time of a text.
		l[name].query += ", +" + quote(column)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the list of tables: %w", err)
	}
	for _, t := range l {
		t.query = "SELECT " + strings.TrimPrefix(t.query, ", ") + " FROM " + quote(t.name)
	}
	return l, nil
}

// quote makes an SQL name of a text.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// scan reads all rows, and the definitions of their tables, and gives their sum.
func (l layout) scan(ctx context.Context, q state.Querier) (s sum, err error) {
	var h hasher
	for _, t := range l {
		if err := h.scan(ctx, q, &s, t.name, t.query); err != nil {
			return s, err
		}
	}
	// An index that a constraint makes has no text; what a virtual table makes is derived like itself.
	err = h.scan(ctx, q, &s, "sqlite_schema", `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL
		AND tbl_name NOT LIKE 'sqlite\_%' ESCAPE '\' AND tbl_name NOT IN (SELECT name FROM derived)
		AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('virtual', 'shadow'))`)
	return s, err
}

// hasher turns rows into hashes.
type hasher struct {
	buffer []byte
}

// row gives a row's hash.
func (h *hasher) row(table string, values []any) (hash [sha256.Size]byte, err error) {
	if h.buffer, err = appendRow(h.buffer[:0], table, values); err != nil {
		return hash, err
	}
	return sha256.Sum256(h.buffer), nil
}

// scan adds all rows of a query to a sum.
func (h *hasher) scan(ctx context.Context, q state.Querier, s *sum, name, query string) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("read all of %s: %w", name, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read all of %s: %w", name, err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read all of %s: %w", name, err)
		}
		hash, err := h.row(name, values)
		if err != nil {
			return err
		}
		s.add(hash)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read all of %s: %w", name, err)
	}
	return nil
}
