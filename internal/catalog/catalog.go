package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"shoal/cluster/state"
)

// Catalog changes and reads the instance's facts. It is safe for concurrent use. What its methods return is the caller's to
// read; slices in it are shared and not to be changed.
type Catalog struct {
	proposer state.Proposer
	reader   state.Reader

	videos   memo[string, Video]
	settings memo[struct{}, Settings]
	stats    memo[struct{}, Stats]
}

// remembered is how many videos are kept between two changes of the state: each request for media of a live asks for its
// video, and a node carries some dozens of lives.
const remembered = 128

// New makes a catalog over the state.
func New(p state.Proposer, r state.Reader) *Catalog {
	return &Catalog{
		proposer: p, reader: r,
		videos:   memo[string, Video]{limit: remembered},
		settings: memo[struct{}, Settings]{limit: 1},
		stats:    memo[struct{}, Stats]{limit: 1},
	}
}

// Index is the index of the last change of the state: what was read stays right while it stays the same.
func (c *Catalog) Index() uint64 { return c.reader.Index() }

// read gives f's result of one picture of the state.
func read[T any](ctx context.Context, c *Catalog, f func(state.Querier) (T, error)) (T, error) {
	var v T
	err := c.reader.Read(ctx, func(q state.Querier) (err error) {
		v, err = f(q)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// remember is read with a memory: what was read for a key stays right while the state is the same.
func remember[K comparable, T any](ctx context.Context, c *Catalog, m *memo[K, T], key K, f func(state.Querier) (T, error)) (T, error) {
	index := c.reader.Index() // before the read, which sees this change or a later one
	if v, ok := m.get(index, key); ok {
		return v, nil
	}
	v, err := read(ctx, c, f)
	if err == nil {
		m.put(index, key, v)
	}
	return v, err
}

// Page is a part of a list, as PeerTube's start and count.
type Page struct {
	Start int // how many to leave out, from 0
	Count int // 1 to 100; 0 for 15
}

// Bounds of a page's Count (PeerTube's server/core/initializers/constants.ts, PAGINATION).
const (
	defaultCount = 15
	maxCount     = 100
)

// limits gives LIMIT and OFFSET.
func (p Page) limits() (limit, offset int) {
	limit, offset = p.Count, max(p.Start, 0)
	if limit <= 0 {
		limit = defaultCount
	}
	return min(limit, maxCount), offset
}

// order makes an ORDER BY of a sort such as "-createdAt" and the columns that may be sorted by. Lists have a total order:
// the last column is unique.
func order(sort, otherwise string, columns map[string]string, unique string) (string, error) {
	if sort == "" {
		sort = otherwise
	}
	name, direction := sort, ""
	if rest, ok := strings.CutPrefix(sort, "-"); ok {
		name, direction = rest, " DESC"
	}
	column, ok := columns[name]
	if !ok {
		return "", invalid("A list cannot be sorted by %q here.", name)
	}
	return " ORDER BY " + column + direction + ", " + unique + direction, nil
}

// list runs a query of many rows.
func list[T any](ctx context.Context, q state.Querier, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return all, nil
}

// one runs a query of one row; ErrNotFound if there is none.
func one[T any](ctx context.Context, q state.Querier, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(q.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		var none T
		return none, ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read %s: %w", what, err)
	}
	return v, nil
}

// scanner is a row.
type scanner interface{ Scan(into ...any) error }

// value scans a row of one column.
func value[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// marks are n question marks.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// anys makes arguments of values.
func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// millis is how a time stands in the state: Unix milliseconds, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is millis' inverse.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// set overwrites a value with that of a change, if there is one.
func set[T any](to *T, change *T) {
	if change != nil {
		*to = *change
	}
}

// newUUID makes a random UUID.
func newUUID() string { return uuid.NewString() }
