package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"shoal/internal/blob"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
	"shoal/internal/gallery"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/segmenter/recorder"
)

// recordings joins broadcast, segmenter/recorder and the store.
type recordings struct {
	store   *blob.Store
	metrics *recorder.Metrics
	log     *slog.Logger
}

// Record implements broadcast.Recorder.
func (r recordings) Record(_ context.Context, stream *live.Stream, l *broadcast.Live, session string, from uint64) (broadcast.Recording, error) {
	if _, err := r.repair(session); err != nil {
		return nil, err
	}
	dir, err := r.store.Begin(session)
	if err != nil {
		return nil, err
	}
	cfg := recorder.Config{
		From: from, Keep: l.Keep, Metrics: r.metrics,
		Room: func() bool { _, ok := r.store.Free(); return ok },
	}
	rec, err := recorder.Record(stream, dir, cfg, r.faults(l.Name))
	if err != nil {
		return nil, err
	}
	return taping{rec, r, session}, nil
}

func (r recordings) faults(live string) func(error) {
	return func(err error) {
		if err != nil {
			r.log.Error("the live goes on, but is not recorded now", "live", live, "error", err)
			return
		}
		r.log.Info("the live is recorded again", "live", live)
	}
}

// repair mends what a process before this one has left.
func (r recordings) repair(session string) (report recording.Report, err error) {
	dir, err := r.store.Recording(session)
	if err != nil {
		return report, err
	}
	report, err = recording.Repair(dir)
	if err == nil && !report.Clean() {
		r.log.Warn("a recording was mended", "session", session, "segments", report.Segments, "bytes_cut", report.Cut, "damaged", report.Damaged)
	}
	return report, err
}

// Recover implements broadcast.Recorder.
func (r recordings) Recover(_ context.Context, session string) (*broadcast.Recorded, error) {
	report, err := r.repair(session)
	if err != nil {
		return nil, err
	}
	dir, err := r.store.Recording(session)
	if err != nil {
		return nil, err
	}
	rec, err := recording.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the process died before the first picture
	}
	if err != nil {
		return nil, err
	}
	s := recorded(rec.Summary())
	if s == nil && (len(report.Damaged) > 0 || len(rec.Runs(media.Main)) > 0) {
		return nil, fmt.Errorf("nothing can be read of the recording in %s; it is kept there", dir)
	}
	return s, nil
}

// recorded is nil for an empty recording.
func recorded(s recording.Summary) *broadcast.Recorded {
	if s.Duration == 0 {
		return nil
	}
	return &broadcast.Recorded{
		Duration: s.Duration, Bytes: s.Bytes, Width: s.Width, Height: s.Height, FrameRate: s.Rate, Video: s.HasVideo, Audio: s.HasAudio,
	}
}

// taping is a recording that runs.
type taping struct {
	*recorder.Recorder
	of      recordings
	session string
}

// Finish implements broadcast.Recording.
func (t taping) Finish(ctx context.Context) (*broadcast.Recorded, error) {
	s, err := t.Recorder.Finish(ctx)
	if err := t.of.store.Settle(t.session); err != nil {
		t.of.log.Error("a recording's size could not be measured", "session", t.session, "error", err)
	}
	r := recorded(s.Summary)
	if r != nil {
		r.Lost = s.Lost
	}
	return r, err
}

// Progress implements broadcast.Recording.
func (t taping) Progress() broadcast.Progress {
	p := t.Recorder.Progress()
	return broadcast.Progress{Bytes: p.Bytes, Duration: p.Duration, Err: p.Err}
}

// downloads tells the interface how large the files of replays are: a look at their indexes.
type downloads struct{ store *blob.Store }

// Size implements rest.Downloads.
func (d downloads) Size(v *catalog.Video) int64 {
	if len(v.Recordings) != 1 {
		return 0
	}
	rec, err := d.store.Open(v.Recordings[0].Session)
	if err != nil {
		return 0
	}
	m, err := rec.MP4(media.Main)
	if err != nil {
		return 0
	}
	return m.Size()
}

// clips takes pictures of replays for the gallery.
type clips struct{ store *blob.Store }

// Clip implements gallery.Clips: the first segment that begins with a keyframe, a third into the recording.
func (c clips) Clip(v *catalog.Video) (gallery.Clip, error) {
	for _, of := range v.Recordings {
		rec, err := c.store.Open(of.Session)
		if err != nil {
			return gallery.Clip{}, err
		}
		runs := rec.Runs(media.Main)
		if len(runs) == 0 {
			continue
		}
		run := runs[len(runs)/3]
		if !run.HasVideo {
			continue
		}
		init, segment, err := rec.Clip(run, rec.Len(run)/3)
		if err != nil || segment != nil {
			return gallery.Clip{Init: init, Segment: segment}, err
		}
	}
	return gallery.Clip{}, nil
}
