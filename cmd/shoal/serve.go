package main

import (
	"context"
	"io"

	"shoal/internal/config"
	"shoal/internal/obs"
)

// serve runs a node until ctx ends.
func serve(ctx context.Context, cfg *config.Config, _, stderr io.Writer) error {
	log, err := obs.NewLogger(stderr, cfg.Log)
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings() {
		log.Warn(w)
	}
	n, err := newNode(ctx, cfg, log, "")
	if err != nil {
		return err
	}
	return n.run(ctx)
}
