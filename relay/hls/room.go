package hls

import (
	"maps"
	"sync"
	"sync/atomic"
	"weak"

	"shoal/internal/live"
	"shoal/internal/media"
)

// room is what the server keeps of one live.
type room struct {
	// stream is whose room it is. It is weak: a room must not keep the media of a live that the hub has forgotten.
	stream weak.Pointer[live.Stream]
	held   atomic.Int64 // requests that wait

	mu    sync.Mutex
	pages map[media.RenditionID]*page // of each rendition's newest state that was asked for
}

// page finds or makes the page of a window; nil if a later window has one already.
func (r *room) page(w *live.Window) *page {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pages[w.Rendition]
	switch {
	case p == nil || p.version < w.Version:
		p = &page{version: w.Version}
		r.pages[w.Rendition] = p
	case p.version > w.Version:
		return nil
	}
	return p
}

// rooms are those of all lives that somebody asked for.
type rooms struct {
	mu  sync.RWMutex
	all map[media.LiveID]*room
}

// of finds or makes the room of a stream. A live that was forgotten and came back is another stream, and gets another
// room.
func (rs *rooms) of(s *live.Stream) *room {
	rs.mu.RLock()
	r := rs.all[s.ID()]
	rs.mu.RUnlock()
	if r != nil && r.stream.Value() == s {
		return r
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r = rs.all[s.ID()]; r != nil && r.stream.Value() == s {
		return r
	}
	maps.DeleteFunc(rs.all, func(_ media.LiveID, r *room) bool { return r.stream.Value() == nil })
	r = &room{stream: weak.Make(s), pages: map[media.RenditionID]*page{}}
	rs.all[s.ID()] = r
	return r
}
