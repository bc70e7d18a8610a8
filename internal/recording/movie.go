package recording

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

// video is the handler type of tracks of pictures (ISO/IEC 14496-12, section 12.1.2).
const video = "vide"

// trackInit is what an init segment says of a track.
type trackInit struct {
	id        uint32
	handler   string // video, "soun"
	timescale uint32
	trak      []byte   // the box
	entries   [][]byte // of stsd
	trex      []byte   // the box
}

// movieInit is an init segment, taken apart.
type movieInit struct {
	ftyp, mvhd []byte // boxes
	timescale  uint32 // of mvhd
	tracks     []trackInit
}

// parseInit takes an init segment apart. The error wraps ErrDamaged. What it returns shares the memory of b.
func parseInit(b []byte) (*movieInit, error) {
	m := &movieInit{}
	if err := m.read(b); err != nil {
		return nil, fmt.Errorf("read init segment: %w", err)
	}
	return m, nil
}

func (m *movieInit) read(b []byte) error {
	top, err := boxes(b)
	if err != nil {
		return err
	}
	ftyp, err := child(top, "ftyp")
	if err != nil {
		return err
	}
	m.ftyp = ftyp.all
	moov, err := child(top, "moov")
	if err != nil {
		return err
	}
	parts, err := boxes(moov.body())
	if err != nil {
		return err
	}
	mvhd, err := child(parts, "mvhd")
	if err != nil {
		return err
	}
	m.mvhd = mvhd.all
	if m.timescale, err = timescale(mvhd); err != nil {
		return err
	}
	mvex, err := child(parts, "mvex")
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.name != "trak" {
			continue
		}
		t, err := parseTrak(p)
		if err != nil {
			return err
		}
		if t.trex, err = trexOf(mvex, t.id); err != nil {
			return err
		}
		m.tracks = append(m.tracks, t)
	}
	if len(m.tracks) == 0 {
		return fmt.Errorf("no track: %w", ErrDamaged)
	}
	return nil
}

// timescale reads that of mvhd or mdhd, which begin alike (ISO/IEC 14496-12, sections 8.2.2 and 8.4.2).
func timescale(b box) (uint32, error) {
	at := 20
	if len(b.all) > boxHeader && b.all[boxHeader] == 1 {
		at = 28
	}
	if len(b.all) < at+4 || binary.BigEndian.Uint32(b.all[at:]) == 0 {
		return 0, fmt.Errorf("no timescale in %q: %w", b.name, ErrDamaged)
	}
	return binary.BigEndian.Uint32(b.all[at:]), nil
}

// trackID is where tkhd has the track's number.
func trackID(tkhd box) (at int, err error) {
	at = 20
	if len(tkhd.all) > boxHeader && tkhd.all[boxHeader] == 1 {
		at = 28
	}
	if len(tkhd.all) < at+4 {
		return 0, fmt.Errorf("a short tkhd: %w", ErrDamaged)
	}
	return at, nil
}

func parseTrak(b box) (t trackInit, err error) {
	t.trak = b.all
	tkhd, err := descend(b.body(), "tkhd")
	if err != nil {
		return t, err
	}
	at, err := trackID(tkhd)
	if err != nil {
		return t, err
	}
	t.id = binary.BigEndian.Uint32(tkhd.all[at:])
	mdhd, err := descend(b.body(), "mdia", "mdhd")
	if err != nil {
		return t, err
	}
	if t.timescale, err = timescale(mdhd); err != nil {
		return t, err
	}
	hdlr, err := descend(b.body(), "mdia", "hdlr")
	if err != nil {
		return t, err
	}
	if len(hdlr.all) < 20 {
		return t, fmt.Errorf("a short hdlr: %w", ErrDamaged)
	}
	t.handler = string(hdlr.all[16:20])
	stsd, err := descend(b.body(), "mdia", "minf", "stbl", "stsd")
	if err != nil {
		return t, err
	}
	if len(stsd.all) < 16 {
		return t, fmt.Errorf("a short stsd: %w", ErrDamaged)
	}
	entries, err := boxes(stsd.all[16:])
	if err != nil {
		return t, err
	}
	if len(entries) == 0 || uint64(len(entries)) != uint64(binary.BigEndian.Uint32(stsd.all[12:])) {
		return t, fmt.Errorf("stsd has %d entries: %w", len(entries), ErrDamaged)
	}
	for _, e := range entries {
		t.entries = append(t.entries, e.all)
	}
	return t, nil
}

