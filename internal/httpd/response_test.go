package httpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// written makes a file of n bytes, and opens it.
func written(t *testing.T, n int) (*os.File, []byte) {
	t.Helper()
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 7)
	}
	path := filepath.Join(t.TempDir(), "file.mp4")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, b
}

// TestFilesOverTCP sends files by the way that ends in sendfile: directly, and behind a front.
func TestFilesOverTCP(t *testing.T) {
	f, want := written(t, 3*piece+1234)
	s := New(Options{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/part" {
				http.ServeContent(w, r, f.Name(), time.Time{}, ranged(t, f, 1000, 2*piece))
				return
			}
			http.ServeContent(w, r, f.Name(), time.Time{}, f)
		}),
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Direct: echo{}, DirectPrefix: mediaPrefix,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	client := &http.Client{Transport: &http.Transport{}}
	for _, tt := range []struct {
		path, ranges string
		from, to     int
	}{
		{"/file", "", 0, len(want)},
		{"/file", "bytes=0-0", 0, 1},
		{"/file", "bytes=1000-", 1000, len(want)},
		{"/part", "", 1000, 1000 + 2*piece},
		{"/part", "bytes=10-19", 1010, 1020},
		{mediaPrefix + "a?decline", "bytes=77-600000", 77, 600_001},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.ranges != "" {
			req.Header.Set("Range", tt.ranges)
		}
		a, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if err != nil || !bytes.Equal(got, want[tt.from:tt.to]) {
			t.Errorf("%s, %s: %d bytes, %v; want %d", tt.path, tt.ranges, len(got), err, tt.to-tt.from)
		}
	}
	client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := errors.Join(s.Shutdown(ctx), <-done); err != nil {
		t.Error(err)
	}
}

// kernel is a ResponseWriter that takes what it can hand to the kernel.
type kernel struct {
	http.ResponseWriter
	body  bytes.Buffer
	files []int64 // limits of what came straight from a file
	fail  error
}

func (k *kernel) Header() http.Header         { return http.Header{} }
func (k *kernel) WriteHeader(int)             {}
func (k *kernel) Write(b []byte) (int, error) { return k.body.Write(b) }

func (k *kernel) ReadFrom(r io.Reader) (int64, error) {
	if k.fail != nil {
		return 0, k.fail
	}
	l, ok := r.(*io.LimitedReader)
	if !ok {
		return 0, errors.New("not limited")
	}
	if _, ok := l.R.(*os.File); !ok {
		return 0, errors.New("not a file")
	}
	k.files = append(k.files, l.N)
	return io.Copy(&k.body, r)
}

func ranged(t *testing.T, f *os.File, from, size int64) *FileRange {
	t.Helper()
	r, err := NewFileRange(f, from, size)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFileRange(t *testing.T) {
	f, all := written(t, 1000)
	if err := iotest.TestReader(ranged(t, f, 100, 300), all[100:400]); err != nil {
		t.Error(err)
	}
	if err := iotest.TestReader(ranged(t, f, 100, 0), nil); err != nil {
		t.Error(err)
	}
	if n, err := io.Copy(io.Discard, ranged(t, f, 900, 101)); n != 100 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a range that the file does not have: %d bytes, %v", n, err)
	}
	if _, err := ranged(t, f, 1, 2).Seek(-1, io.SeekStart); err == nil {
		t.Error("seek before the start")
	}
}

func TestReadFrom(t *testing.T) {
	const size = 2*piece + 10
	broken := errors.New("the reader is gone")
	tests := []struct {
		name  string
		read  func(f *os.File) io.Reader
		files []int64
		n     int
		fail  error
	}{
		{"a file", func(f *os.File) io.Reader { return f }, []int64{piece, piece, piece}, size, nil},
		{"a range of it", func(f *os.File) io.Reader { return io.LimitReader(f, piece+5) }, []int64{piece, 5}, piece + 5, nil},
		{"just a piece", func(f *os.File) io.Reader { return io.LimitReader(f, piece) }, []int64{piece}, piece, nil},
		{"more than there is", func(f *os.File) io.Reader { return io.LimitReader(f, size+1) }, []int64{piece, piece, 11}, size, nil},
		{"nothing", func(f *os.File) io.Reader { return io.LimitReader(f, 0) }, nil, 0, nil},
		{"no file", func(f *os.File) io.Reader { return io.NewSectionReader(f, 0, size) }, nil, size, nil},
		{"a limit of no file", func(f *os.File) io.Reader { return io.LimitReader(io.NewSectionReader(f, 0, size), 99) }, nil, 99, nil},
		{"a part of a file", func(f *os.File) io.Reader { return ranged(t, f, 0, piece+7) }, []int64{piece, 7}, piece + 7, nil},
		{"a range of a part", func(f *os.File) io.Reader { return io.LimitReader(ranged(t, f, 0, piece), 3) }, []int64{3}, 3, nil},
		{"a part that ends before the limit", func(f *os.File) io.Reader { return io.LimitReader(ranged(t, f, 0, 50), 80) }, []int64{50}, 50, nil},
		{"nobody reads", func(f *os.File) io.Reader { return f }, nil, 0, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, want := written(t, size)
			k := &kernel{fail: tt.fail}
			w := &response{ResponseWriter: k, control: http.NewResponseController(k), timeout: time.Minute}
			n, err := w.ReadFrom(tt.read(f))
			if n != int64(tt.n) || !errors.Is(err, tt.fail) || w.bytes != n || !bytes.Equal(k.body.Bytes(), want[:tt.n]) {
				t.Errorf("%d bytes, %v, %d counted, want %d", n, err, w.bytes, tt.n)
			}
			if len(k.files) != len(tt.files) {
				t.Fatalf("pieces of %v, want %v", k.files, tt.files)
			}
			for i := range k.files {
				if k.files[i] != tt.files[i] {
					t.Errorf("pieces of %v, want %v", k.files, tt.files)
				}
			}
		})
	}
}
