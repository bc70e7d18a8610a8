package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"shoal/internal/catalog"
)

func TestMediaToken(t *testing.T) {
	s := newStand(t)
	v, w := s.newLive(catalog.Private), s.newLive(catalog.Private)
	token, expires, err := s.MediaToken(t.Context(), v, 0)
	if err != nil {
		t.Fatal(err)
	}
	if left := expires.Sub(s.now()); left < 4*time.Hour || left > 4*time.Hour+mediaStep {
		t.Errorf("it is good for %v", left)
	}
	if end, ok := MediaTokenExpiry(token); !ok || !end.Equal(expires) {
		t.Errorf("it says that it is good until %v, %v; want %v", end, ok, expires)
	}
	if len(token) != 28 {
		t.Errorf("it is %d characters long", len(token))
	}
	check := func(v *catalog.Video, token string, want error) {
		t.Helper()
		if err := s.CheckMediaToken(t.Context(), v, token); !errors.Is(err, want) {
			t.Errorf("CheckMediaToken says %v, want %v", err, want)
		}
	}
	check(v, token, nil)
	check(w, token, ErrMediaToken)

	// Every single bit counts.
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(b) * 8 {
		b[i/8] ^= 1 << (i % 8)
		check(v, base64.RawURLEncoding.EncodeToString(b), ErrMediaToken)
		b[i/8] ^= 1 << (i % 8)
	}
	for _, bad := range []string{"", "x", token[1:], token + "A", token[:27] + "=", token[:27] + "\n", token[:27] + "+", strings.Repeat("_", 28)} {
		check(v, bad, ErrMediaToken)
	}

	// Whoever comes a little later gets the same.
	s.state.Advance(time.Minute)
	again, end, err := s.MediaToken(t.Context(), v, 0)
	if err != nil || end.Before(s.now().Add(4*time.Hour)) {
		t.Errorf("another is good until %v: %v", end, err)
	}
	if end.Equal(expires) != (again == token) {
		t.Error("tokens with the same end differ")
	}

	// Another node, which has the same state, takes it.
	node := newAuth(s.cat)
	node.now = s.now
	if err := node.CheckMediaToken(t.Context(), v, token); err != nil {
		t.Errorf("another node: %v", err)
	}

	s.state.SetNow(expires.Add(-time.Second))
	check(v, token, nil)
	s.state.SetNow(expires)
	check(v, token, ErrMediaToken)
}

func TestMediaTokenIsVoidWhenAccessChanges(t *testing.T) {
	s := newStand(t)
	v := s.newLive(catalog.Protected, "open")
	token, _, err := s.MediaToken(t.Context(), v, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() catalog.VideoChange{
		"another privacy": func() catalog.VideoChange { p := catalog.Private; return catalog.VideoChange{Privacy: &p} },
		"another password": func() catalog.VideoChange {
			p := catalog.Protected
			hashes, err := s.HashAll(t.Context(), []string{"sesame"})
			if err != nil {
				t.Fatal(err)
			}
			return catalog.VideoChange{Privacy: &p, PasswordHashes: &hashes}
		},
	} {
		before, err := s.cat.Video(t.Context(), v.UUID)
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.cat.UpdateVideo(t.Context(), v.UUID, change())
		if err != nil {
			t.Fatal(err)
		}
		if now.Access == before.Access {
			t.Errorf("%s: the count stays", name)
		}
		if err := s.CheckMediaToken(t.Context(), &now, token); !errors.Is(err, ErrMediaToken) {
			t.Errorf("%s: an old token gives %v", name, err)
		}
	}
}

func TestMediaTokenLasts(t *testing.T) {
	s := newStand(t)
	v := s.newLive(catalog.Private)
	for ttl, want := range map[time.Duration]time.Duration{
		-1:             s.cfg.Media,
		time.Minute:    time.Minute,
		24 * time.Hour: 24 * time.Hour,
		1 << 62:        maxMedia,
	} {
		_, expires, err := s.MediaToken(t.Context(), v, ttl)
		if left := expires.Sub(s.now()); err != nil || left < want || left > want+mediaStep {
			t.Errorf("for %v it is good for %v: %v", ttl, left, err)
		}
	}
}

// noSecret is a catalog that cannot be read.
type noSecret struct{ Catalog }

func (noSecret) Secret(context.Context, string, func() string) (string, error) {
	return "", context.DeadlineExceeded
}

func TestMediaTokenWithoutSecret(t *testing.T) {
	s := newStand(t)
	v := s.newLive(catalog.Private)
	token, _, err := s.MediaToken(t.Context(), v, 0)
	if err != nil {
		t.Fatal(err)
	}
	a := newAuth(noSecret{})
	a.now = s.now
	if _, _, err := a.MediaToken(t.Context(), v, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("MediaToken says %v", err)
	}
	if err := a.CheckMediaToken(t.Context(), v, token); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("CheckMediaToken says %v", err)
	}
}

func FuzzParseMediaToken(f *testing.F) {
	f.Add("AGmG8wAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("")
	f.Add(strings.Repeat("_", 28))
	f.Add("AGmG8wAAAAAAAAAAAAAAAAAAAA\r\n")
	f.Fuzz(func(t *testing.T, token string) {
		expires, mac, ok := parseMediaToken(token)
		if end, is := MediaTokenExpiry(token); is != ok || ok && end.Unix() != expires {
			t.Errorf("%q is a token: %v, good until %v", token, is, end)
		}
		if !ok {
			return
		}
		b := []byte{byte(expires >> 32), byte(expires >> 24), byte(expires >> 16), byte(expires >> 8), byte(expires)}
		if again := base64.RawURLEncoding.EncodeToString(append(b, mac[:]...)); again != token || expires < 0 {
			t.Errorf("%q is %q", token, again)
		}
	})
}

func BenchmarkCheckMediaToken(b *testing.B) {
	a := newAuth(nil)
	secret := []byte(newToken())
	a.media.Store(&secret)
	v := &catalog.Video{UUID: "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11", Access: 3}
	token, _, err := a.MediaToken(b.Context(), v, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := a.CheckMediaToken(b.Context(), v, token); err != nil {
			b.Fatal(err)
		}
	}
}
