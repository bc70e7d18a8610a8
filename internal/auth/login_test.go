package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shoal/internal/catalog"
)

func TestLogIn(t *testing.T) {
	s := newStand(t)
	for _, tc := range []struct {
		name, user, password string
		want                 error
	}{
		{"by name", "ada", secret, nil},
		{"by name in capitals", " ADA ", secret, nil},
		{"by email", "Ada@example.org", secret, nil},
		{"wrong password", "ada", secret + "!", ErrWrong},
		{"no password", "ada", "", ErrWrong},
		{"a very long password", "ada", strings.Repeat("x", 1<<20), ErrWrong},
		{"wrong name", "bob", secret, ErrWrong},
		{"no name", "", secret, ErrWrong},
		{"a very long name", strings.Repeat("ada", 1<<18), secret, ErrWrong},
		{"a strange name", "ada' OR 1=1 --\x00", secret, ErrWrong},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := s.hashes()
			p, err := s.LogIn(t.Context(), tc.user, tc.password, home)
			if !errors.Is(err, tc.want) {
				t.Fatalf("LogIn says %v, want %v", err, tc.want)
			}
			// Who asks cannot tell by the time whether there is such a user.
			if n := s.hashes() - before; n != 1 {
				t.Errorf("%d hashes were computed, want 1", n)
			}
			if err != nil {
				return
			}
			if u, err := s.Check(t.Context(), p.Access); err != nil || u.ID != s.user.ID || p.User.ID != u.ID {
				t.Errorf("Check says %+v, %v", u, err)
			}
			if p.AccessTTL != 24*time.Hour || p.RefreshTTL != 14*24*time.Hour {
				t.Errorf("it is good for %v and %v", p.AccessTTL, p.RefreshTTL)
			}
		})
	}
}

func TestTokensExpire(t *testing.T) {
	s := newStand(t)
	p := s.logIn()
	check := func(access string, want error) {
		t.Helper()
		if _, err := s.Check(t.Context(), access); !errors.Is(err, want) {
			t.Errorf("Check says %v, want %v", err, want)
		}
	}
	s.state.Advance(24*time.Hour - time.Millisecond)
	check(p.Access, nil)
	s.state.Advance(time.Millisecond)
	check(p.Access, ErrToken)

	next, err := s.Refresh(t.Context(), p.Refresh)
	if err != nil || next.User.ID != s.user.ID {
		t.Fatalf("Refresh gave %+v, %v", next.User, err)
	}
	check(next.Access, nil)
	if next.Access == p.Access || next.Refresh == p.Refresh {
		t.Error("a token is used again")
	}
	if _, err := s.Refresh(t.Context(), p.Refresh); !errors.Is(err, ErrToken) {
		t.Errorf("a void refresh token gives %v", err)
	}
	check(next.Access, nil) // whoever tried that has done no harm
	s.state.Advance(14 * 24 * time.Hour)
	if _, err := s.Refresh(t.Context(), next.Refresh); !errors.Is(err, ErrToken) {
		t.Errorf("an expired refresh token gives %v", err)
	}
}

func TestRefreshVoidsTheOldPair(t *testing.T) {
	s := newStand(t)
	p := s.logIn()
	if _, err := s.Check(t.Context(), p.Access); err != nil { // remembered now
		t.Fatal(err)
	}
	if _, err := s.Refresh(t.Context(), p.Refresh); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(t.Context(), p.Access); !errors.Is(err, ErrToken) {
		t.Errorf("the old access token: %v", err)
	}
}

func TestLogOut(t *testing.T) {
	s := newStand(t)
	p, q := s.logIn(), s.logIn()
	for range 2 {
		if err := s.LogOut(t.Context(), p.Access); err != nil {
			t.Error(err)
		}
	}
	if err := s.LogOut(t.Context(), "nonsense"); err != nil {
		t.Error(err)
	}
	if _, err := s.Check(t.Context(), p.Access); !errors.Is(err, ErrToken) {
		t.Errorf("after logging out, Check says %v", err)
	}
	if _, err := s.Refresh(t.Context(), p.Refresh); !errors.Is(err, ErrToken) {
		t.Errorf("after logging out, Refresh says %v", err)
	}
	if _, err := s.Check(t.Context(), q.Access); err != nil {
		t.Errorf("the other log-in: %v", err)
	}
}

