package hls

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"shoal/internal/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// held is a request in a goroutine of its own.
type held struct {
	w    *httptest.ResponseRecorder
	at   time.Time
	took time.Duration
	done chan struct{}
}

func hold(ctx context.Context, s *Server, target string) *held {
	h := &held{w: httptest.NewRecorder(), at: time.Now(), done: make(chan struct{})}
	go func() {
		defer close(h.done)
		s.ServeHTTP(h.w, httptest.NewRequest("GET", base+target, nil).WithContext(ctx))
		h.took = time.Since(h.at)
	}()
	synctest.Wait()
	return h
}

func (h *held) waits() bool {
	synctest.Wait()
	select {
	case <-h.done:
		return false
	default:
		return true
	}
}

// TestHeld is the table of requests that wait: for what, what comes, and what they get, at once when it has come.
func TestHeld(t *testing.T) {
	part := func(f *feed) { f.parts(1) }
	rest := func(f *feed) { // of the open segment, which has three parts
		for p := range 7 {
			f.frames(5, false, p == 6)
		}
	}
	early := func(f *feed) { // a keyframe that ends the segment
		f.s.Interrupt(f.epoch)
		f.begin(avcC180, true)
		f.parts(1)
	}
	takeover := func(f *feed) {
		f.takeover(media.Epoch{N: 8})
		f.begin(avcC180, true)
	}
	end := func(f *feed) { f.s.End(f.epoch) }
	tests := map[string]struct {
		target string
		before []func(*feed) // after which it still waits
		then   func(*feed)
		status int
		want   string // in the answer
	}{
		"the next part listed":              {"main.m3u8?_HLS_msn=3&_HLS_part=3", nil, part, 200, "main-7-3.3.mp4"},
		"the part after it":                 {"main.m3u8?_HLS_msn=3&_HLS_part=4", []func(*feed){part}, part, 200, "main-7-3.4.mp4"},
		"the open segment":                  {"main.m3u8?_HLS_msn=3", []func(*feed){part}, func(f *feed) { f.frames(5, false, true) }, 200, "\nmain-7-3.mp4"},
		"the next segment's first part":     {"main.m3u8?_HLS_msn=4&_HLS_part=0", []func(*feed){part, func(f *feed) { f.frames(5, false, true) }}, part, 200, "main-7-4.0.mp4"},
		"a part past the last":              {"main.m3u8?_HLS_msn=3&_HLS_part=10", []func(*feed){rest}, part, 200, "main-7-4.0.mp4"},
		"a part far past the last":          {"main.m3u8?_HLS_msn=3&_HLS_part=999", []func(*feed){rest}, part, 200, "main-7-4.0.mp4"},
		"two segments ahead":                {"main.m3u8?_HLS_msn=5", []func(*feed){rest, func(f *feed) { f.segments(1) }}, func(f *feed) { f.segments(1) }, 200, "\nmain-7-5.mp4"},
		"the end":                           {"main.m3u8?_HLS_msn=3&_HLS_part=9", nil, end, 200, "#EXT-X-ENDLIST"},
		"a new epoch":                       {"main.m3u8?_HLS_msn=4&_HLS_part=0", []func(*feed){takeover}, part, 200, "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"main-8-init0.mp4\""},
		"audio":                             {"audio.m3u8?_HLS_msn=3&_HLS_part=0", []func(*feed){part}, func(f *feed) { f.parts(2) }, 200, "audio-7-3.0.mp4"},
		"a delta update":                    {"main.m3u8?_HLS_msn=3&_HLS_part=3&_HLS_skip=YES", nil, part, 200, "main-7-3.3.mp4"},
		"a hint that comes true":            {"main-7-3.3.mp4", nil, part, 200, "moof"},
		"a hint after a segment":            {"main-7-4.0.mp4", nil, part, 200, "moof"},
		"audio that was hinted at":          {"audio-7-3.0.mp4", []func(*feed){part}, func(f *feed) { f.parts(2) }, 200, "moof"},
		"a hint, and an early keyframe":     {"main-7-3.3.mp4", nil, early, 404, "reload"},
		"a hint, and a new epoch":           {"main-7-3.3.mp4", nil, takeover, 404, "reload"},
		"a hint, and the end":               {"main-7-3.3.mp4", nil, end, 404, "reload"},
		"a hint after a segment, the end":   {"main-7-4.0.mp4", nil, end, 404, "reload"},
		"a hint after a segment, new epoch": {"main-7-4.0.mp4", []func(*feed){takeover}, part, 404, "reload"},
		"a segment that grows":              {"main-7-3.mp4", []func(*feed){part}, func(f *feed) { f.frames(5, false, true) }, 200, "moof"},
		"a segment that is cut short":       {"main-7-3.mp4", nil, takeover, 200, "moof"},
		"the live is forgotten":             {"main.m3u8?_HLS_msn=3&_HLS_part=4", nil, func(f *feed) { f.hub.Remove(liveID); f.parts(1) }, 404, "on air"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := started(t)
				if strings.Contains(name, "after a segment") {
					rest(f)
				}
				s := newServer(t, f)
				h := hold(t.Context(), s, tt.target)
				for i, b := range tt.before {
					if !h.waits() {
						t.Fatalf("answered before step %d: %d %s", i, h.w.Code, h.w.Body)
					}
					time.Sleep(time.Second)
					b(f)
				}
				if !h.waits() {
					t.Fatalf("answered too early: %d %s", h.w.Code, h.w.Body)
				}
				time.Sleep(time.Second)
				tt.then(f)
				if h.waits() {
					t.Fatal("still waits")
				}
				if h.w.Code != tt.status || !strings.Contains(h.w.Body.String(), tt.want) {
					t.Errorf("got %d %.2000q", h.w.Code, h.w.Body)
				}
				if want := time.Duration(len(tt.before)+1) * time.Second; h.took != want {
					t.Errorf("took %v, want %v", h.took, want)
				}
			})
		})
	}
}

