package fsm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shoal/cluster/state"
)

func checksum(b []byte) []byte { h := sha256.Sum256(b); return h[:4] }

// livelyOnce makes lively's database once: its bytes, its hash and its index.
var livelyOnce struct {
	sync.Once
	bytes   []byte
	hash    string
	applied uint64
}

// lively gives a database with all kinds of pages, in a file of the test's own.
func lively(t *testing.T) (path, hash string, applied uint64) {
	t.Helper()
	l := &livelyOnce
	l.Do(func() {
		k := keep(t)
		upTo := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `
		for _, statement := range []string{
			`INSERT INTO item (id, uuid, title, weight, data, at) SELECT i, 'u' || i, 'title ' || i || printf('%%.*c', i %% 90, '-'), 0.5, x'010203', i FROM n`,
			`INSERT INTO pair (a, b, n) SELECT 'a pair, number ' || i, i %% 30, i FROM n`,
			`INSERT INTO child (item, note) SELECT i, 'note' FROM n WHERE i %% 4 = 0`,
			`INSERT INTO loose (a, made) SELECT i, printf('%%.*c', 2000, 'x') FROM n WHERE i < 60`,
		} {
			k.must(do{What: "sql", Text: fmt.Sprintf(upTo+statement, 1200)})
		}
		k.must(do{What: "new", N: 5000, Text: strings.Repeat("overflow ", 400), Blob: []byte(strings.Repeat("many bytes", 2000))})
		k.must(do{What: "count", Text: "series"})
		k.must(do{What: "cache", Text: "text"})
		k.must(do{What: "loosest"}) // leaves free pages
		k.must(do{What: "loose", Text: "text"})
		l.hash, l.applied = k.hash(), k.Applied()
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if l.bytes, err = os.ReadFile(k.path); err != nil {
			t.Fatal(err)
		}
	})
	path = filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, l.bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, l.hash, l.applied
}

// TestFlippedBits flips bits in every kind of page. SQLite's own check sees wrong structure and indexes that do not agree
// with their tables, the sum sees wrong values; what neither sees must make no difference.
func TestFlippedBits(t *testing.T) {
	path, hash, applied := lively(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pageSize := int(whole[16])<<8 | int(whole[17])
	kinds := pageKinds(t, path, len(whole)/pageSize)
	musts := []string{
		"item leaf", "item internal", "item overflow", "item_at leaf", "item_at internal", "pair leaf", "pair internal", "meta leaf", "counter leaf",
		"sqlite_schema leaf", "free",
	}
	for _, kind := range musts {
		if len(kinds[kind]) == 0 {
			t.Errorf("the database has no page %s", kind)
		}
	}
	flips := 8
	switch {
	case *soak:
		flips = 400
	case racing:
		flips = 1
	}
	r := rand.New(rand.NewPCG(3, 4))
	try := func(kind string, offset func() int) {
		seen := 0
		for range flips {
			at, bit := offset(), byte(1)<<r.IntN(8)
			b := append([]byte(nil), whole...)
			b[at] ^= bit
			if damagedAs(t, fmt.Sprintf("%s, byte %d, bit %#x", kind, at, bit), b, hash, applied) {
				seen++
			}
		}
		t.Logf("%s: %d of %d flips were seen", kind, seen, flips)
		harmless := kind == "free" || strings.HasPrefix(kind, "words") || strings.HasPrefix(kind, "cached")
		if seen == 0 && flips >= 8 && !harmless {
			t.Errorf("%s: of %d flips none was seen", kind, flips)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		pages := kinds[kind]
		if racing && !slices.Contains(musts, kind) {
			continue
		}
		try(kind, func() int {
			start := (pages[r.IntN(len(pages))] - 1) * pageSize
			used := usedBytes(whole[start:start+pageSize], start == 0)
			return start + used[r.IntN(len(used))]
		})
	}
	try("header", func() int { return r.IntN(100) })
	// The root of the tree of tables: its definitions stand at the end of the page.
	try("definitions", func() int { return pageSize - 1 - r.IntN(1500) })
}

// usedBytes lists the bytes of a page that mean something: for a page of a tree those of its head and its cells.
func usedBytes(page []byte, first bool) (used []int) {
	begin := 0
	if first {
		begin = 100 // the file's head
	}
	head, cells := 8, len(page)
	switch page[begin] {
	case 2, 5:
		head = 12
	case 10, 13:
	default:
		begin, cells = len(page), 0 // not of a tree
	}
	if begin < len(page) {
		head += 2 * (int(page[begin+3])<<8 | int(page[begin+4]))
		cells = int(page[begin+5])<<8 | int(page[begin+6])
	}
	for i := range page {
		if i >= begin && i < begin+head || i >= cells {
			used = append(used, i)
		}
	}
	return used
}

// damagedAs opens a damaged database and says whether that was seen; if not, it must be as it was.
func damagedAs(t *testing.T, what string, b []byte, hash string, applied uint64) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	m, err := Open(path, zooRegistry(), Options{})
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooNew) {
			t.Errorf("%s: %v", what, err)
		}
		after, err := os.ReadFile(path)
		if err != nil || string(after) != string(b) {
			t.Errorf("%s: the damaged file was changed: %v", what, err)
		}
		return true
	}
	defer m.Close()
	if got := hashOf(t, m); got != hash || m.Applied() != applied {
		t.Errorf("%s: nothing was seen, and the state is another", what)
	}
	return false
}

// pageKinds tells what each page is for.
func pageKinds(t *testing.T, path string, pages int) map[string][]int {
	t.Helper()
	kinds := map[string][]int{}
	used := map[int]bool{}
	err := lookInto(path, func(q state.Querier) error {
		rows, err := q.QueryContext(context.Background(), `SELECT name, pagetype, pageno FROM dbstat`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, kind string
			var page int
			if err := rows.Scan(&name, &kind, &page); err != nil {
				return err
			}
			kinds[name+" "+kind] = append(kinds[name+" "+kind], page)
			used[page] = true
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	for p := 1; p <= pages; p++ {
		if !used[p] {
			kinds["free"] = append(kinds["free"], p)
		}
	}
	return kinds
}

// TestTornFiles cuts the database short.
func TestTornFiles(t *testing.T) {
	path, hash, applied := lively(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lengths := []int{1, 99, 511, 512, 4096, 8192, len(whole) / 2, len(whole) - 4096, len(whole) - 1}
	for _, n := range lengths {
		seen := damagedAs(t, fmt.Sprintf("cut to %d of %d bytes", n, len(whole)), whole[:n], hash, applied)
		if !seen && n < len(whole)-1 { // SQLite puts zeros there, and the last byte may be one
			t.Errorf("cut to %d of %d bytes: not seen", n, len(whole))
		}
	}
}

// TestDamageMeanwhile has a value change on the disk while the machine runs.
func TestDamageMeanwhile(t *testing.T) {
	k := keep(t)
	k.must(do{What: "new", N: 1, Text: "there"})
	if _, err := k.w.conn.ExecContext(t.Context(), `PRAGMA wal_checkpoint(truncate)`); err != nil {
		t.Fatal(err)
	}
	k.hash()
	k.w.rights, k.w.layout = anything, nil // nobody tells the sum
	if _, err := k.w.conn.ExecContext(t.Context(), `UPDATE item SET title = 'here'`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Hash(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("a scan gave %v", err)
	}
	if !errors.Is(k.Err(), ErrDamaged) {
		t.Errorf("the machine goes on: %v", k.Err())
	}
}

// TestPagesGoneMeanwhile has the disk lose pages under a machine that runs.
func TestPagesGoneMeanwhile(t *testing.T) {
	for name, meet := range map[string]func(*keeper) error{
		"change": func(k *keeper) error { return k.apply(do{What: "retitle", Text: "other"}).Err },
		"read": func(k *keeper) error {
			return k.Read(t.Context(), func(q state.Querier) error {
				var n int
				return q.QueryRowContext(t.Context(), `SELECT count(*) FROM item WHERE title > ''`).Scan(&n)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, _, applied := lively(t)
			k := &keeper{t: t, path: path, next: applied + 1}
			k.open(Options{})
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			kinds := pageKinds(t, path, 0)
			for _, page := range append(kinds["item leaf"], kinds["item_at leaf"]...) {
				if _, err := f.WriteAt(make([]byte, 4096), int64(page-1)*4096); err != nil {
					t.Fatal(err)
				}
			}
			if err := meet(k); err == nil {
				t.Fatal("nothing was noticed")
			}
			select {
			case <-k.Failed():
			default:
				t.Fatal("the machine goes on")
			}
			if !errors.Is(k.Err(), ErrDamaged) {
				t.Errorf("it says %v", k.Err())
			}
			if r := k.apply(do{What: "nopair"}); !errors.Is(r.Err, state.ErrUnknownOutcome) {
				t.Errorf("later entries give %v", r.Err)
			}
		})
	}
}
