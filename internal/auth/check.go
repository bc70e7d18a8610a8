package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"shoal/internal/catalog"
)

// maxSessions bounds the log-ins that are remembered between two changes of the state, at some 400 bytes each.
const maxSessions = 1024

// sessions remembers log-ins for as long as the state does not change.
type sessions struct {
	mu    sync.Mutex
	index uint64
	known *lru[digest, catalog.Token]
}

func (s *sessions) init() { s.known = newLRU[digest, catalog.Token](maxSessions) }

// at empties the memory if the state has changed, and says whether what is known of an index belongs in it.
func (s *sessions) at(index uint64) bool {
	if index > s.index {
		s.index = index
		if s.known.len() > 0 {
			s.known.clear()
		}
	}
	return index == s.index
}

func (s *sessions) get(index uint64, d digest) (t catalog.Token, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.at(index) {
		return t, false
	}
	return s.known.get(d)
}

func (s *sessions) put(index uint64, d digest, t catalog.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at(index) {
		s.known.put(d, t)
	}
}

// Check says whose an access token is. ErrToken for one that is not known or has expired, ErrBlocked.
func (a *Auth) Check(ctx context.Context, access string) (catalog.User, error) {
	d, ok := digestOf(access)
	if !ok {
		return catalog.User{}, ErrToken
	}
	index := a.cat.Index() // before the read, which sees this change or a later one
	t, ok := a.checked.get(index, d)
	if !ok {
		var err error
		t, err = a.cat.TokenByAccess(ctx, d.String())
		if errors.Is(err, catalog.ErrNotFound) {
			return catalog.User{}, ErrToken
		}
		if err != nil {
			return catalog.User{}, fmt.Errorf("look for the log-in: %w", err)
		}
		a.checked.put(index, d, t)
	}
	switch {
	case !a.now().Before(t.AccessExpires):
		return catalog.User{}, ErrToken
	case t.User.Blocked:
		return catalog.User{}, ErrBlocked
	}
	return t.User, nil
}
