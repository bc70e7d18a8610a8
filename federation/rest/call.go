package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shoal/internal/auth"
	"shoal/internal/catalog"
)

// call is one request at work.
type call struct {
	api *API
	op  *operation
	w   http.ResponseWriter
	r   *http.Request
	now time.Time
	at  origin // where the client reaches this instance

	user *catalog.User // nil for a visitor
	// pass is the media token of a caller who may see the video by a token or its password only: maySee sets it.
	pass pass

	// What the path names, after resolve.
	video   catalog.Video
	channel catalog.Channel
	account catalog.Account
	subject catalog.User
}

// pass is a media token.
type pass struct {
	token   string // "" for none
	expires time.Time
}

func (c *call) ctx() context.Context { return c.r.Context() }

// serve answers one request.
func (o *operation) serve(a *API, w http.ResponseWriter, r *http.Request) error {
	c := &call{api: a, op: o, w: w, r: r, now: a.now()}
	var err error
	if c.at, err = a.originOf(r); err != nil {
		return err
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if err := c.admit(); err != nil {
		return err
	}
	if err := c.resolve(); err != nil {
		return err
	}
	return o.run(c)
}

// answer writes a reply.
func (c *call) answer(reply any) error {
	switch v := reply.(type) {
	case none:
		c.w.Header().Set("Cache-Control", "no-store")
		c.w.WriteHeader(c.op.status)
		return nil
	case raw:
		return c.send(v.data, v.cache)
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(reply); err != nil {
		return fmt.Errorf("write the answer of %s: %w", c.op.id, err)
	}
	cache := "private, no-store"
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		if c.user == nil && c.op.access == anyone && !c.isSecret() {
			if cache = c.op.cache; cache == "" {
				cache = "no-cache"
			}
		}
	}
	return c.send(body.Bytes(), cache)
}

// isSecret says that the answer is for somebody who has shown a video's password or token.
func (c *call) isSecret() bool {
	return c.op.of == ofVideo && auth.NeedsToken(&c.video) || c.op.of == ofLive
}

// send writes a body. What may be cached has an entity tag, so that asking again costs no bytes.
func (c *call) send(body []byte, cache string) error {
	h := c.w.Header()
	h.Set("Content-Type", c.op.replyType)
	h.Set("Cache-Control", cache)
	if !strings.Contains(cache, "no-store") {
		h.Add("Vary", "Authorization, Cookie, Host")
		sum := sha256.Sum256(body)
		tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		h.Set("Etag", tag)
		if matches(c.r.Header.Get("If-None-Match"), tag) {
			c.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(c.op.status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // an error here is a client that went away
	}
	return nil
}

// matches says whether an If-None-Match field names an entity tag (RFC 9110, section 13.1.2).
func matches(field, tag string) bool {
	for one := range strings.SplitSeq(field, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}
