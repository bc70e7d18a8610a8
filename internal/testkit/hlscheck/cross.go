package hlscheck

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"shoal/internal/media"
)

// crossChecks holds what was seen of the renditions against each other, behind the end.
func (w *watch) crossChecks(ctx context.Context) {
	for _, f := range w.followers {
		w.reported(f)
		for _, c := range w.classics {
			if c.rendition == f.rendition {
				c.against(f)
			}
		}
	}
	if len(w.followers) > 1 {
		w.audio(w.followers[0], w.followers[1])
	}
	w.variantsAreTrue(ctx)
	w.immutable(ctx)
}

func renditionOf(file string) media.RenditionID {
	return media.RenditionID(strings.TrimSuffix(file, ".m3u8"))
}

// reported holds that rendition reports told of parts that were there, and not of the past.
func (w *watch) reported(f *follower) {
	for _, r := range f.reported {
		i := slices.IndexFunc(w.followers, func(o *follower) bool { return o.file == r.uri })
		if i < 0 || len(w.followers[i].seen) == 0 {
			continue
		}
		seen := w.followers[i].seen
		n := sort.Search(len(seen), func(n int) bool {
			return seen[n].segment > r.segment || seen[n].segment == r.segment && seen[n].part >= r.part
		})
		where := fmt.Sprintf("%s in %s: segment %d part %d", r.uri, f.file, r.segment, r.part)
		switch {
		case n < len(seen) && seen[n].segment == r.segment && seen[n].part == r.part:
			if early := seen[n].at.Sub(r.at); early > w.opts.Tolerance {
				w.rec.fault(ruleReport, where, "reported %v before it was listed", early)
			}
		case n == len(seen):
			last := seen[n-1]
			if r.part >= 0 && (r.segment > last.segment+1 || r.at.Before(last.at)) {
				w.rec.fault(ruleReport, where, "it never was; the last was segment %d part %d", last.segment, last.part)
			}
			continue
		case n > 0 && r.part >= 0:
			w.rec.fault(ruleReport, where, "there is no such part")
			continue
		}
		// It may be as old as the playlist that it stands in: one version of it.
		if n+1 < len(seen) {
			if late := r.at.Sub(seen[n+1].at); late > r.slow+w.opts.Tolerance && !w.opts.Pauses {
				w.rec.fault(ruleReport, where, "the next part was listed %v before", late)
			}
		}
	}
}

// audio holds that the audio-only rendition is a choice of the main one's chunks, with the same segments.
func (w *watch) audio(main, audio *follower) {
	const apart = 150 * time.Millisecond // a chunk of audio is 60 to 100 ms long
	byNumber := map[uint64]*taken{}
	for i := range audio.taker.segments {
		byNumber[audio.taker.segments[i].number] = &audio.taker.segments[i]
	}
	common := 0
	for i := range main.taker.segments {
		m := &main.taker.segments[i]
		a, ok := byNumber[m.number]
		if !ok {
			continue
		}
		common++
		fault := func(format string, args ...any) { w.rec.fault(ruleAudio, at(&m.segment), format, args...) }
		if a.disc != m.disc || a.discSeq != m.discSeq {
			fault("discontinuity sequence %d, of the main one %d", a.discSeq, m.discSeq)
		}
		if d := a.date.Sub(m.date).Abs(); d > apart {
			fault("it begins %v apart", d)
		}
		if d := a.date.Add(a.duration).Sub(m.date.Add(m.duration)).Abs(); d > apart && !w.opts.Pauses {
			fault("it ends %v apart", d)
		}
		sound := slices.DeleteFunc(slices.Clone(m.chunks), func(c chunk) bool { return c.video })
		if !slices.EqualFunc(sound, a.chunks, func(x, y chunk) bool { return x.sum == y.sum }) {
			fault("its %d chunks are not the %d of the main one", len(a.chunks), len(sound))
		}
	}
	if common == 0 && len(main.taker.segments) > 2 {
		w.rec.fault(ruleAudio, audio.file, "it has none of the main rendition's segment numbers")
	}
}

