package hlscheck

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// response is an answer, read to its end.
type response struct {
	url      string
	status   int
	header   http.Header
	body     []byte // decoded
	began    time.Time
	answered time.Time // when the header was there
}

func (r *response) took() time.Duration { return r.answered.Sub(r.began) }

// client asks and remembers what it got, so that a file can be held against itself later.
type client struct {
	http      *http.Client
	rec       *recorder
	tolerance time.Duration

	mu   sync.Mutex
	sums map[string][sha256.Size]byte // of immutable files, by URL
}

// get asks for a URL and reads the answer. An error means that there was none.
func (c *client) get(ctx context.Context, u string, zip bool, header ...string) (*response, error) {
	return c.do(ctx, http.MethodGet, u, zip, header...)
}

func (c *client) do(ctx context.Context, method, u string, zip bool, header ...string) (*response, error) {
	q, err := http.NewRequestWithContext(ctx, method, u, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept-Encoding", "identity")
	if zip {
		q.Header.Set("Accept-Encoding", "gzip")
	}
	for i := 0; i < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	r := &response{url: u, began: time.Now()}
	a, err := c.http.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }()
	r.answered = time.Now()
	r.status, r.header = a.StatusCode, a.Header
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", u, err)
	}
	r.body = raw
	if a.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", u, err)
		}
		if r.body, err = io.ReadAll(z); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", u, err)
		}
		if !zip {
			c.rec.fault(ruleHeaders, name(u), "compressed, which was not asked for")
		}
	}
	if method == http.MethodGet {
		c.general(r, len(raw))
	}
	return r, nil
}

// general holds what every answer has.
func (c *client) general(r *response, length int) {
	if r.header.Get("Access-Control-Allow-Origin") != "*" {
		c.rec.fault(ruleHeaders, name(r.url), "Access-Control-Allow-Origin is %q", r.header.Get("Access-Control-Allow-Origin"))
	}
	if got := r.header.Get("Content-Length"); got != strconv.Itoa(length) {
		c.rec.fault(ruleHeaders, name(r.url), "Content-Length is %q for %d bytes", got, length)
	}
	if r.status >= 400 {
		if age, ok := maxAge(r.header.Get("Cache-Control")); !ok || age > 1 {
			c.rec.fault(ruleHeaders, name(r.url), "an error (%d) may be cached: %q", r.status, r.header.Get("Cache-Control"))
		}
		if len(r.body) == 0 {
			c.rec.fault(ruleHeaders, name(r.url), "an error (%d) without a reason", r.status)
		}
	}
}

// maxAge is for how many seconds an answer may be cached. An answer without Cache-Control may be for as long as a cache
// likes.
func maxAge(cacheControl string) (seconds int, ok bool) {
	for _, d := range strings.Split(cacheControl, ",") {
		switch d = strings.TrimSpace(d); {
		case d == "no-cache" || d == "no-store":
			return 0, true
		case strings.HasPrefix(d, "max-age="):
			n, err := strconv.Atoi(d[len("max-age="):])
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}

// playlistHeaders holds what answers with a playlist have. One that was asked for by a sequence number, and lists it, may
// be cached for 12 s; others not.
func (c *client) playlistHeaders(r *response, named, ended bool, zip bool) {
	h := r.header
	if ct := h.Get("Content-Type"); ct != "application/vnd.apple.mpegurl" {
		c.rec.fault(ruleHeaders, name(r.url), "Content-Type is %q", ct)
	}
	if zip && h.Get("Content-Encoding") != "gzip" {
		c.rec.fault(ruleHeaders, name(r.url), "not compressed, which was asked for")
	}
	if !strings.Contains(h.Get("Vary"), "Accept-Encoding") {
		c.rec.fault(ruleHeaders, name(r.url), "Vary is %q", h.Get("Vary"))
	}
	age, ok := maxAge(h.Get("Cache-Control"))
	switch {
	case !ok, !named && age != 0, age > 12:
		c.rec.fault(ruleHeaders, name(r.url), "Cache-Control is %q", h.Get("Cache-Control"))
	case named && !ended && age != 12:
		c.rec.fault(ruleHeaders, name(r.url), "Cache-Control is %q: it could be cached for 12 s", h.Get("Cache-Control"))
	}
}

// media gets an immutable file whole, and remembers what is in it.
func (c *client) media(ctx context.Context, u string) (*response, error) {
	r, err := c.get(ctx, u, false)
	if err == nil && r.status == http.StatusOK {
		c.mediaAnswer(r)
	}
	return r, err
}

// mediaAnswer holds an answer with an immutable file against the one before, if there was one.
func (c *client) mediaAnswer(r *response) {
	if cc := r.header.Get("Cache-Control"); !strings.Contains(cc, "immutable") || !strings.Contains(cc, "public") {
		c.rec.fault(ruleHeaders, name(r.url), "Cache-Control is %q for what never changes", cc)
	}
	if r.header.Get("Accept-Ranges") != "bytes" {
		c.rec.fault(ruleHeaders, name(r.url), "Accept-Ranges is %q", r.header.Get("Accept-Ranges"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := sha256.Sum256(r.body)
	if old, ok := c.sums[r.url]; ok && old != sum {
		c.rec.fault(ruleImmutable, name(r.url), "other bytes than before")
	}
	c.sums[r.url] = sum
}

// contentType holds what a media file is called.
func (c *client) contentType(r *response, video bool) {
	want := "audio/mp4"
	if video {
		want = "video/mp4"
	}
	if ct := r.header.Get("Content-Type"); ct != want {
		c.rec.fault(ruleHeaders, name(r.url), "Content-Type is %q, not %q", ct, want)
	}
}

// resolve is the URL of a name in a playlist.
func resolve(base, ref string) (string, error) {
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u, err := b.Parse(ref)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// name is the last element of a URL's path, with the query.
func name(u string) string {
	p, err := url.Parse(u)
	if err != nil {
		return u
	}
	n := path.Base(p.Path)
	if p.RawQuery != "" {
		n += "?" + p.RawQuery
	}
	return n
}
