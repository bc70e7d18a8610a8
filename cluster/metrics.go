package cluster

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/cluster/state"
)

// meters are the metrics of a node.
type meters struct {
	propose   prometheus.Histogram
	proposals *prometheus.CounterVec
	stalls    *prometheus.CounterVec
}

// newMeters registers a node's metrics; r may be nil.
func newMeters(r prometheus.Registerer, n *Node) meters {
	m := meters{
		propose: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shoal_cluster_propose_seconds", Help: "Time until a change was on disk and in the state.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
		proposals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_cluster_proposals_total", Help: "Changes proposed, by result: applied, refused (it does not hold), unavailable (not made), unknown, failed.",
		}, []string{"result"}),
		stalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_cluster_disk_stalls_total", Help: "Writes that took more than two seconds, by what was written.",
		}, []string{"writing"}),
	}
	if r != nil {
		r.MustRegister(m.propose, m.proposals, m.stalls,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "shoal_cluster_applied_index", Help: "Index of the last change in the state.",
			}, func() float64 { return float64(n.Index()) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "shoal_cluster_disk_full", Help: "1 while changes are refused because the disk is full.",
			}, func() float64 {
				if n.room() != nil {
					return 1
				}
				return 0
			}))
	}
	return m
}

// result names the outcome of a proposal.
func result(err error) string {
	var refusal *state.Refusal
	switch {
	case err == nil:
		return "applied"
	case errors.As(err, &refusal):
		return "refused"
	case errors.Is(err, state.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, state.ErrUnknownOutcome):
		return "unknown"
	}
	return "failed"
}
