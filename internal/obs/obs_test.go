package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/obs"
)

func TestLogger(t *testing.T) {
	for _, tc := range []struct {
		level, format string
		want          string // a part of the line that Info writes, "" for none
		mistakes      int
	}{
		{"info", "text", "msg=hello port=1", 0},
		{"INFO", "json", `"msg":"hello","port":1`, 0},
		{"debug", "text", "level=INFO", 0},
		{"warn", "text", "", 0},
		{"error", "json", "", 0},
		{"loud", "text", "", 1},
		{"info+1", "xml", "", 2},
	} {
		t.Run(tc.level+" "+tc.format, func(t *testing.T) {
			var out bytes.Buffer
			log, err := obs.NewLogger(&out, obs.LogConfig{Level: tc.level, Format: tc.format})
			if tc.mistakes > 0 {
				if err == nil || strings.Count(err.Error(), "\n")+1 != tc.mistakes {
					t.Fatalf("NewLogger: %v; want %d mistakes", err, tc.mistakes)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			log.Info("hello", "port", 1)
			if got := out.String(); !strings.Contains(got, tc.want) || (tc.want == "") != (got == "") {
				t.Errorf("wrote %q, want %q in it", got, tc.want)
			}
		})
	}
	if err := obs.DefaultLogConfig().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
}

type failing struct{}

func (failing) Describe(ch chan<- *prometheus.Desc) {
	ch <- prometheus.NewDesc("shoal_test_failing", "Fails.", nil, nil)
}

func (failing) Collect(ch chan<- prometheus.Metric) {
	d := prometheus.NewDesc("shoal_test_failing", "Fails.", nil, nil)
	ch <- prometheus.NewInvalidMetric(d, errors.New("the disk is on fire"))
}

func TestMetrics(t *testing.T) {
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, obs.DefaultLogConfig())
	if err != nil {
		t.Fatal(err)
	}
	reg := obs.NewRegistry("1.2.3")
	reg.MustRegister(failing{})
	rec := httptest.NewRecorder()
	obs.MetricsHandler(reg, log).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d", rec.Code)
	}
	for _, want := range []string{`shoal_build_info{goarch=`, `version="1.2.3"} 1`, "go_goroutines ", "process_resident_memory_bytes "} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %q in the answer", want)
		}
	}
	if !strings.Contains(out.String(), "the disk is on fire") {
		t.Errorf("the failed collector is not in the log: %q", out.String())
	}
}

func TestHealth(t *testing.T) {
	h := obs.NewHealth()
	probe := func(f http.HandlerFunc) (int, obs.Report) {
		t.Helper()
		rec := httptest.NewRecorder()
		f(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		if cc := rec.Header().Get("Cache-Control"); cc != "no-store" {
			t.Errorf("Cache-Control %q", cc)
		}
		var r obs.Report
		if err := json.Unmarshal(rec.Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return rec.Code, r
	}
	if code, _ := probe(h.HandleReady); code != http.StatusOK {
		t.Errorf("without a component: %d", code)
	}

	var rtmp error = errors.New("not listening yet")
	h.Ready("rtmp", func(context.Context) error { return rtmp })
	h.Ready("http", func(context.Context) error { return nil })
	code, r := probe(h.HandleReady)
	if code != http.StatusServiceUnavailable || r.OK || r.Components["rtmp"].Reason != "not listening yet" || !r.Components["http"].OK {
		t.Errorf("with one that is not ready: %d %+v", code, r)
	}
	if code, _ := probe(h.HandleAlive); code != http.StatusOK {
		t.Errorf("what is not ready is alive: %d", code)
	}
	rtmp = nil
	if code, r := probe(h.HandleReady); code != http.StatusOK || !r.OK || len(r.Components) != 2 {
		t.Errorf("when all are ready: %d %+v", code, r)
	}
	h.Alive("accept", func(context.Context) error { return errors.New("ended") })
	if code, _ := probe(h.HandleAlive); code != http.StatusServiceUnavailable {
		t.Errorf("with a loop that ended: %d", code)
	}
}
