package acceptance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/encoder/rtmp"
	"shoal/internal/testkit/judges"
	"shoal/internal/testkit/node"
)

// TestShortLived is a live from its making to its replay, with ffmpeg: same link, ready at once, as long as what was sent.
func TestShortLived(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	v, in := h.makes("A short one", nil)
	if !strings.HasPrefix(in.URL, "rtmp://127.0.0.1:") || len(in.Key) < 20 {
		t.Errorf("the way in is %q, with a key of %d characters", in.URL, len(in.Key))
	}
	p := h.sends(v, in, "25", 12)
	live := h.video(v.UUID)
	if at := live.StreamingPlaylists[0].PlaylistURL; !strings.HasSuffix(at, "/classic.m3u8") || !strings.HasSuffix(live.Shoal.LowLatencyURL, "/master.m3u8") {
		t.Errorf("playlists: %q and %q", at, live.Shoal.LowLatencyURL)
	}
	for _, ref := range []string{v.ShortUUID, strconv.FormatInt(v.ID, 10)} {
		if again := h.video(ref); again.UUID != v.UUID {
			t.Errorf("%s is %v", ref, again)
		}
	}
	h.over(p)
	replay, took := h.becomes(v.UUID, "a replay", replayed)
	if took > 2*time.Second {
		t.Errorf("the replay was there %v after the end, that is over 2 s", took)
	}
	t.Logf("the replay was there %v after the end", took)
	r := h.replay(replay)
	h.lasts(replay, r, 12*time.Second, 200*time.Millisecond)
	if f := h.boxed(r); len(f.Tracks) != 2 || f.Tracks[0].Samples != 300 {
		t.Errorf("mp4box finds %+v", f.Tracks)
	}
	if s := h.broadcast(v.UUID); s.End == nil || s.Replay == nil || s.Replay.UUID != v.UUID || s.Error != nil {
		t.Errorf("session: %+v", s)
	}
	// The key is used up: the link is the replay's now.
	var no *rtmp.Refused
	again := &encoder.Publisher{URL: in.address(), Source: clip(t, "25").Loop()}
	if err := again.Run(t.Context()); !errors.As(err, &no) {
		t.Errorf("an encoder with the old key: %v", err)
	}
	for _, path := range []string{replay.ThumbnailPath, replay.PreviewPath, "/w/" + v.UUID, "/w/" + v.ShortUUID} {
		h.fetches(soon(t), h.node.URL(path))
	}
}

// TestPermanent is a live with two broadcasts under one link, sent with GStreamer: each leaves a replay of its own.
func TestPermanent(t *testing.T) {
	t.Parallel() // it mostly waits
	h := newHouse(t, node.Options{})
	v, in := h.makes("Every evening", map[string]any{"permanentLive": true, "replaySettings": map[string]any{"privacy": 2}})
	for i := range 2 {
		p, err := startGStreamer(t, "rtmp2sink", in.address())
		if err != nil {
			t.Fatal(err)
		}
		h.becomes(v.UUID, "on the air", onAir)
		h.watchable(v.UUID)
		h.passes(6 * time.Second)
		if err := p.stop(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		h.becomes(v.UUID, "waiting again", func(v video) bool { return v.IsLive && v.State.ID == waiting })
		all := h.sessions(v.UUID)
		if len(all) != i+1 {
			t.Fatalf("%d sessions after broadcast %d", len(all), i+1)
		}
		var found *session
		for k := range all {
			if found == nil || all[k].Start.After(found.Start) {
				found = &all[k]
			}
		}
		if found.Replay == nil || found.Replay.UUID == v.UUID {
			t.Fatalf("session: %+v", found)
		}
		replay, _ := h.becomes(found.Replay.UUID, "a replay", replayed)
		if !strings.HasPrefix(replay.Name, "Every evening - ") || replay.Privacy.ID != 2 {
			t.Errorf("the replay is called %q and has privacy %d", replay.Name, replay.Privacy.ID)
		}
		if r := h.replay(replay); r.listed < 5*time.Second || r.listed > 12*time.Second {
			t.Errorf("the replay lists %v", r.listed)
		}
	}
}

// TestWithoutReplay holds that nothing is kept that nobody wants.
func TestWithoutReplay(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	short, in := h.makes("Gone when it is over", map[string]any{"saveReplay": false})
	h.over(h.sends(short, in, "25", 5))
	h.becomes(short.UUID, "over", func(v video) bool { return v.IsLive && v.State.ID == liveEnded && len(v.StreamingPlaylists) == 0 })
	again, in := h.makes("Never kept", map[string]any{"saveReplay": false, "permanentLive": true})
	h.over(h.sends(again, in, "25", 5))
	h.becomes(again.UUID, "waiting", func(v video) bool { return v.IsLive && v.State.ID == waiting })
	for _, v := range []video{short, again} {
		if all := h.sessions(v.UUID); len(all) != 1 || all[0].Replay != nil || all[0].End == nil {
			t.Errorf("sessions of %v: %+v", v, all)
		}
	}
	h.until("the recordings are gone", func() bool {
		left, err := filepath.Glob(filepath.Join(h.node.Data, "recordings", "*", "*.mp4"))
		return err == nil && len(left) == 0
	})
}

func (h *house) until(what string, is func() bool) {
	h.Helper()
	ctx := soon(h.T)
	for !is() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			h.Fatalf("never: %s\n%s", what, h.node.Log())
		}
	}
}

