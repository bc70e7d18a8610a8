package httpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a listener whose connections are in memory: it works with virtual time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// start serves h over pipes; the returned function stops the server within ctx and gives what Serve and Shutdown said.
func start(h http.Handler, log *slog.Logger, o Options) (*Server, *pipes, func(context.Context) error) {
	o.Handler, o.Log = h, log
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	s, ln, done := New(o), newPipes(), make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	return s, ln, func(ctx context.Context) error { return errors.Join(s.Shutdown(ctx), <-done) }
}

func request(t *testing.T, c net.Conn, path string) {
	t.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
}

func TestHeldRequestsOutliveTheWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, ln, stop := start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(2 * time.Minute)
			_, _ = io.WriteString(w, "part")
		}), slog.New(slog.DiscardHandler), Options{})
		c := ln.dial()
		defer c.Close()
		for range 2 {
			request(t, c, "/")
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != "part" {
				t.Fatalf("%q %v", body, err)
			}
		}
		if err := stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSlowReaderIsCutOff(t *testing.T) {
	for _, tc := range []struct {
		name  string
		every time.Duration // between two reads of 64 KiB
		cut   bool
	}{
		{"reads nothing for a minute", time.Minute, true},
		{"256 KiB in 32 s", 8 * time.Second, true},
		{"256 KiB in 20 s", 5 * time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size = 2 << 20
				_, ln, stop := start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Length", fmt.Sprint(size))
					_, _ = w.Write(make([]byte, size))
				}), slog.New(slog.DiscardHandler), Options{})
				c := ln.dial()
				defer c.Close()
				request(t, c, "/")
				res, err := http.ReadResponse(bufio.NewReaderSize(c, 1024), nil)
				if err != nil {
					t.Fatal(err)
				}
				var got int64
				for {
					n, rerr := io.CopyN(io.Discard, res.Body, 64<<10)
					got += n
					if err = rerr; err != nil {
						break
					}
					time.Sleep(tc.every)
				}
				if cut := got < size; cut != tc.cut {
					t.Errorf("got %d of %d bytes: %v", got, size, err)
				}
				if err := stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestShutdown(t *testing.T) {
	hold := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/deaf" {
			<-r.Context().Done()
			return
		}
		select {
		case <-Stopping(r.Context()):
			w.WriteHeader(http.StatusServiceUnavailable)
		case <-r.Context().Done():
		}
	})
	t.Run("handlers that hold are told and answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, ln, stop := start(hold, slog.New(slog.DiscardHandler), Options{})
			silent, held := ln.dial(), ln.dial()
			defer silent.Close()
			defer held.Close()
			request(t, held, "/")
			synctest.Wait()
			began := time.Now()
			stopped := make(chan error, 1)
			go func() { stopped <- stop(t.Context()) }()
			res, err := http.ReadResponse(bufio.NewReader(held), nil)
			if err != nil || res.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("%v %v", res, err)
			}
			if err := <-stopped; err != nil {
				t.Fatal(err)
			}
			// The connection on which nothing was asked would cost five seconds, were it left to net/http.
			if took := time.Since(began); took > time.Second {
				t.Errorf("stopping took %v", took)
			}
		})
	})
	t.Run("those that do not are cut off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, ln, stop := start(hold, slog.New(slog.DiscardHandler), Options{})
			held := ln.dial()
			defer held.Close()
			request(t, held, "/deaf")
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if err := stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if _, err := held.Read(make([]byte, 1)); err == nil {
				t.Error("the connection still lives")
			}
		})
	})
}

