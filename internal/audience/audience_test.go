package audience

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

var day = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

const (
	concert = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	talk    = "0c2a5d7e-1b9f-4d43-9a52-5d4f0f2b7c33"
)

func newAudience(t *testing.T, cfg Config) *Audience {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return New(cfg, prometheus.NewRegistry())
}

// sign is one that a player gives, at seconds since the day began.
type sign struct {
	at       float64
	position float64
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestViews(t *testing.T) {
	for _, tc := range []struct {
		name     string
		duration float64
		signs    []sign
		want     int64
	}{
		{"a live, 10 s", 0, []sign{{0, 100}, {5, 105}, {10, 110}}, 1},
		{"a live, 9 s", 0, []sign{{0, 100}, {5, 105}, {9, 109}}, 0},
		{"one sign", 0, []sign{{0, 100}}, 0},
		{"an hour is one view", 60, hour(), 1},
		{"a long video, 10 s", 600, []sign{{0, 0}, {5, 5}, {10, 10}}, 1},
		{"a short video, more than half", 8, []sign{{0, 0}, {5, 5}}, 1},
		{"a short video, half", 8, []sign{{0, 0}, {4, 4}}, 0},
		{"a video of 10 s, half", 10, []sign{{0, 0}, {5, 5}, {9, 9}}, 0},
		{"paused", 600, []sign{{0, 0}, {5, 5}, {10, 5}, {15, 5}, {20, 6}}, 0},
		{"paused, then on", 600, []sign{{0, 0}, {5, 5}, {10, 5}, {15, 10}}, 1},
		{"seeking is not watching", 600, []sign{{0, 0}, {1, 100}, {2, 200}, {3, 300}}, 0},
		{"seeking back", 600, []sign{{0, 300}, {5, 0}, {10, 5}, {14, 9}}, 0},
		{"seeking back, then on", 600, []sign{{0, 300}, {5, 0}, {10, 5}, {15, 10}}, 1},
		{"gone in between", 600, []sign{{0, 0}, {5, 5}, {60, 10}, {65, 15}}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAudience(t, DefaultConfig())
			for _, s := range tc.signs {
				a.Watch(Sign{Video: concert, Session: "x", Duration: seconds(tc.duration), Position: seconds(s.position)}, day.Add(seconds(s.at)))
			}
			if got := a.Take(day.Add(2 * time.Hour))[concert]; got != tc.want {
				t.Errorf("%d views, want %d", got, tc.want)
			}
		})
	}
}

func hour() (all []sign) {
	for s := 0.0; s <= 3600; s += 5 {
		all = append(all, sign{s, float64(int(s) % 60)})
	}
	return all
}

// watch lets a session watch for a while, with a sign every Beat.
func watch(a *Audience, video, session string, from time.Time, length time.Duration) {
	for d := time.Duration(0); d <= length; d += Beat {
		a.Watch(Sign{Video: video, Session: session, Position: d}, from.Add(d))
	}
}

func TestViewOncePerSession(t *testing.T) {
	a := newAudience(t, DefaultConfig())
	watch(a, concert, "x", day, 20*time.Second)
	watch(a, talk, "x", day.Add(time.Minute), 20*time.Second)
	watch(a, concert, "y", day.Add(2*time.Minute), 20*time.Second)
	watch(a, concert, "x", day.Add(30*time.Minute), 20*time.Second)
	want := map[string]int64{concert: 2, talk: 1}
	got := a.Take(day.Add(31 * time.Minute))
	if !maps.Equal(got, want) {
		t.Fatalf("views are %v, want %v", got, want)
	}
	if again := a.Take(day.Add(31 * time.Minute)); again != nil {
		t.Errorf("they are given twice: %v", again)
	}
	a.GiveBack(got)
	watch(a, concert, "z", day.Add(32*time.Minute), 20*time.Second)
	want[concert]++
	if got := a.Take(day.Add(33 * time.Minute)); !maps.Equal(got, want) {
		t.Errorf("after they were given back, views are %v, want %v", got, want)
	}
	watch(a, concert, "x", day.Add(3*time.Hour), 20*time.Second)
	if got := a.Take(day.Add(4 * time.Hour))[concert]; got != 1 {
		t.Errorf("a session that comes back on another day counts %d", got)
	}
}

