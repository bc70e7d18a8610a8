package hls

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/media"
	"shoal/internal/testkit/hlscheck"
)

// memory is a network in memory, whose connections live in a bubble of virtual time.
type memory struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newMemory() *memory { return &memory{conns: make(chan net.Conn), done: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case m.conns <- theirs:
		return ours, nil
	case <-m.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// follow lets hlscheck follow a feed, in virtual time, over HTTP/1.1. The feed writes one part before.
func follow(t *testing.T, f *feed, h http.Handler, write func(), opts hlscheck.Options) (*hlscheck.Report, error) {
	t.Helper()
	m := newMemory()
	web := &http.Server{Handler: h}
	var running sync.WaitGroup
	running.Go(func() { _ = web.Serve(m) })
	tr := &http.Transport{DialContext: m.dial, DisableCompression: true, MaxIdleConnsPerHost: 16}
	ctx, cancel := context.WithCancel(t.Context())
	running.Go(func() {
		f.stop = ctx.Done()
		write()
	})
	opts.Client = &http.Client{Transport: tr, Timeout: 20 * time.Second}
	report, err := hlscheck.Follow(ctx, "http://shoal"+base+masterFile, opts)
	cancel()
	tr.CloseIdleConnections()
	_ = web.Close()
	running.Wait()
	return report, err
}

// TestFollow holds the server, and the stream behind it, against every rule of low-latency HLS that we know.
func TestFollow(t *testing.T) {
	rest := func(f *feed, from int) {
		for p := from; p < 10; p++ {
			f.frames(5, false, p == 9)
		}
	}
	tests := map[string]struct {
		video string
		audio bool
		opts  hlscheck.Options
		write func(*feed)
		check func(*testing.T, *hlscheck.Report)
	}{
		"video and audio": {avcC180, true, hlscheck.Options{For: 60 * time.Second}, func(f *feed) { f.segments(100) }, func(t *testing.T, r *hlscheck.Report) {
			m, a := r.Renditions["main.m3u8"], r.Renditions["audio.m3u8"]
			if m.Parts < 190 || a.Parts < 35 || m.DeltasCompared < 50 || m.Deltas < 50 || m.HintsTrue < 190 || m.Segments < 18 {
				t.Error("too little was checked")
			}
		}},
		"video alone": {avcC180, false, hlscheck.Options{For: 20 * time.Second}, func(f *feed) { f.segments(100) }, func(t *testing.T, r *hlscheck.Report) {
			if len(r.Renditions) != 1 {
				t.Error("not one rendition")
			}
		}},
		"audio alone": {"", true, hlscheck.Options{For: 30 * time.Second}, func(f *feed) {
			for range 100 {
				f.silence(12, false)
				f.silence(12, true)
			}
		}, nil},
		"the end": {avcC180, true, hlscheck.Options{}, func(f *feed) {
			f.segments(12)
			f.parts(3)
			f.s.End(f.epoch)
		}, func(t *testing.T, r *hlscheck.Report) {
			if !r.Ended {
				t.Error("the end was not seen")
			}
		}},
		"another resolution": {avcC180, true, hlscheck.Options{For: 30 * time.Second, Changes: true}, func(f *feed) {
			f.segments(5)
			f.parts(4)
			f.s.Interrupt(f.epoch)
			f.begin(avcC360, true)
			f.segments(100)
		}, func(t *testing.T, r *hlscheck.Report) {
			if m := r.Renditions["main.m3u8"]; m.Discontinuities != 1 {
				t.Error("the change was not seen")
			}
		}},
		"new epochs": {avcC180, true, hlscheck.Options{For: 36 * time.Second}, func(f *feed) {
			for n, e := range []media.Epoch{{N: 7, P: 1, Node: "pi-4.local"}, {N: 8}, {N: 9}} {
				f.segments(4)
				f.parts(n + 1)
				f.takeover(e)
				f.begin(avcC180, true)
			}
			f.segments(100)
		}, func(t *testing.T, r *hlscheck.Report) {
			if m := r.Renditions["main.m3u8"]; m.Discontinuities != 3 {
				t.Error("the changes were not seen")
			}
		}},
		"early keyframes": {avcC180, true, hlscheck.Options{For: 30 * time.Second}, func(f *feed) {
			for range 100 {
				f.parts(10)
				f.seg, f.part = f.seg+1, 0 // the keyframe that comes says it
				f.parts(4)
				f.seg, f.part = f.seg+1, 0
			}
		}, func(t *testing.T, r *hlscheck.Report) {
			if m := r.Renditions["main.m3u8"]; m.HintsFalse < 10 {
				t.Error("no hint turned out false")
			}
		}},
		"a keyframe amid a segment": {avcC180, true, hlscheck.Options{For: 20 * time.Second}, func(f *feed) {
			for range 100 {
				f.parts(5)
				f.frames(5, true, false)
				rest(f, 6)
			}
		}, func(t *testing.T, r *hlscheck.Report) {
			if m := r.Renditions["main.m3u8"]; m.Independent < 2*m.Segments {
				t.Error("it was not seen")
			}
		}},
		"an encoder that freezes": {avcC180, true, hlscheck.Options{For: 40 * time.Second, Pauses: true}, func(f *feed) {
			f.segments(3)
			f.parts(2)
			time.Sleep(20 * time.Second)
			f.takeover(media.Epoch{N: 8})
			f.begin(avcC180, true)
			f.offset += 20 * time.Second
			f.segments(100)
		}, func(t *testing.T, r *hlscheck.Report) {
			if m := r.Renditions["main.m3u8"]; m.Pauses != 3 || m.Discontinuities != 1 {
				t.Error("it was not seen")
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFeed(t)
				f.realtime = true
				s := newServer(t, f)
				f.begin(tt.video, tt.audio)
				if tt.video == "" {
					f.silence(12, false)
				} else {
					f.frames(5, true, false)
				}
				r, err := follow(t, f, s, func() {
					if tt.video == "" {
						f.silence(12, true)
					} else {
						rest(f, 1)
					}
					tt.write(f)
				}, tt.opts)
				if err != nil {
					t.Fatalf("%v\n%v", err, r)
				}
				t.Log(r)
				if len(r.Violations) > 0 {
					t.Error("rules were broken")
				}
				if tt.check != nil {
					tt.check(t, r)
				}
			})
		})
	}
}

// TestFollowLoopback is the same over real connections, in real time, by a feed that is ten times as fast.
func TestFollowLoopback(t *testing.T) {
	f := newFeed(t)
	f.begin(avcC180, true)
	f.segments(1)
	web := httptest.NewServer(newServer(t, f))
	defer web.Close()
	var writing sync.WaitGroup
	writing.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range 95 {
			<-tick.C
			f.frames(5, f.part == 0, f.part == 9)
		}
		f.s.End(f.epoch)
	})
	r, err := hlscheck.Follow(t.Context(), web.URL+base+masterFile, hlscheck.Options{Tolerance: 5 * time.Second})
	writing.Wait()
	if err != nil {
		t.Fatalf("%v\n%v", err, r)
	}
	t.Log(r)
	if len(r.Violations) > 0 || !r.Ended || r.Renditions["main.m3u8"].Parts < 95 {
		t.Error("rules were broken, or too little was checked")
	}
}