func TestBlocked(t *testing.T) {
	s := newStand(t)
	p := s.logIn()
	if _, err := s.Check(t.Context(), p.Access); err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := s.cat.UpdateUser(t.Context(), s.user.ID, catalog.UserChange{Blocked: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(t.Context(), p.Access); err == nil {
		t.Error("a blocked user's token is good")
	}
	if _, err := s.Refresh(t.Context(), p.Refresh); err == nil {
		t.Error("a blocked user's refresh token is good")
	}
	if _, err := s.LogIn(t.Context(), "ada", secret, home); !errors.Is(err, ErrBlocked) {
		t.Errorf("with the right password: %v", err)
	}
	if _, err := s.LogIn(t.Context(), "ada", "guessed", home); !errors.Is(err, ErrWrong) {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestChangePassword(t *testing.T) {
	s := newStand(t)
	p, q := s.logIn(), s.logIn()
	for _, tc := range []struct {
		name, access, current, next string
		want                        error
	}{
		{"not logged in", newToken(), secret, "another secret", ErrToken},
		{"wrong", p.Access, "guessed", "another secret", ErrWrong},
		{"too short", p.Access, secret, "short", ErrPassword},
		{"right", p.Access, secret, "another secret", nil},
		{"the old one", p.Access, secret, "a third secret", ErrWrong},
	} {
		if _, err := s.ChangePassword(t.Context(), tc.access, tc.current, tc.next, home); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := s.Check(t.Context(), p.Access); err != nil {
		t.Errorf("who changed it is logged out: %v", err)
	}
	if _, err := s.Check(t.Context(), q.Access); !errors.Is(err, ErrToken) {
		t.Errorf("the other log-in: %v", err)
	}
	if _, err := s.LogIn(t.Context(), "ada", "another secret", home); err != nil {
		t.Error(err)
	}
}

func TestCheckRemembers(t *testing.T) {
	s := newStand(t)
	w := s.watch()
	p := s.logIn()
	for range 100 {
		if _, err := s.Check(t.Context(), p.Access); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.reads.Load(); n != 1 {
		t.Errorf("%d reads for 100 checks", n)
	}
	// Any change of the state may be one of the user's.
	mail := "new@example.org"
	if _, err := s.cat.UpdateUser(t.Context(), s.user.ID, catalog.UserChange{Email: &mail}); err != nil {
		t.Fatal(err)
	}
	if u, err := s.Check(t.Context(), p.Access); err != nil || u.Email != mail {
		t.Errorf("after a change Check gives %q, %v", u.Email, err)
	}
	for range 3 * maxSessions {
		d, _ := digestOf(newToken())
		s.checked.put(s.cat.Index(), d, catalog.Token{})
	}
	if n := s.checked.known.len(); n != maxSessions {
		t.Errorf("%d log-ins are remembered", n)
	}
	// What was read before a change that another has seen already is not remembered.
	d, _ := digestOf(p.Access)
	s.checked.put(s.cat.Index()-1, d, catalog.Token{})
	if _, ok := s.checked.get(s.cat.Index(), d); ok {
		t.Error("an old log-in is remembered")
	}
	if _, ok := s.checked.get(s.cat.Index()-1, d); ok {
		t.Error("it is remembered for the old state")
	}
}

func TestCatalogFails(t *testing.T) {
	s := newStand(t)
	w := s.watch()
	w.err = errors.New("the disk is gone")
	v := s.newLive(catalog.Protected, "open")
	for range 50 { // nobody is throttled for the node's faults
		if _, err := s.LogIn(t.Context(), "ada", secret, home); !errors.Is(err, w.err) {
			t.Fatal(err)
		}
		if err := s.Unlock(t.Context(), v, "open", home); !errors.Is(err, w.err) {
			t.Fatal(err)
		}
	}
	w.err = nil
	s.logIn()
}

func TestDigestOf(t *testing.T) {
	good := newToken()
	for _, tc := range []struct {
		token string
		ok    bool
	}{
		{good, true},
		{"", false},
		{good[1:], false},
		{good + "A", false},
		{good[:42] + "=", false},
		{good[:42] + "\n", false},
		{good[:41] + "é", false},
		{strings.Repeat("+", 43), false},
	} {
		if _, ok := digestOf(tc.token); ok != tc.ok {
			t.Errorf("%q: %v", tc.token, ok)
		}
	}
}

func FuzzDigestOf(f *testing.F) {
	f.Add(newToken())
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		d, ok := digestOf(token)
		if ok && (len(token) != tokenText || strings.ContainsAny(token, " \r\n;,\"\\") || d == digest{}) {
			t.Errorf("%q is taken", token)
		}
	})
}
