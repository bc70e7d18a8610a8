package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"shoal/cluster"
	"shoal/cluster/session"
	"shoal/cluster/state"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

const (
	// asked is how often each question is put.
	asked = 200
	// proposers make the shelf: so many share one fsync.
	proposers = 256
	// rootPassword is that of the node's first user.
	rootPassword = "the-password-of-root"
)

// state measures a node with many videos.
func (b *bench) state(ctx context.Context) error {
	n, err := b.launchOn(ctx, 1, func(data string) error { return b.fill(ctx, data) })
	if err != nil {
		return err
	}
	err = b.question(ctx, n)
	if stopped := n.stop(); err == nil {
		err = stopped
	}
	return err
}

// fill makes the videos, in the way in which they come into being: as lives that end with a replay.
func (b *bench) fill(ctx context.Context, data string) error {
	began := time.Now()
	reg := state.NewRegistry()
	catalog.Register(reg)
	session.Register(reg)
	n, err := cluster.Open(cluster.Config{Data: data}, reg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	defer n.Close() //nolint:errcheck // what was acknowledged is on disk
	if err := n.Ready(ctx); err != nil {
		return err
	}
	cat := catalog.New(n, n)
	au := auth.New(cat, auth.DefaultConfig(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if _, err := au.Root(ctx, rootPassword); err != nil {
		return err
	}
	channels, _, err := cat.Channels(ctx, catalog.ChannelFilter{Account: "root", Count: 1})
	if err != nil || len(channels) == 0 {
		return fmt.Errorf("find root's channel: %w", err)
	}
	var all errgroup.Group
	all.SetLimit(proposers)
	for i := range b.opt.shelf {
		if ctx.Err() != nil {
			break
		}
		all.Go(func() error { return put(ctx, cat, channels[0].ID, i) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("make %d videos: %w", b.opt.shelf, err)
	}
	b.progress("made %d videos in %v", b.opt.shelf, time.Since(began).Round(time.Second))
	return ctx.Err()
}

// put makes one video.
func put(ctx context.Context, cat *catalog.Catalog, channel int64, i int) error {
	v, err := cat.CreateLive(ctx, catalog.NewLive{
		ChannelID: channel, Name: fmt.Sprintf("Evening %d of the season", i), Description: strings.Repeat("About this evening. ", 10),
		Privacy: catalog.Public, SaveReplay: true, ReplayPrivacy: catalog.Public, Latency: catalog.DefaultLatency,
	})
	if err != nil {
		return err
	}
	at := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
	s, err := cat.BeginSession(ctx, catalog.NewSession{UUID: uuid.NewString(), Video: v.UUID, At: at, MaxLives: catalog.Unlimited, MaxUser: catalog.Unlimited})
	if err != nil {
		return err
	}
	_, err = cat.EndSession(ctx, catalog.EndSession{
		UUID: s.UUID, At: at.Add(time.Hour), ReplayUUID: uuid.NewString(),
		Recording: &catalog.Recording{Session: s.UUID, Duration: time.Hour, Bytes: 1, Width: 1280, Height: 720, Rate: 30, HasVideo: true, HasAudio: true},
	})
	return err
}

// question asks the node, and changes things on it.
func (b *bench) question(ctx context.Context, n *node) error {
	c := &client{base: "http://" + n.http}
	if err := c.logIn(ctx); err != nil {
		return err
	}
	var list struct {
		Total int `json:"total"`
		Data  []struct {
			UUID string `json:"uuid"`
		} `json:"data"`
	}
	if err := c.call(ctx, http.MethodGet, "/api/v1/videos?count=20", nil, &list); err != nil {
		return err
	}
	if list.Total < b.opt.shelf || len(list.Data) != 20 {
		return fmt.Errorf("the node lists %d of %d videos", len(list.Data), list.Total)
	}
	first, err := timed(func(int) error { return c.call(ctx, http.MethodGet, "/api/v1/videos?count=20", nil, nil) })
	if err != nil {
		return err
	}
	far, err := timed(func(i int) error {
		return c.call(ctx, http.MethodGet, fmt.Sprintf("/api/v1/videos?count=20&start=%d&sort=-publishedAt", 100*i), nil, nil)
	})
	if err != nil {
		return err
	}
	write, err := timed(func(i int) error {
		return c.call(ctx, http.MethodPut, "/api/v1/videos/"+list.Data[i%20].UUID, map[string]any{"name": fmt.Sprintf("Evening of many %d", i)}, nil)
	})
	if err != nil {
		return err
	}
	anon, _, err := n.memoryMB()
	if err != nil {
		return err
	}
	with := fmt.Sprintf("%d videos", b.opt.shelf)
	return b.addAll(
		figure{"state", "list of 20, first page, median", median(first), "ms", 10, with + ", over HTTP"},
		figure{"state", "list of 20, a page of 200 apart, median", median(far), "ms", 10, "pages from 0 to 20,000"},
		figure{"state", "write acknowledged, median", median(write), "ms", 15, "over HTTP, on disk"},
		figure{"state", "exec to listening", n.startup.Seconds() * 1000, "ms", 0, with},
		figure{"state", "RssAnon", anon, "MB", 60, with})
}

// timed does something again and again, and gives how long it took each time, in milliseconds.
func timed(do func(i int) error) ([]float64, error) {
	took := make([]float64, 0, asked)
	for i := range asked {
		began := time.Now()
		if err := do(i); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(began).Nanoseconds())/1e6)
	}
	return took, nil
}

// client calls a node's interface.
type client struct{ base, token string }

func (c *client) logIn(ctx context.Context) error {
	var app struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := c.call(ctx, http.MethodGet, "/api/v1/oauth-clients/local", nil, &app); err != nil {
		return err
	}
	form := url.Values{
		"client_id": {app.ID}, "client_secret": {app.Secret}, "grant_type": {"password"}, "username": {"root"}, "password": {rootPassword},
	}
	var token struct {
		Access string `json:"access_token"`
	}
	err := c.call(ctx, http.MethodPost, "/api/v1/users/token", form, &token)
	c.token = token.Access
	return err
}

func (c *client) call(ctx context.Context, method, path string, body, reply any) error {
	var content io.Reader
	kind := "application/json"
	switch v := body.(type) {
	case nil:
	case url.Values:
		content, kind = strings.NewReader(v.Encode()), "application/x-www-form-urlencoded"
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	q, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", kind)
	if c.token != "" {
		q.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode > 299:
		return fmt.Errorf("%s %s: status %d: %s", method, path, res.StatusCode, text)
	case reply == nil:
		return nil
	}
	return json.Unmarshal(text, reply)
}
