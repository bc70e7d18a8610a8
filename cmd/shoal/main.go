// Command shoal is the whole of a node in one binary. It owns construction and the order of start and stop: it makes the
// parts, hands each what it needs of the others, starts them and stops them.
//
// It starts one goroutine per part that runs (see group). It never decides anything about media, lives or requests: what
// looks like a decision here belongs into a package.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"shoal/internal/config"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = "development"

const usage = `Shoal: live streaming from small boards.

  shoal serve  [flags]         run a node
  shoal demo   [flags]         run a scratch node with a live to look at
  shoal config check [flags]   say whether the configuration is right
  shoal config print [flags]   print the configuration that would be in force
  shoal version                print the version

"shoal serve --help" lists the flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once: the first one has taken away the handler.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is main with everything it touches given. It returns the exit status: 0, 1 for a failure, 2 for a wrong call.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	command, args := args[0], args[1:]
	if command == "config" && len(args) > 0 {
		command, args = command+" "+args[0], args[1:]
	}
	var act func(context.Context, *config.Config, io.Writer, io.Writer) error
	switch command {
	case "serve":
		act = serve
	case "demo":
		act = demo
	case "config check":
		act = func(_ context.Context, c *config.Config, out, errOut io.Writer) error {
			for _, w := range c.Warnings() {
				fmt.Fprintln(errOut, "warning:", w)
			}
			_, err := fmt.Fprintln(out, "the configuration is right")
			return err
		}
	case "config print":
		act = func(_ context.Context, c *config.Config, out, _ io.Writer) error { return c.Print(out) }
	case "version", "--version":
		fmt.Fprintln(stdout, "shoal", version)
		return 0
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
		return 0
	default:
		fmt.Fprintf(stderr, "shoal: there is no command %q\n\n%s", command, usage)
		return 2
	}
	cfg, rest, err := config.Load(args, environ)
	switch {
	case errors.Is(err, config.ErrHelp):
		fmt.Fprintf(stdout, "shoal %s [flags]\n\n", command)
		if err := config.Usage(stdout); err != nil {
			fmt.Fprintln(stderr, "shoal:", err)
			return 1
		}
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "shoal:", err)
		return 2
	case len(rest) > 0:
		fmt.Fprintf(stderr, "shoal %s: %q is not expected; flags begin with --\n", command, rest[0])
		return 2
	}
	if err := act(ctx, cfg, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "shoal:", err)
		return 1
	}
	return 0
}
