package hls

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/codec"
	"shoal/internal/live"
	"shoal/internal/media"
)

const (
	liveID = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	base   = Prefix + liveID + "/"
)

// Parameters that x264 made: of 320x180 at 30, and of 640x360 at 59.94 frames per second.
const (
	avcC180 = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000468efbcb0fdf8f800"
	avcC360 = "0142c01fffe100176742c01fda0280bfe5c04400000fa4000753003c60ca8001000468ce0fc8"
)

const (
	frame      = 3600     // 25 frames per second, at 90 kHz
	audioChunk = 4 * 1024 // at 48 kHz
)

// feed is an encoder and its cutter: parts of 0.2 s, with audio chunks of 85 ms between the frames.
type feed struct {
	t     testing.TB
	hub   *live.Hub
	s     *live.Stream
	epoch media.Epoch
	init  *media.Init
	inits uint32
	size  int // bytes of a frame

	seq      uint64
	seg      uint64
	part     uint32
	v, a     int64         // written clocks
	offset   time.Duration // of the clocks within the wall clock
	realtime bool          // parts come when they are due

	stop <-chan struct{} // closed when nothing more is to be written
}

func newFeed(t testing.TB) *feed {
	f := &feed{t: t, hub: live.NewHub(live.DefaultConfig()), epoch: media.Epoch{N: 7}, size: 200}
	f.s = f.hub.Open(liveID, media.Position{})
	return f
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// begin opens a run of chunks with the given video (avcC in hexadecimal, none if empty) and perhaps audio.
func (f *feed) begin(avcC string, audio bool) {
	f.t.Helper()
	at := f.s.Position()
	i := &media.Init{
		Live: liveID, Epoch: f.epoch, Index: f.inits, PartTarget: 210 * time.Millisecond,
		AudioPartTarget: 1050 * time.Millisecond, Segment: at.Segment, Discontinuity: at.Discontinuity,
		Date: f.date(), Start: media.Ticks(f.v, 90000), Data: map[media.RenditionID][]byte{},
	}
	if avcC == "" {
		i.PartTarget = i.AudioPartTarget
	}
	f.inits++
	f.seg, f.part = at.Segment, 0
	if avcC != "" {
		c, err := codec.ParseH264(unhex(f.t, avcC))
		if err != nil {
			f.t.Fatal(err)
		}
		i.Tracks = append(i.Tracks, media.Track{
			ID: 1, Codec: c, Timescale: 90000, Width: c.Width(), Height: c.Height(), FrameRate: 25, Bitrate: 2_000_000,
		})
	}
	if audio {
		c, err := codec.ParseAAC([]byte{0x11, 0x90})
		if err != nil {
			f.t.Fatal(err)
		}
		i.Tracks = append(i.Tracks, media.Track{ID: 2, Codec: c, Timescale: 48000, Channels: 2, Bitrate: 128_000})
	}
	for _, r := range []media.RenditionID{media.Main, media.AudioOnly} {
		if r == media.AudioOnly && (avcC == "" || !audio) {
			continue
		}
		var init fmp4.Init
		for n := range i.Tracks {
			if tr := &i.Tracks[n]; i.Carries(r, tr.ID) {
				init.Tracks = append(init.Tracks, &fmp4.InitTrack{
					ID: int(tr.ID), TimeScale: tr.Timescale, Codec: tr.Codec.SampleEntry(),
				})
			}
		}
		var buf seekablebuffer.Buffer
		if err := init.Marshal(&buf); err != nil {
			f.t.Fatal(err)
		}
		i.Data[r] = iso6(buf.Bytes())
	}
	f.init = i
	if err := f.s.Begin(i); err != nil {
		f.t.Fatal(err)
	}
}

// iso6 puts our own ftyp in place of a library's.
func iso6(init []byte) []byte {
	return append([]byte("\x00\x00\x00\x14ftypiso6\x00\x00\x00\x00iso6"), init[binary.BigEndian.Uint32(init):]...)
}

func (f *feed) date() time.Time {
	if f.realtime {
		return time.Now()
	}
	return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).Add(media.Ticks(f.v, 90000) + f.offset)
}

// chunkForm is what chunks that differ only in their numbers have in common.
type chunkForm struct {
	video, key bool
	size       int
}

var forms sync.Map // the bytes of each chunkForm: writing boxes one by one is slow

