package vod

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// kind is what a request asks for, in metrics.
type kind uint8

const (
	otherKind kind = iota
	masterKind
	playlistKind
	fileKind
	movieKind
	pastMasterKind
	pastKind
	segmentKind
	initKind
)

var kindNames = [...]string{"other", "master", "playlist", "file", "movie", "dvr_master", "dvr", "segment", "init"}

// Results of requests.
const (
	served = iota
	refused
	failed
)

var resultNames = [...]string{"served", "refused", "failed"}

type metrics struct {
	requests [len(kindNames)][len(resultNames)]prometheus.Counter
	render   prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, kept func() int64) (*metrics, error) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "shoal_vod_requests_total", Help: "Requests for recordings, by what was asked for and what came of it.",
	}, []string{"kind", "result"})
	m := &metrics{
		render: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shoal_vod_render_seconds", Help: "Time to write and compress a playlist of a recording.",
			Buckets: prometheus.ExponentialBuckets(250e-6, 2, 12), // 250 µs to 0.5 s
		}),
	}
	shelf := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shoal_vod_playlists_bytes", Help: "Memory of the compressed playlists of recordings.",
	}, func() float64 { return float64(kept()) })
	var errs []error
	for _, c := range []prometheus.Collector{requests, m.render, shelf} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the metrics of recordings: %w", err)
	}
	for k, kind := range kindNames {
		for r, result := range resultNames {
			m.requests[k][r] = requests.WithLabelValues(kind, result)
		}
	}
	return m, nil
}

func (m *metrics) timeRender(began time.Time) { m.render.Observe(time.Since(began).Seconds()) }
