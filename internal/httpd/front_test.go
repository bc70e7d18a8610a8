package httpd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// echo answers with what it saw, in two pieces, and holds a request for as long as its query says.
type echo struct{ held chan struct{} }

func (e echo) AnswerDirect(_ context.Context, h *Head, r *Raw) bool {
	switch {
	case h.Query == "decline":
		r.Status, r.Size = http.StatusTeapot, 7
		r.Fields = append(r.Fields, "Content-Length: 7\r\n"...)
		r.Body = append(r.Body, []byte("dropped"))
		return false
	case h.Query == "panic":
		panic("of a test")
	case strings.HasPrefix(h.Query, "hold="):
		d, err := time.ParseDuration(h.Query[len("hold="):])
		if err != nil {
			panic(err)
		}
		time.Sleep(d)
	case h.Query == "wait-decline":
		<-e.held
		return false
	case h.Query == "wait":
		<-e.held
	}
	body := []string{"direct " + h.Path, "|" + h.Range + "|" + h.AcceptEncoding}
	if h.Query == "big" {
		body = append(body, strings.Repeat("x", 1<<20))
	}
	for _, b := range body {
		r.Body = append(r.Body, []byte(b))
		r.Size += int64(len(b))
	}
	r.Status = http.StatusOK
	r.Fields = append(r.Fields, "Content-Length: "+strconv.FormatInt(r.Size, 10)+"\r\n"...)
	return true
}

// startFront serves echo before a handler that says "general".
func startFront(e echo) (*Server, *pipes, func(context.Context) error) {
	return start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "general "+r.URL.Path)
	}), slog.New(slog.DiscardHandler), Options{Direct: e, DirectPrefix: mediaPrefix})
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Error(err)
	}
}