// TestLostAndBack kills the encoder's connection; it is back after 10 s, and one replay holds both pieces.
func TestLostAndBack(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	v, in := h.makes("Cut in two", nil)
	lost := &encoder.Publisher{URL: in.address(), Rude: true, Source: encoder.Apply(clip(t, "25").Loop(), encoder.Until(6*time.Second))}
	if err := lost.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.passes(10 * time.Second)
	if v := h.video(v.UUID); !onAir(v) {
		t.Errorf("while its encoder is away the live is %+v", v)
	}
	back := h.sends(v, in, "25", 6)
	h.over(back)
	replay, _ := h.becomes(v.UUID, "a replay", replayed)
	r := h.replay(replay)
	h.lasts(replay, r, 12*time.Second, 200*time.Millisecond)
	if r.breaks != 1 {
		t.Errorf("the replay has %d discontinuities", r.breaks)
	}
	if s := h.broadcast(v.UUID); s.End == nil || s.Error != nil {
		t.Errorf("session: %+v", s)
	}
	h.boxed(r)
}

// TestLostForGood waits in vain for an encoder.
func TestLostForGood(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{Args: []string{"--broadcast.grace", "2s"}})
	v, in := h.makes("Left alone", nil)
	p := h.sends(v, in, "25", 0)
	h.passes(5 * time.Second)
	if err := p.stop(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	replay, took := h.becomes(v.UUID, "a replay", replayed)
	if took < 1500*time.Millisecond || took > 6*time.Second {
		t.Errorf("it ended %v after the loss, with 2 s of grace", took)
	}
	if r := h.replay(replay); r.listed < 4*time.Second {
		t.Errorf("the replay lists %v", r.listed)
	}
}

