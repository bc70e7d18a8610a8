package catalog

import (
	"fmt"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	root := makeUser(t, c, NewUser{Name: "root"})
	alice := user(t, c, "alice")
	token := func(u User, name string, access, refresh time.Duration) NewToken {
		return NewToken{u.ID, "a-" + name, "r-" + name, s.Now().Add(access), s.Now().Add(refresh)}
	}
	one := token(alice, "1", time.Hour, 24*time.Hour)
	for range 2 { // the second time changes nothing
		if err := c.Issue(ctx, one); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.TokenByAccess(ctx, "a-1")
	if err != nil || got.User != alice || !got.AccessExpires.Equal(one.AccessExpires) || !got.RefreshExpires.Equal(one.RefreshExpires) || got.ID != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	refused(t, "an unknown token", second(c.TokenByAccess(ctx, "r-1")), ErrNotFound)
	refused(t, "an unknown user", c.Issue(ctx, token(User{ID: 99}, "x", 1, 1)), ErrNotFound)

	two := token(User{}, "2", time.Hour, 24*time.Hour)
	for range 2 { // the second time gives the same
		if got, err := c.Refresh(ctx, "r-1", two); err != nil || got.User != alice || !got.AccessExpires.Equal(two.AccessExpires) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	refused(t, "the old access", second(c.TokenByAccess(ctx, "a-1")), ErrNotFound)
	refused(t, "the old refresh", second(c.Refresh(ctx, "r-1", token(User{}, "3", 1, 1))), ErrNotFound)

	// It may be refreshed while it has not expired.
	s.Advance(24 * time.Hour)
	refused(t, "too late", second(c.Refresh(ctx, "r-2", token(User{}, "4", 1, 1))), ErrNotFound)

	for _, name := range []string{"5", "6", "7"} {
		if err := c.Issue(ctx, token(alice, name, time.Hour, 24*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Revoke(ctx, "a-5"); err != nil {
		t.Error(err)
	}
	if err := c.Revoke(ctx, "a-5"); err != nil {
		t.Errorf("again: %v", err)
	}
	refused(t, "revoked", second(c.TokenByAccess(ctx, "a-5")), ErrNotFound)
	if err := c.RevokeUser(ctx, root.ID); err != nil {
		t.Error(err)
	}
	if n := count(t, c, "token"); n != 2 {
		t.Errorf("%d log-ins; want 2", n)
	}
	// Another name is no reason to log in again; another password is, elsewhere.
	if _, err := c.UpdateUser(ctx, alice.ID, UserChange{Display: ptr("A")}); err != nil || count(t, c, "token") != 2 {
		t.Errorf("%d log-ins, %v", count(t, c, "token"), err)
	}
	if _, err := c.UpdateUser(ctx, alice.ID, UserChange{PasswordHash: ptr("x"), KeepToken: "a-6"}); err != nil {
		t.Error(err)
	}
	if _, err := c.TokenByAccess(ctx, "a-6"); err != nil || count(t, c, "token") != 1 {
		t.Errorf("%d log-ins, %v", count(t, c, "token"), err)
	}
	if _, err := c.UpdateUser(ctx, alice.ID, UserChange{Blocked: ptr(true), KeepToken: "a-6"}); err != nil || count(t, c, "token") != 0 {
		t.Errorf("%d log-ins of one who is blocked, %v", count(t, c, "token"), err)
	}
	refused(t, "one who is blocked", c.Issue(ctx, token(alice, "8", 1, 1)), ErrBlocked)
	if err := c.Issue(ctx, token(root, "9", time.Hour, time.Hour)); err != nil {
		t.Error(err)
	}
	makeUser(t, c, NewUser{Name: "other"})
	if _, err := c.UpdateUser(ctx, root.ID, UserChange{Role: ptr(Ordinary)}); err != nil || count(t, c, "token") != 0 {
		t.Errorf("%d log-ins after another role, %v", count(t, c, "token"), err)
	}
}

// TestSweep has expired log-ins go, a few at a time, when others are written.
func TestSweep(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	for i := range 4 {
		u := user(t, c, fmt.Sprint("user", i))
		for j := range 10 {
			name := fmt.Sprint(i, "-", j)
			if err := c.Issue(ctx, NewToken{u.ID, "a" + name, "r" + name, s.Now().Add(time.Minute), s.Now().Add(time.Duration(1+j) * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Advance(10*time.Hour - time.Minute) // all but the last of each have expired
	for i, want := range []int{40 + 1 - swept, 40 + 2 - 2*swept, 4 + 3, 4 + 4} {
		name := fmt.Sprint("new", i)
		if err := c.Issue(ctx, NewToken{1, name, name, s.Now().Add(time.Hour), s.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, c, "token"); n != want {
			t.Errorf("after %d log-ins there are %d; want %d", i+1, n, want)
		}
	}
}

// TestManyTokens bounds the log-ins of one user.
func TestManyTokens(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	u := user(t, c, "alice")
	for i := range maxTokens + 3 {
		name := fmt.Sprint(i)
		if err := c.Issue(ctx, NewToken{u.ID, "a" + name, "r" + name, s.Now().Add(time.Hour), s.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, c, "token"); n != maxTokens {
		t.Errorf("%d log-ins; want %d", n, maxTokens)
	}
	refused(t, "the oldest", second(c.TokenByAccess(ctx, "a2")), ErrNotFound)
	if _, err := c.TokenByAccess(ctx, "a3"); err != nil {
		t.Error(err)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	c, s := open(t)
	ctx := t.Context()
	made := 0
	create := func() string { made++; return fmt.Sprint("secret ", made) }
	for range 2 {
		if v, err := c.Secret(ctx, "media.token", create); v != "secret 1" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
	}
	if v, err := c.Secret(ctx, "oauth.id", create); v != "secret 2" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	// Two ask at once: the first to come makes it.
	if v, err := s.Propose(ctx, createSecret{"oauth.id", "late"}); v != "secret 2" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}
