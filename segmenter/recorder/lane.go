package recorder

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/recording"
)

// ErrNoRoom says that the disk is as full as it may get.
var ErrNoRoom = errors.New("the disk is full: delete recordings to make room; the live goes on, and the recording with it as soon as there is room")

// lane records one rendition. Only its recorder's goroutine uses it.
type lane struct {
	id  media.RenditionID
	dir string
	cfg *Config

	w      *recording.Writer // nil between two runs
	init   *media.Init       // that w is under
	window *live.Window      // that was looked at last

	began bool
	next  uint64 // number of the segment that is open or comes next
	parts int    // of it that were taken
	// gap says that what comes next does not go on from what was recorded.
	gap bool
	// at and end are where the last segment that was recorded, or given up, ended: on the clock of at. tail is where the
	// last one that was seen ended.
	at        *media.Init
	end, tail time.Duration
	lost      time.Duration

	broken error     // why nothing is recorded now
	retry  time.Time // when it is tried again
	flush  time.Time // when it was last written
	sync   time.Time // when it was last brought to the disk

	bytes    int64         // of the runs that are closed
	duration time.Duration // of those
}

// look takes what a window has and the ones before had not. It returns how much media that was. last says that there will
// be no other look.
func (l *lane) look(w *live.Window, now time.Time, last bool) (took time.Duration) {
	if w == nil {
		return 0
	}
	changed := w != l.window
	l.window = w
	if changed {
		l.follow(w)
	}
	if l.broken != nil && now.Before(l.retry) && !last {
		return 0
	}
	var err error
	if changed || l.broken != nil || last {
		took, err = l.take(w)
	}
	if err == nil {
		err = l.write(now, last)
	}
	if err != nil {
		l.fail(err, now)
	}
	return took
}

// follow gives up what has left the window before it could be recorded.
func (l *lane) follow(w *live.Window) {
	newest := w.Last()
	if !l.began && newest.Number < l.cfg.From {
		return
	}
	oldest := w.First()
	for {
		before := w.Segment(oldest.Number - 1)
		if before == nil || before.Number < max(l.next, l.cfg.From) {
			break
		}
		oldest = before
	}
	switch {
	case !l.began:
		l.began = true
		l.next = max(oldest.Number, l.cfg.From)
		s := w.Segment(l.next)
		l.at, l.end, l.tail = s.Init, s.Start, s.Start
	case oldest.Number > l.next:
		l.skip(oldest)
	}
	s := newest
	if s.Init != l.at {
		s = w.Segment(s.Init.Segment - 1)
	}
	if s != nil && s.Init == l.at {
		l.tail = max(l.tail, s.Start+s.Duration)
	}
}

// skip goes on with a segment although those before it were not recorded.
func (l *lane) skip(s *media.Segment) {
	lost := max(0, s.Start-l.end)
	if l.at != s.Init {
		lost = max(0, l.tail-l.end) + max(0, s.Start-s.Init.Start)
	}
	l.next, l.at, l.end, l.tail = s.Number, s.Init, s.Start, s.Start
	if l.parts > 0 && l.w != nil {
		// Half of a segment is of no use: what was lost counts from its start.
		if err := l.w.Back(); err != nil {
			l.abandon()
		}
	}
	l.parts, l.gap = 0, true
	l.lose(lost)
}

func (l *lane) lose(d time.Duration) {
	l.lost += d
	if l.id == media.Main {
		l.cfg.Metrics.gap(d)
	}
}

// take takes the parts that are new, and records the segments that are complete.
func (l *lane) take(w *live.Window) (took time.Duration, err error) {
	for s := w.Segment(l.next); s != nil && l.began; s = w.Segment(l.next) {
		if l.parts == len(s.Parts) && !s.Complete {
			return took, nil
		}
		if l.cfg.Room != nil && !l.cfg.Room() {
			return took, ErrNoRoom
		}
		if err := l.open(s); err != nil {
			return took, err
		}
		for ; l.parts < len(s.Parts); l.parts++ {
			l.w.Part(s.Parts[l.parts])
			took += s.Parts[l.parts].Duration
		}
		if !s.Complete {
			return took, nil
		}
		if err := l.complete(s); err != nil {
			return took, err
		}
	}
	return took, nil
}

