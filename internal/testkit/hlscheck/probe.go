package hlscheck

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"shoal/internal/m3u8"
)

// probe asks for what must be refused, and for what is answered at once whatever it names.
func (w *watch) probe(ctx context.Context) error {
	u, err := resolve(w.master, w.variants[0].uri)
	if err != nil {
		return err
	}
	res, err := w.client.get(ctx, u, false)
	if err != nil {
		return err
	}
	p, err := parsePlaylist(string(res.body))
	if err != nil || p.ended {
		return nil // the follower reports it; of what has ended, directives mean nothing
	}
	far := p.last().number + 50
	epoch := "0"
	if n, ok := m3u8.ParseName(p.last().init); ok {
		epoch = n.Epoch.String()
	}
	part := func(n uint64, part int) string { return w.beside(fmt.Sprintf("main-%s-%d.%d.mp4", epoch, n, part)) }
	for _, t := range []struct {
		method, url string
		status      int
	}{
		{"GET", u + "?_HLS_part=1", 400},
		{"GET", u + fmt.Sprintf("?_HLS_msn=%d", far), 400},
		{"GET", u + "?_HLS_msn=-1", 400},
		{"GET", u + "?_HLS_msn=nothing", 400},
		{"GET", u + fmt.Sprintf("?_HLS_msn=%d&_HLS_part=x", p.last().number), 400},
		{"GET", w.beside("nothing.m3u8"), 404},
		{"GET", w.beside("main-nothing.mp4"), 404},
		{"GET", part(far, 0), 404},
		{"GET", part(p.last().number, 999), 404},
		{"GET", w.beside(fmt.Sprintf("main-999999-%d.0.mp4", p.last().number)), 404},
		{"POST", u, 405},
		{"HEAD", u, 200},
		{"OPTIONS", u, 204},
	} {
		res, err := w.client.do(ctx, t.method, t.url, false)
		if err != nil {
			return err
		}
		where := t.method + " " + name(t.url)
		if res.status != t.status {
			w.rec.fault(ruleErrors, where, "status %d, not %d", res.status, t.status)
		}
		if res.took() > w.opts.Tolerance {
			w.rec.fault(ruleErrors, where, "it took %v", res.took())
		}
		switch {
		case t.method == "POST" && res.header.Get("Allow") == "":
			w.rec.fault(ruleErrors, where, "it does not say what is allowed")
		case t.method == "HEAD" && (len(res.body) > 0 || res.header.Get("Content-Length") == ""):
			w.rec.fault(ruleErrors, where, "a body, or no Content-Length")
		case t.method == "OPTIONS" && (res.header.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(res.header.Get("Access-Control-Allow-Headers"), "Range")):
			w.rec.fault(ruleErrors, where, "pages of other sites may not ask for ranges")
		}
	}
	return w.probeRollOver(ctx, u, p)
}

// probeRollOver holds that a part past the last one of a complete segment means part 0 of the next.
func (w *watch) probeRollOver(ctx context.Context, u string, p *playlist) error {
	n := len(p.segments) - 1
	if !p.segments[n].complete() {
		n--
	}
	if n < 0 {
		return nil
	}
	s := &p.segments[n]
	query := fmt.Sprintf("?_HLS_msn=%d&_HLS_part=999", s.number)
	res, err := w.client.get(ctx, u+query, false)
	if err != nil {
		return err
	}
	if res.status == http.StatusServiceUnavailable && w.opts.Pauses {
		return nil
	}
	q, err := parsePlaylist(string(res.body))
	if err != nil || res.status != http.StatusOK || !q.lists(s.number+1, 0) && !q.ended {
		w.rec.fault(ruleBlocking, query, "status %d, without part 0 of the next segment (%v)", res.status, err)
	}
	return nil
}
