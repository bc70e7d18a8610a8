package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/cluster"
	"shoal/cluster/session"
	"shoal/federation/rest"
	"shoal/ingest/normalize"
	"shoal/ingest/rtmp"
	"shoal/internal/audience"
	"shoal/internal/auth"
	"shoal/internal/blob"
	"shoal/internal/broadcast"
	"shoal/internal/broadcast/register"
	"shoal/internal/catalog"
	"shoal/internal/config"
	"shoal/internal/gallery"
	"shoal/internal/httpd"
	"shoal/internal/library"
	"shoal/internal/listen"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/obs"
	"shoal/internal/retention"
	"shoal/internal/web"
	"shoal/relay/hls"
	"shoal/relay/vod"
	"shoal/segmenter/cutter"
	"shoal/segmenter/recorder"
)

// patience is what each part has to stop gently; all of them together stay below the 90 s of systemd's default.
const patience = 5 * time.Second

// gcPercent makes the collector work at half of Go's default growth: most of the heap is media without pointers, which
// costs it nothing to mark, and a board's memory is scarcer than the little CPU.
const gcPercent = 50

// node is one node of Shoal: its parts, made and listening, not yet running.
type node struct {
	cfg     *config.Config
	log     *slog.Logger
	started time.Time
	unlock  func() // of the data folder
	health  *obs.Health

	cluster  *cluster.Node
	catalog  *catalog.Catalog
	auth     *auth.Auth
	claims   *session.Store
	store    *blob.Store
	keeper   *retention.Keeper
	gallery  *gallery.Gallery
	audience *audience.Audience
	hub      *live.Hub
	lives    *broadcast.Lives
	rtmp     *rtmp.Server
	vod      *vod.Server
	hls      *hls.Server
	http     *httpd.Server

	httpAt, httpsAt, rtmpAt *listen.TCP // httpsAt is nil when TLS is off
	tls                     *tls.Config
}

// show is what a node shows to whoever runs it.
type show struct {
	// root is told the password that was made for the user root at the first start. Nobody will know it again, so it is
	// called before anything else can fail; where the node listens for HTTP is known by then.
	root func(http net.Addr, password string)
	// open names a live whose stream key stands on the home page, for a node that is there to be tried out; "" for none.
	open string
}

// newNode opens the sockets and makes the parts. When it fails, no socket and no file stays open.
func newNode(ctx context.Context, cfg *config.Config, log *slog.Logger, s show) (_ *node, err error) {
	debug.SetGCPercent(gcPercent)
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w; give another with --data", err)
	}
	n := &node{cfg: cfg, log: log, started: time.Now(), health: obs.NewHealth()}
	// Before anything is touched: the folder may be another node's.
	if n.unlock, err = session.Lock(cfg.Data); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			n.abandon()
		}
	}()
	if err := listen.RemoveAddresses(cfg.Data); err != nil {
		return nil, err
	}
	if cfg.HTTPS != "" {
		if n.tls, err = cfg.TLS.ServerTLS(cfg.Data, log); err != nil {
			return nil, err
		}
	}
	reg := obs.NewRegistry(version)
	if err := n.listen(ctx, reg); err != nil {
		return nil, err
	}
	if err := n.openState(ctx, reg, s); err != nil {
		return nil, err
	}
	if err := n.makeLives(ctx, reg); err != nil {
		return nil, err
	}
	return n, n.route(reg, s.open)
}

// openState opens what the node has on disk, and makes what an instance must have.
func (n *node) openState(ctx context.Context, reg *prometheus.Registry, s show) (err error) {
	if n.cluster, err = cluster.Open(cluster.Config{Data: n.cfg.Data}, commands(), n.log, reg); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, electing)
	defer cancel()
	if err := n.cluster.Ready(ready); err != nil {
		return err
	}
	n.health.Ready("state", stateReady(n.cluster))
	n.catalog = catalog.New(n.cluster, n.cluster)
	n.auth = auth.New(n.catalog, n.cfg.Auth, n.log, reg)
	password, err := n.auth.Root(ready, string(n.cfg.RootPassword))
	if password != "" {
		s.root(n.httpAt.Addr(), password)
	}
	if err != nil {
		return err
	}
	if err := provision(ready, n.cfg, n.catalog); err != nil {
		return err
	}
	n.claims = session.New(n.cluster)
	n.store, err = blob.Open(n.cfg.Data, n.cfg.Storage, n.log, reg)
	return err
}