// complete records a segment of which all parts were taken.
func (l *lane) complete(s *media.Segment) error {
	before, began := l.w.Bytes(), time.Now()
	if err := l.w.End(s); err != nil {
		return err
	}
	l.flush = time.Now()
	l.cfg.Metrics.wrote(l.w.Bytes()-before, l.flush.Sub(began))
	l.next, l.parts = s.Number+1, 0
	l.at, l.end = s.Init, s.Start+s.Duration
	l.tail, l.broken = l.end, nil
	return nil
}

// open begins a run for a segment, unless it goes into the one that is open.
func (l *lane) open(s *media.Segment) error {
	if l.parts > 0 && l.w != nil {
		return nil
	}
	if piece := l.cfg.piece(); l.w != nil {
		full := piece > 0 && l.w.Duration() >= piece
		if l.init == s.Init && !l.gap && !full && l.w.Next() == s.Number {
			return nil
		}
		if err := l.close(); err != nil {
			return err
		}
	}
	// Whenever a run begins: where an encoder keeps reconnecting, none is ever full.
	if l.cfg.Keep > 0 {
		freed, err := recording.Trim(l.dir, l.id, s.Date.Add(-l.cfg.Keep))
		l.bytes -= freed
		if err != nil {
			return err
		}
	}
	run := recording.RunOf(l.id, s)
	run.Discontinuity = run.Discontinuity || l.gap
	w, err := recording.Create(l.dir, run, s.Init.Data[l.id])
	if err != nil {
		return err
	}
	l.w, l.init, l.gap = w, s.Init, false
	return nil
}

// write writes what was taken, if it is time for that.
func (l *lane) write(now time.Time, last bool) error {
	if l.w == nil {
		return nil
	}
	if held := l.w.Held(); held > 0 && (last || held >= batchBytes || now.Sub(l.flush) >= batch) {
		before, began := l.w.Bytes(), time.Now()
		if err := l.w.Flush(); err != nil {
			return err
		}
		l.flush = now
		l.cfg.Metrics.wrote(l.w.Bytes()-before, time.Since(began))
	}
	if now.Sub(l.sync) >= settle {
		l.sync = now
		began := time.Now()
		if err := l.w.Sync(); err != nil {
			return err
		}
		l.cfg.Metrics.synced(time.Since(began))
	}
	return nil
}

// fail stops recording for a while. What was recorded stays; the open segment is tried again as long as it is in memory.
func (l *lane) fail(err error, now time.Time) {
	if l.broken == nil {
		l.cfg.Metrics.fault()
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	l.broken, l.retry, l.parts = fmt.Errorf("%s: %w", l.id, err), now.Add(retry), 0
	if l.w != nil && l.w.Back() != nil {
		l.abandon()
	}
}

// abandon lets go of files that can no longer be written. What is in them can be read.
func (l *lane) abandon() { _ = l.close() }

// close ends the run.
func (l *lane) close() error {
	w := l.w
	l.w, l.init = nil, nil
	err := w.Close()
	if w.Len() > 0 {
		l.bytes += w.Bytes()
		l.duration += w.Duration()
	}
	return err
}

// finish gives up what could not be recorded, and ends.
func (l *lane) finish() error {
	if l.window != nil && l.began {
		var rest time.Duration
		for s := l.window.Segment(l.next); s != nil; s = l.window.Segment(s.Number + 1) {
			rest += s.Duration
		}
		l.lose(rest)
	}
	if l.w == nil {
		return nil
	}
	return l.close()
}

// progress is how much there is.
func (l *lane) progress() (bytes int64, duration time.Duration) {
	bytes, duration = l.bytes, l.duration
	if l.w != nil {
		bytes += l.w.Bytes()
		duration += l.w.Duration()
	}
	return bytes, duration
}
