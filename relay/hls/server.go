package hls

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/live"
	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// Hub knows the lives that can be watched here.
type Hub interface {
	Stream(media.LiveID) (*live.Stream, bool)
}

// Server answers requests for the lives of a hub. Safe for concurrent use.
type Server struct {
	cfg     Config
	hub     Hub
	gate    Gate         // nil if all is open
	archive http.Handler // nil if there is none
	metrics *metrics

	writer writer
	rooms  rooms
	held   atomic.Int64 // requests that wait

	stop    sync.Once
	stopped chan struct{}
}

// New makes a server. The gate may be nil: then everything is open. The archive gets what is under Prefix and not in
// memory: addresses of recordings, segments and inits that were dropped, lives without a stream. It asks the gate by
// itself, and may be nil. The configuration has been validated; metrics are registered on reg. It fails if they are
// there already.
func New(hub Hub, gate Gate, archive http.Handler, cfg Config, reg prometheus.Registerer) (*Server, error) {
	s := &Server{cfg: cfg, hub: hub, gate: gate, archive: archive, stopped: make(chan struct{})}
	s.rooms.all = map[media.LiveID]*room{}
	var err error
	if s.metrics, err = newMetrics(reg, s.held.Load); err != nil {
		return nil, err
	}
	s.writer.cfg, s.writer.metrics = cfg, s.metrics
	return s, nil
}

// Close ends all held requests with a refusal, now and from now on, so that an HTTP server can stop in good order. What
// is there already is still served.
func (s *Server) Close() { s.stop.Do(func() { close(s.stopped) }) }

// Answer answers a request from memory. It may hold it, in the caller's goroutine, for up to HoldFor, or until the
// context ends: whoever asked is gone then.
func (s *Server) Answer(ctx context.Context, q *Request) Answer {
	a := s.answer(ctx, q)
	if a.elsewhere = a.elsewhere && s.archive != nil; !a.elsewhere {
		s.metrics.count(&a)
	}
	return a
}

func (s *Server) answer(ctx context.Context, q *Request) Answer {
	if q.Method == http.MethodOptions {
		return preflightAll
	}
	t, refused := understand(q)
	if s.gate != nil && t.live != "" {
		var shut *refusal
		if t.token, shut = s.admit(t.live, q.Query); shut != nil {
			return shut.answer(t.kind)
		}
	}
	if refused != nil {
		a := refused.answer(t.kind)
		a.elsewhere = refused == noFile && t.live != ""
		return a
	}
	a, r, changed := s.resolve(&t)
	if changed == nil {
		return a
	}
	return s.hold(ctx, &t, r, changed)
}

// resolve answers at once, or says what to wait for and in whose room.
func (s *Server) resolve(t *target) (a Answer, r *room, changed <-chan struct{}) {
	stream, ok := s.hub.Stream(t.live)
	if !ok {
		return away(noLive, t), nil, nil
	}
	w := stream.Window(t.rendition)
	if w == nil {
		a = nothingYet.answer(t.kind)
		a.elsewhere = t.kind == initKind || t.kind == segmentKind // of an epoch that another node or process cut
		return a, nil, nil
	}
	r = s.rooms.of(stream)
	wait := false
	switch t.name.Sort {
	case m3u8.InitFile:
		a = s.initFile(t, w)
	case m3u8.SegmentFile:
		a, wait = s.segment(t, w)
	case m3u8.PartFile:
		a, wait = s.part(t, w)
	default:
		a, wait = s.playlist(t, r, stream, w)
	}
	if wait {
		return a, r, w.Changed()
	}
	return a, r, nil
}

// away refuses what the archive may have: parts are only in memory.
func away(r *refusal, t *target) Answer {
	a := r.answer(t.kind)
	a.elsewhere = t.kind != partKind
	return a
}

// playlist answers with a playlist, or says to wait until it lists what was named.
func (s *Server) playlist(t *target, r *room, stream *live.Stream, w *live.Window) (_ Answer, wait bool) {
	cache := &freshPlaylist
	if t.named {
		cache = &namedPlaylist
		switch has := w.Has(t.segment, t.part); {
		case w.Ended:
			// The directives mean nothing any more (draft-pantos-hls-rfc8216bis, section 6.2.5.2). What was
			// named may still come, if the live is taken up again: caches must not hide that.
			if !has {
				cache = &brieflyPlaylist
			}
		case t.segment > w.Last().Number+2:
			return tooFarAhead.answer(t.kind), false
		case !has:
			// A part however far ahead is waited for: which number is past the last of an open segment, and
			// so means the next one's first, is known when it ends.
			return Answer{}, true
		}
	}
	p := r.page(w)
	for p == nil { // somebody was faster, and has shown a later window
		w = stream.Window(t.rendition)
		p = r.page(w)
	}
	text := s.writer.text(p, stream, w, t.sheet, t.gzip && t.token == "")
	if len(text.data) == 0 {
		return nothingYet.answer(t.kind), false
	}
	if t.token != "" {
		return s.writer.private(t, text), false
	}
	return Answer{
		Status: http.StatusOK, Fields: cache.of(t.gzip), ContentLength: text.length,
		Body: pieceBody(text.data), kind: t.kind,
	}, false
}

// part answers with a part. It says to wait for the one that the playlist hints at; when it turns out that another one
// comes, the answer is at once that there is none (section 6.2.6).
func (s *Server) part(t *target, w *live.Window) (_ Answer, wait bool) {
	n := &t.name
	if seg := w.Segment(n.Number); seg != nil && seg.Init.Epoch == n.Epoch && int64(n.Part) < int64(len(seg.Parts)) {
		parts := seg.Parts[n.Part : n.Part+1]
		return mediaAnswer(t, fieldsFor(seg.Init, w.Rendition), partsBody(parts)), false
	}
	if !w.Ended && n.Number == w.HintSegment && n.Part == w.HintPart && n.Epoch == w.Last().Init.Epoch {
		return Answer{}, true
	}
	return notHere.answer(t.kind), false
}

// segment answers with a whole segment. One that still grows is listed by nobody; whoever asks for it knows how we name
// files and waits until it is complete.
func (s *Server) segment(t *target, w *live.Window) (_ Answer, wait bool) {
	seg := w.Segment(t.name.Number)
	if seg == nil || seg.Init.Epoch != t.name.Epoch || len(seg.Parts) == 0 {
		return away(notHere, t), false
	}
	if !seg.Complete {
		return Answer{}, true
	}
	return mediaAnswer(t, fieldsFor(seg.Init, w.Rendition), partsBody(seg.Parts)), false
}

func (s *Server) initFile(t *target, w *live.Window) Answer {
	for seg := w.Last(); seg != nil; seg = w.Segment(seg.Number - 1) {
		i := seg.Init
		if i.Epoch == t.name.Epoch && uint64(i.Index) == t.name.Number && i.Data[w.Rendition] != nil {
			return mediaAnswer(t, fieldsFor(i, w.Rendition), pieceBody(i.Data[w.Rendition]))
		}
	}
	return away(notHere, t)
}

func fieldsFor(i *media.Init, r media.RenditionID) *mediaFields {
	if r == media.AudioOnly || i.Track(media.Video) == nil {
		return &audioFields
	}
	return &videoFields
}
