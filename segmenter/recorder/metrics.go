package recorder

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what all recorders of a node do. Safe for concurrent use.
type Metrics struct {
	written, lost, faults prometheus.Counter
	running               prometheus.Gauge
	write, sync           prometheus.Histogram
}

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	buckets := prometheus.ExponentialBuckets(50e-6, 4, 10) // 50 µs to 13 s
	m := &Metrics{
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "shoal_recorder_written_bytes_total", Help: "Bytes of media and index written to recordings.",
		}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "shoal_recorder_lost_seconds_total", Help: "Media of the main renditions that could not be recorded.",
		}),
		faults: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "shoal_recorder_faults_total", Help: "How often a recording stopped since it could not be written.",
		}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "shoal_recorder_running_recordings", Help: "Recordings that run.",
		}),
		write: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shoal_recorder_write_seconds", Help: "Time to hand a batch of media to the system.", Buckets: buckets,
		}),
		sync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shoal_recorder_sync_seconds", Help: "Time to bring what was written to the disk.", Buckets: buckets,
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.written, m.lost, m.faults, m.running, m.write, m.sync} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the metrics of recordings: %w", err)
	}
	return m, nil
}

func (m *Metrics) wrote(bytes int64, took time.Duration) {
	if m != nil {
		m.written.Add(float64(bytes))
		m.write.Observe(took.Seconds())
	}
}

func (m *Metrics) synced(took time.Duration) {
	if m != nil {
		m.sync.Observe(took.Seconds())
	}
}

func (m *Metrics) fault() {
	if m != nil {
		m.faults.Inc()
	}
}

func (m *Metrics) gap(lost time.Duration) {
	if m != nil {
		m.lost.Add(lost.Seconds())
	}
}

func (m *Metrics) count(by float64) {
	if m != nil {
		m.running.Add(by)
	}
}
