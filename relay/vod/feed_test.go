package vod

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/codec"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/relay/hls"
)

const (
	liveID  = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	session = "0e9a7b44-1c0a-4a55-9f0e-5a2f6f1e7c01"
	second  = "0e9a7b44-1c0a-4a55-9f0e-5a2f6f1e7c02"
	base    = hls.Prefix + liveID + "/"

	// The clip: pictures of 320x180, a keyframe every 2 s, stereo.
	rate     = 25
	keys     = 50              // pictures
	clipTime = 8 * time.Second // whole frames of both tracks
	picture  = 90000 / rate
	sound    = 1024
)

// clip is real media, cut into chunks of one picture or a frame of audio.
type clip struct {
	init   []byte
	avcC   []byte
	chunks []*media.Chunk // in the order in which an encoder sends them
	count  [3]int64       // fragments of each track
}

var theClip = sync.OnceValues(makeClip)

// makeClip has ffmpeg write a movie of one sample a fragment, and takes it apart.
func makeClip() (*clip, error) {
	dir, err := os.MkdirTemp("", "vod")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "clip.mp4")
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=r=48000",
		"-t", "8.1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-sc_threshold", "0", "-bf", "0", "-threads", "1",
		"-c:a", "aac", "-ac", "2", "-video_track_timescale", "90000", "-movflags", "empty_moov+default_base_moof+frag_every_frame", "-f", "mp4", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &clip{}
	at := bytes.Index(b, []byte("moof")) - 4
	c.init, b = b[:at], b[at:]
	// Our inits begin with our ftyp, which is shorter.
	c.init = append([]byte("\x00\x00\x00\x14ftypiso6\x00\x00\x00\x00iso6"), c.init[binary.BigEndian.Uint32(c.init):]...)
	at = bytes.Index(c.init, []byte("avcC"))
	c.avcC = c.init[at+4 : at-4+int(binary.BigEndian.Uint32(c.init[at-4:]))]
	for len(b) > 8 && string(b[4:8]) == "moof" {
		moof := int(binary.BigEndian.Uint32(b))
		size := moof + int(binary.BigEndian.Uint32(b[moof:]))
		if err := c.add(b[:size]); err != nil {
			return nil, err
		}
		b = b[size:]
	}
	return c, nil
}

// add takes a fragment. What ffmpeg says of time is made even: it moves the pictures by the delay of its audio encoder.
func (c *clip) add(b []byte) error {
	var parts fmp4.Parts
	if err := parts.Unmarshal(b); err != nil {
		return err
	}
	t := parts[0].Tracks[0]
	if len(parts[0].Tracks) != 1 || len(t.Samples) != 1 {
		return errors.New("a fragment of more than a sample")
	}
	n := c.count[t.ID]
	c.count[t.ID]++
	k := &media.Chunk{Track: uint32(t.ID), DTS: n * picture, Duration: picture, Timescale: 90000, Independent: n%keys == 0, Data: b}
	if t.ID == 2 {
		k.DTS, k.Duration, k.Timescale, k.Independent = n*sound, sound, 48000, true
	}
	if k.Start() >= clipTime {
		return nil
	}
	if said := t.Samples[0].Duration; int64(said) != k.Duration {
		moof := b[:binary.BigEndian.Uint32(b)]
		at := bytes.Index(moof, binary.BigEndian.AppendUint32(nil, said))
		if at < 0 {
			return errors.New("a sample's duration is not where it should be")
		}
		binary.BigEndian.PutUint32(moof[at:], uint32(k.Duration))
	}
	c.chunks = append(c.chunks, k)
	return nil
}

// feed is an encoder, its cutter, and the recorder.
type feed struct {
	t      testing.TB
	clip   *clip
	hub    *live.Hub
	s      *live.Stream
	dir    string // of all recordings
	epoch  media.Epoch
	inits  uint32
	size   [2]int // of the picture that is said
	at     int    // the next chunk of the clip
	loops  int64
	seq    uint64
	seg    uint64
	part   uint32
	frames int // pictures in the open segment
	shown  int // pictures in all
	date   time.Time

	session  string
	writers  map[media.RenditionID]*recording.Writer
	recorded map[media.RenditionID]uint64 // next number to record
	told     map[string][]byte            // bytes of all segments and inits that were shown, by name
}

