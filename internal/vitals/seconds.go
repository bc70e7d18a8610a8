package vitals

import "math"

// span is how many seconds are kept, for charts: 5 min.
const span = 300

// none is the lead of a second in which nothing came.
const none = math.MinInt32

// second is what came in one second of arrival.
type second struct {
	bytes uint32
	// lead is how far media time was ahead of the time that passed since the run began, at most, in milliseconds. What the
	// network does can only make it smaller, so the largest of some seconds says what the encoder's clock does.
	lead      int32
	frames    uint16 // of video
	keys      uint16 // pictures that a decoder may start at
	audio     uint16 // frames of audio, silence included
	silent    uint16 // those that are the silence that ingest fills in
	missing   uint16 // frames that should have been there, by the distances of the others
	irregular uint16 // distances that are not those of the rate
	odd       uint16 // those that are no multiple of it either
	reorder   uint16 // by how much presentation is later than decoding, at most, in milliseconds
	sound     uint32 // bytes of audio
}

// seconds are the last seconds: a ring.
type seconds struct {
	ring [span + 1]second
	last int64 // number of the second that is open
}

func (s *seconds) open() *second { return &s.ring[s.last%int64(len(s.ring))] }

// turn closes the second that is open.
func (s *seconds) turn() {
	s.last++
	*s.open() = second{lead: none}
}

// at gives a second by its number: the open one, or one of the span before it.
func (s *seconds) at(n int64) *second { return &s.ring[n%int64(len(s.ring))] }

// sum adds up the n seconds that end with the open one.
func (s *seconds) sum(n int64) (t total) {
	for i := s.last - n + 1; i <= s.last; i++ {
		if i < 0 {
			continue
		}
		x := s.at(i)
		t.bytes += int64(x.bytes)
		t.sound += int64(x.sound)
		t.frames += int(x.frames)
		t.audio += int(x.audio)
		t.silent += int(x.silent)
		t.missing += int(x.missing)
		t.irregular += int(x.irregular)
		t.odd += int(x.odd)
		t.reorder = max(t.reorder, int(x.reorder))
		if x.missing > 0 {
			t.lossy++
		}
	}
	return t
}

// total is the sum of some seconds.
type total struct {
	bytes, sound                                   int64
	frames, audio, silent, missing, irregular, odd int
	lossy                                          int // seconds with missing frames
	reorder                                        int // the largest
}

// lead is the largest of the n seconds from a number on; none if nothing came in them.
func (s *seconds) lead(from, n int64) int32 {
	most := int32(none)
	for i := from; i < from+n; i++ {
		most = max(most, s.at(i).lead)
	}
	return most
}

// add counts up to the largest number that fits.
func add(n *uint16, more int) { *n = uint16(min(int(*n)+more, math.MaxUint16)) }
