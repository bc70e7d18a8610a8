package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"shoal/internal/config"
	"shoal/internal/listen"
	"shoal/internal/obs"
)

// serve runs a node until ctx ends.
func serve(ctx context.Context, cfg *config.Config, stdout, stderr io.Writer) error {
	log, err := obs.NewLogger(stderr, cfg.Log)
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings() {
		log.Warn(w)
	}
	n, err := newNode(ctx, cfg, log, show{root: func(http net.Addr, password string) {
		// Not in the log, which others may read and which is kept.
		fmt.Fprintf(stdout, "\nThe first user was made. Log in at http://%s/login\n  user      root\n  password  %s\nThis is shown only once.\n\n",
			listen.Usable(http), password)
	}})
	if err != nil {
		return err
	}
	return n.run(ctx)
}
