package auth

import (
	"context"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"shoal/cluster/fsm/fsmtest"
	"shoal/internal/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	home  = netip.MustParseAddr("192.0.2.1")
	other = netip.MustParseAddr("192.0.2.2")
)

const secret = "correct horse battery"

// stand is an Auth over a real catalog, with a clock that the test moves.
type stand struct {
	*Auth
	t     *testing.T
	state *fsmtest.State
	cat   *catalog.Catalog
	user  catalog.User // ada, whose password is secret
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, state: fsmtest.New(t, catalog.Register)}
	s.cat = catalog.New(s.state, s.state)
	s.Auth = newAuth(s.cat)
	s.now = s.state.Now
	s.user = s.newUser("ada", catalog.Ordinary)
	return s
}

// newAuth makes an Auth whose hashes are cheap.
func newAuth(cat Catalog) *Auth {
	a := New(cat, DefaultConfig(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	a.cost = params{memory: 64, time: 1, threads: 1}
	return a
}

func (s *stand) newUser(name string, role catalog.Role) catalog.User {
	s.t.Helper()
	hash, err := s.Hash(s.t.Context(), secret)
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := s.cat.CreateUser(s.t.Context(), catalog.NewUser{
		Name: name, Email: name + "@example.org", PasswordHash: hash, Role: role, Quota: catalog.Unlimited, DailyQuota: catalog.Unlimited,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *stand) logIn() Pair {
	s.t.Helper()
	p, err := s.LogIn(s.t.Context(), "ada", secret, home)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// newLive makes a live of the user's.
func (s *stand) newLive(privacy catalog.Privacy, passwords ...string) *catalog.Video {
	s.t.Helper()
	hashes, err := s.HashAll(s.t.Context(), passwords)
	if err != nil {
		s.t.Fatal(err)
	}
	channels, _, err := s.cat.Channels(s.t.Context(), catalog.ChannelFilter{Account: s.user.Name})
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := s.cat.CreateLive(s.t.Context(), catalog.NewLive{
		ChannelID: channels[0].ID, Name: "Concert", Privacy: privacy, PasswordHashes: hashes,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return &v
}

// hashes is how many were computed.
func (a *Auth) hashes() uint64 {
	var m dto.Metric
	if err := a.metrics.hash.Write(&m); err != nil {
		panic(err)
	}
	return m.GetHistogram().GetSampleCount()
}

// watched is a catalog that counts reads of log-ins and can fail.
type watched struct {
	Catalog
	reads atomic.Int64
	err   error
}

func (w *watched) TokenByAccess(ctx context.Context, hash string) (catalog.Token, error) {
	w.reads.Add(1)
	return w.Catalog.TokenByAccess(ctx, hash)
}

func (w *watched) UserByName(ctx context.Context, name string) (catalog.User, string, error) {
	if w.err != nil {
		return catalog.User{}, "", w.err
	}
	return w.Catalog.UserByName(ctx, name)
}

func (w *watched) PasswordHashes(ctx context.Context, uuid string) ([]string, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.Catalog.PasswordHashes(ctx, uuid)
}

func (s *stand) watch() *watched {
	w := &watched{Catalog: s.cat}
	s.Auth.cat = w
	return w
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
