package audience

import "time"

// viewer is one session of one video.
type viewer struct {
	key      uint64
	video    string
	last     time.Time
	position time.Duration
	watched  time.Duration
	counted  bool // its view is counted, or was a while ago

	older, newer *viewer
}

// watch adds what was watched since the last sign: neither more than the time that passed, nor more than the video moved. A
// player that stands still or was sent back has watched nothing.
func (v *viewer) watch(position time.Duration, at time.Time) {
	if moved := position - v.position; moved > 0 {
		v.watched += min(moved, at.Sub(v.last))
	}
	v.position = position
}

// enough says whether so much was watched that it is a view.
func (v *viewer) enough(duration time.Duration) bool {
	if duration > 0 && duration < enough {
		return v.watched > duration/2
	}
	return v.watched >= enough
}

// viewers are all who watch now, in the order of their last signs, so that those who are gone stand together.
type viewers struct {
	by             map[uint64]*viewer
	of             map[string]int // how many, by video
	oldest, newest *viewer
	most           int // since the maps were made
}

func (s *viewers) reset() { *s = viewers{by: map[uint64]*viewer{}, of: map[string]int{}} }

func (s *viewers) len() int { return len(s.by) }

func (s *viewers) find(key uint64) *viewer { return s.by[key] }

func (s *viewers) add(v *viewer) {
	s.by[v.key] = v
	s.of[v.video]++
	s.most = max(s.most, len(s.by))
	s.append(v)
}

// renew takes a sign of a viewer. Times do not go back.
func (s *viewers) renew(v *viewer, at time.Time) {
	v.last = at
	if v == s.newest {
		return
	}
	s.cut(v)
	s.append(v)
}

// forget leaves out whose last sign is older than since.
func (s *viewers) forget(since time.Time) {
	for v := s.oldest; v != nil && v.last.Before(since); v = s.oldest {
		s.cut(v)
		delete(s.by, v.key)
		if s.of[v.video]--; s.of[v.video] == 0 {
			delete(s.of, v.video)
		}
	}
	// Maps do not shrink: after a great evening they are made anew.
	if len(s.by) == 0 && s.most > 1000 {
		s.reset()
	}
}

func (s *viewers) append(v *viewer) {
	v.older, v.newer = s.newest, nil
	if s.newest != nil {
		s.newest.newer = v
	} else {
		s.oldest = v
	}
	s.newest = v
}

func (s *viewers) cut(v *viewer) {
	if v.older != nil {
		v.older.newer = v.newer
	} else {
		s.oldest = v.newer
	}
	if v.newer != nil {
		v.newer.older = v.older
	} else {
		s.newest = v.older
	}
}
