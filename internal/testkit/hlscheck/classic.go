package hlscheck

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const classicFile = "classic.m3u8"

// classic is a media playlist for players that know no parts, as it was seen.
type classic struct {
	checker
	url      string
	now      *playlist
	segments map[uint64]segment // all that were listed
}

// followClassic reloads the classic playlists once a second, as players that know no parts do more slowly, until done.
func (w *watch) followClassic(ctx context.Context, done <-chan struct{}) error {
	u := w.beside(classicFile)
	variants, err := w.loadMaster(ctx, u)
	if err != nil {
		return err
	}
	w.sameVariants(variants)
	for _, v := range variants {
		file, err := resolve(u, v.uri)
		if err != nil {
			return fmt.Errorf("variant %q: %w", v.uri, err)
		}
		c := &classic{url: file, segments: map[uint64]segment{}}
		c.checker = checker{rec: w.rec, file: name(file), classic: true}
		c.rendition = renditionOf(strings.TrimPrefix(c.file, "classic-"))
		w.classics = append(w.classics, c)
	}
	for {
		for _, c := range w.classics {
			if err := c.reload(ctx, w.client); err != nil {
				return err
			}
		}
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// sameVariants holds the classic multivariant playlist against the low-latency one.
func (w *watch) sameVariants(classics []variant) {
	if len(classics) != len(w.variants) {
		w.rec.fault(ruleMaster, classicFile, "%d variants, the low-latency one has %d", len(classics), len(w.variants))
		return
	}
	for i, v := range w.variants {
		c := classics[i]
		if c.uri != "classic-"+v.uri || strings.Join(c.codecs, ",") != strings.Join(v.codecs, ",") || c.resolution != v.resolution {
			w.rec.fault(ruleMaster, classicFile, "variant %q is not that of %q", c.uri, v.uri)
		}
	}
}

func (c *classic) reload(ctx context.Context, cl *client) error {
	res, err := cl.get(ctx, c.url, true)
	if err != nil {
		return err
	}
	if res.status == http.StatusNotFound && c.now == nil {
		return nil // no segment is complete yet
	}
	if res.status != http.StatusOK {
		c.fault(ruleClassic, "", "status %d", res.status)
		return nil
	}
	p, err := parsePlaylist(string(res.body))
	if err != nil {
		c.fault(ruleParse, "", "%v", err)
		return nil
	}
	cl.playlistHeaders(res, false, false, true)
	c.whole(p)
	if c.now != nil {
		c.progress(c.now, p)
	}
	c.now = p
	for _, s := range p.segments {
		c.segments[s.number] = s
	}
	return nil
}

// against holds what was listed against the low-latency playlist's segments.
func (c *classic) against(f *follower) {
	common := 0
	for _, t := range f.taker.segments {
		s, ok := c.segments[t.number]
		if !ok {
			continue
		}
		common++
		t := t.segment
		t.parts = nil
		if !s.same(&t) {
			c.fault(ruleClassic, at(&s), "it is %v; in %s it is %v", &s, f.file, &t)
		}
	}
	if n := len(f.taker.segments); common == 0 && n > 1 {
		c.fault(ruleClassic, "", "it lists none of the %d segments of %s", n, f.file)
	}
}