// TestSecondEncoder sends twice to one live, under both rules.
func TestSecondEncoder(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	for _, newest := range []bool{false, true} {
		v, in := h.makes("For one at a time", nil)
		if newest {
			h.does(http.MethodPut, "/api/v1/videos/live/"+v.UUID, map[string]any{"takeover": 1}, nil)
		}
		first := h.sends(v, in, "25", 0)
		second, err := startFFmpeg(t, "25", in.address(), "-t", "6")
		if err != nil {
			t.Fatal(err)
		}
		stays, goes := first, second
		if newest {
			stays, goes = second, first
		}
		select {
		case <-goes.ended:
			if goes.err == nil {
				t.Errorf("newest wins %v: the one that has to go ended well: %s", newest, goes.output())
			}
		case <-time.After(patience):
			t.Fatalf("newest wins %v: the one that has to go stays", newest)
		}
		select {
		case <-stays.ended:
			if !newest {
				t.Errorf("the first encoder was disturbed: %s", stays.output())
			}
		default:
		}
		if newest {
			h.over(stays)
		} else if err := first.stop(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		h.becomes(v.UUID, "a replay", replayed)
	}
}

// TestRevokedKey changes a key while an encoder uses it.
func TestRevokedKey(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	h := newHouse(t, node.Options{})
	v, in := h.makes("A key has leaked", nil)
	p := h.sends(v, in, "25", 0)
	var fresh way
	h.does(http.MethodPost, "/api/v1/shoal/studio/"+v.UUID+"/key", nil, &fresh)
	if fresh.Key == "" || fresh.Key == in.Key {
		t.Fatalf("the new key is %q", fresh.Key)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatal("the encoder with the old key still publishes")
	}
	var no *rtmp.Refused
	again := &encoder.Publisher{URL: in.address(), Source: clip(t, "25").Loop()}
	if err := again.Run(t.Context()); !errors.As(err, &no) {
		t.Errorf("an encoder with the old key: %v", err)
	}
	h.over(h.sends(v, h.wayIn(v.UUID), "25", 5))
	h.becomes(v.UUID, "a replay", replayed)
}

// TestKilledNode pulls the plug in the middle of a live: after the restart, the encoder is back, and one replay holds all
// but a second.
func TestKilledNode(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	data := t.TempDir()
	h := newHouse(t, node.Options{Data: data})
	v, in := h.makes("Through the night", nil)
	sent, err := h.sendsUntilTheNodeDies(v, in, 7*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	h = enter(t, node.Start(t, node.Options{Data: data}))
	if now := h.video(v.UUID); !now.IsLive || now.State.ID != published {
		t.Errorf("after the restart the live is %+v", now)
	}
	in = h.wayIn(v.UUID) // the port is another one
	h.over(h.sends(v, in, "25", 6))
	replay, _ := h.becomes(v.UUID, "a replay", replayed)
	r := h.replay(replay)
	want := sent + 6*time.Second
	if r.listed < want-time.Second-200*time.Millisecond || r.listed > want+200*time.Millisecond {
		t.Errorf("the replay lists %v of %v", r.listed, want)
	}
	if r.breaks != 1 {
		t.Errorf("the replay has %d discontinuities", r.breaks)
	}
	d, complaint, err := judges.Duration(soon(t), r.file)
	if err != nil || complaint != "" || math.Abs((d-r.listed).Seconds()) > 0.2 {
		t.Errorf("ffprobe finds that the download lasts %v, the playlist %v: %v %s", d, r.listed, err, complaint)
	}
	if s := h.broadcast(v.UUID); s.End == nil || s.Error != nil {
		t.Errorf("session: %+v", s)
	}
	t.Logf("%v were sent, %v before the plug was pulled; %v are in the replay", want, sent, r.listed)
}

// sendsUntilTheNodeDies publishes for a while, kills the node, and says how much was sent.
func (h *house) sendsUntilTheNodeDies(v video, in way, after time.Duration) (sent time.Duration, err error) {
	ctx, cancel := context.WithCancel(h.Context())
	defer cancel()
	var last time.Duration
	p := &encoder.Publisher{URL: in.address(), Source: clip(h.T, "25").Loop()}
	p.Sent = func(k encoder.Packet, _ time.Time) {
		if k.Due >= after && last == 0 {
			last = k.Due
			h.node.Kill()
			cancel()
		}
	}
	gone := make(chan error, 1)
	go func() { gone <- p.Run(ctx) }()
	select {
	case <-gone: // cut off: whatever it says
		return last, nil
	case <-time.After(patience):
		return 0, errors.New("the encoder does not end")
	}
}

// TestThreeHours makes a long live quickly from a file: the replay is ready as soon as that of a short one.
func TestThreeHours(t *testing.T) {
	need(t, time.Minute)
	h := newHouse(t, node.Options{Args: []string{"--ingest.max-bit-rate", "100000000"}})
	v, in := h.makes("A long night", nil)
	path := filepath.Join(t.TempDir(), "minute.flv")
	p, err := start(t, nil, "ffmpeg", strings.Fields("-v error -f lavfi -i testsrc2=size=64x36:rate=5 -f lavfi -i sine=sample_rate=16000 -t 60"+
		" -c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 20k -g 10 -keyint_min 10 -sc_threshold 0 -c:a aac -b:a 12k -ac 1 "+path)...)
	if err != nil {
		t.Fatal(err)
	}
	h.over(p)
	began := time.Now()
	p, err = start(t, nil, "ffmpeg", "-v", "error", "-nostdin", "-readrate", "400", "-stream_loop", "-1", "-i", path, "-t", "10800", "-c", "copy", "-f", "flv", in.address())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
		if p.err != nil {
			t.Fatalf("ffmpeg: %v: %s\n%s", p.err, p.output(), h.node.Log())
		}
	case <-time.After(5 * time.Minute):
		t.Fatalf("ffmpeg does not end: %s", p.output())
	}
	t.Logf("sent in %v", time.Since(began).Round(time.Second))
	replay, took := h.becomes(v.UUID, "a replay", replayed)
	if took > 2*time.Second {
		t.Errorf("the replay was there %v after the end, that is over 2 s", took)
	}
	r := h.replay(replay)
	const want = 3 * time.Hour
	if off := r.listed - want; off < -200*time.Millisecond || off > 200*time.Millisecond {
		t.Errorf("the playlist lists %v", r.listed)
	}
	if d, complaint, err := judges.Duration(soon(t), r.file); err != nil || complaint != "" || math.Abs((d-want).Seconds()) > 0.2 {
		t.Errorf("ffprobe finds that the download lasts %v: %v %s", d, err, complaint)
	}
	t.Logf("the replay was there %v after the end; it lists %v", took, r.listed)
}

// TestTwentyRecordings records twenty lives at once: each replay holds what was sent.
func TestTwentyRecordings(t *testing.T) {
	const lives, length = 20, 16 * time.Second
	clip(t, "25")
	var names []string
	for i := range lives {
		names = append(names, fmt.Sprintf("live-%d", i))
	}
	h := newHouse(t, node.Options{Lives: names, Replay: true})
	cpu, began := processor(t, h.node), time.Now()
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			h.passes(time.Duration(i) * 37 * time.Millisecond) // keyframes are not all at once
			p := &encoder.Publisher{URL: h.node.Publish(name), Source: encoder.Apply(clip(t, "25").Loop(), encoder.Until(length))}
			if err := p.Run(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	t.Logf("%.1f %% of a core for %d lives", 100*(processor(t, h.node)-cpu).Seconds()/time.Since(began).Seconds(), lives)
	for _, name := range names {
		var found []session
		h.until(name+" has a replay", func() bool {
			found = h.sessions(h.node.ID(name))
			return len(found) == 1 && found[0].Replay != nil
		})
		replay, _ := h.becomes(found[0].Replay.UUID, "a replay", replayed)
		if r := h.replay(replay); r.listed < length-200*time.Millisecond || r.listed > length+200*time.Millisecond {
			t.Errorf("%s: the replay lists %v of %v", name, r.listed, length)
		}
	}
}

// TestFullDisk fills the disk under a live: it goes on, its owner is told, what was recorded is kept, and once there is
// room again it is recorded again.
func TestFullDisk(t *testing.T) {
	t.Parallel() // it mostly waits
	clip(t, "25")
	data := t.TempDir()
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=160m"); err != nil {
		t.Fatalf("mount a small disk (root is needed): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, 0); err != nil {
			t.Error(err)
		}
	})
	h := newHouse(t, node.Options{Data: data, Args: []string{"--storage.reserve-bytes", "32MiB"}})
	v, in := h.makes("On a full disk", nil)
	p := h.sends(v, in, "25", 0)
	began := time.Now()
	h.passes(3 * time.Second)
	filler := filepath.Join(data, "filler")
	if err := fill(filler); err != nil {
		t.Fatal(err)
	}
	var studio struct {
		Recording struct {
			On    bool   `json:"on"`
			Bytes int64  `json:"bytes"`
			Error string `json:"error"`
		} `json:"recording"`
	}
	h.until("the studio says that the disk is full", func() bool {
		h.does(http.MethodGet, "/api/v1/shoal/studio/"+v.UUID, nil, &studio)
		return studio.Recording.Error != ""
	})
	t.Logf("the organizer is told: %s", studio.Recording.Error)
	h.watchable(v.UUID)
	h.passes(3 * time.Second)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	h.until("the recording goes on", func() bool {
		h.does(http.MethodGet, "/api/v1/shoal/studio/"+v.UUID, nil, &studio)
		return studio.Recording.Error == ""
	})
	h.passes(5 * time.Second)
	if err := p.stop(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	lasted := time.Since(began)
	replay, _ := h.becomes(v.UUID, "a replay", replayed)
	r := h.replay(replay)
	// What is in memory yet is made up for.
	if s := h.broadcast(v.UUID); s.Error == nil && r.listed < lasted-time.Second {
		t.Errorf("the replay lists %v of %v, and the session does not tell that something is missing: %+v", r.listed, lasted, s)
	}
	t.Logf("the replay lists %v of %v", r.listed, lasted)
	h.boxed(r)
}

// fill writes a file until the disk is full.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for n := len(block); n >= 4096; n /= 2 {
		for {
			if _, err = f.Write(block[:n]); err != nil {
				break
			}
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return f.Close()
}
