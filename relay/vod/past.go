package vod

import (
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
	"weak"

	"shoal/internal/httpd"
	"shoal/internal/live"
	"shoal/internal/m3u8"
	"shoal/internal/media"
	"shoal/relay/hls"
)

// past is what was known of a live when somebody asked for its past last.
type past struct {
	// stream is weak: the live's memory must not be kept for it.
	stream weak.Pointer[live.Stream]
	Live
	said bool // that the recording cannot be read
}

// pasts are those of all lives that somebody asked for. When a broadcast ends, the library forgets that its live was on
// the air, while players still have to be told the end.
type pasts struct {
	mu  sync.Mutex
	all map[media.LiveID]past
}

// of finds what is recorded of a stream's broadcast.
func (p *pasts) of(s *live.Stream, library Library) (Live, bool) {
	now, running := library.Live(string(s.ID()))
	p.mu.Lock()
	defer p.mu.Unlock()
	if running {
		if old, ok := p.all[s.ID()]; !ok || old.Live != now || old.stream.Value() != s {
			maps.DeleteFunc(p.all, func(_ media.LiveID, old past) bool { return old.stream.Value() == nil })
			p.all[s.ID()] = past{stream: weak.Make(s), Live: now}
		}
		return now, now.Back > 0
	}
	old, ok := p.all[s.ID()]
	return old.Live, ok && old.stream.Value() == s && old.Back > 0
}

// complain says whether to log that a live's recording cannot be read: once for a broadcast, not for every segment.
func (p *pasts) complain(uuid string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.all[media.LiveID(uuid)]
	if one.said {
		return false
	}
	one.said = true
	p.all[media.LiveID(uuid)] = one
	return true
}

var nothingYet = &httpd.Error{Status: http.StatusNotFound, Message: "the live has nothing to show yet: ask again in a second", MaxAge: time.Second}

// running finds the stream and the window of a live that is in memory yet, and how far back its viewers may go. Afterwards
// its recording is another video's, which may be for others.
func (s *Server) running(a *address, r media.RenditionID) (*live.Stream, *live.Window, Live, error) {
	stream, ok := s.hub.Stream(media.LiveID(a.uuid))
	if !ok {
		return nil, nil, Live{}, noPast
	}
	l, ok := s.pasts.of(stream, s.library)
	if !ok {
		return nil, nil, Live{}, noPast
	}
	w := stream.Window(r)
	if w == nil {
		return nil, nil, Live{}, nothingYet
	}
	return stream, w, l, nil
}

// pastMaster answers with the multivariant playlist of a live's past. It is short, and made for each request.
func (s *Server) pastMaster(v *visit, a *address) error {
	stream, w, _, err := s.running(a, media.Main)
	if err != nil {
		return err
	}
	return s.text(v, s.shelf.newText(m3u8.AppendMultivariant(nil, hls.Variants(stream, w, pastPlaylist)...)))
}

// past answers with the playlist of a rendition's past: what was recorded before what is in memory, then that.
func (s *Server) past(v *visit, a *address) error {
	_, w, l, err := s.running(a, a.rendition)
	if err != nil {
		return err
	}
	last := w.Last().Number
	if !w.Last().Complete {
		last--
	}
	t, err := s.shelf.find(title{a.kind, a.uuid, string(a.rendition)}, edition{l.Session, last, w.Ended}, func() ([]byte, error) {
		p := s.look(a.uuid, w, l)
		if len(p.Segments) == 0 {
			return nil, nothingYet
		}
		return m3u8.AppendPast(make([]byte, 0, 512+len(p.Segments)*120), p), nil
	})
	if err != nil {
		return err
	}
	return s.text(v, t)
}

// look goes back from the end of a window. It stops at the first number that neither memory nor the recording has:
// numbers in a playlist must not skip (the draft, section 4.4.3.2).
func (s *Server) look(uuid string, w *live.Window, l Live) *m3u8.Past {
	b := back{left: l.Back, next: w.Last().Number}
	if !w.Last().Complete {
		b.next--
	}
	last := w.Last()
	b.cut, b.sequence = last.Discontinuity, last.DiscontinuitySequence
	if last.Complete {
		b.cut = false
	}
	for g := w.Segment(b.next); g != nil && b.left > 0; g = w.Segment(b.next) {
		b.take(m3u8.PastSegment{
			Number: g.Number, Epoch: g.Init.Epoch, Init: g.Init.Index, Duration: g.Duration, Date: g.Date,
			Discontinuity: g.Discontinuity, Gap: len(g.Parts) == 0,
		})
	}
	rec, err := s.open(l.Session)
	if err == nil {
		err = b.read(rec, w.Rendition)
	}
	// Whatever is wrong with the recording, the live itself goes on. One that is not there has just begun.
	if err != nil && !errors.Is(err, fs.ErrNotExist) && s.pasts.complain(uuid) {
		s.log.Error("a running live's recording cannot be read: its viewers cannot go back", "live", uuid, "session", l.Session, "error", err)
	}
	slices.Reverse(b.found)
	return &m3u8.Past{Rendition: w.Rendition, Segments: b.found, Discontinuities: b.sequence, Ended: w.Ended}
}

// back goes from segment to segment, from the newest to the oldest.
type back struct {
	left     time.Duration // how far it goes yet
	next     uint64        // the number that is needed next
	found    []m3u8.PastSegment
	sequence uint64 // discontinuity sequence of the segment that was found last
	cut      bool   // that one does not go on from the one before it
}

func (b *back) take(g m3u8.PastSegment) {
	if b.cut && b.sequence > 0 {
		b.sequence--
	}
	b.found = append(b.found, g)
	b.cut = g.Discontinuity
	b.left -= g.Duration
	b.next--
}

// batch is how many entries of an index are read at once: some five minutes.
const batch = 128

// read goes on in a recording.
func (b *back) read(rec *recorded, r media.RenditionID) error {
	for _, run := range slices.Backward(rec.Runs(r)) {
		if run.First > b.next {
			continue // of what memory has
		}
		n := int(min(b.next-run.First+1, uint64(rec.Len(run))))
		if uint64(n) < b.next-run.First+1 {
			return nil // the last of it are not there
		}
		for n > 0 && b.left > 0 {
			from := max(0, n-batch)
			segments, err := rec.Segments(run, from, n)
			if err != nil {
				return err
			}
			for i := range slices.Backward(segments) {
				g := &segments[i]
				if b.left <= 0 {
					break
				}
				b.take(m3u8.PastSegment{
					Number: g.Number, Epoch: run.Epoch, Init: run.Index, Duration: g.Duration, Date: g.Date,
					Discontinuity: g.Discontinuity, Gap: g.Size == 0,
				})
			}
			n = from
		}
		if b.left <= 0 {
			return nil
		}
	}
	return nil
}
