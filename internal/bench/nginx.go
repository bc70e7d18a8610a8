package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"shoal/internal/bench/viewer"
	"shoal/internal/bench/wire"
)

// nginxConf is a plain set-up for static files: one worker, sendfile, connections that stay, no log.
const nginxConf = `worker_processes 1;
worker_rlimit_nofile 8192;
daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log warn;
%[4]s
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  server { listen %[2]s; root %[3]s; }
}
`

// nginx runs f while nginx serves a folder.
func (b *bench) nginx(ctx context.Context, root string, f func(addr string, pid int) error) (err error) {
	dir, err := os.MkdirTemp(b.dir, "nginx-")
	if err != nil {
		return fmt.Errorf("make a folder for nginx: %w", err)
	}
	// nginx cannot be given a socket: the kernel chooses a port that is free now.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a port for nginx: %w", err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // else its worker is somebody who may not read the folder
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, addr, root, user), 0o600); err != nil {
		return fmt.Errorf("write nginx's configuration: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := b.server(ctx, "nginx", "-c", conf, "-e", filepath.Join(dir, "error.log"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		cancel()
		return fmt.Errorf("start nginx: %w", err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it was told to go
	}()
	for deadline := time.Now().Add(patience); !dial(addr); {
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			return fmt.Errorf("nginx does not listen: %s", text)
		}
		if err := rest(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return f(addr, cmd.Process.Pid)
}

// replay measures nginx with a tape: the same bytes, the same number of clients, the same rate of requests. As with a
// live, all clients ask at once when a part is there: its playlist and then its media.
func (b *bench) replay(ctx context.Context, t *tape, clients int, ours *seen) (s *seen, err error) {
	if len(t.turns) == 0 {
		return nil, errors.New("no viewer fetched anything: there is nothing for nginx to serve")
	}
	perTurn := float64(t.n) / float64(len(t.turns))
	rate := float64(ours.counts.Requests.Load()) / ours.server.Wall.Seconds() / float64(clients)
	every := time.Duration(perTurn / rate * float64(time.Second))
	err = b.nginx(ctx, t.dir, func(addr string, pid int) error {
		s = &seen{counts: &viewer.Counters{}}
		working, end := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer end()
		began := time.Now()
		for range clients {
			c, err := wire.New(working, addr)
			if err != nil {
				return err
			}
			wg.Go(func() {
				defer c.Close()
				s.counts.Cycle(working, c, t.turns, began, every)
			})
		}
		if err := rest(ctx, settling); err != nil {
			return err
		}
		s.server, s.load, err = b.window(ctx, pid, s.counts)
		return err
	})
	if err == nil && (s.counts.Requests.Load() == 0 || s.counts.Errors.Load() > 0) {
		err = fmt.Errorf("nginx answered %d requests well and %d not: %v", s.counts.Requests.Load(), s.counts.Errors.Load(), s.counts.Causes())
	}
	return s, err
}
