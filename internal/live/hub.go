package live

import (
	"slices"
	"strings"
	"sync"

	"shoal/internal/media"
)

// Hub holds the streams of a node. Safe for concurrent use.
type Hub struct {
	cfg Config

	mu      sync.RWMutex
	streams map[media.LiveID]*Stream
}

// NewHub makes an empty hub. The configuration has been validated.
func NewHub(cfg Config) *Hub {
	return &Hub{cfg: cfg, streams: map[media.LiveID]*Stream{}}
}

// Stream finds the stream of a live.
func (h *Hub) Stream(id media.LiveID) (*Stream, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s, ok := h.streams[id]
	return s, ok
}

// Open finds the stream of a live, or makes one that takes the live up at the given position.
func (h *Hub) Open(id media.LiveID, at media.Position) *Stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.streams[id]
	if !ok {
		s = newStream(id, h.cfg, at)
		h.streams[id] = s
	}
	return s
}

// Remove forgets a live. Windows that readers hold stay readable; nothing newer will come.
func (h *Hub) Remove(id media.LiveID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, id)
}

// Streams lists all streams by their identifiers.
func (h *Hub) Streams() []*Stream {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := make([]*Stream, 0, len(h.streams))
	for _, s := range h.streams {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Stream) int { return strings.Compare(string(a.id), string(b.id)) })
	return all
}
