package recording

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
)

// windowSize is how much of a recorded file is read at once. A moof and what stands around it must fit.
const windowSize = 128 << 10

// Reader reads an MP4 from any place on: an io.ReadSeekCloser, for http.ServeContent. It holds two files open and takes
// 130 KB of memory, whatever the length. It is not safe for concurrent use; any number of Readers read an MP4 at once.
type Reader struct {
	m   *MP4
	pos int64

	// of the piece that is read
	piece *piece
	index *index
	file  *os.File

	// of the segment
	i       int   // its number within the piece; -1 for none
	segment entry // its entry
	end     int64 // where it ends, from the first byte of all media
	done    int   // chunks of it before the one below

	// of the chunk
	src, out int64  // where it begins, in the file and from the first byte of all media
	size     int64  // in the download
	head     []byte // what it begins with in the download: moof, header of mdat, perhaps parameter sets
	skip     int64  // for how many bytes of the file that stands

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
	if at := r.pos - int64(len(r.m.head)); at < r.m.sidx.size() {
		return r.readSidx(p, at)
	}
	at := r.pos - r.m.base()
	if err := r.find(at); err != nil {
		return 0, err
	}
	within := at - r.out
	if within < int64(len(r.head)) {
		return copy(p, r.head[within:]), nil
	}
	b, err := r.bytes(r.src+r.skip+within-int64(len(r.head)), 1)
	if err != nil {
		return 0, err
	}
	return copy(p, b[:min(int64(len(b)), r.size-within)]), nil
}

// readSidx reads from a place in the sidx box.
func (r *Reader) readSidx(p []byte, at int64) (int, error) {
	s := &r.m.sidx
	if at < sidxTop {
		first := &r.m.pieces[0]
		if err := r.enter(first); err != nil {
			return 0, err
		}
		e, err := r.index.at(0)
		if err != nil {
			return 0, err
		}
		return copy(p, s.top(first.shift + min(e.Start, e.low))[at:]), nil
	}
	at -= sidxTop
	n := int(at / sidxReference)
	k := sort.Search(len(r.m.pieces), func(i int) bool { return r.m.pieces[i].reference > n }) - 1
	piece := &r.m.pieces[k]
	last := s.references
	if k+1 < len(r.m.pieces) {
		last = r.m.pieces[k+1].reference
	}
	if err := r.enter(piece); err != nil {
		return 0, err
	}
	const most = 512
	want := 1 + int(min(int64(len(p)), most*sidxReference)/sidxReference)
	b, err := s.append(nil, piece, r.index, n-piece.reference, min(n+want, last)-piece.reference)
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
	r.piece, r.index, r.file = p, x, f
	r.i, r.window, r.at = -1, r.window[:0], 0
	return nil
}

// find makes the chunk that holds a place the current one. Places count from the first byte of all media.
func (r *Reader) find(at int64) error {
	if r.i >= 0 && at >= r.out && at < r.end {
		return r.walk(at)
	}
	pieces := r.m.pieces
	k := sort.Search(len(pieces), func(i int) bool { return pieces[i].offset > at }) - 1
	p := &pieces[k]
	i := -1
	if r.piece == p && r.i >= 0 && at == r.end && r.i+1 < p.n {
		i = r.i + 1 // read on
	}
	if err := r.enter(p); err != nil {
		return err
	}
	if i < 0 {
		n, err := r.index.search(p.n, func(e *entry) bool { return p.at(e) > at })
		if err != nil {
			return err
		}
		i = max(n-1, 0)
	}
	for ; ; i++ {
		if err := r.begin(i); err != nil {
			return err
		}
		if r.segment.Size > 0 || i+1 == p.n {
			break
		}
	}
	if at < r.out || at >= r.end {
		r.i = -1
		return fmt.Errorf("index of %s: no segment has byte %d: %w", p.run.Name, at, ErrDamaged)
	}
	return r.walk(at)
}

// begin makes a segment of the piece the current one, before its first chunk.
func (r *Reader) begin(i int) error {
	e, err := r.index.at(i)
	if err != nil {
		return err
	}
	p := r.piece
	r.i, r.segment, r.done = i, e, 0
	r.src, r.out, r.size = e.Offset, p.at(&e), 0
	r.end = r.out + p.length(&e)
	if r.end > p.offset+p.size {
		return fmt.Errorf("index of %s: segment %d ends behind the last: %w", p.run.Name, e.Number, ErrDamaged)
	}
	return nil
}

// walk goes on from chunk to chunk until one holds a place.
func (r *Reader) walk(at int64) error {
	for r.size == 0 || at >= r.out+r.size {
		if err := r.next(); err != nil {
			r.i = -1
			return err
		}
	}
	return nil
}

// next makes the next chunk of the segment the current one.
func (r *Reader) next() error {
	if r.size > 0 {
		r.src += r.size - int64(len(r.head)) + r.skip
		r.out += r.size
		r.done++
	}
	left := r.segment.end() - r.src
	damaged := func(what string) error {
		return fmt.Errorf("%s.mp4, segment %d, byte %d: %s: %w", r.piece.run.Name, r.segment.Number, r.src, what, ErrDamaged)
	}
	if left < minChunk || r.done >= r.segment.Chunks {
		return damaged("not the chunks that the index tells of")
	}
	top, err := r.bytes(r.src, boxHeader)
	if err != nil {
		return err
	}
	moof, _, err := boxTop(top)
	if err != nil {
		return damaged(err.Error())
	}
	if moof > maxMoof || moof+boxHeader > left {
		return damaged("a moof of a wrong size")
	}
	b, err := r.bytes(r.src, int(moof)+boxHeader)
	if err != nil {
		return err
	}
	mdat, name, err := boxTop(b[moof:])
	if err != nil || name != "mdat" || moof+mdat > left {
		return damaged("no mdat of the right size")
	}
	f, err := parseFragment(b[:moof])
	if err != nil {
		return damaged(err.Error())
	}
	w, ok := r.piece.rewrite(&f)
	if !ok {
		return damaged("a chunk of a track that the init does not have")
	}
	w.sequence = uint32((r.piece.seq + r.segment.before + uint64(r.done)) & math.MaxUint32)
	if r.head, err = w.apply(r.head[:0], b[:moof], &f, mdat); err != nil {
		return damaged(err.Error())
	}
	r.skip = moof + boxHeader
	r.size = int64(len(r.head)) + mdat - boxHeader
	if r.out+r.size > r.end {
		return damaged("more keyframes than the index tells of")
	}
	return nil
}

// bytes gives what the file has from a place on: at least least bytes, which must fit into a window.
func (r *Reader) bytes(at int64, least int) ([]byte, error) {
	if skip := at - r.at; skip >= 0 && skip+int64(least) <= int64(len(r.window)) {
		return r.window[skip:], nil
	}
	if r.window == nil {
		r.window = make([]byte, 0, windowSize)
	}
	b := r.window[:windowSize]
	n, err := r.file.ReadAt(b, at)
	if err != nil && !(errors.Is(err, io.EOF) && n >= least) {
		r.window = r.window[:0]
		return nil, fmt.Errorf("read %s: %w", r.piece.run.Name+mediaExt, damage(err))
	}
	r.window, r.at = b[:n], at
	return r.window, nil
}
