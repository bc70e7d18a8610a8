package recording

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shoal/internal/media"
)

// Trim removes the runs of a rendition that ended before a time, but never the last one: for recordings that are only kept
// for viewers who go back. It returns how many bytes that freed.
func Trim(dir string, id media.RenditionID, before time.Time) (int64, error) {
	r, err := Open(dir)
	if err != nil {
		return 0, err
	}
	runs := r.Runs(id)
	var freed int64
	for i := 0; i+1 < len(runs); i++ {
		if ended, err := r.ended(runs[i]); err != nil || !ended.Before(before) {
			break // they are in order
		}
		path := filepath.Join(dir, runs[i].Name)
		for _, file := range [...]string{path + mediaExt, path + indexExt} {
			if info, err := os.Stat(file); err == nil {
				freed += info.Size()
			}
		}
		// The index goes last: media without one would be nobody's.
		if err := errors.Join(os.Remove(path+mediaExt), os.Remove(path+indexExt)); err != nil {
			return freed, fmt.Errorf("trim recording: %w", err)
		}
	}
	return freed, nil
}

// ended is when the last segment of a run ended, or when it began if it has none.
func (r *Recording) ended(run Run) (time.Time, error) {
	x, err := openIndex(r.dir, &run)
	if err != nil {
		return time.Time{}, err
	}
	defer x.close()
	e, ok, err := x.last()
	if err != nil || !ok {
		return run.Date, err
	}
	return e.Date.Add(e.Duration), nil
}
