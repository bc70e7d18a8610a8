package hls

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/m3u8"
)

// kind is what a request asks for, in metrics.
type kind uint8

const (
	otherKind kind = iota
	playlistKind
	deltaKind
	classicKind
	masterKind
	initKind
	segmentKind
	partKind
)

var kindNames = [...]string{"other", "playlist", "delta", "classic", "master", "init", "segment", "part"}

// kinds are those of media files.
var kinds = [...]kind{m3u8.InitFile: initKind, m3u8.SegmentFile: segmentKind, m3u8.PartFile: partKind}

// classes of answers; a viewer who leaves while a request is held is no error.
var classNames = [...]string{"2xx", "4xx", "5xx", "gone"}

func class(a *Answer) int {
	switch {
	case a.gone:
		return 3
	case a.Status >= 500:
		return 2
	case a.Status >= 400:
		return 1
	}
	return 0
}

// metrics are counted for every request, so all label values are resolved beforehand.
type metrics struct {
	requests [len(kindNames)][len(classNames)]prometheus.Counter
	bytes    [len(kindNames)]prometheus.Counter
	render   prometheus.Histogram
	compress prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, held func() int64) (*metrics, error) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "shoal_hls_requests_total", Help: "Requests for lives by HLS, by what was asked for and class of the answer.",
	}, []string{"kind", "class"})
	bytes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "shoal_hls_sent_bytes_total", Help: "Bytes of content sent by HLS.",
	}, []string{"kind"})
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shoal_hls_held_requests", Help: "Requests that wait for what they asked for.",
	}, func() float64 { return float64(held()) })
	buckets := prometheus.ExponentialBuckets(10e-6, 2, 12) // 10 µs to 20 ms
	m := &metrics{
		render: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shoal_hls_render_seconds", Help: "Time to write a playlist.", Buckets: buckets,
		}),
		compress: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shoal_hls_compress_seconds", Help: "Time to compress a playlist.", Buckets: buckets,
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{requests, bytes, waiting, m.render, m.compress} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the metrics of HLS: %w", err)
	}
	for k, kind := range kindNames {
		m.bytes[k] = bytes.WithLabelValues(kind)
		for c, class := range classNames {
			m.requests[k][c] = requests.WithLabelValues(kind, class)
		}
	}
	return m, nil
}

func (m *metrics) count(a *Answer) { m.requests[a.kind][class(a)].Inc() }

func (m *metrics) sent(k kind, n int64) { m.bytes[k].Add(float64(n)) }

func (m *metrics) timeRender(began time.Time) { m.render.Observe(time.Since(began).Seconds()) }

func (m *metrics) timeCompress(began time.Time) { m.compress.Observe(time.Since(began).Seconds()) }