// variantsAreTrue holds the multivariant playlist against the media.
func (w *watch) variantsAreTrue(ctx context.Context) {
	now, err := w.loadMaster(ctx, w.master)
	if err != nil {
		w.rec.fault(ruleMaster, name(w.master), "at the end: %v", err)
		return
	}
	if len(now) != len(w.variants) && !w.opts.Changes {
		w.rec.fault(ruleMaster, name(w.master), "%d variants became %d", len(w.variants), len(now))
	}
	if main := w.followers[0]; main.rendition != media.Main {
		w.rec.fault(ruleMaster, name(w.master), "%q is first", main.file)
	}
	for i := range now {
		v := &now[i]
		n := slices.IndexFunc(w.followers, func(f *follower) bool { return f.file == v.uri })
		if n < 0 {
			continue
		}
		w.variantIsTrue(v, w.followers[n])
	}
	if init := w.followers[0].lastInit(); init != nil {
		both := init.video() != nil && len(init.tracks) > 1
		if both != (len(now) == 2) {
			w.rec.fault(ruleMaster, name(w.master), "%d variants, video and audio: %v", len(now), both)
		}
	}
}

func (f *follower) lastInit() *initSegment {
	if f.now == nil {
		return nil
	}
	return f.taker.inits[f.now.last().init]
}

func (w *watch) variantIsTrue(v *variant, f *follower) {
	for _, r := range f.taker.spans {
		// Short segments say little: a keyframe alone would pass for a peak. A segment's rate is rounded in each of
		// EXTINF and BANDWIDTH, hence the thousandth.
		if peak := float64(r.bytes) * 8 / r.duration.Seconds(); r.duration >= time.Second && peak > float64(v.bandwidth)*1.001 {
			w.rec.fault(ruleMaster, v.uri, "BANDWIDTH is %d, but a segment has %.0f bit/s", v.bandwidth, peak)
		}
	}
	init := f.lastInit()
	if init == nil {
		return
	}
	if len(v.codecs) != len(init.tracks) {
		w.rec.fault(ruleMaster, v.uri, "CODECS has %d entries for %d tracks", len(v.codecs), len(init.tracks))
	}
	for _, t := range init.tracks {
		if t.codec != "" && !slices.ContainsFunc(v.codecs, func(c string) bool { return strings.HasPrefix(c, t.codec) }) {
			w.rec.fault(ruleMaster, v.uri, "CODECS %v lacks %s", v.codecs, t.codec)
		}
		if t.width > 0 && v.resolution != "" && v.resolution != fmt.Sprintf("%dx%d", t.width, t.height) {
			w.rec.fault(ruleMaster, v.uri, "RESOLUTION is %s for %dx%d", v.resolution, t.width, t.height)
		}
	}
	if v.video() != (init.video() != nil) {
		w.rec.fault(ruleMaster, v.uri, "CODECS %v, video: %v", v.codecs, init.video() != nil)
	}
}

// immutable asks once more for some of what every rendition listed.
func (w *watch) immutable(ctx context.Context) {
	for _, f := range w.followers {
		if f.now == nil {
			continue
		}
		again := map[string]bool{}
		for i := max(0, len(f.now.segments)-4); i < len(f.now.segments); i++ {
			s := &f.now.segments[i]
			again[s.init] = true
			if s.complete() && !s.gap {
				again[s.uri] = true
			}
			for n := range s.parts {
				again[s.parts[n].uri] = true
			}
		}
		for uri := range again {
			u, err := resolve(f.url, uri)
			if err != nil {
				continue
			}
			res, err := w.client.media(ctx, u)
			if err != nil || res.status != http.StatusOK {
				w.rec.fault(ruleImmutable, uri, "it cannot be had again (%v)", err)
			}
		}
	}
}
