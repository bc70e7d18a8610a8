package auth

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/catalog"
)

// Catalog keeps users, log-ins, passwords of videos and the instance's secrets. *catalog.Catalog is one.
type Catalog interface {
	Index() uint64
	CreateUser(context.Context, catalog.NewUser) (catalog.User, error)
	UserByName(ctx context.Context, nameOrEmail string) (u catalog.User, passwordHash string, err error)
	Users(context.Context, catalog.UserFilter) (users []catalog.User, total int, err error)
	UpdateUser(ctx context.Context, id int64, u catalog.UserChange) (catalog.User, error)
	Issue(context.Context, catalog.NewToken) error
	TokenByAccess(ctx context.Context, hash string) (catalog.Token, error)
	Refresh(ctx context.Context, oldRefreshHash string, n catalog.NewToken) (catalog.Token, error)
	Revoke(ctx context.Context, accessHash string) error
	PasswordHashes(ctx context.Context, uuid string) ([]string, error)
	Secret(ctx context.Context, name string, create func() string) (string, error)
}

// Auth knows who somebody is. Safe for concurrent use.
type Auth struct {
	cfg Config
	cat Catalog
	log *slog.Logger
	now func() time.Time

	cost    params
	hasher  *hasher
	nobody  []byte // the salt of users who do not exist
	logins  *throttle
	unlocks *throttle
	checked sessions
	media   atomic.Pointer[[]byte] // the secret of media tokens, once it is known
	metrics metrics
}

// New makes an Auth. The configuration has been validated.
func New(cat Catalog, cfg Config, log *slog.Logger, reg prometheus.Registerer) *Auth {
	a := &Auth{
		cfg: cfg, cat: cat, log: log, now: time.Now,
		cost: cost, nobody: random(saltSize),
		logins: newThrottle(), unlocks: newThrottle(),
		metrics: newMetrics(reg),
	}
	a.checked.init()
	a.hasher = newHasher(a.metrics.hash)
	return a
}

// metrics count what is tried. Never who tried it.
type metrics struct {
	attempts *prometheus.CounterVec
	hash     prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "shoal", Subsystem: "auth", Name: "attempts_total",
			Help: "Passwords that were tried, by what for (login, video) and result (right, wrong, throttled, failed).",
		}, []string{"for", "result"}),
		hash: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "shoal", Subsystem: "auth", Name: "hash_seconds",
			Help: "Time that a password's hash took, without waiting.", Buckets: []float64{0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6},
		}),
	}
	reg.MustRegister(m.attempts, m.hash)
	return m
}

// Hash makes the hash of a password, in the PHC string format, as the catalog keeps it. *ErrThrottled if too much is being
// hashed, ErrPassword if the password is empty or longer than 1,024 bytes.
func (a *Auth) Hash(ctx context.Context, password string) (string, error) {
	all, err := a.HashAll(ctx, []string{password})
	if err != nil {
		return "", err
	}
	return all[0], nil
}

// HashAll makes the hashes of the passwords of one video. They have one salt, so that Unlock computes one hash however many
// passwords there are.
func (a *Auth) HashAll(ctx context.Context, passwords []string) ([]string, error) {
	salt := random(saltSize)
	hashes := make([]string, 0, len(passwords))
	for _, p := range passwords {
		if p == "" || len(p) > maxPassword {
			return nil, ErrPassword
		}
		sum, err := a.hasher.do(ctx, a.cost, p, salt, sumSize)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, phc{a.cost, salt, sum}.String())
	}
	return hashes, nil
}

// Verify says whether one of the hashes is that of a password. It takes as long for no hash as for one. *ErrThrottled if too
// much is being hashed.
func (a *Auth) Verify(ctx context.Context, password string, hashes ...string) (bool, error) {
	if len(password) > maxPassword { // no hash is made of so much; it takes its time all the same
		password, hashes = password[:maxPassword], nil
	}
	type group struct {
		params
		salt string
		size int
	}
	groups := map[group][]phc{}
	for _, s := range hashes {
		if h, ok := parsePHC(s); ok {
			g := group{h.params, string(h.salt), len(h.sum)}
			groups[g] = append(groups[g], h)
		}
	}
	if len(groups) == 0 {
		groups[group{a.cost, string(a.nobody), sumSize}] = nil
	}
	right := false
	for g, all := range groups {
		sum, err := a.hasher.do(ctx, g.params, password, []byte(g.salt), g.size)
		if err != nil {
			return false, err
		}
		for _, h := range all {
			right = h.is(sum) || right
		}
	}
	return right, nil
}
