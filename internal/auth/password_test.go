package auth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestHashAndVerify(t *testing.T) {
	a := newAuth(nil)
	a.cost = cost
	hash, err := a.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(hash, want) {
		t.Errorf("the hash is %q", hash)
	}
	again, err := a.Hash(t.Context(), secret)
	if err != nil || again == hash {
		t.Errorf("the same password gives the same hash: %v", err)
	}
	for _, tc := range []struct {
		password string
		hashes   []string
		want     bool
	}{
		{secret, []string{hash}, true},
		{secret, []string{again}, true},
		{secret, []string{"", "nonsense", hash}, true},
		{secret + " ", []string{hash}, false},
		{"", []string{hash}, false},
		{secret, nil, false},
		{secret, []string{""}, false},
		// From RFC 9106's reference implementation: argon2id, t=2, m=2^8 KiB, p=1, "password" and "somesalt".
		{"password", []string{"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}, true},
	} {
		if got, err := a.Verify(t.Context(), tc.password, tc.hashes...); err != nil || got != tc.want {
			t.Errorf("%q, %q: %v, %v", tc.password, tc.hashes, got, err)
		}
	}
	long := strings.Repeat("x", maxPassword)
	for _, p := range []string{"", long + "x"} {
		if _, err := a.Hash(t.Context(), p); !errors.Is(err, ErrPassword) {
			t.Errorf("%d bytes: %v", len(p), err)
		}
	}
	hash, err = a.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if right, err := a.Verify(t.Context(), long+"y", hash); right || err != nil {
		t.Errorf("what is behind the longest password does not count: %v", err)
	}
}

// TestMemoryIsGivenBack holds that log-ins leave nothing behind.
func TestMemoryIsGivenBack(t *testing.T) {
	a := newAuth(nil)
	a.cost = cost
	held := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapSys) - int64(m.HeapReleased)
	}
	a.hasher.free()
	before := held()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := a.Hash(t.Context(), secret); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if during := held(); during-before < 15<<20 {
		t.Errorf("hashes take %d bytes: the test does not see what they hold", during-before)
	}
	if a.hasher.giveBack == nil {
		t.Fatal("nothing will give the memory back")
	}
	a.hasher.giveBack.Stop()
	a.hasher.free() // what the timer does
	if after := held(); after-before > 10<<20 {
		t.Errorf("%d bytes are held after the hashes", after-before)
	}
}

func TestHasherIsBounded(t *testing.T) {
	h := newHasher(prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x"}))
	for range atOnce { // all slots are taken
		h.enter()
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	errs := make(chan error)
	for range maxWaiting {
		go func() {
			_, err := h.do(ctx, params{64, 1, 1}, secret, make([]byte, saltSize), sumSize)
			errs <- err
		}()
	}
	for waiting := 0; waiting < atOnce+maxWaiting; runtime.Gosched() {
		h.mu.Lock()
		waiting = h.inside
		h.mu.Unlock()
	}
	busy := (*ErrThrottled)(nil)
	if _, err := h.do(t.Context(), params{64, 1, 1}, secret, make([]byte, saltSize), sumSize); !errors.As(err, &busy) || busy.RetryAfter < time.Second {
		t.Errorf("one too many gets %v", err)
	}
	cancel(gone)
	for range maxWaiting {
		if err := <-errs; !errors.Is(err, gone) {
			t.Errorf("who left while waiting gets %v", err)
		}
	}
	for range atOnce {
		<-h.slots
		h.leave()
	}
	if _, err := h.do(t.Context(), params{64, 1, 1}, secret, make([]byte, saltSize), sumSize); err != nil {
		t.Error(err)
	}
	h.giveBack.Stop()
}

const someHash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

func TestParsePHC(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(someHash, old) {
			t.Fatalf("%q is not there", old)
		}
		return strings.Replace(someHash, old, new, 1)
	}
	for _, tc := range []struct {
		name, s string
		ok      bool
	}{
		{"ours", someHash, true},
		{"more memory", change("m=19456", "m=65536"), true},
		{"four lanes", change("p=1", "p=4"), true},
		{"empty", "", false},
		{"another function", change("argon2id", "argon2i"), false},
		{"another version", change("v=19", "v=16"), false},
		{"too much memory", change("m=19456", "m=65537"), false},
		{"too little memory", change("m=19456", "m=7"), false},
		{"no memory", change("m=19456", "m=0"), false},
		{"too many passes", change("t=2", "t=9"), false},
		{"no pass", change("t=2", "t=0"), false},
		{"too many lanes", change("p=1", "p=5"), false},
		{"a sign", change("t=2", "t=+2"), false},
		{"a leading zero", change("t=2", "t=02"), false},
		{"another order", change("m=19456,t=2", "t=2,m=19456"), false},
		{"one more", change("p=1", "p=1,keyid=x"), false},
		{"padding", someHash + "=", false},
		{"a short salt", change("c29tZXNhbHRzb21lc2FsdA", "c29tZQ"), false},
		{"a short sum", change("nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "nf65EOgLrQM"), false},
		{"bits to spare", change("FsdA$", "FsdB$"), false},
		{"a line break", change("$nf65", "$nf\n65"), false},
		{"too long", someHash + strings.Repeat("A", maxPHC), false},
	} {
		h, ok := parsePHC(tc.s)
		if ok != tc.ok {
			t.Errorf("%s: %v", tc.name, ok)
		}
		if ok && h.String() != tc.s {
			t.Errorf("%s: it is written as %q", tc.name, h.String())
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(someHash)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := parsePHC(s)
		if !ok {
			return
		}
		if h.String() != s {
			t.Errorf("%q is written as %q", s, h.String())
		}
		if h.memory > 64*1024 || h.time > 8 || h.threads > 4 || h.memory < 8*uint32(h.threads) || h.time == 0 || h.threads == 0 {
			t.Errorf("%q costs %+v", s, h.params)
		}
	})
}

func TestCheckPassword(t *testing.T) {
	for _, tc := range []struct {
		password string
		ok       bool
	}{
		{"secret", true},
		{"ééééé", false},
		{"éééééé", true},
		{strings.Repeat("é", 255), true},
		{strings.Repeat("é", 256), false},
		{"", false},
		{"secre\xff", false},
	} {
		if err := CheckPassword(tc.password); (err == nil) != tc.ok {
			t.Errorf("%q: %v", tc.password, err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	a := newAuth(nil)
	a.cost = cost
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Hash(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}
