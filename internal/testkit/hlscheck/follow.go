package hlscheck

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say how to follow a live.
type Options struct {
	// Client asks; nil means one of its own. Its transport must not compress by itself.
	Client *http.Client
	// For is how long to follow; 0 means a minute. It ends earlier when the live does.
	For time.Duration
	// Tolerance is how much later than due an answer may come; 0 means 50 ms. On a busy machine, give more.
	Tolerance time.Duration
	// Pauses says that the encoder is known to stop for a while: parts may be late then, and requests be held in vain.
	Pauses bool
	// Changes says that the live's tracks are known to change, so that the multivariant playlist of the start need not
	// be true of the end.
	Changes bool
}

// Follow follows a live from its multivariant playlist (the low-latency one; classic.m3u8 is looked for beside it) and
// reports what it found. The error says why it could not go on; the report holds what was found until then. It returns
// when all that it started has ended.
func Follow(ctx context.Context, master string, opts Options) (*Report, error) {
	if opts.For == 0 {
		opts.For = time.Minute
	}
	if opts.Tolerance == 0 {
		opts.Tolerance = 50 * time.Millisecond
	}
	if opts.Client == nil {
		tr := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}
		defer tr.CloseIdleConnections()
		opts.Client = &http.Client{Transport: tr, Timeout: 30 * time.Second}
	}
	rec := newRecorder()
	w := &watch{
		opts: &opts, rec: rec, master: master,
		client: &client{http: opts.Client, rec: rec, tolerance: opts.Tolerance, sums: map[string][32]byte{}},
	}
	err := w.run(ctx)
	r := &Report{Renditions: map[string]*Stats{}}
	for _, f := range w.followers {
		r.Renditions[f.file] = &f.stats
		r.Ended = r.Ended || f.now != nil && f.now.ended
	}
	r.Violations, r.Counts = rec.violations()
	return r, err
}

// watch is one Follow.
type watch struct {
	opts   *Options
	rec    *recorder
	client *client
	master string

	variants  []variant
	followers []*follower
	classics  []*classic
}

func (w *watch) run(ctx context.Context) error {
	var err error
	if w.variants, err = w.loadMaster(ctx, w.master); err != nil {
		return err
	}
	for _, v := range w.variants {
		u, err := resolve(w.master, v.uri)
		if err != nil {
			return fmt.Errorf("variant %q: %w", v.uri, err)
		}
		f := newFollower(w.rec, w.opts, w.client, u)
		for _, o := range w.variants {
			if o.uri != v.uri {
				f.others = append(f.others, o.uri)
			}
		}
		w.followers = append(w.followers, f)
	}
	deadline := time.Now().Add(w.opts.For)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	errs := make([]error, len(w.followers)+2)
	for i, f := range w.followers {
		all.Go(func() {
			if i > 0 {
				w.awaitFirst(ctx, f)
			}
			if errs[i] = f.run(ctx, deadline); errs[i] != nil {
				cancel() // the others would wait for nothing
			}
		})
	}
	done := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { errs[len(errs)-2] = w.followClassic(ctx, done) })
	beside.Go(func() { errs[len(errs)-1] = w.probe(ctx) })
	all.Wait()
	close(done)
	beside.Wait()
	for i, err := range errs {
		if errors.Is(err, context.Canceled) {
			errs[i] = nil // of another's error, or of our caller
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w.crossChecks(ctx)
	return nil
}

// awaitFirst waits until a rendition beside the first has something to show, at most a target duration.
func (w *watch) awaitFirst(ctx context.Context, f *follower) {
	until := time.Now().Add(targetDuration)
	for time.Now().Before(until) {
		if res, err := w.client.get(ctx, f.url, false); err != nil || res.status != http.StatusNotFound {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// loadMaster gets a multivariant playlist.
func (w *watch) loadMaster(ctx context.Context, u string) ([]variant, error) {
	res, err := w.client.get(ctx, u, true)
	if err != nil {
		return nil, err
	}
	if res.status != http.StatusOK {
		return nil, fmt.Errorf("%s answers with status %d: %s", name(u), res.status, res.body)
	}
	w.client.playlistHeaders(res, false, false, true)
	all, err := parseMaster(string(res.body))
	if err != nil {
		w.rec.fault(ruleMaster, name(u), "%v", err)
		return nil, fmt.Errorf("%s does not parse: %w", name(u), err)
	}
	return all, nil
}

// beside is the URL of a file beside the multivariant playlist.
func (w *watch) beside(file string) string {
	return w.master[:strings.LastIndexByte(w.master, '/')+1] + file
}
