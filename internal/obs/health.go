package obs

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
)

// Check says whether a component is well: nil, or why it is not, in words that are safe to show. It answers from memory,
// at once: it is called for every probe.
type Check func(context.Context) error

// Health knows whether the process lives and whether its components are ready. Safe for use by many goroutines.
type Health struct {
	mu    sync.Mutex
	alive map[string]Check // guarded by mu
	ready map[string]Check // guarded by mu
}

// NewHealth makes a Health that knows of no component: alive and ready.
func NewHealth() *Health {
	return &Health{alive: map[string]Check{}, ready: map[string]Check{}}
}

// Alive adds a check of a loop without which the process is of no use and must be started again; a check of the same
// name is replaced.
func (h *Health) Alive(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alive[name] = check
}

// Ready adds a check of a component that must be ready before the node is sent encoders and viewers; a check of the same
// name is replaced.
func (h *Health) Ready(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready[name] = check
}

// Report is the answer to a probe.
type Report struct {
	OK         bool                 `json:"ok"`
	Components map[string]Component `json:"components"`
}

// Component is what a Report says of one component.
type Component struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // why it is not well
}

// HandleAlive answers GET /healthz: 200 while the process lives, 503 when a loop that it cannot do without has ended.
func (h *Health) HandleAlive(w http.ResponseWriter, r *http.Request) { h.answer(w, r, h.alive) }

// HandleReady answers GET /readyz: 200 when every component is ready, 503 when one is not.
func (h *Health) HandleReady(w http.ResponseWriter, r *http.Request) { h.answer(w, r, h.ready) }

func (h *Health) answer(w http.ResponseWriter, r *http.Request, of map[string]Check) {
	h.mu.Lock()
	checks := maps.Clone(of)
	h.mu.Unlock()

	report := Report{OK: true, Components: make(map[string]Component, len(checks))}
	for name, check := range checks {
		c := Component{OK: true}
		if err := check(r.Context()); err != nil {
			c = Component{Reason: err.Error()}
			report.OK = false
		}
		report.Components[name] = c
	}

	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !report.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// A prober that hung up has no use for the rest: the error has nobody to go to.
	_ = json.NewEncoder(w).Encode(report)
}
