package cluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLogger brings what raft says to a slog.Logger. It says a lot: what it takes for a warning (a heartbeat that did not
// come, an old entry that was skipped) is of no use to an operator, and what it takes for an error heals or is kept as
// Node.Err.
func raftLogger(log *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Off})
	l.RegisterSink(raftSink{log.With("by", "raft")})
	return l
}

// raftSink is an hclog.SinkAdapter.
type raftSink struct{ log *slog.Logger }

// Accept takes a line.
func (s raftSink) Accept(_ string, level hclog.Level, message string, args ...any) {
	to := slog.LevelDebug
	if level >= hclog.Error {
		to = slog.LevelWarn
	}
	if !s.log.Enabled(context.Background(), to) {
		return
	}
	for i, a := range args {
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			args[i] = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
	}
	s.log.Log(context.Background(), to, message, args...)
}
