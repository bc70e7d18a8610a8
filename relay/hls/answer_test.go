package hls

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestFieldsAppend holds that an HTTP/1.1 header section says what http.Header is given.
func TestFieldsAppend(t *testing.T) {
	for _, f := range []*Fields{videoFields.of(""), namedPlaylist.of(true), freshPlaylist.of(false), badMethod.fields, preflightFields} {
		var want bytes.Buffer
		for _, field := range f.List() {
			if http.CanonicalHeaderKey(field.Name) != field.Name || len(field.Values) != 1 {
				t.Errorf("field %+v", field)
			}
			want.WriteString(field.Name + ": " + field.Values[0] + "\r\n")
		}
		if got := f.Append([]byte("x")); string(got) != "x"+want.String() {
			t.Errorf("got %q, want %q", got, want.String())
		}
	}
}

// TestBodyAppend holds that pieces for a vectored write are those that are written one by one, for every range.
func TestBodyAppend(t *testing.T) {
	f := started(t)
	s := newServer(t, f)
	for _, file := range []string{"main-7-1.2.mp4", "main-7-1.mp4", "audio-7-1.0.mp4"} {
		q := Request{Method: "GET", Path: base + file}
		a := s.Answer(t.Context(), &q)
		whole := bytes.Join(a.Body.Append(nil), nil)
		for from := int64(0); from < a.Body.Len(); from += a.Body.Len()/13 + 1 {
			for to := from + 1; to <= a.Body.Len(); to += a.Body.Len()/7 + 1 {
				q.Range = "bytes=" + decimal(from) + "-" + decimal(to-1)
				a := s.Answer(t.Context(), &q)
				var w bytes.Buffer
				n, err := a.Body.WriteTo(&w)
				if err != nil || n != to-from || !bytes.Equal(w.Bytes(), whole[from:to]) || !bytes.Equal(bytes.Join(a.Body.Append(nil), nil), whole[from:to]) {
					t.Fatalf("%s, %s: %d bytes, %v", file, q.Range, n, err)
				}
			}
		}
	}
}

func TestMetrics(t *testing.T) {
	f := started(t)
	reg := prometheus.NewRegistry()
	s, err := New(f.hub, nil, nil, DefaultConfig(), reg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(f.hub, nil, nil, DefaultConfig(), reg); err == nil {
		t.Error("metrics were registered twice")
	}
	n := get(s, base+"main-7-1.2.mp4").Body.Len()
	get(s, base+"main-7-1.2.mp4", "Range", "bytes=0-9")
	get(s, base+"main-7-1.99.mp4")
	get(s, base+"main.m3u8?_HLS_skip=YES")
	want := `
# HELP shoal_hls_requests_total Requests for lives by HLS, by what was asked for and class of the answer.
# TYPE shoal_hls_requests_total counter
`
	for _, kind := range []string{"classic", "delta", "init", "master", "other", "part", "playlist", "segment"} {
		for _, class := range []string{"2xx", "4xx", "5xx", "gone"} {
			count := map[string]string{"part 2xx": "2", "part 4xx": "1", "delta 2xx": "1"}[kind+" "+class]
			if count == "" {
				count = "0"
			}
			want += `shoal_hls_requests_total{class="` + class + `",kind="` + kind + `"} ` + count + "\n"
		}
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "shoal_hls_requests_total"); err != nil {
		t.Error(err)
	}
	if got := testutil.ToFloat64(s.metrics.bytes[partKind]); int(got) != n+10+len(notHere.body) {
		t.Errorf("%v bytes sent", got)
	}
}
