package fsm

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"shoal/cluster/state"
)

// Raise is the command that brings a package's schema to a version, by the steps that the program has for it. Its result
// is the version that was in force before, an int.
type Raise struct {
	Package string
	Version int // from 1
}

// Kind is fsm.schema.raise/1.
func (Raise) Kind() string { return "fsm.schema.raise/1" }

// Apply is never called: steps come from the registry, which only a Machine has.
func (Raise) Apply(*state.Tx) (any, error) { return nil, errNotHere }

// Check is the command that compares states: every node that still knows its own hash after the entry Index stops if it
// is another. Its result is a bool: whether this node could compare.
type Check struct {
	Index uint64
	Hash  string // as Machine.Hash gives it
}

// Kind is fsm.state.check/1.
func (Check) Kind() string { return "fsm.state.check/1" }

// Apply is never called: hashes of the past are known to a Machine only.
func (Check) Apply(*state.Tx) (any, error) { return nil, errNotHere }

var errNotHere = errors.New("only a machine applies this command")

// Register makes the machine's own commands known.
func Register(r *state.Registry) { r.Add(Raise{}, Check{}) }

// raise applies the steps that a package's schema is behind.
func (b *batch) raise(c Raise) (any, error) {
	before := b.versions[c.Package]
	var schema state.Schema
	for _, s := range b.m.reg.Schemas() {
		if s.Package == c.Package {
			schema = s
		}
	}
	if c.Version > len(schema.Steps) {
		return nil, fmt.Errorf("version %d of the tables of %s: %w", c.Version, c.Package, state.ErrUnknownKind)
	}
	if c.Version <= before {
		return before, nil
	}
	for i, step := range schema.Steps[before:c.Version] {
		b.w.rights = stepRights
		_, err := b.tx.Exec(step)
		b.w.rights = anything
		if err != nil {
			return nil, fmt.Errorf("step %d of the tables of %s: %w", before+i+1, c.Package, err)
		}
	}
	if err := b.record(schema, c.Version); err != nil {
		return nil, err
	}
	// Rows of all tables may look otherwise now: the sum is made anew.
	ctx := context.Background()
	l, err := readLayout(ctx, b.tx)
	if err != nil {
		return nil, err
	}
	s, err := l.scan(ctx, b.tx)
	if err != nil {
		return nil, err
	}
	b.w.layout, b.w.sum = l, s
	b.versions = maps.Clone(b.versions)
	b.versions[c.Package] = c.Version
	return before, nil
}

// record writes down the new version and the derived tables, and refuses what a schema must not have.
func (b *batch) record(s state.Schema, version int) error {
	_, err := b.tx.Exec(`INSERT INTO schema (package, version) VALUES (?, ?)
		ON CONFLICT (package) DO UPDATE SET version = excluded.version`, s.Package, version)
	if err != nil {
		return fmt.Errorf("write the version of a schema: %w", err)
	}
	for _, name := range s.Derived {
		if _, err := b.tx.Exec(`INSERT OR IGNORE INTO derived (name) SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?`, name); err != nil {
			return fmt.Errorf("write the name of a derived table: %w", err)
		}
	}
	var wrong string
	err = b.tx.QueryRow(`SELECT coalesce(
		(SELECT 'AUTOINCREMENT is used: Tx.NextID is there for that' FROM sqlite_schema WHERE name = 'sqlite_sequence'),
		(SELECT name || ' defers a foreign key: its violation would show too late' FROM sqlite_schema
			WHERE sql LIKE '%INITIALLY DEFERRED%' ORDER BY name LIMIT 1),
		(SELECT 'the virtual table ' || name || ' is not named as derived' FROM pragma_table_list
			WHERE schema = 'main' AND type = 'virtual' AND name NOT IN (SELECT name FROM derived) ORDER BY name LIMIT 1), '')`).Scan(&wrong)
	if err != nil {
		return fmt.Errorf("look at the new tables: %w", err)
	}
	if wrong != "" {
		return fmt.Errorf("the tables of %s: %s", s.Package, wrong)
	}
	return nil
}

// check compares this node's hash after an earlier entry with another's.
func (b *batch) check(c Check) (any, error) {
	for _, p := range b.points {
		if p.applied == c.Index {
			return compare(c, p.hash())
		}
	}
	if hash, ok := b.m.recent.at(c.Index); ok {
		return compare(c, hash)
	}
	return false, nil
}

func compare(c Check, hash string) (any, error) {
	if hash != c.Hash {
		return nil, fmt.Errorf("%w: after entry %d it is %s, there %s. Stop this node, give it an empty data folder and let it join again",
			ErrDiverged, c.Index, hash, c.Hash)
	}
	return true, nil
}
