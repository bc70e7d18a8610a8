package fsm

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var rows [][sha256.Size]byte
	for range 200 {
		var h [sha256.Size]byte
		for i := range h {
			h[i] = byte(r.IntN(4)) * 85 // many carries
		}
		rows = append(rows, h)
	}
	var a, b sum
	for _, h := range rows {
		a.add(h)
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for i, h := range rows {
		b.add(h)
		if i%2 == 0 {
			b.sub(h)
			b.add(h)
		}
	}
	if a != b {
		t.Error("the order matters")
	}
	if c, err := parseSum(a.bytes()); c != a || err != nil {
		t.Errorf("kept and read again it is another: %v", err)
	}
	if _, err := parseSum(a.bytes()[1:]); err == nil {
		t.Error("a short one is read")
	}
	for _, h := range rows {
		a.sub(h)
	}
	if a != (sum{}) {
		t.Errorf("without rows it is %v", a)
	}
}

// TestRowForm has rows that must not be taken for each other, and values that SQLite shows in two ways.
func TestRowForm(t *testing.T) {
	form := func(table string, values ...any) string {
		t.Helper()
		b, err := appendRow(nil, table, values)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	different := []string{
		form("t"), form("u"), form("t", nil), form("t", nil, nil), form("t", int64(0)), form("t", int64(1)), form("t", int64(-1)), form("t", 0.5),
		form("t", -0.5), form("t", math.Inf(1)), form("t", ""), form("t", "0"), form("t", []byte{}), form("t", []byte("0")), form("t", "a", "b"),
		form("t", "ab", ""), form("t", "", "ab"), form("ta", "b"), form("t", "a\x01tb"), form("t", []byte("a\x00b")), form("t", []byte("a")), form("t", 1e300),
	}
	sorted := slices.Clone(different)
	slices.Sort(sorted)
	if n := len(slices.Compact(sorted)); n != len(different) {
		t.Errorf("of %d rows %d differ", len(different), n)
	}
	for i, same := range [][2]string{
		{form("t", 3.0), form("t", int64(3))},
		{form("t", math.Copysign(0, -1)), form("t", int64(0))},
		{form("t", "a\x00b"), form("t", "a")},
		{form("t", []byte(nil)), form("t", []byte{})},
	} {
		if same[0] != same[1] {
			t.Errorf("pair %d differs", i)
		}
	}
	if _, err := appendRow(nil, "t", []any{true}); err == nil {
		t.Error("a type that SQLite does not have")
	}
}

// TestSeal changes each of the values under the seal.
func TestSeal(t *testing.T) {
	p := point{applied: 1, time: 2, sum: sum{3, 4, 5, 6}}
	seal := p.seal()
	if !p.sealed(seal) {
		t.Fatal("not sealed")
	}
	for i, q := range []point{{2, 2, p.sum}, {1, 3, p.sum}, {2, 1, p.sum}, {1, 2, sum{3, 4, 5, 7}}, {}} {
		if q.sealed(seal) {
			t.Errorf("point %d has the seal of another", i)
		}
	}
	if p.sealed(nil) || p.sealed(seal[1:]) {
		t.Error("half a seal will do")
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"SHOALREF1 0\n", "SHOALREF1 18446744073709551615\n", "SHOALREF1 01\n", "SHOALREF1 1", "SHOALREF2 1\n", "", "\n", "SHOALREF1 +1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if index, err := parseReference(s); err == nil && fmt.Sprintf("SHOALREF1 %d\n", index) != s {
			t.Errorf("%q is read as %d", s, index)
		}
	})
}
