package recording

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shoal/internal/media"
)

// ErrOrder says that a segment does not follow the one before it.
var ErrOrder = errors.New("the segment does not follow the one before")

// Writer writes one run. It is not safe for concurrent use. After an error of Flush or End the same call may be tried
// again, or Back called.
type Writer struct {
	run   Run
	media *os.File
	index *os.File

	end    int64  // of the media that was written
	n      int    // entries that were written
	last   *entry // of them, nil if there is none
	dirty  bool   // something was written since the last Sync
	buffer []byte // for entries

	open    entry    // of the segment that is open: Size, own, low, high
	strange error    // why its bytes cannot be recorded
	batch   [][]byte // taken, and not written yet
	held    int64    // bytes of batch
}

// Create begins a run in a folder, which is made if it is not there, and writes the init segment. If there are runs of
// the same init already, the new one is its next piece. When it returns, the files' names and the header are on disk.
func Create(dir string, run Run, init []byte) (*Writer, error) {
	run.InitSize = int64(len(init))
	run.settle()
	if err := run.check(); err != nil {
		return nil, fmt.Errorf("begin run %s: %w", run.Name, err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the recording's folder: %w", err)
	}
	w := &Writer{run: run}
	if err := w.create(dir); err != nil {
		return nil, err
	}
	err := w.begin(init)
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin run %s: %w", w.run.Name, err), w.discard())
	}
	return w, nil
}

// create makes the files, as the piece behind all that the init has: a number that was trimmed away is not used again.
func (w *Writer) create(dir string) error {
	names, err := list(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if own := w.run.name(); n.Rendition == own.Rendition && n.Epoch == own.Epoch && n.Index == own.Index && n.Piece >= own.Piece {
			w.run.Piece = n.Piece + 1
		}
	}
	w.run.settle()
	path := filepath.Join(dir, w.run.Name)
	index, err := os.OpenFile(path+indexExt, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("begin run: %w", err)
	}
	// Media without an index is nobody's: it is not made before it, and is not written over.
	file, err := os.OpenFile(path+mediaExt, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return errors.Join(fmt.Errorf("begin run: %w", err), index.Close(), os.Remove(index.Name()))
	}
	w.index, w.media = index, file
	return nil
}

// begin writes the header and the init segment. They are on disk before any media is: without them it means nothing.
func (w *Writer) begin(init []byte) error {
	header, err := appendHeader(nil, &w.run)
	if err != nil {
		return err
	}
	if _, err := w.index.WriteAt(header, 0); err != nil {
		return err
	}
	if _, err := w.media.WriteAt(init, 0); err != nil {
		return err
	}
	w.end = w.run.InitSize
	return errors.Join(syncData(w.index), syncData(w.media))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Run describes what is written.
func (w *Writer) Run() Run { return w.run }

// Len is how many segments were recorded.
func (w *Writer) Len() int { return w.n }

// Next is the media sequence number of the segment that is open or comes next.
func (w *Writer) Next() uint64 { return w.run.First + uint64(w.n) }

// Bytes is what was written to both files.
func (w *Writer) Bytes() int64 { return w.end + headerSize + int64(w.n)*entrySize }

// Held is how many bytes were taken and not written yet.
func (w *Writer) Held() int64 { return w.held }

// Duration is how long the recorded segments last.
func (w *Writer) Duration() time.Duration {
	if w.last == nil {
		return 0
	}
	return w.last.high - w.last.low
}

// Part takes the next part of the open segment. It does no I/O: the chunks' bytes are held, not copied, until Flush or
// End.
func (w *Writer) Part(p *media.Part) {
	for _, c := range p.Chunks {
		if err := w.count(c); err != nil && w.strange == nil {
			w.strange = fmt.Errorf("chunk %d: %w", c.Seq, err)
		}
		w.open.Size += int64(len(c.Data))
		w.batch = append(w.batch, c.Data)
		w.held += int64(len(c.Data))
	}
}

// count counts a chunk.
func (w *Writer) count(c *media.Chunk) error {
	moof := cutBox(c.Data, "moof")
	f, err := parseFragment(moof)
	if err != nil {
		return err
	}
	if f.payload != int64(len(c.Data)-len(moof)-boxHeader) || f.track != c.Track {
		return errLayout
	}
	start := c.Start()
	end := start + c.Length()
	if w.open.own.chunks == 0 {
		w.open.low, w.open.high = start, end
	}
	w.open.low, w.open.high = min(w.open.low, start), max(w.open.high, end)
	t := tally{payload: f.payload, samples: int64(f.samples), chunks: 1}
	if v := w.run.track(media.Video); f.independent && v != nil && c.Track == v.ID {
		t.keys = 1
	}
	if w.open.own = w.open.own.plus(t); w.open.own.chunks > maxChunks || w.open.own.samples > maxSamples {
		return errCrowded
	}
	return nil
}

var errCrowded = errors.New("the segment has thousands of pictures or sounds: the encoder's clock hardly moves")

// Flush writes what was taken.
func (w *Writer) Flush() error {
	if w.held == 0 {
		return nil
	}
	w.dirty = true
	for rest, at := w.batch, w.end; len(rest) > 0; {
		n, err := writeVector(w.media, rest[:min(len(rest), maxVector)], at)
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("record: %w", errShort)
		}
		at += int64(n)
		for ; len(rest) > 0 && n >= len(rest[0]); rest = rest[1:] {
			n -= len(rest[0])
		}
		if n > 0 { // within a slice: hardly ever but on a disk that is full
			m, err := w.media.WriteAt(rest[0][n:], at)
			if err != nil {
				return fmt.Errorf("record: %w", err)
			}
			at, rest = at+int64(m), rest[1:]
		}
	}
	w.end += w.held
	w.forget()
	return nil
}