func TestCount(t *testing.T) {
	a := newAudience(t, DefaultConfig())
	at := func(s float64) time.Time { return day.Add(seconds(s)) }
	beat := func(session string, s float64) bool {
		return a.Watch(Sign{Video: concert, Session: session}, at(s))
	}
	if !beat("x", 0) || beat("x", 5) || !beat("y", 6) {
		t.Error("who is new is not told")
	}
	a.Watch(Sign{Video: talk, Session: "x"}, at(6))
	for _, tc := range []struct {
		s             float64
		concert, talk int
	}{{6, 2, 1}, {10, 2, 1}, {16, 2, 1}, {16.5, 1, 1}, {17, 1, 1}, {17.5, 0, 0}, {3, 0, 0}} {
		if c, k := a.Count(concert, at(tc.s)), a.Count(talk, at(tc.s)); c != tc.concert || k != tc.talk || a.Total(at(tc.s)) != c+k {
			t.Errorf("after %v s: %d and %d viewers, want %d and %d", tc.s, c, k, tc.concert, tc.talk)
		}
	}
	if !beat("x", 18) {
		t.Error("who comes back is not new")
	}
	// One lost sign makes nobody disappear.
	for s := 28.0; s < 100; s += 10 {
		if a.Count(concert, at(s)) != 1 || beat("x", s+0.5) {
			t.Errorf("lost at %v s", s)
		}
	}
}

func TestPlayerWithoutName(t *testing.T) {
	a := newAudience(t, DefaultConfig())
	here, there := a.Address(netip.MustParseAddr("192.0.2.1")), a.Address(netip.MustParseAddr("192.0.2.2"))
	a.Watch(Sign{Video: concert, From: here}, day)
	a.Watch(Sign{Video: concert, From: here}, day)
	a.Watch(Sign{Video: concert, From: there}, day)
	a.Watch(Sign{Video: concert, From: here, Session: "x"}, day)
	a.Watch(Sign{Video: concert, From: there, Session: "x"}, day)
	if n := a.Count(concert, day); n != 3 {
		t.Errorf("%d viewers, want 3", n)
	}
}

func TestAddress(t *testing.T) {
	a, b := newAudience(t, DefaultConfig()), newAudience(t, DefaultConfig())
	of := func(s string) Address { return a.Address(netip.MustParseAddr(s)) }
	for _, tc := range []struct {
		x, y string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
	} {
		if got := of(tc.x) == of(tc.y); got != tc.same {
			t.Errorf("%s and %s are the same: %v", tc.x, tc.y, got)
		}
	}
	if of("192.0.2.1") == b.Address(netip.MustParseAddr("192.0.2.1")) {
		t.Error("the salt is the same in every process")
	}
}

// TestInventedSessions lets one address invent as many viewers as it can.
func TestInventedSessions(t *testing.T) {
	a := newAudience(t, Config{MaxViewers: 1000, MaxPerAddress: 20})
	attacker, other := Address(1), Address(2)
	now := day
	for i := range 10_000 {
		a.Watch(Sign{Video: concert, Session: fmt.Sprint(i), From: attacker}, now)
	}
	if n := a.Count(concert, now); n != 20 {
		t.Errorf("%d viewers from one address", n)
	}
	if !a.Watch(Sign{Video: concert, Session: "honest", From: other}, now) {
		t.Error("another address is kept out")
	}
	// Keeping them alive is bounded, too: no more than the beats of so many viewers.
	most := 0
	for s := range 600 {
		now = day.Add(time.Duration(s) * time.Second)
		for i := range 100 {
			a.Watch(Sign{Video: concert, Session: fmt.Sprint(s, i%20), From: attacker}, now)
			a.Watch(Sign{Video: concert, Session: fmt.Sprint(i), From: attacker}, now)
		}
		most = max(most, a.Count(concert, now))
	}
	if most > 60 {
		t.Errorf("up to %d viewers from one address", most)
	}
	if testutil.ToFloat64(a.refused) == 0 {
		t.Error("nothing was counted as refused")
	}
}

