package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shoal/internal/catalog"
)

// try logs in and says how long to wait, 0 if the password was looked at.
func (s *stand) try(name, password string, from netip.Addr) (wait time.Duration, err error) {
	s.t.Helper()
	_, err = s.LogIn(s.t.Context(), name, password, from)
	if throttled := (*ErrThrottled)(nil); errors.As(err, &throttled) {
		if throttled.RetryAfter < time.Second {
			s.t.Errorf("it says to wait for %v", throttled.RetryAfter)
		}
		return throttled.RetryAfter, nil
	}
	return 0, err
}

func TestThrottleDelays(t *testing.T) {
	s := newStand(t)
	for i := range 5 {
		if wait, err := s.try("ada", "guessed", home); wait != 0 || !errors.Is(err, ErrWrong) {
			t.Fatalf("try %d: wait %v, %v", i, wait, err)
		}
	}
	total := time.Duration(0)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128} {
		before := s.hashes()
		wait, err := s.try("ada", secret, home) // the right one, but too early: nobody learns anything
		if wait != want*time.Second || err != nil {
			t.Fatalf("wait %v, %v; want %v", wait, err, want*time.Second)
		}
		if s.hashes() != before {
			t.Error("a try that was refused cost a hash")
		}
		s.state.Advance(wait)
		total += wait
		if wait, err := s.try("ada", "guessed", home); wait != 0 || !errors.Is(err, ErrWrong) {
			t.Fatalf("after the delay: wait %v, %v", wait, err)
		}
	}
	wait, _ := s.try("ada", secret, home)
	s.state.Advance(wait)
	if _, err := s.try("ada", secret, home); err != nil {
		t.Errorf("after the delay the right password gives %v", err)
	}
	if wait, err := s.try("ada", "guessed", home); wait != 0 || !errors.Is(err, ErrWrong) {
		t.Errorf("success did not end the delay: wait %v, %v", wait, err)
	}
	if total < 4*time.Minute {
		t.Errorf("13 guesses took %v", total)
	}
}

// TestThrottleForGood lets one address guess for a day.
func TestThrottleForGood(t *testing.T) {
	s := newStand(t)
	guesses, longest := 0, time.Duration(0)
	for end := s.now().Add(24 * time.Hour); s.now().Before(end); {
		wait, err := s.try("ada", "guessed", home)
		if err != nil {
			guesses++
		}
		longest = max(longest, wait)
		s.state.Advance(wait)
	}
	if guesses > 300 || longest > longestDelay {
		t.Errorf("%d guesses a day, the longest delay is %v", guesses, longest)
	}
	s.state.Advance(3 * time.Hour)
	for range 5 {
		if wait, _ := s.try("ada", "guessed", home); wait != 0 {
			t.Fatalf("3 hours later, wait %v", wait)
		}
	}
}

func TestStrangersLockNobodyOut(t *testing.T) {
	s := newStand(t)
	guesses := 0
	for i := range 3000 { // from as many addresses
		from := netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
		for range 10 {
			if _, wait := s.logins.begin("ada", from, s.now()); wait == 0 { // and fails
				guesses++
			}
		}
	}
	if guesses > 3100 {
		t.Errorf("%d guesses at once from 3000 addresses", guesses)
	}
	if wait, err := s.try("ada", secret, home); wait != 0 || err != nil {
		t.Errorf("ada cannot log in: wait %v, %v", wait, err)
	}
	// A slip costs her a second, no more.
	if wait, err := s.try("ada", "slip", home); wait != 0 || !errors.Is(err, ErrWrong) {
		t.Errorf("a slip: wait %v, %v", wait, err)
	}
	wait, _ := s.try("ada", secret, home)
	if wait != time.Second {
		t.Errorf("after a slip, wait %v", wait)
	}
	s.state.Advance(wait)
	if wait, err := s.try("ada", secret, home); wait != 0 || err != nil {
		t.Errorf("after that: wait %v, %v", wait, err)
	}
}

