package recording

import (
	"fmt"
	"io"
)

// clipTries is how many segments Clip looks at for one that begins with a keyframe.
const clipTries = 30

// Clip gives the init segment of a run, and the first segment from a place on that begins with a keyframe: nil if there is
// none near.
func (r *Recording) Clip(run Run, from int) (init, segment []byte, err error) {
	segments, err := r.Segments(run, from, min(from+clipTries, r.Len(run)))
	if err != nil {
		return nil, nil, err
	}
	f, err := r.File(run)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	for _, s := range segments {
		if !s.Independent {
			continue
		}
		init, segment = make([]byte, run.InitSize), make([]byte, s.Size)
		if _, err = io.ReadFull(io.NewSectionReader(f, 0, run.InitSize), init); err == nil {
			_, err = io.ReadFull(io.NewSectionReader(f, s.Offset, s.Size), segment)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read segment %d of a recording: %w", s.Number, err)
		}
		return init, segment, nil
	}
	return nil, nil, nil
}
