package viewer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shoal/internal/bench/wire"
	"shoal/internal/encoder/stamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is a live whose next part is there as soon as somebody waits for it: no time passes. Segments have three parts,
// and the first of each is independent. It serves one viewer, so its handlers never run at once.
type origin struct {
	n       int      // parts made
	end     int      // the live ends with this many
	fail    int      // answer this many media requests with 500, after half of the live
	got     []string // media fetched, in order
	deltas  int
	falsely bool // hints lead nowhere
}

const perSegment = 3

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case name == "master.m3u8":
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmain.m3u8\n")
	case name == "main.m3u8":
		q := r.URL.Query()
		if q.Has("_HLS_msn") {
			segment, _ := strconv.Atoi(q.Get("_HLS_msn"))
			number, _ := strconv.Atoi(q.Get("_HLS_part"))
			o.n = min(max(o.n, segment*perSegment+number+1), o.end)
		}
		o.playlist(w, q.Get("_HLS_skip") == "YES")
	case o.fail > 0 && o.n > o.end/2:
		o.fail--
		w.WriteHeader(http.StatusInternalServerError)
	default:
		o.media(w, name)
	}
}

func (o *origin) playlist(w http.ResponseWriter, delta bool) {
	first := max(0, o.n/perSegment-3)
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6,PART-HOLD-BACK=0.5\n#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	if delta {
		o.deltas++
		fmt.Fprint(w, "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n")
		first++
	} else {
		fmt.Fprint(w, "#EXT-X-MAP:URI=\"init.mp4\"\n")
	}
	for i := first * perSegment; i < o.n; i++ {
		fmt.Fprintf(w, "#EXT-X-PART:DURATION=0.2,URI=\"p%d.mp4\"", i)
		if i%perSegment == 0 {
			fmt.Fprint(w, ",INDEPENDENT=YES")
		}
		if i%perSegment == perSegment-1 {
			fmt.Fprintf(w, "\n#EXTINF:0.6,\ns%d.mp4", i/perSegment)
		}
		fmt.Fprintln(w)
	}
	switch {
	case o.n == o.end:
		fmt.Fprintln(w, "#EXT-X-ENDLIST")
	case o.falsely:
		fmt.Fprintln(w, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"nowhere.mp4\"")
	default:
		fmt.Fprintf(w, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p%d.mp4\"\n", o.n)
	}
}

func (o *origin) media(w http.ResponseWriter, name string) {
	var i int
	if n, _ := fmt.Sscanf(name, "p%d.mp4", &i); n == 1 {
		o.n = max(o.n, i+1)
	} else if name != "init.mp4" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	o.got = append(o.got, name)
	body := stamp.Mark{Kind: stamp.Video, Sent: time.Now().Add(-time.Second), Seq: uint32(i)}.AppendSEI([]byte("moof"))
	body = stamp.Mark{Kind: stamp.Audio, Sent: time.Now().Add(-time.Hour)}.AppendDSE(body)
	_, _ = w.Write(body)
}

// names lists the parts from and to, with the init in front.
func names(from, to int) []string {
	out := []string{"init.mp4"}
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("p%d.mp4", i))
	}
	return out
}

func watch(t *testing.T, o *origin, opt Options) *Counters {
	t.Helper()
	s := httptest.NewServer(o)
	defer s.Close()
	opt.Addr, opt.Playlist = s.Listener.Addr().String(), "/hls/x/master.m3u8"
	c := &Counters{}
	c.On()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	v, err := New(ctx, opt, c)
	if err != nil {
		t.Fatal(err)
	}
	v.Run(ctx)
	if ctx.Err() != nil {
		t.Fatal("the viewer did not see the end of the live")
	}
	return c
}

func TestFollow(t *testing.T) {
	tests := []struct {
		name   string
		origin origin
		opt    Options
	}{
		{"plain", origin{n: 10, end: 40}, Options{}},
		{"with hints", origin{n: 10, end: 40}, Options{Hint: true, Look: true}},
		{"with false hints", origin{n: 10, end: 40, falsely: true}, Options{Hint: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.origin
			c := watch(t, &o, tt.opt)
			// It starts 0.5 s before the end (part 7) and goes back to where decoding can begin (part 6).
			if want := names(6, 40); !slices.Equal(o.got, want) {
				t.Errorf("fetched %v\nwant %v", o.got, want)
			}
			if o.deltas == 0 {
				t.Error("no delta update was asked for")
			}
			if n := c.Errors.Load(); n != 0 {
				t.Errorf("%d errors: %v", n, c.Causes())
			}
			if c.Requests.Load() == 0 || c.Bytes.Load() <= c.ListBytes.Load() || c.Skips.Load() != 0 {
				t.Errorf("%d requests, %d bytes, %d of playlists, %d skips", c.Requests.Load(), c.Bytes.Load(), c.ListBytes.Load(), c.Skips.Load())
			}
		})
	}
}

func TestLookAndKeep(t *testing.T) {
	var lists, media int
	o := origin{n: 9, end: 20}
	c := watch(t, &o, Options{Look: true, Keep: func(playlist bool, body []byte) {
		if playlist {
			lists++
		} else if len(body) > 0 {
			media++
		}
	}})
	// Parts 9 to 19 came live; audio is not counted where there is video.
	if s := c.Frame.Summary(); s.N != 11 || s.P50 < 900 || s.Max > 60_000 {
		t.Errorf("frames %+v, want 11 about a second old", s)
	}
	if s := c.Player.Summary(); s.N != 1 || s.P50 < 900 {
		t.Errorf("player %+v, want one about a second behind", s)
	}
	if media != len(o.got) || lists == 0 {
		t.Errorf("kept %d playlists and %d media of %d", lists, media, len(o.got))
	}
}

func TestFailuresAreCountedAndOvercome(t *testing.T) {
	o := origin{n: 9, end: 30, fail: 2}
	c := watch(t, &o, Options{})
	if c.Errors.Load() != 2 || c.Causes()["fetch media: unexpected status: 500"] != 2 {
		t.Errorf("%d errors: %v", c.Errors.Load(), c.Causes())
	}
	if last := o.got[len(o.got)-1]; last != "p29.mp4" {
		t.Errorf("the last part fetched is %s", last)
	}
}

func TestNewWantsLoopback(t *testing.T) {
	if _, err := New(t.Context(), Options{Addr: "192.0.2.1:80"}, &Counters{}); !errors.Is(err, wire.ErrLoopback) {
		t.Errorf("error %v, want wire.ErrLoopback", err)
	}
}

func TestPlayer(t *testing.T) {
	sent := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return sent.Add(time.Duration(ms) * time.Millisecond) }
	var p player
	for _, step := range []struct{ at, media, stall int }{
		{600, 200, 0},  // starts
		{700, 200, 0},  // early
		{1000, 200, 0}, // just in time
		{1300, 200, 100},
		{1400, 200, 0},
		{1900, 200, 200},
	} {
		if got := p.feed(at(step.at), time.Duration(step.media)*time.Millisecond); got != time.Duration(step.stall)*time.Millisecond {
			t.Errorf("at %d ms it had stalled for %v, want %d ms", step.at, got, step.stall)
		}
	}
	if got := p.delay(sent); got != 900*time.Millisecond {
		t.Errorf("delay %v, want 900 ms", got)
	}
}
