package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/recording"
)

// Progress is how a recording stands.
type Progress struct {
	Bytes    int64         // in the folder
	Duration time.Duration // of the main rendition, whole segments
	Lost     time.Duration // that could not be written
	Err      error         // why nothing is written now; nil if all is well
}

// Summary is how a recording ended.
type Summary struct {
	recording.Summary               // of all that is in the folder
	Lost              time.Duration // of the main rendition, by this recorder
	Err               error         // why something was lost or is in doubt: the last fault; nil if there was none
}

// Recorder records one live. Safe for concurrent use.
type Recorder struct {
	stream *live.Stream
	dir    string
	cfg    Config
	faults func(error)

	stop     chan struct{} // closed by Finish
	stopping sync.Once
	done     chan struct{} // closed when the goroutine has ended

	// of the goroutine
	lanes [2]*lane
	base  recording.Summary // what was in the folder before
	fault error             // that was told last, and is not over
	last  error             // the newest fault, over or not

	mu       sync.Mutex
	progress Progress
	ended    Summary
	failed   error
}

// Record records a live into a folder, which is made if it is not there; what it has already stays. It starts a goroutine
// that runs until Finish. It fails if the folder cannot be made or read.
//
// faults, if not nil, is told when something cannot be written (the live goes on, and the recording tries to) and, with nil,
// when that is over. It is called from the recorder's goroutine and must not block.
func Record(stream *live.Stream, dir string, cfg Config, faults func(error)) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the recording's folder: %w", err)
	}
	before, err := recording.Open(dir)
	if err != nil {
		return nil, err
	}
	r := &Recorder{
		stream: stream, dir: dir, cfg: cfg, faults: faults,
		stop: make(chan struct{}), done: make(chan struct{}), base: before.Summary(),
	}
	for i, id := range [...]media.RenditionID{media.Main, media.AudioOnly} {
		r.lanes[i] = &lane{id: id, dir: dir, cfg: &r.cfg, gap: len(before.Runs(id)) > 0}
	}
	r.note()
	cfg.Metrics.count(1)
	go r.run()
	return r, nil
}

// run looks at the windows until Finish.
func (r *Recorder) run() {
	defer close(r.done)
	defer r.cfg.Metrics.count(-1)
	timer := time.NewTimer(0)
	defer timer.Stop()
	// An encoder may begin, or come back, with a file that it sends as fast as it can.
	fast, quiet, since, took := true, true, time.Now(), time.Duration(0)
	for {
		changed := r.stream.Changed()
		now := time.Now()
		took += r.look(now, false)
		if now.Sub(since) >= look-look/10 {
			// How fast it goes on after a pause is measured from where it begins, not over the pause.
			fast, quiet = quiet || took == 0 || took >= hurry, took == 0
			since, took = now, 0
		}
		if !fast {
			changed = nil
		}
		timer.Reset(now.Truncate(look).Add(look).Sub(now))
		select {
		case <-changed:
		case <-timer.C:
		case <-r.stop:
			r.finish()
			return
		}
		select {
		case <-r.stop:
			r.finish()
			return
		default:
		}
	}
}

// look looks at all renditions.
func (r *Recorder) look(now time.Time, last bool) (took time.Duration) {
	for _, l := range r.lanes {
		took = max(took, l.look(r.stream.Window(l.id), now, last))
	}
	r.note()
	return took
}

// note tells how it goes.
func (r *Recorder) note() {
	var broken error
	p := Progress{Bytes: r.base.Bytes, Duration: r.base.Duration, Lost: r.lanes[0].lost}
	for _, l := range r.lanes {
		bytes, duration := l.progress()
		p.Bytes += bytes
		if l.id == media.Main {
			p.Duration += duration
		}
		if broken == nil {
			broken = l.broken
		}
	}
	p.Err = broken
	r.mu.Lock()
	r.progress = p
	r.mu.Unlock()
	was := r.fault
	r.fault = broken
	if broken != nil {
		r.last = broken
	}
	if (was == nil) != (broken == nil) && r.faults != nil {
		r.faults(broken)
	}
}

// Progress is cheap.
func (r *Recorder) Progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.progress
}

// finish records what the windows have, and closes the files.
func (r *Recorder) finish() {
	r.look(time.Now(), true)
	var errs []error
	for _, l := range r.lanes {
		errs = append(errs, l.finish())
	}
	err := errors.Join(errs...)
	s := Summary{Lost: r.lanes[0].lost, Err: r.last}
	if err != nil {
		s.Err = err
	}
	rec, openErr := recording.Open(r.dir)
	if openErr == nil {
		s.Summary = rec.Summary()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.failed = s, errors.Join(err, openErr)
	r.progress = Progress{Bytes: s.Bytes, Duration: s.Duration, Lost: s.Lost, Err: r.failed}
}

// Finish records what the stream has, brings it to the disk, and ends. To be called after the stream was ended or
// interrupted: a segment that is still open is not recorded. A disk that hangs can outlast the context; then the error is
// the context's, the goroutine ends when the disk answers, and Finish may be called again. The summary is good even if an
// error says that the last seconds are in doubt.
func (r *Recorder) Finish(ctx context.Context) (Summary, error) {
	r.stopping.Do(func() { close(r.stop) })
	select {
	case <-r.done:
	case <-ctx.Done():
		return Summary{}, fmt.Errorf("finish recording: %w", ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return r.ended, fmt.Errorf("finish recording: %w", r.failed)
	}
	return r.ended, nil
}
