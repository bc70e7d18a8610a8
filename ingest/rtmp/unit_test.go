package rtmp

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"shoal/ingest/guard"
	"shoal/internal/broadcast"
)

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{}.Validate()
	for _, name := range []string{"max_connections", "max_pending", "max_pending_per_address", "publish_timeout", "idle_timeout", "max_bit_rate"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not tell of %s", err, name)
		}
	}
	c := DefaultConfig()
	if err := yaml.Unmarshal([]byte("max_connections: 7\nidle_timeout: 30s\nmax_bit_rate: 5000000"), &c); err != nil {
		t.Fatal(err)
	}
	if c.MaxConnections != 7 || c.IdleTimeout != 30*time.Second || c.MaxBitRate != 5_000_000 || c.MaxPending != DefaultConfig().MaxPending {
		t.Errorf("got %+v", c)
	}
}

func TestStreamKey(t *testing.T) {
	tests := []struct {
		app, name, key string
		known          bool
	}{
		{"live", "k", "k", true},
		{"live", "k?a=b/c", "k", true},
		{"live?x=/y", "k", "k", true},
		{"/live/", "/k/", "k", true},
		{"live/k", "", "k", true},
		{"live/k", "?a=b", "k", true},
		{"live", "", "", true},
		{"live", "a/b", "", true},
		{"live/a", "b", "", true},
		{"", "live/k", "k", false},
		{"", "k", "", false},
		{"vod", "k", "", false},
		{"live/a/b", "", "", false},
		{"livek", "k", "", false},
	}
	for _, tt := range tests {
		key, ok := streamKey(tt.app, tt.name)
		if key != tt.key || ok != (tt.key != "") {
			t.Errorf("%q, %q: got %q, %v", tt.app, tt.name, key, ok)
		}
		if known := knownApplication(tt.app); known != tt.known {
			t.Errorf("%q is known: %v", tt.app, known)
		}
	}
}

func TestMeter(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	tests := []struct {
		name string
		rate float64 // of what comes, per second, in pieces of a tenth
		want float64 // seconds until it is too much; 0 is never
	}{
		{"at the rate", 1000, 0},
		{"half of it", 500, 0},
		{"twice", 2000, 10},
		{"a tenth more", 1100, 100},
		{"ten times", 10_000, 1.2},
	}
	for _, tt := range tests {
		m := meter{rate: 1000, at: start}
		got := 0.0
		for n := 1; n <= 2000 && got == 0; n++ {
			if !m.add(tt.rate/10, at(float64(n)/10)) {
				got = float64(n) / 10
			}
		}
		if math.Abs(got-tt.want) > tt.want/20 {
			t.Errorf("%s: too much after %v s; want %v", tt.name, got, tt.want)
		}
	}
	m := meter{rate: 1000, at: start}
	if !m.add(10_000, at(0)) || m.add(1, at(0)) || !m.add(1, at(1)) {
		t.Error("a burst of what 10 s give is not forgiven, or more is")
	}
}

func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		q := newQuiet(slog.New(slog.NewTextHandler(&out, nil)))
		for range 100 {
			q.warn("refused")
		}
		time.Sleep(2 * time.Second)
		for range 100 {
			q.warn("refused")
		}
		if n := strings.Count(out.String(), "refused"); n != logBurst+2 {
			t.Errorf("%d lines", n)
		}
		if !strings.Contains(out.String(), "not_logged=80") {
			t.Errorf("what was left out is not counted:\n%s", out.String())
		}
	})
}

func TestVisitors(t *testing.T) {
	start := time.Unix(1000, 0)
	v := newVisitors(Config{MaxConnections: 6, MaxPending: 3, MaxPendingPerAddress: 2})
	at := func(address string, seconds int) *connection {
		return &connection{remote: netip.AddrPortFrom(netip.MustParseAddr(address), 1), born: start.Add(time.Duration(seconds) * time.Second)}
	}
	enter := func(c *connection, want *connection, reason string) *connection {
		t.Helper()
		if out, why := v.enter(c); out != want || why != reason {
			t.Fatalf("got %v, %q; want %v, %q", out, why, want, reason)
		}
		return c
	}
	a := enter(at("2001:db8::1", 0), nil, "")
	b := enter(at("2001:db8::2:1", 0), nil, "") // the same /64
	enter(at("2001:db8::3", 0), nil, "too_many_from_address")
	v.publish(a)
	v.publish(a)
	c := enter(at("2001:db8::3", 0), nil, "")
	c.born = c.born.Add(time.Millisecond)
	d := enter(at("10.0.0.1", 0), nil, "")
	enter(at("10.0.0.2", 0), nil, "too_many_pending")
	d.born = d.born.Add(-time.Millisecond)
	e := enter(at("10.0.0.2", 1), d, "") // the oldest makes room
	f := enter(at("2001:db8::4", 1), b, "")
	if f == nil || v.pending != 3 || len(v.known) != 6 {
		t.Fatalf("%d of %d are pending", v.pending, len(v.known))
	}
	enter(at("10.0.0.3", 60), nil, "too_many")
	for _, c := range []*connection{a, b, c, d, e, f} {
		v.leave(c)
		v.leave(c)
	}
	if v.pending != 0 || len(v.known) != 0 || len(v.from) != 0 {
		t.Errorf("left is %+v", v)
	}
	if n := neighbourhood(netip.Addr{}); n.IsValid() {
		t.Errorf("no address is in %v", n)
	}
}

func TestReason(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{io.EOF, ""},
		{errConversation, ""},
		{&guard.Error{Reason: guard.ReasonIdle}, ""},
		{fmt.Errorf("read: %w", &guard.Error{Reason: guard.ReasonAMF}), "amf"},
		{refusedKey(broadcast.ErrStopping), "stopping"},
		{refusedKey(errors.New("x")), "failed"},
		{refusedKey(fmt.Errorf("publish: %w", &broadcast.Refusal{Reason: "limit", Text: "too many"})), "limit"},
		{refusedPacket(fmt.Errorf("cut: %w", broadcast.ErrBitRate)), "live_bit_rate"},
	}
	for _, tt := range tests {
		if got := reasonOf(tt.err); got != tt.want {
			t.Errorf("%v: got %q; want %q", tt.err, got, tt.want)
		}
	}
	if d := refusedKey(errors.New("secret")).description(); strings.Contains(d, "secret") {
		t.Errorf("strangers are told %q", d)
	}
}

// TestSharedRegistry holds that another way in can register the same metrics.
func TestSharedRegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	newMetrics(reg)
	other := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "shoal_ingest_refused_total", Help: "Connections that were turned away or closed by us, by the rule that they broke.",
	}, []string{"reason"})
	if err := prometheus.WrapRegistererWith(prometheus.Labels{"protocol": "rtsp"}, reg).Register(other); err != nil {
		t.Error(err)
	}
}
