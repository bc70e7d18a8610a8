package fsm

// remembered is how many hashes of the past a machine knows: a comparison must arrive within as many entries.
const remembered = 1024

// recent holds the hashes after the last entries, in memory only.
type recent struct {
	all  []hashAt
	next int // where the next one goes, once all is full
}

// hashAt is the state's hash after an entry.
type hashAt struct {
	index uint64
	hash  string
}

// add remembers a point.
func (r *recent) add(p point) {
	h := hashAt{p.applied, p.hash()}
	if len(r.all) < remembered {
		r.all = append(r.all, h)
		return
	}
	r.all[r.next] = h
	r.next = (r.next + 1) % remembered
}

// at gives the hash after an entry, if it is known.
func (r *recent) at(index uint64) (hash string, ok bool) {
	for _, h := range r.all {
		if h.index == index {
			return h.hash, true
		}
	}
	return "", false
}
