package cluster

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func TestTheWatchdogTellsOfADiskThatStalls(t *testing.T) {
	for name, c := range map[string]struct {
		took    time.Duration
		excused bool
		stalls  float64
		says    []string
	}{
		"quick":        {took: stallTime - time.Millisecond},
		"slow":         {took: 5 * time.Second, stalls: 1, says: []string{"does not answer", "answers again", "after=5s"}},
		"without room": {took: 5 * time.Second, excused: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				w := &watchdog{
					log: slog.New(slog.NewTextHandler(&out, nil)), excused: func() bool { return c.excused },
					stalls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "stalls"}, []string{"writing"}),
				}
				done := w.watch("log")
				time.Sleep(c.took)
				synctest.Wait()
				done()
				var m dto.Metric
				if err := w.stalls.WithLabelValues("log").Write(&m); err != nil || m.Counter.GetValue() != c.stalls {
					t.Errorf("%v stalls, want %v (%v)", m.Counter.GetValue(), c.stalls, err)
				}
				for _, s := range c.says {
					if !strings.Contains(out.String(), s) {
						t.Errorf("%q is not in the log:\n%s", s, out.String())
					}
				}
				if len(c.says) == 0 && out.Len() > 0 {
					t.Errorf("it says %s", out.String())
				}
			})
		})
	}
}

func TestWhatRaftSaysIsForDebugging(t *testing.T) {
	for level, want := range map[hclog.Level]string{hclog.Debug: "DEBUG", hclog.Info: "DEBUG", hclog.Warn: "DEBUG", hclog.Error: "WARN"} {
		var out strings.Builder
		l := raftLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
		l.Log(level, "it happened", "index", 7, "servers", hclog.Fmt("%+v", struct{ A int }{1}))
		for _, s := range []string{"level=" + want, `msg="it happened"`, "by=raft", "index=7", "{A:1}"} {
			if !strings.Contains(out.String(), s) {
				t.Errorf("%v: no %q in %s", level, s, out.String())
			}
		}
	}
}
