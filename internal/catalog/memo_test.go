package catalog

import (
	"strconv"
	"testing"
)

func TestMemo(t *testing.T) {
	t.Parallel()
	m := memo[string, int]{limit: 3}
	if _, ok := m.get(0, "a"); ok {
		t.Error("something is remembered of nothing")
	}
	m.put(5, "a", 1)
	m.put(5, "b", 2)
	if v, ok := m.get(5, "a"); v != 1 || !ok {
		t.Errorf("%d, %v", v, ok)
	}
	m.put(4, "a", 9) // read before the change, written after it
	if v, _ := m.get(5, "a"); v != 1 {
		t.Errorf("an older value came over a newer: %d", v)
	}
	for _, index := range []uint64{4, 6} {
		if v, ok := m.get(index, "a"); ok {
			t.Errorf("at %d there is %d of 5", index, v)
		}
	}
	m.put(6, "c", 3)
	if _, ok := m.get(6, "a"); ok {
		t.Error("a value of an earlier index stayed")
	}
	for i := range 100 {
		m.put(6, strconv.Itoa(i), i)
		if len(m.values) > 3 {
			t.Fatalf("%d values are kept; want 3 at most", len(m.values))
		}
	}
}