func TestBounds(t *testing.T) {
	cfg := Config{MaxViewers: 500, MaxPerAddress: 1000}
	a := newAudience(t, cfg)
	for i := range 2000 {
		watch(a, concert, fmt.Sprint(i), day.Add(time.Duration(i)*time.Millisecond), 0)
		a.Watch(Sign{Video: concert, Session: "s", From: Address(i)}, day)
	}
	if n := a.Total(day); n != cfg.MaxViewers {
		t.Errorf("%d viewers, want %d", n, cfg.MaxViewers)
	}
	if n := len(a.guests.from); n > cfg.MaxViewers {
		t.Errorf("%d addresses are kept", n)
	}
	if a.Watch(Sign{Video: talk, Session: "late", From: 1}, day); a.Count(talk, day) != 0 {
		t.Error("beyond the bound")
	}
	if a.Watch(Sign{Video: concert, Session: "0", From: 1}, day); testutil.ToFloat64(a.refused) < 1500 {
		t.Errorf("%v signs are counted as refused", testutil.ToFloat64(a.refused))
	}
	for i := range 3000 {
		watch(a, talk, fmt.Sprint(i), day.Add(time.Hour+time.Duration(i/100)*time.Minute), 15*time.Second)
	}
	if n := len(a.counted.present) + len(a.counted.past); n > 2*cfg.MaxViewers {
		t.Errorf("%d views are remembered", n)
	}
	later := day.Add(24 * time.Hour)
	if n := a.Total(later); n != 0 || len(a.viewers.of) != 0 || len(a.guests.from) != 0 || a.viewers.oldest != nil || a.viewers.newest != nil {
		t.Errorf("a day later %d viewers are left", n)
	}
}

// TestNothingKept holds that no address outlives its minute.
func TestNothingKept(t *testing.T) {
	a := newAudience(t, DefaultConfig())
	a.Watch(Sign{Video: concert, Session: "x", From: 7}, day)
	if len(a.guests.from) != 1 {
		t.Fatal("the address is not counted")
	}
	for _, forget := range []func(time.Time){
		func(at time.Time) { a.Take(at) },
		func(at time.Time) { a.Count(talk, at) },
		func(at time.Time) { a.Watch(Sign{Video: concert, Session: "y", From: 8}, at) },
	} {
		forget(a.guests.since.Add(window))
		if _, kept := a.guests.from[7]; kept {
			t.Error("an address is kept for longer than a minute")
		}
		a.Watch(Sign{Video: concert, Session: "x", From: 7}, a.now)
	}
}

func TestConcurrentUse(t *testing.T) {
	a := newAudience(t, DefaultConfig())
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 100 {
				at := day.Add(time.Duration(i) * time.Second)
				for _, video := range []string{concert, talk} {
					a.Watch(Sign{Video: video, Session: fmt.Sprint(g), From: Address(g), Position: at.Sub(day)}, at)
				}
				a.Count(concert, at)
				a.GiveBack(a.Take(at))
			}
		})
	}
	all.Wait()
	end := day.Add(100 * time.Second)
	if got := a.Count(concert, end); got > 8 {
		t.Errorf("%d viewers", got)
	}
	// A goroutine that is far behind the others watches nothing, by the clock that all share.
	if got := a.Take(end); got[concert] > 8 || got[talk] > 8 {
		t.Errorf("views are %v", got)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	a := New(DefaultConfig(), reg)
	a.Watch(Sign{Video: concert, Session: "x"}, time.Now())
	want := "# HELP shoal_audience_viewers Viewers now, of all videos.\n# TYPE shoal_audience_viewers gauge\nshoal_audience_viewers 1\n"
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "shoal_audience_viewers"); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{}.Validate()
	for _, key := range []string{"max_viewers", "max_per_address"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not told of: %v", key, err)
		}
	}
}

func BenchmarkWatch(b *testing.B) {
	a := New(Config{MaxViewers: 100_000, MaxPerAddress: 1_000_000}, prometheus.NewRegistry())
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("session-%d", i)
		a.Watch(Sign{Video: concert, Session: names[i], From: Address(i)}, day)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		a.Watch(Sign{Video: concert, Session: names[i%len(names)], From: Address(i), Position: time.Duration(i)}, day.Add(time.Duration(i)*50*time.Microsecond))
		i++
	}
}
