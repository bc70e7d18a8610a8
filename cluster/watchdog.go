package cluster

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// stallTime is how long a write may take before somebody should look at the disk. A good card takes some 20 ms, a bad one
// half a second now and then.
const stallTime = 2 * time.Second

// watchdog notices writes that do not come back. It has no goroutine, only a timer while a write is on its way.
type watchdog struct {
	log    *slog.Logger
	stalls *prometheus.CounterVec // by what is written
	// excused says whether a write waits for something else than the disk, such as room on it.
	excused func() bool
}

// watch is called before a write to what, and done when it is over.
func (w *watchdog) watch(what string) (done func()) {
	start := time.Now()
	var late atomic.Bool
	t := time.AfterFunc(stallTime, func() {
		if w.excused() {
			return
		}
		late.Store(true)
		w.stalls.WithLabelValues(what).Inc()
		w.log.Warn("the disk does not answer: changes wait for it", "writing", what, "since", start)
	})
	return func() {
		t.Stop()
		if late.Load() {
			w.log.Info("the disk answers again", "writing", what, "after", time.Since(start))
		}
	}
}
