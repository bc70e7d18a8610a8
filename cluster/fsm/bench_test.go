package fsm

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"shoal/cluster/state"
)

// film is as wide as a catalog's video.
type film struct{ From, To int64 }

func (film) Kind() string { return "films.add/1" }

func (c film) Apply(tx *state.Tx) (any, error) {
	for id := c.From; id < c.To; id++ {
		_, err := tx.Exec(`INSERT INTO film (id, uuid, name, description, channel, privacy, published, duration, views, tags, state)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, fmt.Sprintf("%032x", id*7919), fmt.Sprintf("Evening number %d by the harbour", id),
			strings.Repeat(fmt.Sprintf("What was said and sung on day %d. ", id%977), 10), id%500, id%5, 1_700_000_000_000+id*1000, id%7200, id%100000,
			`["music","harbour"]`, 1)
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func films(search bool) func(r *state.Registry) {
	step := `CREATE TABLE film (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL, channel INTEGER NOT NULL,
		privacy INTEGER NOT NULL, published INTEGER NOT NULL, duration INTEGER NOT NULL, views INTEGER NOT NULL, tags TEXT NOT NULL, state INTEGER NOT NULL) STRICT;
		CREATE INDEX film_published ON film (published DESC);
		CREATE INDEX film_channel ON film (channel, published);`
	if search {
		step += `CREATE VIRTUAL TABLE film_text USING fts5 (name, description, content='film', content_rowid='id');
		CREATE TRIGGER film_i AFTER INSERT ON film BEGIN INSERT INTO film_text (rowid, name, description) VALUES (new.id, new.name, new.description); END`
	}
	return func(r *state.Registry) {
		Register(r)
		r.Add(film{})
		r.AddSchema(state.Schema{Package: "films", Steps: []string{step}, Derived: []string{"film_text"}})
	}
}

func filled(b testing.TB, n int64, search bool) *Machine {
	b.Helper()
	reg := state.NewRegistry()
	films(search)(reg)
	m, err := Open(filepath.Join(b.TempDir(), "state.db"), reg, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	must := func(i uint64, c state.Command) {
		if r := m.Apply(entryOf(b, reg, i, c, epoch)).(Result); r.Err != nil {
			b.Fatal(r.Err)
		}
	}
	must(1, Raise{"films", 1})
	for at := int64(0); at < n; at += 1000 {
		must(uint64(at/1000+2), film{at, min(at+1000, n)})
	}
	return m
}

// BenchmarkApply applies commands of one row each, alone and as raft batches them under load. Nothing is fsynced but
// by the WAL's return into the database.
func BenchmarkApply(b *testing.B) {
	for _, size := range []int{1, 64} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			m := filled(b, 1000, true)
			b.ReportAllocs()
			next, id := m.Applied()+1, int64(1000)
			for b.Loop() {
				logs := make([]*raft.Log, size)
				for i := range logs {
					logs[i] = entryOf(b, m.reg, next, film{id, id + 1}, epoch)
					next, id = next+1, id+1
				}
				for _, r := range m.ApplyBatch(logs) {
					if r.(Result).Err != nil {
						b.Fatal(r)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*size), "µs/command")
		})
	}
}

// BenchmarkLarge is what costs more the more there is: with 100,000 videos.
func BenchmarkLarge(b *testing.B) {
	for _, search := range []bool{false, true} {
		m := filled(b, 100_000, search)
		ctx := context.Background()
		name := fmt.Sprintf("search=%v/", search)
		b.Run(name+"hash", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := m.Hash(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"integrity", func(b *testing.B) {
			for b.Loop() {
				if err := m.Read(ctx, func(q state.Querier) error { return integrity(ctx, q, m.path) }); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"quick_check", func(b *testing.B) { // sees less: not whether indexes agree with their tables
			for b.Loop() {
				one[string](b, m, "PRAGMA quick_check")
			}
		})
		b.Run(name+"copy", func(b *testing.B) {
			for b.Loop() {
				if _, err := m.WriteCopy(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
		if _, err := m.Snapshot(); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"open", func(b *testing.B) {
			for b.Loop() {
				if err := inspect(m.path, m.reg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
