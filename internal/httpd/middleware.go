package httpd

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// middleware stands around the mux: limits, recovery, metrics and the log of what failed.
type middleware struct {
	next         http.Handler
	log          *slog.Logger
	writeTimeout time.Duration
	bodyTimeout  time.Duration
	maxBody      int64

	requests *prometheus.CounterVec // by route, method and code
	bytes    prometheus.Counter
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

func newMiddleware(o Options) *middleware {
	m := &middleware{
		next: o.Handler, log: o.Log,
		writeTimeout: o.WriteTimeout, bodyTimeout: o.BodyTimeout, maxBody: o.MaxBody,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_httpd_requests_total",
			Help: "Requests answered, by the mux's pattern, method and status.",
		}, []string{"route", "method", "code"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "shoal_httpd_response_bytes_total",
			Help: "Bytes of response bodies.",
		}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "shoal_httpd_requests_in_flight",
			Help: "Requests that are being answered or held.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "shoal_httpd_panics_total",
			Help: "Handlers that panicked; the log has their stacks.",
		}),
	}
	o.Metrics.MustRegister(m.requests, m.bytes, m.inFlight, m.panics)
	return m
}

func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.inFlight.Inc()
	rw := &response{ResponseWriter: w, control: http.NewResponseController(w), timeout: m.writeTimeout}
	defer func() {
		m.inFlight.Dec()
		broken := m.recovered(rw, r, recover())
		m.account(rw, r)
		if broken {
			panic(http.ErrAbortHandler) // the only way to tell the reader that the answer is not whole
		}
	}()

	if r.Body != nil && r.Body != http.NoBody {
		// A copy: net/http looks at its own request's body to see whether the client still waits for "100 Continue".
		own := *r
		r = &own
		r.Body = http.MaxBytesReader(w, r.Body, m.maxBody)
		_ = rw.control.SetReadDeadline(time.Now().Add(m.bodyTimeout))
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	m.next.ServeHTTP(rw, r)
	// An answer without a body is written after this returns.
	rw.arm()
}

// recovered turns a panic into a 500, and says whether the connection must be broken because an answer had begun.
func (m *middleware) recovered(w *response, r *http.Request, p any) (broken bool) {
	if p == nil {
		return false
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return true
	}
	m.panics.Inc()
	m.log.Error("a handler panicked", "route", route(r), "method", method(r), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if w.status != 0 {
		return true
	}
	WriteError(w, &Error{Status: http.StatusInternalServerError, Message: "the node failed to answer; its log says why"})
	w.cause = nil // it is in the log already
	return false
}

func (m *middleware) account(w *response, r *http.Request) {
	status := w.status
	if status == 0 {
		status = http.StatusOK // what net/http makes of a handler that writes nothing
	}
	m.requests.WithLabelValues(route(r), method(r), strconv.Itoa(status)).Inc()
	m.bytes.Add(float64(w.bytes))
	// 503 is how a held request ends when nothing came: it is an answer, not a fault.
	if w.cause != nil && status >= 500 && status != http.StatusServiceUnavailable {
		m.log.Error("a request failed", "route", route(r), "method", method(r), "status", status, "error", w.cause)
	}
}

// route is the mux's pattern, never the path: a path holds names that are nobody's business, and has no bound.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// method bounds the label: a client may send any word as a method.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