func (cf chunkForm) marshal(t testing.TB) []byte {
	track := &fmp4.PartTrack{ID: 2, BaseTime: 1 << 33} // a time that needs 64 bits
	if cf.video {
		track.ID = 1
		payload := make([]byte, 5+cf.size)
		binary.BigEndian.PutUint32(payload, uint32(1+cf.size))
		if payload[4] = 0x41; cf.key {
			payload[4] = 0x65
		}
		track.Samples = []*fmp4.Sample{{Duration: frame, IsNonSyncSample: !cf.key, Payload: payload}}
	} else {
		for range 4 {
			track.Samples = append(track.Samples, &fmp4.Sample{Duration: audioChunk / 4, Payload: make([]byte, 100)})
		}
	}
	var buf seekablebuffer.Buffer
	p := fmp4.Part{Tracks: []*fmp4.PartTrack{track}}
	if err := p.Marshal(&buf); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(buf.Bytes())
}

// chunk makes the next chunk of a track.
func (f *feed) chunk(video, key bool) *media.Chunk {
	c := &media.Chunk{Live: liveID, Epoch: f.epoch, Seq: f.seq, Segment: f.seg, Part: f.part, Independent: key || !video}
	f.seq++
	if video {
		c.Track, c.DTS, c.Duration, c.Timescale = 1, f.v, frame, 90000
		f.v += frame
	} else {
		c.Track, c.DTS, c.Duration, c.Timescale = 2, f.a, audioChunk, 48000
		f.a += audioChunk
	}
	form := chunkForm{video, key && video, f.size}
	data, ok := forms.Load(form)
	if !ok {
		data, _ = forms.LoadOrStore(form, form.marshal(f.t))
	}
	c.Data = bytes.Clone(data.([]byte))
	binary.BigEndian.PutUint32(c.Data[bytes.Index(c.Data, []byte("mfhd"))+8:], uint32(c.Seq))
	binary.BigEndian.PutUint64(c.Data[bytes.Index(c.Data, []byte("tfdt"))+8:], uint64(c.DTS))
	return c
}

func (f *feed) append(c *media.Chunk) {
	f.t.Helper()
	if err := f.s.Append(c); err != nil {
		f.t.Fatal(err)
	}
}

// frames writes a part of n frames, the first a keyframe if key, and the audio that is due.
func (f *feed) frames(n int, key, ends bool) {
	f.t.Helper()
	if f.init.Track(media.Video) == nil {
		f.silence(n, ends)
		return
	}
	audio := f.init.Track(media.Audio) != nil
	for i := range n {
		if !f.pace(media.Ticks(frame, 90000)) {
			return
		}
		for audio && media.Ticks(f.a, 48000) <= media.Ticks(f.v, 90000) {
			f.append(f.chunk(false, true))
		}
		c := f.chunk(true, key && i == 0)
		c.EndsPart = i == n-1
		c.EndsSegment = c.EndsPart && ends
		f.append(c)
	}
	f.next(ends)
}

// pace waits until what lasts so long has been said; false if nobody listens any more.
func (f *feed) pace(d time.Duration) bool {
	if f.realtime {
		select {
		case <-f.stop:
			return false
		case <-time.After(d):
		}
	}
	return true
}

// silence writes a part of n chunks of audio alone.
func (f *feed) silence(n int, ends bool) {
	f.t.Helper()
	for i := range n {
		if !f.pace(media.Ticks(audioChunk, 48000)) {
			return
		}
		c := f.chunk(false, true)
		f.v = f.a * 90000 / 48000
		c.EndsPart = i == n-1
		c.EndsSegment = c.EndsPart && ends
		f.append(c)
	}
	f.next(ends)
}

func (f *feed) next(ends bool) {
	if f.part++; ends {
		f.seg, f.part = f.seg+1, 0
	}
}

// parts writes parts of 0.2 s; the first begins with a keyframe if it begins a segment.
func (f *feed) parts(n int) {
	f.t.Helper()
	for range n {
		f.frames(5, f.part == 0, false)
	}
}

// segments writes segments of 2 s.
func (f *feed) segments(n int) {
	f.t.Helper()
	for range n {
		for p := range 10 {
			f.frames(5, p == 0, p == 9)
		}
	}
}

// takeover begins a new epoch, as after the loss of an encoder.
func (f *feed) takeover(e media.Epoch) {
	f.s.Interrupt(f.epoch)
	f.epoch, f.seq, f.inits = e, 0, 0
	f.offset += media.Ticks(f.v, 90000)
	f.v, f.a = 0, 0
}

func newServer(t testing.TB, f *feed, change ...func(*Config)) *Server {
	t.Helper()
	cfg := DefaultConfig()
	for _, c := range change {
		c(&cfg)
	}
	s, err := New(f.hub, nil, nil, cfg, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
