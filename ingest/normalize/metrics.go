package normalize

import (
	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/media"
)

// Metrics are the counters of all normalizers of a node. A nil *Metrics counts nothing.
type Metrics struct {
	units   [2]prometheus.Counter // video, audio
	clamped [2]prometheus.Counter
	dropped [2][dropCount]prometheus.Counter
	silence prometheus.Counter
	runs    *prometheus.CounterVec
}

// NewMetrics makes the counters and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "shoal", Subsystem: "ingest", Name: name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	units := counter("units_total", "Access units handed on, by kind of track; silence included.", "kind")
	clamped := counter("clamped_units_total", "Access units whose decode time went back a little and was moved forward.", "kind")
	dropped := counter("dropped_units_total", "Access units left out, by kind of track and reason.", "kind", "reason")
	silence := counter("silent_frames_total", "Frames of silence that filled in for audio.")
	m := &Metrics{
		silence: silence.WithLabelValues(),
		runs:    counter("runs_total", "Runs of units begun, by reason: start, clock, late, parameters, track.", "reason"),
	}
	// The children are looked up once: what happens per frame must not search a map.
	for i, k := range []media.Kind{media.Video, media.Audio} {
		m.units[i] = units.WithLabelValues(k.String())
		m.clamped[i] = clamped.WithLabelValues(k.String())
		for d := range dropCount {
			m.dropped[i][d] = dropped.WithLabelValues(k.String(), d.String())
		}
	}
	return m
}

func kindIndex(k media.Kind) int {
	if k == media.Video {
		return 0
	}
	return 1
}

func (m *Metrics) unit(k media.Kind) {
	if m != nil {
		m.units[kindIndex(k)].Inc()
	}
}

func (m *Metrics) clamp(k media.Kind) {
	if m != nil {
		m.clamped[kindIndex(k)].Inc()
	}
}

func (m *Metrics) drop(k media.Kind, why Drop) {
	if m != nil {
		m.dropped[kindIndex(k)][why].Inc()
	}
}

func (m *Metrics) silent() {
	if m != nil {
		m.silence.Inc()
	}
}

func (m *Metrics) run(reason string) {
	if m != nil {
		m.runs.WithLabelValues(reason).Inc()
	}
}