func TestThrottleOfAddress(t *testing.T) {
	s := newStand(t)
	guesses := 0
	for i := range 100 {
		if wait, err := s.try(fmt.Sprint("user", i), "guessed", home); wait == 0 && err != nil {
			guesses++
		}
		// One's own log-ins do not wash that away.
		if _, err := s.try("ada", secret, home); err != nil {
			t.Fatal(err)
		}
	}
	if guesses != addressPace.free {
		t.Errorf("%d guesses at once from an address, want %d", guesses, addressPace.free)
	}
	if wait, err := s.try("ada", secret, other); wait != 0 || err != nil {
		t.Errorf("from elsewhere: wait %v, %v", wait, err)
	}
	s.state.Advance(minutes(30))
	if wait, err := s.try("ada", secret, home); wait != 0 || err != nil {
		t.Errorf("half an hour later: wait %v, %v", wait, err)
	}
}

func TestNetwork(t *testing.T) {
	for _, tc := range []struct {
		addr, want string
	}{
		{"192.0.2.1", "192.0.2.1/32"},
		{"::ffff:192.0.2.1", "192.0.2.1/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	} {
		if got := network(netip.MustParseAddr(tc.addr)); got != netip.MustParsePrefix(tc.want) {
			t.Errorf("%s counts as %v, want %s", tc.addr, got, tc.want)
		}
	}
	if got := network(netip.Addr{}); got.IsValid() {
		t.Errorf("no address counts as %v", got)
	}
}

// TestGuessesAtOnce sends many before the first is answered.
func TestGuessesAtOnce(t *testing.T) {
	s := newStand(t)
	var looked, throttled atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			_, err := s.LogIn(t.Context(), "ada", "guessed", home)
			if errors.Is(err, ErrWrong) {
				looked.Add(1)
			} else if e := (*ErrThrottled)(nil); errors.As(err, &e) {
				throttled.Add(1)
			}
		})
	}
	all.Wait()
	if looked.Load() != 5 || throttled.Load() != 95 {
		t.Errorf("%d passwords were looked at, %d tries throttled", looked.Load(), throttled.Load())
	}
}

func TestThrottleIsBounded(t *testing.T) {
	th := newThrottle()
	for i := range 5 * remembered {
		th.begin(fmt.Sprint(i), netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)}), time.Unix(int64(i), 0))
	}
	for _, table := range []*lru[uint64, tally]{th.pairs, th.addresses, th.names} {
		if table.len() != remembered {
			t.Errorf("a table has %d entries", table.len())
		}
	}
}

func TestUnlock(t *testing.T) {
	s := newStand(t)
	v := s.newLive(catalog.Protected, "open", "sesame", "third")
	for _, password := range []string{"open", "sesame", "third"} {
		before := s.hashes()
		if err := s.Unlock(t.Context(), v, password, home); err != nil {
			t.Errorf("%q: %v", password, err)
		}
		if n := s.hashes() - before; n != 1 {
			t.Errorf("%d hashes for three passwords", n)
		}
	}
	for i := range 5 {
		if err := s.Unlock(t.Context(), v, "guessed", home); !errors.Is(err, ErrVideoPassword) {
			t.Errorf("guess %d: %v", i, err)
		}
	}
	throttled := (*ErrThrottled)(nil)
	if err := s.Unlock(t.Context(), v, "open", home); !errors.As(err, &throttled) || throttled.RetryAfter != time.Second {
		t.Errorf("after five guesses: %v", err)
	}
	if err := s.Unlock(t.Context(), v, "open", other); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	s.logIn() // another matter
	s.state.Advance(time.Second)
	if err := s.Unlock(t.Context(), v, "open", home); err != nil {
		t.Errorf("after the delay: %v", err)
	}
	none := s.newLive(catalog.Public)
	before := s.hashes()
	if err := s.Unlock(t.Context(), none, "", home); !errors.Is(err, ErrVideoPassword) || s.hashes() == before {
		t.Errorf("a video without passwords: %v", err)
	}
}
