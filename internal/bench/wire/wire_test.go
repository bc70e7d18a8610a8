package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const long = time.Minute

// start serves HTTP and counts connections.
func start(t *testing.T, h http.HandlerFunc) (addr string, connections *atomic.Int32) {
	t.Helper()
	connections = new(atomic.Int32)
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), connections
}

func client(t *testing.T, addr string) *Client {
	t.Helper()
	c, err := New(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestGet(t *testing.T) {
	body := strings.Repeat("0123456789", 10_000)
	addr, connections := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, body)
		case "/chunked":
			for i := 0; i < len(body); i += 30_000 {
				_, _ = io.WriteString(w, body[i:min(i+30_000, len(body))])
				w.(http.Flusher).Flush()
			}
			w.Header().Set(http.TrailerPrefix+"X-After", "trailer")
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		case "/close":
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "bye")
		case "/error":
			http.Error(w, "no such thing: "+r.URL.RawQuery, http.StatusNotFound)
		}
	})
	c := client(t, addr)
	tests := []struct {
		target, want string
		status       int
		connections  int32
	}{
		{"/length", body, 200, 1},
		{"/chunked", body, 200, 1},
		{"/nothing", "", 204, 1},
		{"/error?a=b", "no such thing: a=b\n", 404, 1},
		{"/close", "bye", 200, 1},
		{"/length", body, 200, 2},
	}
	for _, tt := range tests {
		var got bytes.Buffer
		res, err := c.Get(tt.target, long, func(b []byte) { got.Write(b) })
		if err != nil {
			t.Fatalf("%s: %v", tt.target, err)
		}
		if res.Status != tt.status || res.Bytes != int64(len(tt.want)) || got.String() != tt.want {
			t.Errorf("%s: status %d, %d bytes, want %d and %d", tt.target, res.Status, res.Bytes, tt.status, len(tt.want))
		}
		if n := connections.Load(); n != tt.connections {
			t.Errorf("%s: %d connections, want %d", tt.target, n, tt.connections)
		}
	}
	if res, err := c.Get("/length", long, nil); err != nil || res.Bytes != 100_000 {
		t.Errorf("without a sink: %+v, %v", res, err)
	}
}

// raw serves what a script writes, one script per connection.
func raw(t *testing.T, scripts ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, script := range scripts {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_, _ = io.WriteString(conn, script)
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name, script, want string
		err                error
	}{
		{"until the end of the connection", "HTTP/1.1 200 OK\r\n\r\nall of it", "all of it", nil},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", nil},
		{"odd case and spaces", "HTTP/1.1 200 OK\ncontent-LENGTH:2   \n\nok", "ok", nil},
		{"chunk extensions", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n", "ok", nil},
		{"body cut off", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "ok", io.EOF},
		{"head cut off", "HTTP/1.1 200 OK\r\nContent-", "", io.EOF},
		{"chunk cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", "ok", io.EOF},
		{"another protocol", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "", ErrHTTP},
		{"a bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "", ErrHTTP},
		{"a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "", ErrHTTP},
		{"a line without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20_000), "", bufio.ErrBufferFull},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, raw(t, tt.script))
			var got bytes.Buffer
			_, err := c.Get("/", long, func(b []byte) { got.Write(b) })
			c.Close()
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if got.String() != tt.want {
				t.Errorf("body %q, want %q", got.String(), tt.want)
			}
		})
	}
}

func TestIdleConnectionThatEndedIsReplaced(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	c := client(t, raw(t, ok, ok))
	for range 2 {
		if res, err := c.Get("/", long, nil); err != nil || res.Status != 200 {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	c.Close()
}

func TestWaitsEnd(t *testing.T) {
	waiting := make(chan struct{}, 1)
	addr, _ := start(t, func(_ http.ResponseWriter, r *http.Request) {
		waiting <- struct{}{}
		<-r.Context().Done()
	})
	t.Run("by the timeout", func(t *testing.T) {
		_, err := client(t, addr).Get("/", 20*time.Millisecond, nil)
		<-waiting
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("error %v, want a timeout", err)
		}
	})
	t.Run("by the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := New(ctx, addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() { <-waiting; cancel() }()
		if _, err := c.Get("/", long, nil); err == nil {
			t.Error("the request ended well")
		}
		if _, err := c.Get("/", long, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v afterwards, want context.Canceled", err)
		}
	})
}

func TestOnlyLoopback(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:80", "127.9.8.7:80", "[::1]:80", "localhost:80"} {
		if _, err := New(t.Context(), addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for _, addr := range []string{"", "127.0.0.1", "192.0.2.1:80", "example.org:80", "[2001:db8::1]:80", "0.0.0.0:80"} {
		if _, err := New(t.Context(), addr); !errors.Is(err, ErrLoopback) {
			t.Errorf("%q: error %v, want ErrLoopback", addr, err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nA: b\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 404 \r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		h, err := readHead(r)
		if err != nil {
			return
		}
		var res Response
		n := 0
		sink := func(b []byte) { n += len(b) }
		if h.chunked {
			_ = chunks(r, &res, sink)
		} else {
			_ = copyBody(r, &res, sink, h.length)
		}
		if int64(n) != res.Bytes || n > len(b) {
			t.Fatalf("%d bytes of %d, %d counted", n, len(b), res.Bytes)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2000)) }))
	defer s.Close()
	c, err := New(b.Context(), s.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get("/some/path", long, nil); err != nil {
			b.Fatal(err)
		}
	}
}