// makeLives makes the way from an encoder to the viewers.
func (n *node) makeLives(ctx context.Context, reg *prometheus.Registry) (err error) {
	n.hub = live.NewHub(n.cfg.Live)
	n.audience = audience.New(audience.DefaultConfig(), reg)
	n.keeper = retention.New(n.catalog, n.store, n.log)
	n.gallery = gallery.New(n.catalog, n.store, n.hub, clips{n.store}, n.log)
	recorded, err := recorder.NewMetrics(reg)
	if err != nil {
		return err
	}
	n.lives = broadcast.New(broadcast.Options{
		Config: n.cfg.Broadcast, Hub: n.hub, Claims: n.claims, Cut: cut,
		Register: register.New(illustrated{n.catalog, n.gallery}, n.keeper.Discard),
		Recorder: recordings{n.store, recorded, n.log},
		OnAir:    onAir(n.gallery),
		Log:      n.log, Metrics: reg,
	})
	if err := n.lives.Recover(ctx); err != nil {
		return err
	}
	n.rtmp = rtmp.New(n.cfg.Ingest, opener(n.lives, normalize.NewMetrics(reg)), n.log, reg)
	books := library.New(n.catalog, n.auth, n.log)
	if n.vod, err = vod.New(shelf{books, n.lives, n.store, back{n.catalog}}, n.hub, gate{books}, n.log, reg); err != nil {
		return err
	}
	n.hls, err = hls.New(n.hub, gate{books}, n.vod, n.cfg.HLS, reg)
	return err
}

// route joins everything that speaks HTTP under one roof.
func (n *node) route(reg *prometheus.Registry, open string) error {
	port := n.rtmpAt.Addr().(*net.TCPAddr).Port
	o := rest.Options{
		Catalog: n.catalog, Auth: n.auth, Audience: n.audience, Lives: n.lives, Posters: n.gallery, Storage: n.store,
		Downloads: downloads{n.store},
		Node:      nodeStatus{n.cluster, n.started}, Log: n.log,
		Version: version, Source: sourceURL, PublicURL: n.cfg.PublicURL, RTMPPort: port, Hosts: listen.Hosts,
		Declared: declared(n.cfg),
	}
	for _, l := range n.cfg.Lives {
		if l.Name == open {
			o.Encoders = []rest.Encoder{{Live: l.ID(), Key: string(l.Key)}}
		}
	}
	api, err := rest.New(o)
	if err != nil {
		return err
	}
	pages, err := web.New(known{n.catalog}, n.log)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(hls.Prefix, n.hls)
	mux.Handle(vod.DownloadPrefix, n.vod)
	for _, p := range rest.Prefixes {
		mux.Handle(p, api)
	}
	mux.HandleFunc("/healthz", n.health.HandleAlive)
	mux.HandleFunc("/readyz", n.health.HandleReady)
	mux.Handle("/metrics", httpd.Private(n.cfg.Metrics.Allow, obs.MetricsHandler(reg, n.log)))
	mux.Handle("/", pages)
	n.http = httpd.New(httpd.Options{
		Handler: mux, Log: n.log, Metrics: reg, Direct: n.hls, DirectPrefix: hls.Prefix, MaxBody: rest.MaxBody,
	})
	return nil
}

func (n *node) listen(ctx context.Context, reg prometheus.Registerer) (err error) {
	m := listen.NewMetrics(reg)
	if n.httpAt, err = listen.ListenTCP(ctx, "http", n.cfg.HTTP, n.cfg.Listen.MaxConnections, m); err != nil {
		return err
	}
	// The RTMP server counts and limits connections itself, by address and by state.
	if n.rtmpAt, err = listen.ListenTCP(ctx, "rtmp", n.cfg.RTMP, 2*n.cfg.Ingest.MaxConnections, m); err != nil {
		return err
	}
	if n.tls != nil {
		if n.httpsAt, err = listen.ListenTCP(ctx, "https", n.cfg.HTTPS, n.cfg.Listen.MaxConnections, m); err != nil {
			return err
		}
	}
	return nil
}

