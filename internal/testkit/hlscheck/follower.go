package hlscheck

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"shoal/internal/media"
)

// follower follows one rendition: one goroutine reloads its playlist, another fetches and checks what it lists.
type follower struct {
	checker
	opts   *Options
	client *client
	url    string // of the playlist
	others []string

	// state of the goroutine that reloads; others read it behind the end
	now      *playlist // the last version, whole
	requests int       // so far, to vary them
	stats    Stats
	delays   []time.Duration
	seen     []sighting
	reported []reported

	taker taker // state of the goroutine that fetches, likewise
}

// sighting is when a part was first known to be listed.
type sighting struct {
	segment uint64
	part    int
	at      time.Time
}

// reported is a rendition report, and when it was read.
type reported struct {
	report
	at   time.Time
	slow time.Duration // part target of the playlist that it stood in
}

// version is what the goroutine that fetches is told.
type version struct {
	p    *playlist
	hint *hint // that this version shows to be true or false
	at   time.Time
}

// hint is a request for a part that is not there yet.
type hint struct {
	uri  string
	done chan struct{}
	res  *response
	err  error
}

func newFollower(rec *recorder, opts *Options, c *client, url string) *follower {
	file := name(url)
	f := &follower{
		checker: checker{rec: rec, file: file, rendition: media.RenditionID(file[:max(0, len(file)-len(".m3u8"))])},
		opts:    opts, client: c, url: url,
	}
	f.taker = taker{checker: &f.checker, client: c, base: url, pauses: opts.Pauses, inits: map[string]*initSegment{}, next: map[uint32]uint64{}}
	return f
}

// errOver says that there is nothing more to follow.
var errOver = errors.New("the live has ended, or the time is over")

// run follows until the deadline or the end of the live. It reports an error if it cannot go on.
func (f *follower) run(ctx context.Context, deadline time.Time) error {
	versions := make(chan version, 256) // a minute of parts: the one who reloads never waits for the one who fetches
	var fetching sync.WaitGroup
	fetching.Go(func() {
		for v := range versions {
			f.taker.take(ctx, v)
		}
	})
	var hinting sync.WaitGroup
	err := f.reload(ctx, deadline, versions, &hinting)
	close(versions)
	hinting.Wait()
	fetching.Wait()
	f.stats.add(&f.taker.stats)
	f.stats.Delay = delayOf(f.delays)
	if errors.Is(err, errOver) {
		err = nil
	}
	return err
}

func (f *follower) reload(ctx context.Context, deadline time.Time, versions chan<- version, hinting *sync.WaitGroup) error {
	p, res, err := f.load(ctx, "", false)
	if err != nil {
		return err
	}
	if p == nil {
		return fmt.Errorf("%s answers with status %d", f.file, res.status)
	}
	var pending *hint
	for {
		f.accept(p, res)
		v := version{p: p, at: res.answered}
		if pending != nil && (pending.uri != p.hint || p.ended) {
			v.hint, pending = pending, nil // what came is known now
		}
		versions <- v
		if p.ended {
			f.afterEnd(ctx)
			return errOver
		}
		if !time.Now().Before(deadline) {
			return nil
		}
		if p.hint != "" && pending == nil {
			pending = f.ask(ctx, p.hint, hinting)
		}
		if p, res, err = f.next(ctx, deadline); err != nil {
			return err
		}
	}
}

// ask requests the part that is hinted at.
func (f *follower) ask(ctx context.Context, uri string, hinting *sync.WaitGroup) *hint {
	h := &hint{uri: uri, done: make(chan struct{})}
	hinting.Go(func() {
		defer close(h.done)
		u, err := resolve(f.url, uri)
		if err != nil {
			h.err = err
			return
		}
		h.res, h.err = f.client.get(ctx, u, false)
	})
	return h
}

// next holds a blocking reload for the part after the last, until there is an answer with it.
func (f *follower) next(ctx context.Context, deadline time.Time) (*playlist, *response, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		segment, part := f.now.next()
		f.requests++
		query := fmt.Sprintf("?_HLS_msn=%d&_HLS_part=%d", segment, part)
		skip := f.requests%2 == 0
		if skip {
			query += "&_HLS_skip=YES"
		}
		p, res, err := f.load(ctx, query, true)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case res.status == http.StatusServiceUnavailable:
			f.pause(res)
			if !time.Now().Before(deadline) {
				return nil, nil, errOver
			}
			f.breathe(ctx)
			continue
		case p == nil:
			return nil, nil, fmt.Errorf("%s answers with status %d: %s", f.file+query, res.status, res.body)
		case !p.lists(segment, part) && !p.ended:
			f.fault(ruleBlocking, query, "the answer does not list what was named")
			f.breathe(ctx)
		}
		if took := res.took(); !p.ended {
			f.delays = append(f.delays, took)
			if took > p.partTarget+f.opts.Tolerance && !f.opts.Pauses {
				f.fault(ruleLate, query, "the answer took %v of %v", took, p.partTarget)
			}
		}
		if skip {
			f.delta(ctx, query[:len(query)-len("&_HLS_skip=YES")], p)
		}
		return p, res, nil
	}
}

