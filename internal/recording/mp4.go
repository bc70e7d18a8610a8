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
	sidx     []sidx // of each track
	pieces   []piece
	size     int64
	duration time.Duration
	modified time.Time
}

// piece is a run within a download.
type piece struct {
	run    Run
	n      int // segments
	last   entry
	places []trackPlace // of its tracks
	sets   []byte       // parameter sets that each keyframe gets in front

	offset int64         // of the first segment, from the first byte of all media
	size   int64         // of all segments, in the download
	seq    int64         // sequence number of the first one's fragment
	shift  time.Duration // of decode times
	begin  time.Duration // on the download's clock
	end    time.Duration // where the next piece begins, or the last one ends

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
	seq := int64(1)
	for i := range m.pieces {
		p := &m.pieces[i]
		p.choose()
		if i > 0 && !p.run.Discontinuity && m.pieces[i-1].run.Epoch == p.run.Epoch {
			p.shift = m.pieces[i-1].shift // it goes on, on the same clock
		} else {
			p.shift = m.duration - p.last.low
		}
		p.begin, p.end = p.shift+p.last.low, p.shift+p.last.high
		if i > 0 {
			m.pieces[i-1].end = p.begin
		}
		all := p.last.total()
		p.seq, p.offset, p.size = seq, media, p.bytes(all)
		seq += all.filled
		media += p.size
		m.duration = max(m.duration, p.end)
		if p.size < 0 || media > math.MaxInt64/4 || m.duration > math.MaxInt64/4 || seq > math.MaxInt64/4 {
			return 0, fmt.Errorf("index of %s: sums that cannot be: %w", p.run.Name, ErrDamaged)
		}
		if at := p.last.Date.Add(p.last.Duration); at.After(m.modified) {
			m.modified = at
		}
	}
	return media, nil
}

// choose says what keyframes get in front. A run that needs another sample entry than the first names its own; but ffmpeg,
// and with it Chromium, overlook that of a fragment. So where there are several of the video, each keyframe of all runs
// carries its parameter sets: of all, since after a seek a decoder has the sets of where it was.
func (p *piece) choose() {
	for _, place := range p.places {
		if len(place.track.entries) > 1 && place.sets != nil {
			p.sets = place.sets
		}
	}
}

// bytes is the size in the download of segments that come to a tally.
func (p *piece) bytes(t tally) int64 { return assemblySize(t, len(p.places), len(p.sets)) }

// at is where a segment begins in the download, from the first byte of all media.
func (p *piece) at(e *entry) int64 { return p.offset + p.bytes(e.past) }

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
func (m *MP4) base() int64 { return int64(len(m.head)) + m.sidx[0].size() + m.sidx[0].behind }

// Size is that of the whole file, in bytes.
func (m *MP4) Size() int64 { return m.size }

// Duration is how long it plays.
func (m *MP4) Duration() time.Duration { return m.duration }

// Modified is when the last of its media was cut: a time for Last-Modified.
func (m *MP4) Modified() time.Time { return m.modified }
