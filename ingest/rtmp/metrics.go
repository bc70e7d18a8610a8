package rtmp

import (
	"github.com/prometheus/client_golang/prometheus"

	"shoal/ingest/guard"
	"shoal/internal/broadcast"
)

// metrics are the counters of a server. All have the label protocol="rtmp", so that other ways in can have the same.
type metrics struct {
	connections prometheus.Gauge
	sessions    prometheus.Gauge
	bytes       prometheus.Counter
	packets     map[guard.Kind]prometheus.Counter
	refused     *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	departures  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	const ns, part = "shoal", "ingest"
	packets := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: ns, Subsystem: part, Name: "packets_total",
		Help: "Access units, parameters and announcements taken from encoders.",
	}, []string{"kind"})
	m := &metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: part, Name: "connections",
			Help: "Open connections, published or not.",
		}),
		sessions: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: part, Name: "sessions",
			Help: "Encoders that are publishing.",
		}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: ns, Subsystem: part, Name: "received_bytes_total",
			Help: "Bytes received, strangers' and dropped ones included.",
		}),
		packets: map[guard.Kind]prometheus.Counter{
			guard.Audio: packets.WithLabelValues("audio"),
			guard.Video: packets.WithLabelValues("video"),
			guard.Data:  packets.WithLabelValues("data"),
		},
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ns, Subsystem: part, Name: "refused_total",
			Help: "Connections that were turned away or closed by us, by the rule that they broke.",
		}, []string{"reason"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ns, Subsystem: part, Name: "dropped_total",
			Help: "Messages that were left out while their connection went on.",
		}, []string{"reason"}),
		departures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ns, Subsystem: part, Name: "departures_total",
			Help: "Sessions that ended, by how: goodbye, lost, expelled.",
		}, []string{"departure"}),
	}
	for _, d := range []broadcast.Departure{broadcast.Goodbye, broadcast.Lost, broadcast.Expelled} {
		m.departures.WithLabelValues(d.String()) // from zero, so that the first one is seen as a rise
	}
	if reg != nil {
		prometheus.WrapRegistererWith(prometheus.Labels{"protocol": "rtmp"}, reg).
			MustRegister(m.connections, m.sessions, m.bytes, packets, m.refused, m.dropped, m.departures)
	}
	return m
}
