package recording

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
)

// windowSize is how much of a recorded file is read at once.
const windowSize = 128 << 10

// Reader reads an MP4 from any place on: an io.ReadSeekCloser, for http.ServeContent. It holds two files open and takes
// some 200 KB of memory, whatever the length. It is not safe for concurrent use; any number of Readers read an MP4 at once.
type Reader struct {
	m   *MP4
	pos int64

	// of the piece that is read
	piece *piece
	index *index
	file  *os.File
	scan  scanner

	// of the segment that is read
	i        int   // its number within the piece; -1 for none
	out      int64 // where it begins, from the first byte of all media
	assembly assembly
	chunk    int // of the assembly, that was read last

	window []byte // bytes of the file
	at     int64  // where they begin
}

// Open begins to read at the start. It opens no file yet. Close must be called.
func (m *MP4) Open() *Reader { return &Reader{m: m, i: -1} }

// Close lets go of the files.
func (r *Reader) Close() error {
	r.leave()
	r.window = nil
	return nil
}

func (r *Reader) leave() {
	if r.piece == nil {
		return
	}
	r.index.close()
	_ = r.file.Close()
	r.piece, r.index, r.file, r.i = nil, nil, nil, -1
}

var errSeek = errors.New("seek before the start")

// Seek implements io.Seeker. It does no I/O.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.m.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, errSeek
	}
	r.pos = offset
	return offset, nil
}

// Read implements io.Reader. An error wraps ErrDamaged if a file does not hold what its index says.
func (r *Reader) Read(p []byte) (n int, err error) {
	for n < len(p) && r.pos < r.m.size {
		k, err := r.some(p[n:])
		if err != nil {
			// What was read is good; the next call finds the same mistake.
			if n > 0 {
				return n, nil
			}
			return 0, fmt.Errorf("read download: %w", err)
		}
		n, r.pos = n+k, r.pos+int64(k)
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// some reads at least one byte from where we are, which is before the end.
func (r *Reader) some(p []byte) (int, error) {
	if r.pos < int64(len(r.m.head)) {
		return copy(p, r.m.head[r.pos:]), nil
	}
	if r.pos < r.m.base() {
		at, size := r.pos-int64(len(r.m.head)), r.m.sidx[0].size()
		return r.readSidx(p, &r.m.sidx[at/size], at%size)
	}
	at := r.pos - r.m.base()
	if err := r.find(at); err != nil {
		return 0, err
	}
	return r.media(p, at-r.out)
}

// media reads from a place in the segment.
func (r *Reader) media(p []byte, at int64) (int, error) {
	a := &r.assembly
	if at < int64(len(a.head)) {
		return copy(p, a.head[at:]), nil
	}
	holds := func(k int) bool { return at >= a.chunks[k].out && (k+1 == len(a.chunks) || at < a.chunks[k+1].out) }
	if r.chunk+1 < len(a.chunks) && holds(r.chunk+1) {
		r.chunk++
	} else if !holds(r.chunk) {
		r.chunk = sort.Search(len(a.chunks), func(k int) bool { return a.chunks[k].out > at }) - 1
	}
	c := &a.chunks[r.chunk]
	at -= c.out
	if c.sets {
		if at < int64(len(r.piece.sets)) {
			return copy(p, r.piece.sets[at:]), nil
		}
		at -= int64(len(r.piece.sets))
	}
	if err := r.fill(c, at); err != nil {
		return 0, err
	}
	b := r.window[c.src+at-r.at:]
	return copy(p, b[:min(int64(len(b)), c.size-at)]), nil
}

// readSidx reads from a place in a sidx box.
func (r *Reader) readSidx(p []byte, s *sidx, at int64) (int, error) {
	if at < sidxTop {
		return copy(p, s.top(r.m.pieces[0].begin)[at:]), nil
	}
	at -= sidxTop
	n := int(at / sidxReference)
	piece, first, last := s.of(r.m.pieces, n)
	if err := r.enter(piece); err != nil {
		return 0, err
	}
	const most = 512
	want := 1 + int(min(int64(len(p)), most*sidxReference)/sidxReference)
	b, err := s.append(nil, piece, r.index, n-first, min(n+want, last)-first)
	if err != nil {
		return 0, err
	}
	return copy(p, b[at%sidxReference:]), nil
}

// enter opens a piece's files, unless they are open.
func (r *Reader) enter(p *piece) error {
	if r.piece == p {
		return nil
	}
	r.leave()
	x, err := openIndex(r.m.dir, &p.run)
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(r.m.dir, p.run.Name+mediaExt))
	if err != nil {
		x.close()
		return fmt.Errorf("open recorded file: %w", err)
	}
	r.piece, r.index, r.file, r.scan.f = p, x, f, f
	r.i, r.window, r.at = -1, r.window[:0], 0
	return nil
}

// find makes the segment that holds a place the current one. Places count from the first byte of all media.
func (r *Reader) find(at int64) error {
	if r.i >= 0 && at >= r.out && at < r.out+r.assembly.size {
		return nil
	}
	pieces := r.m.pieces
	k := sort.Search(len(pieces), func(i int) bool { return pieces[i].offset > at }) - 1
	p := &pieces[k]
	if err := r.enter(p); err != nil {
		return err
	}
	i := r.i + 1
	if r.i < 0 || at != r.out+r.assembly.size { // else we read on
		n, err := r.index.search(p.n, func(e *entry) bool { return p.at(e) > at })
		if err != nil {
			return err
		}
		i = max(n-1, 0)
	}
	for r.i = -1; i < p.n; i++ {
		e, err := r.index.at(i)
		if err != nil {
			return err
		}
		if e.Size == 0 {
			continue
		}
		if err := r.assembly.read(&r.scan, p, &e); err != nil {
			return fmt.Errorf("%s.mp4, segment %d: %w", p.run.Name, e.Number, err)
		}
		if r.out = p.at(&e); at < r.out || at >= r.out+r.assembly.size {
			break
		}
		r.i, r.chunk = i, 0
		return nil
	}
	return fmt.Errorf("index of %s: no segment has byte %d: %w", p.run.Name, at, ErrDamaged)
}

// fill sees to it that the window has a byte of a chunk: with the rest of the chunk, and those that follow in the file
// as well as in the download.
func (r *Reader) fill(c *placed, at int64) error {
	if skip := c.src + at - r.at; skip >= 0 && skip < int64(len(r.window)) {
		return nil
	}
	// Between two chunks of video there is a little audio, but between two of audio there is a lot of video.
	const gap = 4 << 10
	want := c.size - at
	end := c.src + c.size
	for _, next := range r.assembly.chunks[r.chunk+1:] {
		if next.src < end || next.src-end > gap || want >= windowSize {
			break
		}
		want += next.src + next.size - end
		end = next.src + next.size
	}
	if r.window == nil {
		r.window = make([]byte, 0, windowSize)
	}
	r.window, r.at = r.window[:min(want, windowSize)], c.src+at
	if _, err := r.file.ReadAt(r.window, r.at); err != nil {
		r.window = r.window[:0]
		return fmt.Errorf("read %s: %w", r.piece.run.Name+mediaExt, damage(err))
	}
	return nil
}