// breathe keeps a server that answers at once with nothing new from being asked again at once.
func (f *follower) breathe(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond):
	}
}

func (f *follower) pause(res *response) {
	f.stats.Pauses++
	if took := res.took(); took < 3*targetDuration-f.opts.Tolerance || took > 3*targetDuration+f.opts.Tolerance {
		f.fault(ruleBlocking, "", "given up after %v, not after three target durations", took)
	}
	if !f.opts.Pauses {
		f.fault(rulePaused, "", "after segment %d", f.now.last().number)
	}
}

// load gets a version of the playlist; a delta update is merged. The playlist is nil if the answer is another one.
func (f *follower) load(ctx context.Context, query string, named bool) (*playlist, *response, error) {
	zip := f.requests%3 != 0
	res, err := f.client.get(ctx, f.url+query, zip)
	if err != nil || res.status != http.StatusOK {
		return nil, res, err
	}
	p, err := parsePlaylist(string(res.body))
	if err != nil {
		f.fault(ruleParse, query, "%v", err)
		return nil, res, fmt.Errorf("%s does not parse: %w", f.file+query, err)
	}
	f.client.playlistHeaders(res, named, p.ended, zip)
	if p.skipped == 0 {
		return p, res, nil
	}
	whole, err := f.merged(p)
	if err != nil {
		f.fault(ruleDelta, query, "%v", err)
		return nil, res, fmt.Errorf("%s cannot be merged: %w", f.file+query, err)
	}
	return whole, res, nil
}

// merged checks which segments a delta update skips, and merges it.
func (f *follower) merged(p *playlist) (*playlist, error) {
	f.stats.Deltas++
	if p.ended {
		f.fault(ruleDelta, "", "a playlist that has ended skips segments")
	}
	var left time.Duration
	for i := range p.segments {
		if p.segments[i].complete() {
			left += p.segments[i].duration
		}
	}
	if left <= skipUntil {
		f.fault(ruleDelta, "", "segments are skipped that are only %v from the end of the last complete one", left)
	}
	return merge(f.now, p)
}

// delta holds a delta update, merged, against the whole playlist, if that is still the same version.
func (f *follower) delta(ctx context.Context, query string, p *playlist) {
	res, err := f.client.get(ctx, f.url+query, true)
	if err != nil || res.status != http.StatusOK {
		f.fault(ruleDelta, query, "the whole playlist cannot be had: %v", err)
		return
	}
	whole, err := parsePlaylist(string(res.body))
	if err != nil {
		f.fault(ruleParse, query, "%v", err)
		return
	}
	as, ap := p.position()
	if bs, bp := whole.position(); as != bs || ap != bp || p.last().complete() != whole.last().complete() || p.ended != whole.ended {
		return
	}
	f.stats.DeltasCompared++
	if !p.same(whole) {
		f.fault(ruleDelta, query, "merged, it is not the whole playlist")
	}
}

// accept takes a new version.
func (f *follower) accept(p *playlist, res *response) {
	f.whole(p)
	if f.now != nil {
		f.progress(f.now, p)
	}
	f.now = p
	f.stats.Playlists++
	for i := range p.segments {
		s := &p.segments[i]
		for n := range s.parts {
			if k := len(f.seen); k == 0 || f.seen[k-1].segment < s.number || f.seen[k-1].segment == s.number && f.seen[k-1].part < n {
				f.seen = append(f.seen, sighting{s.number, n, res.answered})
			}
		}
	}
	for _, r := range p.reports {
		f.reported = append(f.reported, reported{r, res.answered, p.partTarget})
	}
	f.reports(p)
}

// reports holds that there is one rendition report for each other rendition.
func (f *follower) reports(p *playlist) {
	if p.ended {
		return
	}
	count := map[string]int{}
	for _, r := range p.reports {
		count[r.uri]++
		if r.uri == f.file || !contains(f.others, r.uri) {
			f.fault(ruleReport, r.uri, "it is not another rendition of the live")
		}
	}
	for _, o := range f.others {
		// At the start of a live, the other one may have nothing to report yet.
		if n := count[o]; n > 1 || n == 0 && len(p.segments) > 2 && !f.opts.Changes {
			f.fault(ruleReport, o, "%d reports at segment %d", n, p.last().number)
		}
	}
}

// afterEnd holds what is true of a live that has ended.
func (f *follower) afterEnd(ctx context.Context) {
	segment, _ := f.now.next()
	for _, query := range []string{"", "?_HLS_skip=YES", "?_HLS_msn=" + strconv.FormatUint(segment, 10) + "&_HLS_part=0"} {
		p, res, err := f.load(ctx, query, query != "" && query != "?_HLS_skip=YES")
		switch {
		case err != nil:
			f.fault(ruleEnd, query, "%v", err)
		case p == nil:
			f.fault(ruleEnd, query, "status %d", res.status)
		case !p.ended:
			f.fault(ruleEnd, query, "it has no EXT-X-ENDLIST any more")
		case res.took() > f.opts.Tolerance:
			f.fault(ruleEnd, query, "it took %v", res.took())
		}
	}
}
