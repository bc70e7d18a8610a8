// Command bench measures a node from outside and holds the figures against what is promised: it builds ./cmd/shoal, runs
// it in a scratch folder, publishes to it, watches from it, attacks it, and serves the same bytes with nginx beside it.
// Run it in the root of the repository: go run ./internal/bench, or make bench.
//
// It owns the order of the sections and the processes that it starts (nodes, nginx, ffmpeg once for the clip): all of
// them, and the scratch folder, are gone when it ends, also by a signal. Its goroutines are viewers, publishers and
// attackers; a section waits for those it started. It never speaks to anything but loopback addresses that it has just
// made, and never measures a build that it did not make, unless -bin names one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"shoal/internal/encoder"
)

// options are what the flags say.
type options struct {
	sections  string
	window    time.Duration
	viewers   int
	crowd     int
	shelf     int
	hint      bool
	clip      string
	bin       string
	json      string
	logs      bool
	serverCPU int
	loadCPU   int
}

func (o *options) register(fs *flag.FlagSet) {
	fs.StringVar(&o.sections, "sections", "", "what to measure, comma-separated; all of "+names()+" if empty")
	fs.DurationVar(&o.window, "window", 15*time.Second, "how long each section measures")
	fs.IntVar(&o.viewers, "viewers", 0, "viewers of the sections delay, cost and static, instead of 50, 200 and 400")
	fs.IntVar(&o.crowd, "crowd", 1000, "viewers of the section crowd")
	fs.IntVar(&o.shelf, "shelf", 100_000, "videos of the section state")
	fs.BoolVar(&o.hint, "hint", false, "viewers fetch the preload hint instead of waiting for the part to be listed")
	fs.StringVar(&o.clip, "clip", "", "FLV file to publish; one of 2 Mbit/s is made with ffmpeg, and kept, if empty")
	fs.StringVar(&o.bin, "bin", "", "shoal binary to measure; ./cmd/shoal is built if empty")
	fs.StringVar(&o.json, "json", "", "append each figure as a line of JSON to this file")
	fs.BoolVar(&o.logs, "logs", false, "show the logs of the nodes")
	fs.IntVar(&o.serverCPU, "server-cpu", 0, "the CPU that servers are pinned to; -1 for any")
	fs.IntVar(&o.loadCPU, "load-cpu", 1, "the CPU that viewers and publishers are pinned to; -1 for any")
}

// bench is one run.
type bench struct {
	opt    options
	dir    string // scratch, gone afterwards
	bin    string
	clip   *encoder.Clip
	report *report
	errOut io.Writer
}

// section is one thing to measure.
type section struct {
	name, about string
	run         func(*bench, context.Context) error
}

// sections are in an order that shows early whether the node works at all.
var sections = []section{
	{"start", "time from exec to listening, memory of an idle node", (*bench).start},
	{"first", "time from the first keyframe to the first part listed", (*bench).first},
	{"delay", "time from a frame's sending to its arrival, few viewers", (*bench).delay},
	{"cost", "CPU time of requests", (*bench).cost},
	{"static", "the same beside nginx with the same bytes as files", (*bench).static},
	{"crowd", "as many viewers as one core must bear", (*bench).crowded},
	{"inputs", "CPU time of taking and cutting lives", (*bench).inputs},
	{"memory", "memory of a node with one live whose window is full", (*bench).memory},
	{"state", "lists and changes among 100,000 videos", (*bench).state},
	{"attack", "a hundred attackers at once", (*bench).attack},
}

func names() string {
	var out []string
	for _, s := range sections {
		out = append(out, s.name)
	}
	return strings.Join(out, ",")
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once: the first has taken away the handler.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with everything it touches given. It returns the exit status: 0 if all was measured, kept promise or not;
// 1 if something could not be; 2 for a wrong call.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(errOut)
	var o options
	o.register(fs)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	chosen, err := choose(o.sections)
	if err != nil || fs.NArg() > 0 || o.window <= 0 || o.viewers < 0 || o.crowd < 1 || o.shelf < 20 {
		fmt.Fprintln(errOut, "bench: wrong flags; -h lists them.", errorText(err))
		return 2
	}
	err = measure(ctx, o, chosen, out, errOut)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(errOut, "bench: interrupted")
		return 1
	case err != nil:
		fmt.Fprintln(errOut, "bench:", err)
		return 1
	}
	return 0
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// choose finds the sections that a comma-separated list names, in their own order.
func choose(list string) ([]section, error) {
	if list == "" {
		return sections, nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	var out []section
	for _, s := range sections {
		if wanted[s.name] {
			out = append(out, s)
			delete(wanted, s.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no section %q, only %s", name, names())
	}
	return out, nil
}

// measure runs the sections and prints what they found, also when one of them failed.
func measure(ctx context.Context, o options, chosen []section, out, errOut io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "shoal-bench-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{opt: o, dir: dir, bin: o.bin, errOut: errOut, report: &report{jsonFile: o.json}}
	if err := b.pinSelf(ctx); err != nil {
		return err
	}
	if b.clip, err = b.loadClip(ctx, viewerVideo); err != nil {
		return err
	}
	if b.bin == "" {
		b.progress("building ./cmd/shoal")
		if b.bin, err = build(ctx, dir); err != nil {
			return err
		}
	}
	var failures []error
	for _, s := range chosen {
		if ctx.Err() != nil {
			break
		}
		b.progress("%s: %s", s.name, s.about)
		if err := s.run(b, ctx); err != nil {
			failures = append(failures, fmt.Errorf("section %s: %w", s.name, err))
			b.progress("%s failed: %v", s.name, err)
		}
	}
	fmt.Fprintf(out, "%s %s/%s, %d CPUs; clip %.2f Mbit/s, window %v\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), b.clipMbit(), o.window)
	if err := b.report.markdown(out); err != nil {
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.errOut, "bench: "+format+"\n", args...)
}

// rest waits, or returns the error of ctx.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