// receive reads an answer with its body.
func receive(t *testing.T, br *bufio.Reader, method string) (*http.Response, string) {
	t.Helper()
	a, err := http.ReadResponse(br, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Body.Close()
	return a, string(b)
}

func ask(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

func TestFrontAnswersAndHandsOver(t *testing.T) {
	_, ln, stop := startFront(echo{})
	c := ln.dial()
	defer c.Close()
	br := bufio.NewReader(c)

	send(t, c, "GET /media/a HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip\r\n\r\n")
	a, body := receive(t, br, "GET")
	if body != "direct /media/a|bytes=0-1|gzip" || a.StatusCode != 200 || a.Header.Get("Date") == "" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %q with %v", body, a.Header)
	}
	send(t, c, "HEAD /media/a HTTP/1.1\r\nHost: x\r\n\r\n")
	if a, body := receive(t, br, "HEAD"); body != "" || a.ContentLength != int64(len("direct /media/a||")) {
		t.Errorf("HEAD has a body %q, and says %d", body, a.ContentLength)
	}
	go send(t, c, ask("/media/1")+ask("/media/2")) // both at once
	for _, want := range []string{"direct /media/1||", "direct /media/2||"} {
		if _, body := receive(t, br, "GET"); body != want {
			t.Errorf("got %q, want %q", body, want)
		}
	}
	send(t, c, "GET /media/big?big HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, body := receive(t, br, "GET"); len(body) < 1<<20 {
		t.Errorf("got %d bytes", len(body))
	}
	for range 2 { // from here on it is net/http's, whatever is asked
		send(t, c, ask("/page"))
		if _, body := receive(t, br, "GET"); body != "general /page" {
			t.Errorf("got %q", body)
		}
		send(t, c, ask("/media/a"))
		if _, body := receive(t, br, "GET"); body != "general /media/a" {
			t.Errorf("got %q", body)
		}
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFrontHandsOverWhatIsDeclined(t *testing.T) {
	_, ln, stop := startFront(echo{})
	c := ln.dial()
	defer c.Close()
	br := bufio.NewReader(c)
	go send(t, c, ask("/media/1")+ask("/media/2?decline")+ask("/media/3")) // all at once: nothing may be lost or said twice
	for _, want := range []string{"direct /media/1||", "general /media/2", "general /media/3"} {
		a, body := receive(t, br, "GET")
		if body != want || a.StatusCode != 200 {
			t.Errorf("got %d, %q, want %q", a.StatusCode, body, want)
		}
	}
	send(t, c, "HEAD /media/4?decline HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if a, _ := receive(t, br, "HEAD"); a.ContentLength != int64(len("general /media/4")) || !a.Close {
		t.Errorf("got %+v", a)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFrontDropsWhatIsDeclinedAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := echo{held: make(chan struct{})}
		_, ln, stop := startFront(e)
		c := ln.dial()
		defer c.Close()
		send(t, c, ask("/media/a?wait-decline"))
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- stop(t.Context()) }()
		synctest.Wait()
		close(e.held)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the connection is open: %v", err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestFrontLeavesLongHeadsToNetHTTP(t *testing.T) {
	_, ln, stop := startFront(echo{})
	c := ln.dial()
	defer c.Close()
	go send(t, c, "GET /media/a HTTP/1.1\r\nHost: x\r\nCookie: "+strings.Repeat("x", headBuffer)+"\r\n\r\n")
	if _, body := receive(t, bufio.NewReader(c), "GET"); body != "general /media/a" {
		t.Errorf("got %q", body)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFrontClosesWhenAsked(t *testing.T) {
	_, ln, stop := startFront(echo{})
	c := ln.dial()
	defer c.Close()
	send(t, c, "GET /media/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	br := bufio.NewReader(c)
	if a, _ := receive(t, br, "GET"); !a.Close {
		t.Error("the answer does not say that the connection ends")
	}
	if _, err := br.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFrontTimeouts(t *testing.T) {
	tests := []struct {
		name string
		talk func(t *testing.T, c net.Conn, br *bufio.Reader)
		want time.Duration // after talk
	}{
		{"nothing is asked", func(*testing.T, net.Conn, *bufio.Reader) {}, headerTimeout},
		{"a head that does not end", func(t *testing.T, c net.Conn, _ *bufio.Reader) { send(t, c, "GET /me") }, headerTimeout},
		{"nothing more is asked", func(t *testing.T, c net.Conn, br *bufio.Reader) {
			send(t, c, ask("/media/a"))
			receive(t, br, "GET")
		}, idleTimeout},
		{"a second head that does not end", func(t *testing.T, c net.Conn, br *bufio.Reader) {
			send(t, c, ask("/media/a"))
			receive(t, br, "GET")
			send(t, c, "GET")
		}, headerTimeout},
		{"an answer that is not taken", func(t *testing.T, c net.Conn, br *bufio.Reader) {
			send(t, c, ask("/media/a"))
		}, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, ln, stop := startFront(echo{})
				c := ln.dial()
				defer c.Close()
				tt.talk(t, c, bufio.NewReader(c))
				began := time.Now()
				if tt.want == 30*time.Second {
					time.Sleep(time.Minute) // read too late
				}
				_, err := c.Read(make([]byte, 1))
				if err == nil {
					t.Fatal("the connection is open")
				}
				if took := time.Since(began); tt.want != 30*time.Second && took.Round(time.Second) != tt.want {
					t.Errorf("closed after %v, want %v", took, tt.want)
				}
				if err := stop(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestFrontHoldsLongerThanAnyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, ln, stop := startFront(echo{})
		c := ln.dial()
		defer c.Close()
		br := bufio.NewReader(c)
		for range 3 {
			send(t, c, ask("/media/a?hold=100s"))
			if a, _ := receive(t, br, "GET"); a.StatusCode != 200 {
				t.Errorf("got %d", a.StatusCode)
			}
		}
		if err := stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestFrontShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := echo{held: make(chan struct{})}
		s, ln, stop := startFront(e)
		idle, busy := ln.dial(), ln.dial()
		defer idle.Close()
		defer busy.Close()
		br := bufio.NewReader(busy)
		send(t, busy, ask("/media/a?wait"))
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- stop(t.Context()) }()
		synctest.Wait()
		if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("a connection that asks nothing: %v", err)
		}
		select {
		case err := <-stopped:
			t.Fatalf("Shutdown did not wait for the held request: %v", err)
		default:
		}
		close(e.held)
		if a, _ := receive(t, br, "GET"); a.StatusCode != 200 {
			t.Errorf("the held request got %d", a.StatusCode)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		s.front.mu.Lock()
		defer s.front.mu.Unlock()
		if n := len(s.front.conns); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func TestFrontShutdownCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, ln, stop := startFront(echo{})
		c := ln.dial()
		defer c.Close()
		send(t, c, ask("/media/a?hold=10s"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFrontSurvivesAPanic(t *testing.T) {
	reg := prometheus.NewRegistry()
	s, ln, stop := start(http.NotFoundHandler(), slog.New(slog.DiscardHandler), Options{Direct: echo{}, DirectPrefix: mediaPrefix, Metrics: reg})
	c := ln.dial()
	defer c.Close()
	send(t, c, ask("/media/a?panic"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	other := ln.dial()
	defer other.Close()
	send(t, other, ask("/media/a"))
	receive(t, bufio.NewReader(other), "GET")
	if n := testutil.ToFloat64(s.front.metrics.panics); n != 1 {
		t.Errorf("%v panics were counted", n)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	want := fmt.Sprintf("# HELP shoal_httpd_requests_total Requests answered, by the mux's pattern, method and status.\n"+
		"# TYPE shoal_httpd_requests_total counter\nshoal_httpd_requests_total{code=\"200\",method=\"GET\",route=%q} 1\n", mediaPrefix)
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "shoal_httpd_requests_total"); err != nil {
		t.Error(err)
	}
}
