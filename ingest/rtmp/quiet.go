package rtmp

import (
	"log/slog"
	"sync"
	"time"
)

const (
	logBurst = 20 // lines that strangers may cause at once
	logEvery = time.Second
)

// quiet logs what strangers cause, but no more than a line per second in the long run: a port scan must not fill a card.
// What is left out is counted in the next line; the metrics count all.
type quiet struct {
	log *slog.Logger

	mu      sync.Mutex
	credit  float64
	at      time.Time
	skipped int
}

func newQuiet(log *slog.Logger) *quiet {
	return &quiet{log: log, credit: logBurst, at: time.Now()}
}

func (q *quiet) warn(message string, args ...any) {
	if skipped, ok := q.allow(time.Now()); ok {
		if skipped > 0 {
			args = append(args, "not_logged", skipped)
		}
		q.log.Warn(message, args...)
	}
}

func (q *quiet) allow(now time.Time) (skipped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.credit = min(logBurst, q.credit+now.Sub(q.at).Seconds()/logEvery.Seconds())
	q.at = now
	if q.credit < 1 {
		q.skipped++
		return 0, false
	}
	q.credit--
	skipped, q.skipped = q.skipped, 0
	return skipped, true
}
