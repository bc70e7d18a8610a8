package auth

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLRU compares with a list that does the same slowly.
func TestLRU(t *testing.T) {
	const size = 5
	l := newLRU[int, int](size)
	type pair struct{ key, value int }
	var model []pair // the last used first
	find := func(key int) int { return slices.IndexFunc(model, func(p pair) bool { return p.key == key }) }
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 20_000 {
		key := r.IntN(2 * size)
		i := find(key)
		switch r.IntN(4) {
		case 0, 1:
			v, ok := l.get(key)
			if ok != (i >= 0) || ok && v != model[i].value {
				t.Fatalf("step %d: get(%d) gives %d, %v; want %v", n, key, v, ok, model)
			}
			if ok {
				p := model[i]
				model = slices.Insert(slices.Delete(model, i, i+1), 0, p)
			}
		case 2:
			l.put(key, n)
			if i >= 0 {
				model = slices.Delete(model, i, i+1)
			}
			model = slices.Insert(model, 0, pair{key, n})
			model = model[:min(len(model), size)]
		case 3:
			l.remove(key)
			if i >= 0 {
				model = slices.Delete(model, i, i+1)
			}
			if n%500 == 3 {
				l.clear()
				model = nil
			}
		}
		if l.len() != len(model) {
			t.Fatalf("step %d: %d items, want %d", n, l.len(), len(model))
		}
	}
}
