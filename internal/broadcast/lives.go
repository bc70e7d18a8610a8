package broadcast

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/live"
	"shoal/internal/media"
)

// Live is a live as it was set up: what does not change while it runs.
type Live struct {
	ID    media.LiveID
	Name  string // short, for addresses
	Title string // for people
	Key   string // the stream key, a secret
}

// Claimer hands out the right to feed a live. cluster/session is one.
type Claimer interface {
	// Claim takes the live for this node: a new epoch, and where its numbers go on.
	Claim(context.Context, media.LiveID) (media.Epoch, media.Position, error)
	// Reached tells how far the numbers have got; it must not block.
	Reached(media.LiveID, media.Position)
}

// Cutter makes chunks of units. segmenter/cutter is one.
type Cutter interface {
	Begin(media.Begin) error
	Unit(media.Unit) error
	// Close flushes what has not been cut yet.
	Close() error
}

// Output is where a cutter puts what it cuts.
type Output interface {
	Begin(*media.Init) error
	Append(*media.Chunk) error
}

// NewCutter makes a cutter for one epoch of a live.
type NewCutter func(media.LiveID, media.Epoch, media.Position, Output) Cutter

// Lives are the lives of a node. Safe for concurrent use.
type Lives struct {
	cfg    Config
	hub    *live.Hub
	claims Claimer
	cut    NewCutter
	log    *slog.Logger
	count  *prometheus.CounterVec

	actors []*actor // in the order of their declaration
	byKey  map[[sha256.Size]byte]*actor
	byID   map[string]*actor // identifiers and names
}

// New takes the lives that exist. Identifiers, names and keys are unique (the configuration's Validate saw to it).
func New(cfg Config, all []Live, hub *live.Hub, claims Claimer, cut NewCutter, log *slog.Logger, reg prometheus.Registerer) *Lives {
	l := &Lives{
		cfg: cfg, hub: hub, claims: claims, cut: cut, log: log,
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shoal_broadcast_sessions_total", Help: "Encoders that were let in, by how they went away.",
		}, []string{"departure"}),
		byKey: map[[sha256.Size]byte]*actor{}, byID: map[string]*actor{},
	}
	for _, d := range all {
		a := newActor(l, d)
		l.actors = append(l.actors, a)
		l.byKey[sha256.Sum256([]byte(d.Key))] = a
		l.byID[string(d.ID)] = a
		l.byID[d.Name] = a
	}
	reg.MustRegister(l.count, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shoal_broadcast_lives", Help: "Lives that an encoder feeds now.",
	}, l.running))
	return l
}

func (l *Lives) running() float64 {
	n := 0.
	for _, a := range l.actors {
		if a.status().State == Running {
			n++
		}
	}
	return n
}

// Publish lets an encoder in. ErrUnknownKey, ErrKeyInUse or ErrStopping if it may not; another error if the claim
// failed.
func (l *Lives) Publish(ctx context.Context, r Request) (*Session, error) {
	a := l.byKey[sha256.Sum256([]byte(r.Key))]
	if a == nil {
		return nil, ErrUnknownKey
	}
	s, err := a.publish(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("publish to %s: %w", a.live.Name, err)
	}
	return s, nil
}

// Status is how a live stands.
type Status struct {
	Live
	State   State
	Since   time.Time // of the state
	Started time.Time // of the broadcast that runs or ran last; zero before the first
	Encoder string    // what it calls itself, while one is there
	Info    live.Info
}

// State is where a live is in its life.
type State uint8

// The states of a live.
const (
	Waiting     State = iota // no encoder has come yet
	Running                  // an encoder feeds it
	Interrupted              // its encoder was lost and may come back
	Ended                    // it said goodbye, or did not come back in time; a new one may begin it again
)

// String is the state as the API names it.
func (s State) String() string {
	return [...]string{"waiting", "live", "interrupted", "ended"}[s]
}

// All lists the lives in the order of their declaration.
func (l *Lives) All() []Status {
	all := make([]Status, len(l.actors))
	for i, a := range l.actors {
		all[i] = a.status()
	}
	return all
}

// Get finds a live by its identifier or its name.
func (l *Lives) Get(id string) (Status, bool) {
	a := l.byID[id]
	if a == nil {
		return Status{}, false
	}
	return a.status(), true
}

// Close refuses new encoders, expels those that are there, and returns when no timer of the package runs any more. The
// lives are interrupted, not ended: they go on after a restart.
func (l *Lives) Close() {
	for _, a := range l.actors {
		a.stop()
	}
}