// newFeed makes a live that keeps little in memory.
func newFeed(t testing.TB) *feed {
	t.Helper()
	c, err := theClip()
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{
		t: t, clip: c, dir: t.TempDir(), session: session, epoch: media.Epoch{N: 7}, size: [2]int{320, 180},
		date:    time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		writers: map[media.RenditionID]*recording.Writer{}, recorded: map[media.RenditionID]uint64{}, told: map[string][]byte{},
		hub: live.NewHub(live.Config{Window: 14 * time.Second, Bytes: 12 << 20, Floor: 12 * time.Second, Listed: 12 * time.Second}),
	}
	f.s = f.hub.Open(liveID, media.Position{Segment: 1})
	t.Cleanup(f.stop)
	return f
}

// begin opens a run of chunks, with the clip from its start.
func (f *feed) begin() *feed {
	f.t.Helper()
	at := f.s.Position()
	h264, err := codec.ParseH264(f.clip.avcC)
	if err != nil {
		f.t.Fatal(err)
	}
	aac, err := codec.ParseAAC([]byte{0x11, 0x90})
	if err != nil {
		f.t.Fatal(err)
	}
	i := &media.Init{
		Live: liveID, Epoch: f.epoch, Index: f.inits, PartTarget: 210 * time.Millisecond, AudioPartTarget: 1050 * time.Millisecond,
		Segment: at.Segment, Discontinuity: at.Discontinuity, Date: f.date, Start: media.Ticks(f.base(90000), 90000),
		Tracks: []media.Track{
			{ID: 1, Codec: h264, Timescale: 90000, Width: f.size[0], Height: f.size[1], FrameRate: rate},
			{ID: 2, Codec: aac, Timescale: 48000, Channels: 2},
		},
		Data: map[media.RenditionID][]byte{media.Main: f.clip.init, media.AudioOnly: audioInit(f.t, aac)},
	}
	f.inits++
	f.at, f.seg, f.part, f.frames = 0, at.Segment, 0, 0
	if err := f.s.Begin(i); err != nil {
		f.t.Fatal(err)
	}
	return f
}

func audioInit(t testing.TB, c media.Codec) []byte {
	t.Helper()
	init := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: 2, TimeScale: 48000, Codec: c.SampleEntry()}}}
	var buf seekablebuffer.Buffer
	if err := init.Marshal(&buf); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(buf.Bytes())
}

// base is the time of the clip's start, in a timescale.
func (f *feed) base(timescale int64) int64 { return f.loops * int64(clipTime/time.Second) * timescale }

// seconds writes whole seconds of media, and records what is complete.
func (f *feed) seconds(n int) *feed {
	f.t.Helper()
	for pictures := n * rate; pictures > 0; {
		if f.at == len(f.clip.chunks) {
			f.at, f.loops = 0, f.loops+1
		}
		c := *f.clip.chunks[f.at]
		f.at++
		c.DTS += f.base(int64(c.Timescale))
		if c.Track == 1 {
			pictures--
			f.shown++
			f.frames++
			c.EndsPart, c.EndsSegment = f.frames%5 == 0, f.frames == keys
			f.date = f.date.Add(time.Second / rate)
		}
		f.append(&c)
		switch {
		case c.EndsSegment:
			f.seg, f.part, f.frames = f.seg+1, 0, 0
		case c.EndsPart:
			f.part++
		}
		f.record()
	}
	return f
}

func (f *feed) append(c *media.Chunk) {
	f.t.Helper()
	c.Live, c.Epoch, c.Seq, c.Segment, c.Part = liveID, f.epoch, f.seq, f.seg, f.part
	f.seq++
	c.Data = bytes.Clone(c.Data)
	binary.BigEndian.PutUint64(c.Data[bytes.Index(c.Data, []byte("tfdt"))+8:], uint64(c.DTS))
	if err := f.s.Append(c); err != nil {
		f.t.Fatal(err)
	}
}

// record appends the complete segments of the windows to the session's recording.
func (f *feed) record() {
	f.t.Helper()
	for _, r := range []media.RenditionID{media.Main, media.AudioOnly} {
		w := f.s.Window(r)
		if w == nil {
			continue
		}
		for _, g := range w.Segments {
			if !g.Complete || g.Number < f.recorded[r] {
				continue
			}
			f.recorded[r] = g.Number + 1
			f.tell(r, g)
			if f.session != "" {
				f.write(r, g)
			}
		}
	}
}