func trexOf(mvex box, id uint32) ([]byte, error) {
	all, err := boxes(mvex.body())
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if b.name == "trex" && len(b.all) == 32 && binary.BigEndian.Uint32(b.all[12:]) == id {
			return b.all, nil
		}
	}
	return nil, fmt.Errorf("no trex of track %d: %w", id, ErrDamaged)
}

// outTrack is a track of a download.
type outTrack struct {
	id        uint32
	handler   string
	timescale uint32
	model     trackInit // of the first run that has the track
	entries   [][]byte  // of all runs, each once
}

// movie is what goes before the media of a download.
type movie struct {
	ftyp, mvhd []byte
	timescale  uint32
	tracks     []*outTrack
}

// take adds what the init segment of the next run says, and tells for each of its tracks which of the movie's it is and
// which of its sample entries. A track that the runs before did not have is one more; tracks of a kind are one.
func (m *movie) take(i *movieInit) ([]trackPlace, error) {
	if m.ftyp == nil {
		m.ftyp, m.mvhd, m.timescale = bytes.Clone(i.ftyp), bytes.Clone(i.mvhd), i.timescale
	}
	var places []trackPlace
	for _, t := range i.tracks {
		n := slices.IndexFunc(m.tracks, func(o *outTrack) bool { return o.handler == t.handler })
		if n < 0 {
			t.trak, t.trex = bytes.Clone(t.trak), bytes.Clone(t.trex)
			n = len(m.tracks)
			m.tracks = append(m.tracks, &outTrack{id: uint32(n + 1), handler: t.handler, timescale: t.timescale, model: t})
		}
		o := m.tracks[n]
		twice := slices.ContainsFunc(places, func(p trackPlace) bool { return p.track == o || p.id == t.id })
		if twice || len(t.entries) != 1 {
			return nil, fmt.Errorf("read init segment: more than one track or sample entry of a kind: %w", ErrDamaged)
		}
		e := slices.IndexFunc(o.entries, func(b []byte) bool { return bytes.Equal(b, t.entries[0]) })
		if e < 0 {
			e = len(o.entries)
			o.entries = append(o.entries, bytes.Clone(t.entries[0]))
		}
		sets, err := parameterSets(t.entries[0])
		if err != nil {
			return nil, err
		}
		places = append(places, trackPlace{id: t.id, track: o, description: uint32(e + 1), timescale: t.timescale, sets: sets})
	}
	return places, nil
}

// trackPlace is where the chunks of a run's track go.
type trackPlace struct {
	id          uint32 // of the track, as recorded
	track       *outTrack
	description uint32 // sample_description_index
	timescale   uint32 // of what was recorded
	sets        []byte // parameter sets as they stand in a sample; nil if the codec has none, or other ones than H.264's
}