func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		name, send string
		after      time.Duration // between the bytes sent and the end of the request
		want       int           // status, 0 for a connection that is just closed
	}{
		{"header of 15 KiB", "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 15<<10) + "\r\n\r\n", 0, 200},
		{"header of 64 KiB", "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", 0, 431},
		{"header that does not end", "GET / HTTP/1.1\r\nHost: x\r\n", 6 * time.Second, 0},
		{"body of 64 KiB", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + strings.Repeat("a", 64<<10), 0, 200},
		{"body of more", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n" + strings.Repeat("a", 64<<10+1), 0, 413},
		{"body that does not end", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", 31 * time.Second, 408},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, ln, stop := start(HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
					_, err := io.Copy(io.Discard, r.Body)
					if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
						return &Error{Status: http.StatusRequestEntityTooLarge, Message: "send less"}
					}
					if err != nil {
						return &Error{Status: http.StatusRequestTimeout, Message: "send faster"}
					}
					return nil
				}), slog.New(slog.DiscardHandler), Options{})
				c := ln.dial()
				defer c.Close()
				go func() { _, _ = io.WriteString(c, tc.send) }()
				began := time.Now()
				res, err := http.ReadResponse(bufio.NewReader(c), nil)
				if tc.want == 0 {
					if err == nil {
						t.Fatalf("got %v", res.Status)
					}
				} else if err != nil || res.StatusCode != tc.want {
					t.Fatalf("got %v %v", res, err)
				}
				if took := time.Since(began); took > tc.after {
					t.Errorf("after %v, want at most %v", took, tc.after)
				}
				c.Close()
				if err := stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestFailuresAreCountedAndLogged(t *testing.T) {
	var out bytes.Buffer
	reg := prometheus.NewRegistry()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fine/{name}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") })
	mux.HandleFunc("GET /empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("at the disco") })
	mux.HandleFunc("GET /late", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("in the middle")
	})
	mux.Handle("GET /fails", HandlerFunc(func(http.ResponseWriter, *http.Request) error { return errors.New("no disk") }))
	mux.Handle("GET /busy", HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		return &Error{Status: http.StatusServiceUnavailable, Message: "later", Cause: errors.New("quiet")}
	}))
	h := newMiddleware(Options{
		Handler: mux, Log: slog.New(slog.NewTextHandler(&out, nil)), Metrics: reg, WriteTimeout: time.Second, MaxBody: 1,
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, tc := range []struct {
		path   string
		status int
		whole  bool
	}{
		{"/fine/secret?token=hidden", 200, true},
		{"/empty", 200, true},
		{"/panic", 500, true},
		{"/late", 200, false},
		{"/fails", 500, true},
		{"/busy", 503, true},
		{"/nowhere", 404, true},
	} {
		res, err := srv.Client().Get(srv.URL + tc.path)
		if err != nil {
			t.Fatalf("%s: %v", tc.path, err)
		}
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != tc.status || (err == nil) != tc.whole {
			t.Errorf("%s: %d, %v; want %d", tc.path, res.StatusCode, err, tc.status)
		}
	}
	srv.Close() // waits for the handlers

	want := `
# HELP shoal_httpd_requests_total Requests answered, by the mux's pattern, method and status.
# TYPE shoal_httpd_requests_total counter
shoal_httpd_requests_total{code="200",method="GET",route="GET /empty"} 1
shoal_httpd_requests_total{code="200",method="GET",route="GET /fine/{name}"} 1
shoal_httpd_requests_total{code="200",method="GET",route="GET /late"} 1
shoal_httpd_requests_total{code="404",method="GET",route="none"} 1
shoal_httpd_requests_total{code="500",method="GET",route="GET /fails"} 1
shoal_httpd_requests_total{code="500",method="GET",route="GET /panic"} 1
shoal_httpd_requests_total{code="503",method="GET",route="GET /busy"} 1
# HELP shoal_httpd_panics_total Handlers that panicked; the log has their stacks.
# TYPE shoal_httpd_panics_total counter
shoal_httpd_panics_total 2
# HELP shoal_httpd_requests_in_flight Requests that are being answered or held.
# TYPE shoal_httpd_requests_in_flight gauge
shoal_httpd_requests_in_flight 0
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want),
		"shoal_httpd_requests_total", "shoal_httpd_panics_total", "shoal_httpd_requests_in_flight"); err != nil {
		t.Error(err)
	}
	log := out.String()
	for _, s := range []string{"at the disco", "in the middle", "no disk", "stack="} {
		if !strings.Contains(log, s) {
			t.Errorf("the log lacks %q", s)
		}
	}
	for _, s := range []string{"secret", "hidden", "quiet", "127.0.0.1"} {
		if strings.Contains(log, s) {
			t.Errorf("the log has %q", s)
		}
	}
}

func TestHTTP2OverTLS(t *testing.T) {
	tlsSrv := httptest.NewUnstartedServer(nil) // lends its certificate
	tlsSrv.StartTLS()
	cert := tlsSrv.TLS.Certificates[0]
	roots := tlsSrv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	tlsSrv.Close()
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots},
	}}

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }),
		Log:     slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	done := make(chan error, 1)
	go func() {
		done <- s.ServeTLS(ln, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	}()
	res, err := client.Get("https://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "HTTP/2.0" {
		t.Errorf("answered by %q, %v", body, err)
	}
	client.CloseIdleConnections()
	if err := errors.Join(s.Shutdown(t.Context()), <-done); err != nil {
		t.Error(err)
	}
}

func TestPrivate(t *testing.T) {
	nets := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}
	h := Private(nets, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, tc := range []struct {
		remote, header string
		want           int
	}{
		{"127.0.0.1:1", "", 200},
		{"[::ffff:127.0.0.1]:1", "", 200},
		{"[fe80::1%eth0]:1", "", 200},
		{"192.0.2.1:1", "", 403},
		{"[2001:db8::1]:1", "", 403},
		{"nonsense", "", 403},
		{"127.0.0.1:1", "X-Forwarded-For", 403},
		{"127.0.0.1:1", "Forwarded", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = tc.remote
		if tc.header != "" {
			r.Header.Set(tc.header, "for=192.0.2.1")
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != tc.want {
			t.Errorf("%s %s: %d, want %d", tc.remote, tc.header, rec.Code, tc.want)
		}
	}
}

func BenchmarkMiddleware(b *testing.B) {
	mux := http.NewServeMux()
	body := make([]byte, 50<<10)
	mux.HandleFunc("GET /part", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	h := newMiddleware(Options{Handler: mux, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), WriteTimeout: time.Second})
	r := httptest.NewRequest(http.MethodGet, "/part", nil)
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header                { return d.h }
func (d discard) Write(p []byte) (int, error)        { return len(p), nil }
func (d discard) WriteHeader(int)                    {}
func (d discard) SetWriteDeadline(_ time.Time) error { return nil }
