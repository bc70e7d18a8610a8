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

	"shoal/cluster/session"
	"shoal/ingest/normalize"
	"shoal/ingest/rtmp"
	"shoal/internal/broadcast"
	"shoal/internal/config"
	"shoal/internal/httpd"
	"shoal/internal/listen"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/obs"
	"shoal/internal/web"
	"shoal/relay/hls"
	"shoal/segmenter/cutter"
)

// patience is what each part has to stop gently; all of them together stay below the 90 s of systemd's default.
const patience = 5 * time.Second

// gcPercent makes the collector work at half of Go's default growth: most of the heap is media without pointers, which
// costs it nothing to mark, and a board's memory is scarcer than the little CPU.
const gcPercent = 50

// node is one node of Shoal: its parts, made and listening, not yet running.
type node struct {
	cfg    *config.Config
	log    *slog.Logger
	unlock func() // of the data folder
	health *obs.Health
	claims *session.Store
	lives  *broadcast.Lives
	rtmp   *rtmp.Server
	hls    *hls.Server
	http   *httpd.Server

	httpAt, httpsAt, rtmpAt *listen.TCP // httpsAt is nil when TLS is off
	tls                     *tls.Config
}

// newNode makes the parts and opens the sockets. When it fails, no socket stays open.
//
// open names a live whose stream key stands on the home page, for a node that is there to be tried out; "" for none.
func newNode(ctx context.Context, cfg *config.Config, log *slog.Logger, open string) (_ *node, err error) {
	debug.SetGCPercent(gcPercent)
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w; give another with --data", err)
	}
	// Before anything is touched: the folder may be another node's.
	unlock, err := session.Lock(cfg.Data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			unlock()
		}
	}()
	if err := listen.RemoveAddresses(cfg.Data); err != nil {
		return nil, err
	}
	reg := obs.NewRegistry(version)
	n := &node{cfg: cfg, log: log, unlock: unlock, health: obs.NewHealth()}
	if n.claims, err = session.Open(cfg.Data); err != nil {
		return nil, err
	}
	hub := live.NewHub(cfg.Live)
	n.lives = broadcast.New(cfg.Broadcast, declared(cfg), hub, n.claims, cut, log, reg)
	n.rtmp = rtmp.New(cfg.Ingest, opener(n.lives, normalize.NewMetrics(reg)), log, reg)
	if n.hls, err = hls.New(hub, cfg.HLS, reg); err != nil {
		return nil, err
	}
	if cfg.HTTPS != "" {
		if n.tls, err = cfg.TLS.ServerTLS(cfg.Data, log); err != nil {
			return nil, err
		}
	}
	if err := n.listen(ctx, reg); err != nil {
		n.closeSockets()
		return nil, err
	}
	return n, n.route(reg, open)
}

// route joins everything that speaks HTTP under one roof.
func (n *node) route(reg *prometheus.Registry, open string) error {
	info := web.Info{
		Name: "Shoal", Version: version, Source: sourceURL,
		RTMPPort: n.rtmpAt.Addr().(*net.TCPAddr).Port, Hosts: listen.Hosts,
	}
	if l, ok := n.lives.Get(open); ok {
		info.Encoders = []web.Encoder{{Live: string(l.ID), Key: l.Key}}
	}
	pages, err := web.New(shownLives{n.lives}, info, n.log)
	if err != nil {
		n.closeSockets()
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(hls.Prefix, n.hls)
	mux.HandleFunc("/healthz", n.health.HandleAlive)
	mux.HandleFunc("/readyz", n.health.HandleReady)
	mux.Handle("/metrics", httpd.Private(n.cfg.Metrics.Allow, obs.MetricsHandler(reg, n.log)))
	mux.Handle("/", pages)
	n.http = httpd.New(httpd.Options{Handler: mux, Log: n.log, Metrics: reg, Direct: n.hls, DirectPrefix: hls.Prefix})
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

func (n *node) closeSockets() {
	for _, l := range []*listen.TCP{n.httpAt, n.httpsAt, n.rtmpAt} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// run serves until ctx ends and stops in order: encoders first, so that what they sent is still cut and served; then
// those who watch; the claims last, when nothing makes numbers any more.
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
	g.add(untilCanceled("claims", func(ctx context.Context) error { return n.claims.Run(ctx, n.log) }))
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
		n.lives.Close()
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
	defer n.unlock()
	return g.run(ctx, patience)
}

// addresses are where the node listens, by protocol.
func (n *node) addresses() map[string]net.Addr {
	a := map[string]net.Addr{"http": n.httpAt.Addr(), "rtmp": n.rtmpAt.Addr()}
	if n.httpsAt != nil {
		a["https"] = n.httpsAt.Addr()
	}
	return a
}

// declared are the lives of the configuration.
func declared(cfg *config.Config) []broadcast.Live {
	all := make([]broadcast.Live, len(cfg.Lives))
	for i, l := range cfg.Lives {
		all[i] = broadcast.Live{ID: l.ID(), Name: l.Name, Title: l.Title, Key: string(l.Key)}
	}
	return all
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
