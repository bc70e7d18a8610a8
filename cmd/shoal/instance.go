package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shoal/cluster"
	"shoal/cluster/session"
	"shoal/cluster/state"
	"shoal/federation/rest"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
	"shoal/internal/config"
	"shoal/internal/gallery"
	"shoal/internal/media"
)

// electing is how long a node waits, at its start, until it can take changes.
const electing = 30 * time.Second

// commands registers every command and schema of the replicated state.
func commands() *state.Registry {
	reg := state.NewRegistry()
	catalog.Register(reg)
	session.Register(reg)
	return reg
}

// provision sets the lives of the configuration up.
func provision(ctx context.Context, cfg *config.Config, cat *catalog.Catalog) error {
	lives := make([]catalog.Declared, len(cfg.Lives))
	for i, l := range cfg.Lives {
		lives[i] = catalog.Declared{
			UUID: string(l.ID()), Name: l.Name, Title: l.Title, Key: string(l.Key), Permanent: true, SaveReplay: l.Replay,
		}
	}
	if err := cat.Provision(ctx, lives); err != nil {
		return fmt.Errorf("set up the lives of the configuration: %w", err)
	}
	return nil
}

// declared are the lives of the configuration.
func declared(cfg *config.Config) []media.LiveID {
	all := make([]media.LiveID, len(cfg.Lives))
	for i, l := range cfg.Lives {
		all[i] = l.ID()
	}
	return all
}

// back says how far back viewers of a live may go.
type back struct{ catalog *catalog.Catalog }

func (b back) far() time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	set, err := b.catalog.Settings(ctx)
	if err != nil {
		return 0
	}
	return set.Replays.DVR
}

// illustrated asks for pictures of replays as they appear.
type illustrated struct {
	*catalog.Catalog
	gallery *gallery.Gallery
}

// EndSession ends a broadcast in the catalog.
func (i illustrated) EndSession(ctx context.Context, e catalog.EndSession) (*catalog.Video, error) {
	v, err := i.Catalog.EndSession(ctx, e)
	if err == nil && v != nil {
		i.gallery.Want(v.UUID)
	}
	return v, err
}

// onAir asks for a picture of a live that begins.
func onAir(g *gallery.Gallery) func(broadcast.Status) {
	return func(s broadcast.Status) { g.Want(string(s.ID)) }
}

// nodeStatus shows the cluster's node to the interface.
type nodeStatus struct {
	node    *cluster.Node
	started time.Time
}

// Status implements rest.Node.
func (n nodeStatus) Status() rest.NodeStatus {
	s := n.node.Status()
	out := rest.NodeStatus{Node: s.ID, Leader: s.Leader, Term: s.Term, Applied: s.Applied, DiskFull: s.DiskFull, Started: n.started}
	if s.Err != nil {
		out.Error = s.Err.Error()
	}
	return out
}

// stateReady is a readiness check.
func stateReady(n *cluster.Node) func(context.Context) error {
	return func(context.Context) error {
		switch s := n.Status(); {
		case s.Err != nil:
			return s.Err
		case s.DiskFull:
			return errors.New("the disk is full: nothing can be changed until there is room")
		case s.Leader == "":
			return errors.New("no node leads the cluster")
		}
		return nil
	}
}