// tell keeps what viewers were shown.
func (f *feed) tell(r media.RenditionID, g *media.Segment) {
	var b []byte
	for _, p := range g.Parts {
		for _, c := range p.Chunks {
			b = append(b, c.Data...)
		}
	}
	epoch := string(r) + "-" + g.Init.Epoch.String() + "-"
	f.told[epoch+decimal(int64(g.Number))+".mp4"] = b
	f.told[epoch+"init"+decimal(int64(g.Init.Index))+".mp4"] = g.Init.Data[r]
}

func (f *feed) write(r media.RenditionID, g *media.Segment) {
	f.t.Helper()
	w := f.writers[r]
	if run := recording.RunOf(r, g); w == nil || w.Run().Epoch != run.Epoch || w.Run().Index != run.Index || w.Next() != g.Number {
		f.close(r)
		var err error
		if w, err = recording.Create(filepath.Join(f.dir, f.session), run, g.Init.Data[r]); err != nil {
			f.t.Fatal(err)
		}
		f.writers[r] = w
	}
	for _, p := range g.Parts {
		w.Part(p)
	}
	if err := w.End(g); err != nil {
		f.t.Fatal(err)
	}
}

func (f *feed) close(r media.RenditionID) {
	if w := f.writers[r]; w != nil {
		if err := w.Close(); err != nil {
			f.t.Error(err)
		}
		delete(f.writers, r)
	}
}

// stop ends the session's recording.
func (f *feed) stop() {
	f.close(media.Main)
	f.close(media.AudioOnly)
}

// stopQuietly lets go of a recording whose files are gone.
func (f *feed) stopQuietly() {
	for r, w := range f.writers {
		_ = w.Close()
		delete(f.writers, r)
	}
}

// takeover begins a new epoch, as after the loss of an encoder.
func (f *feed) takeover() *feed {
	f.t.Helper()
	f.s.Interrupt(f.epoch)
	f.record()
	f.epoch.N++
	f.seq, f.inits, f.loops = 0, 0, 0
	return f.begin()
}

// end ends the broadcast.
func (f *feed) end() *feed {
	f.s.End(f.epoch)
	f.record()
	f.stop()
	return f
}

// library is what a catalog and a store know.
type library struct {
	dir    string
	videos map[string]Video
	lives  map[string]Live
}

func (l *library) Video(uuid string) (Video, bool) { v, ok := l.videos[uuid]; return v, ok }
func (l *library) Live(uuid string) (Live, bool)   { v, ok := l.lives[uuid]; return v, ok }

func (l *library) Open(session string) (*recording.Recording, error) {
	return recording.Open(filepath.Join(l.dir, session))
}

// replay is the library of a live that has become a video.
func (f *feed) replay(sessions ...string) *library {
	if len(sessions) == 0 {
		sessions = []string{session}
	}
	return &library{dir: f.dir, videos: map[string]Video{liveID: {Name: "Été: a « live »", Recordings: sessions, Download: true}}}
}

// onAir is that of a live that runs.
func (f *feed) onAir(back time.Duration) *library {
	return &library{dir: f.dir, lives: map[string]Live{liveID: {Session: session, Back: back}}}
}

func newServer(t testing.TB, l Library, hub hls.Hub, gate hls.Gate) *Server {
	t.Helper()
	s, err := New(l, hub, gate, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newFront puts what is in memory before the archive, as a node does.
func newFront(t testing.TB, f *feed, archive http.Handler, gate hls.Gate) *hls.Server {
	t.Helper()
	s, err := hls.New(f.hub, gate, archive, hls.DefaultConfig(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, target, header...)
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// porter is a gate that admits whoever shows the good token.
type porter struct{}

const withGood = "videoFileToken=Z29vZA.1764"

func (porter) Admit(id media.LiveID, query string) hls.Verdict {
	switch {
	case id != liveID:
		return hls.Unknown
	case strings.Contains("&"+query+"&", "&"+withGood+"&"):
		return hls.Token
	}
	return hls.Forbidden
}
