package obs

import (
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapesAtOnce bounds what metrics can cost: a scraper that does not wait for its answer gets 503.
const scrapesAtOnce = 4

// NewRegistry makes the registry of a node, with what Go and the kernel say of the process and a constant
// shoal_build_info{version,goversion,goos,goarch} of 1.
func NewRegistry(version string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "shoal_build_info",
		Help: "1, with what this binary was built from as labels.",
		ConstLabels: prometheus.Labels{
			"version": version, "goversion": runtime.Version(), "goos": runtime.GOOS, "goarch": runtime.GOARCH,
		},
	})
	info.Set(1)
	reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		info,
	)
	return reg
}

// MetricsHandler answers with everything in the registry, in the format that the scraper asks for. A collector that
// fails is logged and left out; the others are still served.
func MetricsHandler(reg *prometheus.Registry, log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{log},
		ErrorHandling:       promhttp.ContinueOnError,
		Registry:            reg,
		MaxRequestsInFlight: scrapesAtOnce,
	})
}

// scrapeLog gives promhttp's errors to slog.
type scrapeLog struct{ log *slog.Logger }

func (l scrapeLog) Println(v ...any) {
	for _, x := range v {
		if err, ok := x.(error); ok {
			l.log.Warn("a metric could not be read", "error", err)
			return
		}
	}
	l.log.Warn("a metric could not be read", "what", v)
}
