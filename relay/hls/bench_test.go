package hls

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"shoal/internal/live"
)

// nobody takes answers and throws them away.
type nobody struct{ h http.Header }

func (n *nobody) Header() http.Header         { return n.h }
func (n *nobody) Write(b []byte) (int, error) { return len(b), nil }
func (n *nobody) WriteHeader(int)             {}

// watched is a live with parts of 60 KB and a full playlist.
func watched(t testing.TB) *feed {
	f := newFeed(t)
	f.size = 12_000
	f.begin(avcC180, true)
	f.segments(15)
	f.parts(3)
	return f
}

// BenchmarkServeHTTP is what a request costs beside net/http.
func BenchmarkServeHTTP(b *testing.B) {
	s := newServer(b, watched(b))
	for name, target := range map[string]string{
		"part":          "main-7-15.1.mp4",
		"segment":       "main-7-14.mp4",
		"audio part":    "audio-7-14.0.mp4",
		"playlist":      "main.m3u8",
		"named, packed": "main.m3u8?_HLS_msn=15&_HLS_part=2",
		"refusal":       "main.m3u8?_HLS_msn=99",
	} {
		b.Run(name, func(b *testing.B) {
			r, err := http.NewRequest(http.MethodGet, base+target, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", "gzip, deflate, br")
			w := &nobody{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				s.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkRender is what each part costs, once for all viewers.
func BenchmarkRender(b *testing.B) {
	f := watched(b)
	s := newServer(b, f)
	w := f.s.Window("main")
	for name, do := range map[string]func(*page) *text{
		"whole":           func(p *page) *text { return s.writer.text(p, f.s, w, wholeSheet, false) },
		"whole and gzip":  func(p *page) *text { return s.writer.text(p, f.s, w, wholeSheet, true) },
		"delta and gzip":  func(p *page) *text { return s.writer.text(p, f.s, w, deltaSheet, true) },
		"master and gzip": func(p *page) *text { return s.writer.text(p, f.s, w, masterSheet, true) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(do(&page{}).data)))
			}
		})
	}
}

// BenchmarkWake is one part that a thousand held requests wait for: hold, render, wake, answer.
func BenchmarkWake(b *testing.B) {
	const viewers = 1000
	f := newFeed(b)
	f.begin(avcC180, false)
	f.segments(15)
	s := newServer(b, f)
	b.ReportAllocs()
	for b.Loop() {
		w := f.s.Window("main")
		q := Request{
			Method: http.MethodGet, Path: base + "main.m3u8", AcceptEncoding: "gzip",
			Query: "_HLS_msn=" + decimal(int64(w.HintSegment)) + "&_HLS_part=" + decimal(int64(w.HintPart)),
		}
		var all sync.WaitGroup
		for range viewers {
			all.Go(func() {
				if a := s.Answer(context.Background(), &q); a.Status != http.StatusOK {
					b.Error(a.Status)
				}
			})
		}
		for s.held.Load() < viewers { // they are about to wait
			runtime.Gosched()
		}
		f.frames(5, f.part == 0, f.part == 9)
		all.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/viewers, "µs/viewer")
}

// BenchmarkLoopback is a request over a TCP connection that stays, with net/http on the server's side and next to
// nothing on the viewer's.
func BenchmarkLoopback(b *testing.B) {
	s := newServer(b, watched(b))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	web := &http.Server{Handler: s}
	var done sync.WaitGroup
	done.Go(func() { _ = web.Serve(l) })
	defer done.Wait()
	defer web.Close()
	for name, target := range map[string]string{"part": "main-7-15.1.mp4", "playlist": "main.m3u8?_HLS_msn=15&_HLS_part=2"} {
		b.Run(name, func(b *testing.B) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			q := Request{Method: http.MethodGet, Path: base + target}
			if name == "playlist" {
				q = Request{Method: http.MethodGet, Path: base + "main.m3u8", AcceptEncoding: "gzip"}
			}
			a := s.Answer(b.Context(), &q)
			ask := []byte("GET " + base + target + " HTTP/1.1\r\nHost: shoal\r\nAccept-Encoding: gzip\r\n\r\n")
			// Every answer has the same length: what is read of the first is read of all.
			if _, err := c.Write(ask); err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 256<<10)
			total, head := 0, 0
			for head == 0 || total < head+int(a.Body.Len()) {
				n, err := c.Read(buf[total:])
				if err != nil {
					b.Fatal(err)
				}
				if total += n; head == 0 {
					head = headerEnd(buf[:total])
				}
			}
			b.SetBytes(a.Body.Len())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(ask); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, buf[:total]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func headerEnd(b []byte) int {
	for i := 4; i <= len(b); i++ {
		if string(b[i-4:i]) == "\r\n\r\n" {
			return i
		}
	}
	return 0
}

var _ Hub = (*live.Hub)(nil)
