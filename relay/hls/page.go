package hls

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"shoal/internal/live"
	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// sheet is a playlist that is made of a rendition's window.
type sheet uint8

const (
	wholeSheet sheet = iota
	deltaSheet
	classicSheet
	masterSheet        // of the main rendition's
	classicMasterSheet // likewise
	sheets
)

// page holds what has been written of one state of a rendition: each text is written when it is first asked for. It
// does not hold the window, whose media weighs a thousand times as much.
type page struct {
	version uint64 // of the window

	mu    sync.Mutex // held while a text is written, so that it is written once
	texts [sheets][2]atomic.Pointer[text]
}

// text is a finished playlist, plain or compressed. Immutable. Without data, there is no such playlist.
type text struct {
	data   []byte
	length []string // as the value of Content-Length
}

func newText(data []byte) *text { return &text{data, []string{decimal(int64(len(data)))}} }

func encoding(gzip bool) int {
	if gzip {
		return 1
	}
	return 0
}

// writer writes the texts of pages.
type writer struct {
	cfg     Config
	gzip    Compressor
	metrics *metrics
}

// text finds or writes a text of a page. The window is the one that the page is for.
func (wr *writer) text(p *page, s *live.Stream, w *live.Window, sh sheet, gzip bool) *text {
	if sh == deltaSheet && !m3u8.CanSkip(w) {
		sh = wholeSheet
	}
	if t := p.texts[sh][encoding(gzip)].Load(); t != nil {
		return t
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	plain := p.write(sh, false, func() []byte {
		defer wr.metrics.timeRender(time.Now())
		return wr.render(s, w, sh)
	})
	if !gzip || len(plain.data) == 0 {
		return plain
	}
	return p.write(sh, true, func() []byte {
		defer wr.metrics.timeCompress(time.Now())
		return wr.gzip.Compress(plain.data)
	})
}

// write finds or makes a text. The caller has the page's lock.
func (p *page) write(sh sheet, gzip bool, data func() []byte) *text {
	slot := &p.texts[sh][encoding(gzip)]
	t := slot.Load()
	if t == nil {
		t = newText(data())
		slot.Store(t)
	}
	return t
}

// render writes a playlist; nothing if there is no such playlist now.
func (wr *writer) render(s *live.Stream, w *live.Window, sh sheet) []byte {
	switch sh {
	case classicSheet:
		text, _ := m3u8.AppendClassic(make([]byte, 0, roomFor(w, false)), w)
		return text
	case masterSheet, classicMasterSheet:
		return m3u8.AppendMultivariant(nil, Variants(s, w, func(r media.RenditionID) string {
			return mediaPlaylist(r, sh == classicMasterSheet)
		})...)
	}
	var few [1]m3u8.Report
	m := m3u8.Media{
		Window:       w,
		PartHoldBack: wr.cfg.partHoldBack(w.PartTarget),
		Reports:      reports(few[:0], s, w),
	}
	if sh == deltaSheet {
		text, _ := m3u8.AppendDelta(make([]byte, 0, roomFor(w, true)), &m)
		return text
	}
	return m3u8.AppendMedia(make([]byte, 0, roomFor(w, true)), &m)
}

// private answers with a playlist of which every URI has the viewer's token. It is his alone, and made for each request.
func (wr *writer) private(t *target, shared *text) Answer {
	data := m3u8.AppendToken(make([]byte, 0, len(shared.data)*3), shared.data, t.token)
	if t.gzip {
		data = wr.gzip.Compress(data)
	}
	return Answer{
		Status: http.StatusOK, Fields: privatePlaylist.of(t.gzip), ContentLength: []string{decimal(int64(len(data)))},
		Body: pieceBody(data), kind: t.kind,
	}
}

// roomFor is a capacity in bytes that a playlist will not pass by much, if at all.
func roomFor(w *live.Window, parts bool) int {
	n := 600 + 120*len(w.Segments)
	if parts {
		last := w.Segments[max(0, len(w.Segments)-4):]
		for _, s := range last {
			n += 80 * len(s.Parts)
		}
	}
	return n
}

// reports tells where the live's other renditions end.
func reports(dst []m3u8.Report, s *live.Stream, w *live.Window) []m3u8.Report {
	for _, r := range renditions(w.Last().Init) {
		if r == w.Rendition {
			continue
		}
		o := s.Window(r)
		if o == nil {
			continue
		}
		last := o.Last()
		dst = append(dst, m3u8.Report{URI: mediaPlaylist(r, false), Segment: last.Number, Part: len(last.Parts) - 1})
	}
	return dst
}

// renditions are those of an init, the one that players should start with first.
func renditions(i *media.Init) []media.RenditionID {
	if i.Data[media.AudioOnly] != nil {
		return bothRenditions
	}
	return bothRenditions[:1]
}

var bothRenditions = []media.RenditionID{media.Main, media.AudioOnly}

func mediaPlaylist(r media.RenditionID, classic bool) string {
	if classic {
		return classicPrefix + string(r) + playlistEnd
	}
	return string(r) + playlistEnd
}

// Variants describes the renditions of the live that a window of the main one is of, under addresses that uri gives. One
// that has nothing to show yet is listed all the same: what a player has read at the start of a live must not lack it for
// ever.
func Variants(s *live.Stream, w *live.Window, uri func(media.RenditionID) string) []m3u8.Variant {
	init, rates := w.Last().Init, s.Info().Rates
	var all []m3u8.Variant
	for _, r := range renditions(init) {
		v := m3u8.Variant{
			URI: uri(r), Codecs: init.Codecs(r),
			Bandwidth: rates[r].Peak, Average: rates[r].Average,
		}
		declared := 0
		for i := range init.Tracks {
			t := &init.Tracks[i]
			if !init.Carries(r, t.ID) {
				continue
			}
			declared += t.Bitrate
			if t.Kind() == media.Video {
				v.Width, v.Height, v.FrameRate = t.Width, t.Height, t.FrameRate
			}
		}
		if v.Bandwidth == 0 { // nothing measured yet
			v.Bandwidth = declared
		}
		all = append(all, v)
	}
	return all
}
