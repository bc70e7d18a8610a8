package auth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"shoal/cluster/fsm/fsmtest"
	"shoal/cluster/state"
	"shoal/internal/catalog"
)

// empty is an Auth of an instance that nobody has used yet.
func empty(t *testing.T) (*Auth, *catalog.Catalog) {
	t.Helper()
	s := fsmtest.New(t, catalog.Register)
	cat := catalog.New(s, s)
	a := newAuth(cat)
	a.now = s.Now
	return a, cat
}

func TestRootPrinted(t *testing.T) {
	a, cat := empty(t)
	password, err := a.Root(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^([a-z2-7]{5}-){3}[a-z2-7]{5}$`).MatchString(password) || CheckPassword(password) != nil {
		t.Errorf("the password is %q", password)
	}
	p, err := a.LogIn(t.Context(), "root", password, home)
	if err != nil {
		t.Fatal(err)
	}
	if u := p.User; u.Role != catalog.Admin || !u.MustChange || u.Quota != catalog.Unlimited {
		t.Errorf("root is %+v", u)
	}
	if u, err := a.ChangePassword(t.Context(), p.Access, password, "a better one", home); err != nil || u.MustChange {
		t.Errorf("after the change root is %+v, %v", u, err)
	}
	// Once only.
	if again, err := a.Root(t.Context(), "another secret"); again != "" || err != nil {
		t.Errorf("a second start gives %q, %v", again, err)
	}
	if _, err := a.LogIn(t.Context(), "root", "a better one", home); err != nil {
		t.Errorf("after a second start: %v", err)
	}
	if _, total, err := cat.Users(t.Context(), catalog.UserFilter{}); total != 1 || err != nil {
		t.Errorf("%d users, %v", total, err)
	}
}

func TestRootGiven(t *testing.T) {
	a, _ := empty(t)
	if _, err := a.Root(t.Context(), "short"); !errors.Is(err, ErrPassword) || !strings.Contains(err.Error(), "SHOAL_ROOT_PASSWORD") {
		t.Errorf("a short password gives %v", err)
	}
	if printed, err := a.Root(t.Context(), secret); printed != "" || err != nil {
		t.Fatalf("Root gives %q, %v", printed, err)
	}
	if p, err := a.LogIn(t.Context(), "root", secret, home); err != nil || p.User.MustChange {
		t.Errorf("root is %+v, %v", p.User, err)
	}
}

// TestRootOnce starts several nodes of a cluster at once.
func TestRootOnce(t *testing.T) {
	a, _ := empty(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	var printed []string
	for range 4 {
		all.Go(func() {
			p, err := a.Root(t.Context(), "")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if p != "" {
				printed = append(printed, p)
			}
		})
	}
	all.Wait()
	if len(printed) != 1 {
		t.Fatalf("%d passwords were printed", len(printed))
	}
	if _, err := a.LogIn(t.Context(), "root", printed[0], home); err != nil {
		t.Error(err)
	}
}

// uncertain is a catalog whose changes end as they may.
type uncertain struct {
	Catalog
	err error
}

func (u uncertain) CreateUser(ctx context.Context, n catalog.NewUser) (catalog.User, error) {
	if _, err := u.Catalog.CreateUser(ctx, n); err != nil {
		return catalog.User{}, err
	}
	return catalog.User{}, fmt.Errorf("create: %w", u.err)
}

func TestRootUncertain(t *testing.T) {
	a, cat := empty(t)
	a.cat = uncertain{cat, state.ErrUnknownOutcome}
	printed, err := a.Root(t.Context(), "")
	if !errors.Is(err, state.ErrUnknownOutcome) {
		t.Fatal(err)
	}
	if _, err := a.LogIn(t.Context(), "root", printed, home); err != nil {
		t.Errorf("the password that came with the error: %v", err)
	}
}
