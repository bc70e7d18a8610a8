package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"shoal/internal/config"
	"shoal/internal/encoder"
	"shoal/internal/listen"
	"shoal/internal/obs"
)

// The lives of the demo: one that plays the embedded clip, one that waits for the visitor's own encoder.
const (
	demoLive = "demo"
	ownLive  = "yours"
)

// demo runs a scratch node with a live to look at, until ctx ends. Nothing of it stays.
func demo(ctx context.Context, cfg *config.Config, stdout, stderr io.Writer) error {
	// The demo is read by a person, who is told what matters: what goes well needs no log.
	if cfg.Log == obs.DefaultLogConfig() {
		cfg.Log.Level = "warn"
	}
	log, err := obs.NewLogger(stderr, cfg.Log)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "shoal-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer os.RemoveAll(scratch)
	cfg.Data = scratch
	keys := map[string]string{}
	for _, name := range []string{demoLive, ownLive} {
		keys[name] = rand.Text()
		cfg.Lives = append(cfg.Lives, config.Live{Name: name, Key: config.Secret(keys[name])})
	}
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("set up the demo: %w", err)
	}
	password := ""
	n, err := demoNode(ctx, cfg, log, show{open: ownLive, root: func(_ net.Addr, made string) { password = made }})
	if err != nil {
		return err
	}
	clip, err := encoder.Demo()
	if err != nil {
		n.abandon()
		return fmt.Errorf("load the demo clip: %w", err)
	}
	server := "rtmp://" + listen.Usable(n.rtmpAt.Addr()) + "/live"
	p := &encoder.Publisher{URL: server + "/" + keys[demoLive], Source: clip.Loop()}
	p.Accepted = func() { greet(stdout, n, server, keys[ownLive], password) }

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	published := make(chan error, 1)
	go func() { published <- keepPublishing(ctx, p, log) }()
	err = n.run(ctx)
	cancel()
	return errors.Join(err, <-published)
}

// demoNode listens on the usual ports or, where they are taken and nobody asked for them, on others: a demo must come up.
func demoNode(ctx context.Context, cfg *config.Config, log *slog.Logger, s show) (*node, error) {
	usual := config.Default()
	for {
		n, err := newNode(ctx, cfg, log, s)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return n, err
		}
		switch {
		case cfg.HTTP == usual.HTTP && taken(cfg.HTTP):
			cfg.HTTP = ":0"
		case cfg.RTMP == usual.RTMP && taken(cfg.RTMP):
			cfg.RTMP = ":0"
		default:
			return nil, err
		}
	}
}

func taken(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return true
	}
	_ = l.Close()
	return false
}

// keepPublishing sends the clip until ctx ends, again after a second if it was cut off.
func keepPublishing(ctx context.Context, p *encoder.Publisher, log *slog.Logger) error {
	for {
		err := p.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		log.Warn("the demo's encoder was cut off; it comes back", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// greet says where to look and where to send.
func greet(w io.Writer, n *node, server, key, password string) {
	at := n.httpAt.Addr()
	fmt.Fprintf(w, "\nA live is on:  http://%s/w/%s\n", listen.Usable(at), demoLive)
	if hosts := listen.Hosts(); len(hosts) > 0 && at.(*net.TCPAddr).IP.IsUnspecified() {
		fmt.Fprintf(w, "From a phone:  http://%s:%d/w/%s\n", hosts[0], at.(*net.TCPAddr).Port, demoLive)
	}
	fmt.Fprintf(w, "\nYour own encoder (OBS: Settings, Stream, Service \"Custom\"):\n  Server      %s\n  Stream key  %s\n  Watch it    http://%s/w/%s\n",
		server, key, listen.Usable(at), ownLive)
	fmt.Fprintf(w, "\nThe studio:    http://%s/login\n  User        root\n  Password    %s\n\nCtrl-C ends the demo.\n", listen.Usable(at), password)
}
