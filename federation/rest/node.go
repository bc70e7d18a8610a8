package rest

import (
	"cmp"
	"errors"
	"slices"

	"shoal/federation/rest/shape"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
)

func (a *API) nodeCalls() []operation {
	return []operation{
		answered(operation{id: "getNode", method: "GET", path: "/node", summary: "Get what a page needs to know of the node."}, a.getNode),
		answered(operation{id: "getOpenAPI", method: "GET", path: "/openapi.json", open: true, summary: "Get this document."}, a.getDocument),
	}
}

func (a *API) getNode(c *call, _ *none, _ *none) (shape.Node, error) {
	settings, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return shape.Node{}, err
	}
	n := shape.Node{
		Name: settings.Name, Short: settings.Short, Version: a.Version, Source: a.Source, RTMPPort: a.RTMPPort,
		Language: settings.Language, SetUp: settings.SetUp,
	}
	for _, e := range a.Encoders {
		n.Encoder = append(n.Encoder, shape.Encoder{Live: string(e.Live), Key: e.Key})
	}
	if a.Hosts != nil && fromLoopback(c.r) {
		n.Hosts = a.Hosts()
	}
	return n, nil
}

func (a *API) getDocument(*call, *none, *none) (raw, error) {
	return raw{data: a.document, cache: "no-cache"}, nil
}

func (a *API) pageCalls() []operation {
	return []operation{
		answered(operation{id: "listShownLives", method: "GET", path: "/lives", open: true, summary: "List the lives on the air, and those of the node's configuration."}, a.getLives),
		answered(operation{id: "getShownLive", method: "GET", path: "/lives/{id}", of: ofVideo, open: true, summary: "Get a live or a replay as the pages show it."}, a.getShown),
		answered(operation{id: "unlockLive", method: "POST", path: "/lives/{id}/unlock", of: ofVideo, unlocks: true, open: true, summary: "Get a media token for a video's password."}, a.postUnlock),
	}
}

func (a *API) getLives(c *call, _ *none, _ *none) (shape.Lives, error) {
	all := shape.Lives{Lives: []shape.Live{}}
	running := a.Lives.Running()
	for i := range running {
		if err := a.addLive(c, &all, string(running[i].ID), &running[i], true); err != nil {
			return all, err
		}
	}
	for _, id := range a.Declared {
		if slices.ContainsFunc(running, func(s broadcast.Status) bool { return s.ID == id }) {
			continue
		}
		status, known := a.Lives.Get(id)
		if err := a.addLive(c, &all, string(id), &status, known); err != nil {
			return all, err
		}
	}
	slices.SortStableFunc(all.Lives, func(x, y shape.Live) int {
		switch {
		case x.StartedAt == nil || y.StartedAt == nil:
			return cmp.Compare(btoi(x.StartedAt == nil), btoi(y.StartedAt == nil))
		default:
			return y.StartedAt.Compare(*x.StartedAt)
		}
	})
	return all, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// addLive adds a live to a list, if it is there and the caller may find it there.
func (a *API) addLive(c *call, all *shape.Lives, id string, status *broadcast.Status, known bool) error {
	v, err := a.catalog.Video(c.ctx(), id)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // it was deleted since
	}
	if err != nil {
		return err
	}
	if !c.lists(&v) {
		return nil
	}
	l, err := c.showStatus(&v, status, known)
	if err == nil {
		all.Lives = append(all.Lives, l)
	}
	return err
}

func (a *API) getShown(c *call, _ *none, _ *none) (shape.Live, error) {
	l, err := c.show(&c.video)
	if err != nil || !l.Permanent || onAir(&c.video) {
		return l, err
	}
	l.NextRef, err = c.lastReplay(&c.video)
	return l, err
}

// lastReplay is the UUID of the replay of a live's last broadcast; "" if there is none that the caller may find
// without knowing of it: a live that all may see must not tell the link of an unlisted replay.
func (c *call) lastReplay(live *catalog.Video) (string, error) {
	s, err := c.api.catalog.SessionOf(c.ctx(), live.UUID)
	if err != nil || s.Replay == "" {
		return "", orNothing(err)
	}
	v, err := c.api.catalog.Video(c.ctx(), s.Replay)
	if err != nil || !c.lists(&v) && !c.manages(&v) {
		return "", orNothing(err)
	}
	return v.UUID, nil
}

// orNothing takes it for no error that something is not there.
func orNothing(err error) error {
	if errors.Is(err, catalog.ErrNotFound) {
		return nil
	}
	return err
}

func (a *API) postUnlock(c *call, _ *none, b *shape.Unlock) (shape.Token, error) {
	if c.video.Privacy != catalog.Protected {
		if err := c.maySee(&c.video, c.r.PathValue("id")); err != nil {
			return shape.Token{}, err
		}
	} else if err := c.checkVideoPassword(&c.video, b.Password); err != nil {
		return shape.Token{}, err
	}
	return c.tokenReply()
}