// abandon gives back what a node holds that does not run.
func (n *node) abandon() {
	for _, l := range []*listen.TCP{n.httpAt, n.httpsAt, n.rtmpAt} {
		if l != nil {
			_ = l.Close()
		}
	}
	if n.lives != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		n.lives.Close(ctx)
		cancel()
	}
	if n.cluster != nil {
		if err := n.cluster.Close(); err != nil {
			n.log.Error("the state could not be closed", "error", err)
		}
	}
	n.unlock()
}

// run serves until ctx ends and stops in order: encoders first, so that what they sent is still cut, served and recorded;
// then those who watch; what the parts write down last, when nobody changes anything any more.
func (n *node) run(ctx context.Context) error {
	ready := make(chan struct{})
	n.health.Ready("listeners", func(context.Context) error {
		select {
		case <-ready:
			return nil
		default:
			return errors.New("not all sockets listen")
		}
	})
	g := group{log: n.log}
	g.add(untilCanceled("state", n.cluster.Run))
	g.add(untilCanceled("claims", func(ctx context.Context) error { return n.claims.Run(ctx, n.log) }))
	g.add(untilCanceled("views", func(ctx context.Context) error { return n.audience.Run(ctx, n.catalog, n.log) }))
	g.add(untilCanceled("retention", n.keeper.Run))
	g.add(untilCanceled("gallery", n.gallery.Run))
	g.add(actor{"http", func() error { return n.http.Serve(n.httpAt) }, func(ctx context.Context) error {
		n.hls.Close()
		return n.http.Shutdown(ctx)
	}})
	if n.tls != nil {
		g.add(actor{"https", func() error { return n.http.ServeTLS(n.httpsAt, n.tls) }, func(ctx context.Context) error {
			n.hls.Close()
			return n.http.Shutdown(ctx)
		}})
	}
	g.add(actor{"rtmp", func() error { return n.rtmp.Serve(n.rtmpAt) }, func(ctx context.Context) error {
		err := n.rtmp.Shutdown(ctx)
		n.lives.Close(ctx)
		return err
	}})
	g.add(untilCanceled("addresses", func(ctx context.Context) error {
		close(ready) // before the file: whoever waits for it may ask at once
		if err := listen.WriteAddresses(n.cfg.Data, n.addresses()); err != nil {
			return err
		}
		attrs := []any{"version", version, "data", n.cfg.Data}
		for name, a := range n.addresses() {
			attrs = append(attrs, name, a.String())
		}
		n.log.Info("listening", attrs...)
		<-ctx.Done()
		n.log.Info("stopping")
		return listen.RemoveAddresses(n.cfg.Data)
	}))
	err := g.run(ctx, patience)
	n.lives = nil // closed
	n.abandon()
	return err
}

// addresses are where the node listens, by protocol.
func (n *node) addresses() map[string]net.Addr {
	a := map[string]net.Addr{"http": n.httpAt.Addr(), "rtmp": n.rtmpAt.Addr()}
	if n.httpsAt != nil {
		a["https"] = n.httpsAt.Addr()
	}
	return a
}

// cut joins broadcast and segmenter.
func cut(id media.LiveID, e media.Epoch, at media.Position, out broadcast.Output) broadcast.Cutter {
	return cutter.New(id, e, at, out, cutter.DefaultConfig())
}

// opener joins the ways in, normalize and broadcast.
func opener(lives *broadcast.Lives, m *normalize.Metrics) rtmp.Open {
	return func(ctx context.Context, r broadcast.Request) (rtmp.Session, error) {
		s, err := lives.Publish(ctx, r)
		if err != nil {
			return nil, err
		}
		return encoderSession{s, normalize.New(s, normalize.Config{Metrics: m})}, nil
	}
}

// encoderSession is a session of broadcast behind its normalizer.
type encoderSession struct {
	*broadcast.Session
	*normalize.Normalizer
}