// TestEnded holds that nothing waits for a live that has ended, and that caches do not keep what may change.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := started(t)
		s := newServer(t, f)
		f.s.End(f.epoch)
		for target, cache := range map[string]string{
			"main.m3u8":                          fresh,
			"main.m3u8?_HLS_skip=YES":            fresh,
			"main.m3u8?_HLS_msn=3&_HLS_part=2":   aWhile,
			"main.m3u8?_HLS_msn=3&_HLS_part=9":   briefly,
			"main.m3u8?_HLS_msn=99&_HLS_part=9":  briefly,
			"audio.m3u8?_HLS_msn=99&_HLS_part=9": briefly,
		} {
			w := get(s, base+target)
			if w.Code != 200 || !strings.HasSuffix(w.Body.String(), "#EXT-X-ENDLIST\n") || w.Header().Get("Cache-Control") != cache {
				t.Errorf("%s: got %d, %q\n%s", target, w.Code, w.Header().Get("Cache-Control"), w.Body)
			}
			if strings.Contains(w.Body.String(), "PRELOAD-HINT") {
				t.Errorf("%s hints at something", target)
			}
		}
		for _, target := range []string{"main-7-3.3.mp4", "main-7-4.0.mp4", "main-7-4.mp4"} {
			if w := get(s, base+target); w.Code != 404 {
				t.Errorf("%s: got %d", target, w.Code)
			}
		}
		// It is taken up again.
		f.takeover(media.Epoch{N: 8})
		f.begin(avcC360, true)
		h := hold(t.Context(), s, "main.m3u8?_HLS_msn=4&_HLS_part=0")
		if h.waits() {
			t.Error("waits for a live that says that it has ended")
		}
		f.parts(1)
		if text := get(s, base+"main.m3u8").Body.String(); strings.Contains(text, "ENDLIST") || !strings.Contains(text, "main-8-4.0.mp4") {
			t.Errorf("taken up again:\n%s", text)
		}
	})
}

func TestOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := started(t)
		s := newServer(t, f)
		for _, target := range []string{"main.m3u8?_HLS_msn=3&_HLS_part=3", "main-7-3.3.mp4", "main-7-3.mp4"} {
			h := hold(t.Context(), s, target)
			time.Sleep(6*time.Second - time.Nanosecond)
			if !h.waits() {
				t.Fatalf("%s: answered after %v", target, h.took)
			}
			time.Sleep(time.Nanosecond)
			if h.waits() || h.w.Code != 503 || h.w.Header().Get("Cache-Control") != briefly || h.w.Header().Get("Retry-After") != "1" {
				t.Errorf("%s: got %d %v", target, h.w.Code, h.w.Header())
			}
		}
		// What comes meanwhile, but is not what was asked for, does not prolong it.
		h := hold(t.Context(), s, "main.m3u8?_HLS_msn=5")
		for range 6 {
			time.Sleep(time.Second)
			f.parts(1)
		}
		if h.waits() || h.w.Code != 503 {
			t.Errorf("got %d after %v", h.w.Code, h.took)
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := started(t)
		other := &feed{t: t, hub: f.hub, epoch: media.Epoch{N: 1}, size: 10}
		const otherID = "11111111-9c1d-4e0a-8f5e-2f6a1c0d9e11"
		other.s = f.hub.Open(otherID, media.Position{})
		other.begin(avcC180, true)
		other.parts(1)
		s := newServer(t, f, func(c *Config) { c.MaxHeld, c.MaxHeldPerLive = 3, 2 })
		const next = "main.m3u8?_HLS_msn=3&_HLS_part=3"
		ctx, leave := context.WithCancel(t.Context())
		a, b := hold(ctx, s, next), hold(t.Context(), s, next)
		refused := func(target string) {
			t.Helper()
			h := hold(t.Context(), s, target)
			if h.waits() || h.w.Code != 503 || !strings.Contains(h.w.Body.String(), "Too many") {
				t.Errorf("got %d %s", h.w.Code, h.w.Body)
			}
		}
		refused(next)
		if w := get(s, base+"main.m3u8"); w.Code != 200 {
			t.Errorf("a request that need not wait: %d", w.Code)
		}
		leave()
		if a.waits() {
			t.Error("waits though its viewer is gone")
		}
		d := hold(t.Context(), s, next)
		e := &held{w: httptest.NewRecorder(), done: make(chan struct{})}
		go func() {
			defer close(e.done)
			s.ServeHTTP(e.w, httptest.NewRequest("GET", Prefix+otherID+"/main.m3u8?_HLS_msn=0&_HLS_part=1", nil))
		}()
		if !d.waits() || !e.waits() {
			t.Error("a place was not given back")
		}
		refused(next)
		f.parts(1)
		if b.waits() || d.waits() || !e.waits() {
			t.Error("the wrong ones wait")
		}
		if n := s.held.Load(); n != 1 {
			t.Errorf("%d are held", n)
		}
		s.Close()
		s.Close()
		if e.waits() || e.w.Code != 503 || !strings.Contains(e.w.Body.String(), "stopping") {
			t.Errorf("at the end: got %d %s", e.w.Code, e.w.Body)
		}
		if w := get(s, base+"main.m3u8"); w.Code != 200 {
			t.Errorf("what is there, at the end: %d", w.Code)
		}
		if s.held.Load() != 0 {
			t.Error("places are lost")
		}
	})
}

// TestThousandWaiters holds that one part wakes everybody, with the same bytes.
func TestThousandWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := started(t)
		s := newServer(t, f)
		answers := make(chan Answer, 1000)
		for range 1000 {
			go func() {
				answers <- s.Answer(t.Context(), &Request{
					Method: "GET", Path: base + "main.m3u8", Query: "_HLS_msn=3&_HLS_part=3", AcceptEncoding: "gzip",
				})
			}()
		}
		synctest.Wait()
		if n := s.held.Load(); n != 1000 {
			t.Fatalf("%d are held", n)
		}
		f.parts(1)
		synctest.Wait()
		first := <-answers
		for range 999 {
			select {
			case a := <-answers:
				if a.Status != 200 || &a.Body.piece[0] != &first.Body.piece[0] {
					t.Fatal("not the same answer")
				}
			default:
				t.Fatal("not everybody was woken")
			}
		}
	})
}
