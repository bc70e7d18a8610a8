package catalog

import "sync"

// memo keeps what was read at one index of the state, a bounded number of values.
type memo[K comparable, V any] struct {
	limit int

	mu     sync.Mutex
	index  uint64
	values map[K]V
}

// get gives what was kept for a key at this index.
func (m *memo[K, V]) get(index uint64, key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.index != index {
		var none V
		return none, false
	}
	v, ok := m.values[key]
	return v, ok
}

// put keeps a value. What belongs to an earlier index goes.
func (m *memo[K, V]) put(index uint64, key K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if index < m.index {
		return
	}
	if index > m.index || m.values == nil || len(m.values) >= m.limit {
		m.index, m.values = index, make(map[K]V)
	}
	m.values[key] = v
}