var errShort = errors.New("nothing was written")

// forget lets go of what was taken.
func (w *Writer) forget() {
	clear(w.batch) // the media must not stay in memory for the batch's sake
	w.batch, w.held = w.batch[:0], 0
}

// End writes what was taken and then the entry of the segment, of which all parts were taken: it is recorded. ErrOrder if
// it is not that of Next, or if the parts are not all; another error also if the bytes are not those of segmenter/cmaf, or
// too many chunks for a segment.
func (w *Writer) End(s *media.Segment) error {
	if s.Number != w.Next() || int64(s.Size) != w.open.Size {
		return fmt.Errorf("record segment %d of %d bytes when %d with %d is open: %w", s.Number, s.Size, w.Next(), w.open.Size, ErrOrder)
	}
	if w.strange != nil {
		return fmt.Errorf("record segment %d: %w", s.Number, w.strange)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	e := w.open
	e.Segment = Segment{
		Number: s.Number, Offset: w.end - e.Size, Size: e.Size, Start: s.Start, Duration: s.Duration, Date: s.Date,
		Discontinuity: s.Discontinuity || w.n == 0 && w.run.Discontinuity, Independent: s.Independent, Chunks: int(e.own.chunks),
	}
	return w.add(&e)
}

// add writes an entry whose media is there.
func (w *Writer) add(e *entry) error {
	e.follow(w.last)
	w.buffer = e.append(w.buffer[:0], w.n)
	w.dirty = true
	if _, err := w.index.WriteAt(w.buffer, headerSize+int64(w.n)*entrySize); err != nil {
		return fmt.Errorf("record segment %d: %w", e.Number, err)
	}
	w.last, w.open, w.strange = e, entry{}, nil
	w.n++
	return nil
}

// Back forgets the segment that is open, as if none of its parts had been taken, and cuts the files to what was recorded.
func (w *Writer) Back() error {
	w.forget()
	w.open, w.strange = entry{}, nil
	w.end = w.run.InitSize
	if w.last != nil {
		w.end = w.last.end()
	}
	w.dirty = true
	if err := errors.Join(w.media.Truncate(w.end), w.index.Truncate(headerSize+int64(w.n)*entrySize)); err != nil {
		return fmt.Errorf("cut recording: %w", err)
	}
	return nil
}

// Sync brings what was written to the disk: the media first, so that the index never tells of what is not there.
func (w *Writer) Sync() error {
	if !w.dirty {
		return nil
	}
	if err := errors.Join(syncData(w.media), syncData(w.index)); err != nil {
		return fmt.Errorf("bring recording to disk: %w", err)
	}
	w.dirty = false
	return nil
}

// Close cuts off a segment that is open, brings the rest to the disk, and lets go of the files. A run without a segment
// leaves nothing.
func (w *Writer) Close() error {
	err := w.Back()
	if w.n == 0 {
		return errors.Join(err, w.discard())
	}
	return errors.Join(err, w.Sync(), w.media.Close(), w.index.Close())
}

// discard closes and removes the files.
func (w *Writer) discard() error {
	return errors.Join(
		w.media.Close(), w.index.Close(),
		os.Remove(w.media.Name()), os.Remove(w.index.Name()),
	)
}
