package recording

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"shoal/internal/media"
)

// ErrEmpty says that nothing was recorded of a rendition.
var ErrEmpty = errors.New("nothing was recorded")

// MP4 is a rendition as one file: ftyp and moov, an index (sidx) by which players seek, and all segments, with decode
// times that go on from run to run. It is not on disk: its size follows from the index, and its bytes are made when they
// are read. Immutable, safe for concurrent use; what is recorded later is not in it.
type MP4 struct {
	dir      string
	head     []byte // ftyp and moov
	sidx     sidx
	pieces   []piece
	size     int64
	duration time.Duration
	modified time.Time
}

// piece is a run within a download.
type piece struct {
	run    Run
	n      int   // segments
	offset int64 // of the first one's first byte, from the first byte of all media
	size   int64 // of all, in the download
	last   entry
	grown  int64         // bytes that each chunk gains
	sets   []byte        // parameter sets that each keyframe gets in front
	seq    uint64        // of the first chunk
	shift  time.Duration // of decode times
	end    time.Duration // where the next piece begins, or the last one ends, on the download's clock
	places map[uint32]trackPlace

	group     int // segments per reference of sidx
	reference int // number of the first reference
}

// MP4 plans the download of a rendition as it is now. It reads an entry and the init of each run. ErrEmpty if there is no
// segment, an error that wraps ErrDamaged if a file does not hold what it should.
func (r *Recording) MP4(id media.RenditionID) (*MP4, error) { return r.mp4(id, maxReferences) }

// mp4 plans with at most so many references in sidx (and one more for each run).
func (r *Recording) mp4(id media.RenditionID, references int) (*MP4, error) {
	m := &MP4{dir: r.dir}
	var mv movie
	for _, run := range r.Runs(id) {
		p, err := m.plan(run, &mv)
		if err != nil {
			return nil, fmt.Errorf("plan download: %w", err)
		}
		if p.n > 0 {
			m.pieces = append(m.pieces, *p)
		}
	}
	if len(m.pieces) == 0 {
		return nil, fmt.Errorf("download %s: %w", id, ErrEmpty)
	}
	media, err := m.place()
	if err != nil {
		return nil, fmt.Errorf("plan download: %w", err)
	}
	if m.head, err = mv.header(m.duration); err != nil {
		return nil, fmt.Errorf("plan download: %w", err)
	}
	m.sidx = planSidx(m.pieces, mv.tracks, references)
	m.size = m.base() + media
	return m, nil
}

// plan looks at a run: its tracks, and its last entry. The piece has no segments if it has none.
func (m *MP4) plan(run Run, mv *movie) (*piece, error) {
	x, err := openIndex(m.dir, &run)
	if err != nil {
		return nil, err
	}
	defer x.close()
	last, ok, err := x.last()
	if err != nil || !ok {
		return &piece{}, err
	}
	init, err := readInit(m.dir, &run)
	if err != nil {
		return nil, err
	}
	movie, err := parseInit(init)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", run.Name, err)
	}
	p := &piece{run: run, n: x.n, last: last}
	if p.places, err = mv.take(movie); err != nil {
		return nil, fmt.Errorf("%s: %w", run.Name, err)
	}
	return p, nil
}

// place says where each piece goes, in bytes and in time, and returns how many bytes all media is.
func (m *MP4) place() (media int64, err error) {
	var chunks uint64
	for i := range m.pieces {
		p := &m.pieces[i]
		p.grow()
		if i > 0 && !p.run.Discontinuity && m.pieces[i-1].run.Epoch == p.run.Epoch {
			p.shift = m.pieces[i-1].shift // it goes on, on the same clock
		} else {
			p.shift = m.duration - p.last.low
		}
		if i > 0 {
			m.pieces[i-1].end = p.shift + p.last.low // where this one begins
		}
		p.seq, p.offset = chunks+1, media
		p.end = p.shift + p.last.high
		p.size = p.at(&p.last) + p.length(&p.last) - p.offset
		chunks += p.last.chunks()
		media += p.size
		m.duration = max(m.duration, p.end)
		if p.size < 0 || media > math.MaxInt64/4 || m.duration > math.MaxInt64/4 || chunks > math.MaxInt64/4 {
			return 0, fmt.Errorf("index of %s: sums that cannot be: %w", p.run.Name, ErrDamaged)
		}
		if at := p.last.Date.Add(p.last.Duration); at.After(m.modified) {
			m.modified = at
		}
	}
	return media, nil
}

// grow says what the chunks of a piece gain. Where sample entries differ, each chunk of a run that needs another than the
// first names its own: every chunk, whatever its track, so that counting chunks is enough. And where there are several of
// the video, each keyframe of all runs carries its parameter sets: ffmpeg, and with it Chromium, overlook that a fragment
// names another entry, and after a seek a decoder still has the sets of where it was.
func (p *piece) grow() {
	for _, place := range p.places {
		if place.description != 1 {
			p.grown = 4
		}
		if len(place.track.entries) > 1 && place.sets != nil {
			p.sets = place.sets
		}
	}
}

func readInit(dir string, run *Run) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, run.Name+mediaExt))
	if err != nil {
		return nil, fmt.Errorf("open recorded file: %w", err)
	}
	defer f.Close()
	b := make([]byte, run.InitSize)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read init segment of %s: %w", run.Name, damage(err))
	}
	return b, nil
}

// damage says that a file which ends too early is damaged.
func damage(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// base is where the media begins.
func (m *MP4) base() int64 { return int64(len(m.head)) + m.sidx.size() }

// Size is that of the whole file, in bytes.
func (m *MP4) Size() int64 { return m.size }

// Duration is how long it plays.
func (m *MP4) Duration() time.Duration { return m.duration }

// Modified is when the last of its media was cut: a time for Last-Modified.
func (m *MP4) Modified() time.Time { return m.modified }

// at is where a segment begins in the download, from the first byte of all media.
func (p *piece) at(e *entry) int64 {
	return p.offset + e.Offset - p.run.InitSize + p.grown*int64(e.before) + int64(len(p.sets))*int64(e.past)
}

// length is how many bytes a segment has in the download.
func (p *piece) length(e *entry) int64 {
	return e.Size + p.grown*int64(e.Chunks) + int64(len(p.sets))*int64(e.keys)
}

// rewrite says how a chunk goes into the download; false if the run has no such track.
func (p *piece) rewrite(f *fragment) (rewrite, bool) {
	at, ok := p.places[f.track]
	if !ok {
		return rewrite{}, false
	}
	w := rewrite{
		track: at.track.id, from: at.timescale, to: at.track.timescale,
		shift: ticksUp(p.shift, at.track.timescale),
	}
	if p.grown > 0 {
		w.description = at.description
	}
	if f.independent && at.track.handler == video {
		w.prefix = p.sets
	}
	return w, true
}
