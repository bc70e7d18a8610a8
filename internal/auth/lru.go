package auth

// lru is a map of a bounded size: what was not used for longest goes first. It is not safe for concurrent use.
type lru[K comparable, V any] struct {
	size  int
	items map[K]*item[K, V]
	head  item[K, V] // of a ring: head.next was used last
}

type item[K comparable, V any] struct {
	key        K
	value      V
	prev, next *item[K, V]
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	l := &lru[K, V]{size: size}
	l.clear()
	return l
}

func (l *lru[K, V]) clear() {
	l.items = map[K]*item[K, V]{}
	l.head.prev, l.head.next = &l.head, &l.head
}

func (l *lru[K, V]) len() int { return len(l.items) }

// get finds a value and marks it as used.
func (l *lru[K, V]) get(key K) (v V, ok bool) {
	i, ok := l.items[key]
	if !ok {
		return v, false
	}
	i.cut()
	l.front(i)
	return i.value, true
}

// put sets a value and marks it as used.
func (l *lru[K, V]) put(key K, value V) {
	i, ok := l.items[key]
	switch {
	case ok:
		i.cut()
	case len(l.items) >= l.size:
		i = l.head.prev
		i.cut()
		delete(l.items, i.key)
	default:
		i = &item[K, V]{}
	}
	i.key, i.value = key, value
	l.items[key] = i
	l.front(i)
}

func (l *lru[K, V]) remove(key K) {
	if i, ok := l.items[key]; ok {
		i.cut()
		delete(l.items, key)
	}
}

func (l *lru[K, V]) front(i *item[K, V]) {
	i.prev, i.next = &l.head, l.head.next
	i.prev.next, i.next.prev = i, i
}

func (i *item[K, V]) cut() { i.prev.next, i.next.prev = i.next, i.prev }
