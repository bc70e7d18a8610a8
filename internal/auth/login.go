package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"shoal/internal/catalog"
)

// Pair is a log-in: two secrets for whoever logged in, which nobody else ever sees.
type Pair struct {
	Access, Refresh       string
	AccessTTL, RefreshTTL time.Duration
	User                  catalog.User
}

// LogIn gives tokens to who knows a user's password, by name or email address. ErrWrong, ErrBlocked, *ErrThrottled, or what
// the catalog says.
func (a *Auth) LogIn(ctx context.Context, name, password string, from netip.Addr) (Pair, error) {
	u, err := a.authenticate(ctx, name, password, from)
	if err != nil {
		return Pair{}, err
	}
	return a.issue(ctx, u)
}

// authenticate finds a user by name and password.
func (a *Auth) authenticate(ctx context.Context, name, password string, from netip.Addr) (catalog.User, error) {
	name = strings.TrimSpace(name)
	try, wait := a.logins.begin(strings.ToLower(name), from, a.now())
	if wait > 0 {
		return catalog.User{}, a.counted("login", &ErrThrottled{wait})
	}
	u, hash, err := a.cat.UserByName(ctx, name)
	unknown := errors.Is(err, catalog.ErrNotFound)
	if err != nil && !unknown {
		try.withdrawn()
		return catalog.User{}, a.counted("login", fmt.Errorf("look for the user: %w", err))
	}
	// A name that nobody has takes as long as a wrong password.
	right, err := a.Verify(ctx, password, hash)
	switch {
	case err != nil:
		try.withdrawn()
	case !right || unknown:
		err = ErrWrong
	default:
		try.succeeded()
		if u.Blocked {
			err = ErrBlocked
		}
	}
	return u, a.counted("login", err)
}

// counted counts an attempt by its result.
func (a *Auth) counted(what string, err error) error {
	result := "failed"
	var throttled *ErrThrottled
	switch {
	case err == nil, errors.Is(err, ErrBlocked):
		result = "right"
	case errors.Is(err, ErrWrong), errors.Is(err, ErrVideoPassword):
		result = "wrong"
	case errors.As(err, &throttled):
		result = "throttled"
	}
	a.metrics.attempts.WithLabelValues(what, result).Inc()
	return err
}

// Refresh gives new tokens for a refresh token, which is void at once, with its access token. ErrToken for one that is not
// known, was used before, or has expired; ErrBlocked.
func (a *Auth) Refresh(ctx context.Context, refresh string) (Pair, error) {
	old, ok := digestOf(refresh)
	if !ok {
		return Pair{}, ErrToken
	}
	p, n := a.pair()
	t, err := a.cat.Refresh(ctx, old.String(), n)
	switch {
	case errors.Is(err, catalog.ErrNotFound):
		return Pair{}, ErrToken
	case errors.Is(err, ErrBlocked):
		return Pair{}, ErrBlocked
	case err != nil:
		return Pair{}, fmt.Errorf("refresh the log-in: %w", err)
	}
	p.User = t.User
	return p, nil
}

// LogOut makes the tokens of a log-in void. It is no error if they are already.
func (a *Auth) LogOut(ctx context.Context, access string) error {
	d, ok := digestOf(access)
	if !ok {
		return nil
	}
	if err := a.cat.Revoke(ctx, d.String()); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}

// ChangePassword sets a user's own password. All log-ins but the one that asks end. ErrWrong if current is not the present
// one, ErrPassword if the new one is not allowed, *ErrThrottled.
func (a *Auth) ChangePassword(ctx context.Context, access, current, next string, from netip.Addr) (catalog.User, error) {
	u, err := a.Check(ctx, access)
	if err != nil {
		return catalog.User{}, err
	}
	if err := CheckPassword(next); err != nil {
		return catalog.User{}, err
	}
	if _, err := a.authenticate(ctx, u.Name, current, from); err != nil {
		return catalog.User{}, err
	}
	hash, err := a.Hash(ctx, next)
	if err != nil {
		return catalog.User{}, err
	}
	d, _ := digestOf(access) // which Check has accepted
	no := false
	u, err = a.cat.UpdateUser(ctx, u.ID, catalog.UserChange{PasswordHash: &hash, MustChange: &no, KeepToken: d.String()})
	if err != nil {
		return catalog.User{}, fmt.Errorf("set the password: %w", err)
	}
	return u, nil
}

// issue makes a log-in.
func (a *Auth) issue(ctx context.Context, u catalog.User) (Pair, error) {
	p, n := a.pair()
	p.User, n.UserID = u, u.ID
	if err := a.cat.Issue(ctx, n); err != nil {
		return Pair{}, fmt.Errorf("keep the log-in: %w", err)
	}
	return p, nil
}

// pair makes tokens, and what the state knows of them.
func (a *Auth) pair() (Pair, catalog.NewToken) {
	p := Pair{Access: newToken(), Refresh: newToken(), AccessTTL: a.cfg.Access, RefreshTTL: a.cfg.Refresh}
	access, _ := digestOf(p.Access)
	refresh, _ := digestOf(p.Refresh)
	now := a.now()
	return p, catalog.NewToken{
		AccessHash: access.String(), RefreshHash: refresh.String(),
		AccessExpires: now.Add(p.AccessTTL), RefreshExpires: now.Add(p.RefreshTTL),
	}
}