// parameterSets gives those of an H.264 sample entry (ISO/IEC 14496-15, section 5.3.3.1) as they stand in a sample: each
// behind its length.
func parameterSets(entry []byte) ([]byte, error) {
	const children = boxHeader + 78 // of a visual sample entry (ISO/IEC 14496-12, section 12.1.3)
	if name := string(entry[4:boxHeader]); name != "avc1" && name != "avc3" || len(entry) < children {
		return nil, nil
	}
	avcC, err := descend(entry[children:], "avcC")
	if err != nil {
		return nil, err
	}
	b := avcC.body()
	short := fmt.Errorf("a short avcC: %w", ErrDamaged)
	if len(b) < 6 {
		return nil, short
	}
	size := int(b[4]&3) + 1
	var sets []byte

	b = b[5:]
	for _, mask := range [...]byte{31, 255} { // of how many: SPS, then PPS
		if len(b) == 0 {
			return nil, short
		}
		n := int(b[0] & mask)
		b = b[1:]
		for range n {
			if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
				return nil, short
			}
			length := int(binary.BigEndian.Uint16(b))
			if size == 1 && length > math.MaxUint8 {
				return nil, short
			}
			sets = append(sets, binary.BigEndian.AppendUint32(nil, uint32(length))[4-size:]...)
			sets = append(sets, b[2:2+length]...)
			b = b[2+length:]
		}
	}
	return sets, nil
}

// header writes ftyp and moov for a movie of a length.
func (m *movie) header(length time.Duration) ([]byte, error) {
	mehd := append(make([]byte, 0, 12), 1, 0, 0, 0)
	mehd = binary.BigEndian.AppendUint64(mehd, uint64(ticksUp(length, m.timescale)))
	body := [][]byte{m.mvhd}
	mvex := [][]byte{wrap("mehd", mehd)}
	for _, t := range m.tracks {
		trak, err := t.trak()
		if err != nil {
			return nil, err
		}
		body = append(body, trak)
		trex := bytes.Clone(t.model.trex)
		binary.BigEndian.PutUint32(trex[12:], t.id)
		binary.BigEndian.PutUint32(trex[16:], 1) // what a chunk that names no sample entry has
		mvex = append(mvex, trex)
	}
	body = append(body, wrap("mvex", mvex...))
	return append(bytes.Clone(m.ftyp), wrap("moov", body...)...), nil
}

// trak writes the track's box: that of the first run which had it, with its own number and all sample entries.
func (t *outTrack) trak() ([]byte, error) {
	stsd := append(make([]byte, 0, 8), 0, 0, 0, 0)
	stsd = binary.BigEndian.AppendUint32(stsd, uint32(len(t.entries)))
	return replace(t.model.trak, func(path string, b box) ([]byte, error) {
		switch path {
		case "/tkhd":
			at, err := trackID(b)
			if err != nil {
				return nil, err
			}
			own := bytes.Clone(b.all)
			binary.BigEndian.PutUint32(own[at:], t.id)
			return own, nil
		case "/mdia/minf/stbl/stsd":
			return wrap("stsd", append([][]byte{stsd}, t.entries...)...), nil
		case "/mdia", "/mdia/minf", "/mdia/minf/stbl":
			return nil, nil
		}
		return b.all, nil
	})
}

// replace writes a box anew. For each box in it f gives what stands in its place, or nil to have its own boxes asked for.
func replace(b []byte, f func(path string, b box) ([]byte, error)) ([]byte, error) {
	var walk func(path string, b []byte) ([]byte, error)
	walk = func(path string, b []byte) ([]byte, error) {
		all, err := boxes(b[boxHeader:])
		if err != nil {
			return nil, err
		}
		var body [][]byte
		for _, c := range all {
			at := path + "/" + c.name
			own, err := f(at, c)
			if own == nil && err == nil {
				own, err = walk(at, c.all)
			}
			if err != nil {
				return nil, err
			}
			body = append(body, own)
		}
		return wrap(string(b[4:boxHeader]), body...), nil
	}
	return walk("", b)
}

// ticksUp converts a duration to ticks, rounding up, so that what follows does not overlap what was before.
func ticksUp(d time.Duration, timescale uint32) int64 {
	const second = int64(time.Second)
	n, ts := int64(d), int64(timescale)
	whole, rest := n/second, n%second
	if rest < 0 {
		whole, rest = whole-1, rest+second
	}
	if whole > math.MaxInt64/4/ts || whole < -math.MaxInt64/4/ts {
		return 0 // three centuries at least: no clock of ours says so
	}
	return whole*ts + (rest*ts+second-1)/second
}
