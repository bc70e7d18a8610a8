package recorder

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"shoal/internal/codec"
	"shoal/internal/encoder"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/segmenter/cutter"
)

const liveID = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"

// clip is a recording as an encoder sends it, read into units.
type clip struct {
	tracks []media.Track
	units  []media.Unit // in the order in which they arrive; Arrival is the time since the start
	length time.Duration
}

var demo = sync.OnceValues(func() (*clip, error) {
	c, err := encoder.Demo()
	if err != nil {
		return nil, err
	}
	return readClip(c)
})

// demoClip is our demo: 16 s of 720p.
func demoClip(t testing.TB) *clip {
	t.Helper()
	c, err := demo()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readClip makes units of an encoder's tags, with the times that RTMP carries.
func readClip(c *encoder.Clip) (*clip, error) {
	out := &clip{length: c.Duration}
	var video, audio *media.Track
	for _, tag := range c.Head {
		switch {
		case tag.Type == encoder.Video && video == nil:
			k, err := codec.ParseH264(tag.Data[5:])
			if err != nil {
				return nil, err
			}
			video = &media.Track{ID: 1, Codec: k, Timescale: 90000, Width: k.Width(), Height: k.Height(), FrameRate: k.FrameRate()}
			out.tracks = append(out.tracks, *video)
		case tag.Type == encoder.Audio && audio == nil:
			k, err := codec.ParseAAC(tag.Data[2:])
			if err != nil {
				return nil, err
			}
			audio = &media.Track{ID: 2, Codec: k, Timescale: uint32(k.SampleRate()), Channels: k.Channels()}
			out.tracks = append(out.tracks, *audio)
		}
	}
	for _, tag := range c.Frames {
		track, payload, offset := audio, tag.Data, int64(0)
		if tag.Type == encoder.Video {
			track, offset = video, int64(tag.Data[2])<<16|int64(tag.Data[3])<<8|int64(tag.Data[4])
			payload = payload[5:]
		} else {
			payload = payload[2:]
		}
		a, err := track.Codec.Access(payload)
		if err != nil {
			return nil, err
		}
		ts := int64(track.Timescale)
		out.units = append(out.units, media.Unit{
			Track: track.ID, DTS: tag.Time * ts / 1000, PTS: (tag.Time + offset) * ts / 1000, Duration: track.Codec.FrameTicks(track.Timescale),
			Key: a.Key, Recovery: a.Recovery, Payload: bytes.Clone(a.Payload), Arrival: time.UnixMilli(tag.Time),
		})
	}
	return out, nil
}

// cutting is a live that a cutter feeds with a clip.
type cutting struct {
	t      testing.TB
	stream *live.Stream
	hub    *live.Hub
	epoch  media.Epoch
	c      *cutter.Cutter
	clip   *clip
	next   int           // unit
	loop   time.Duration // where the loop began, on the encoder's clock
	now    time.Duration // reached on the encoder's clock
}

func newCutting(t testing.TB) *cutting {
	hub := live.NewHub(live.DefaultConfig())
	return &cutting{t: t, hub: hub, stream: hub.Open(liveID, media.Position{Segment: 1})}
}

// begin lets an encoder begin to send a clip in a new epoch.
func (k *cutting) begin(c *clip) {
	k.t.Helper()
	k.epoch.N++
	k.c = cutter.New(liveID, k.epoch, k.stream.Position(), k.stream, cutter.Config{})
	k.clip = c
	k.run("start")
}

// run begins a new run of units in the same epoch.
func (k *cutting) run(reason string) {
	k.t.Helper()
	k.next, k.loop, k.now = 0, 0, 0
	video := slices.ContainsFunc(k.clip.tracks, func(t media.Track) bool { return t.Kind() == media.Video })
	if err := k.c.Begin(media.Begin{Tracks: k.clip.tracks, VideoExpected: video, Reason: reason}); err != nil {
		k.t.Fatal(err)
	}
}

// feed sends what the encoder has up to a time on its clock, in loops. If paced, each unit comes when it is due.
func (k *cutting) feed(until time.Duration, paced bool) {
	k.t.Helper()
	began := time.Now()
	from := k.now
	for {
		u := k.clip.units[k.next]
		at := k.loop + u.Arrival.Sub(time.UnixMilli(0))
		if at >= until {
			k.now = until
			return
		}
		if wait := at - from - time.Since(began); paced && wait > 0 {
			time.Sleep(wait)
		}
		ts := int64(90000)
		for _, tr := range k.clip.tracks {
			if tr.ID == u.Track {
				ts = int64(tr.Timescale)
			}
		}
		shift := int64(k.loop/time.Millisecond) * ts / 1000
		u.DTS, u.PTS = u.DTS+shift, u.PTS+shift
		u.Arrival = time.Now()
		if err := k.c.Unit(u); err != nil {
			k.t.Fatal(err)
		}
		if k.next++; k.next == len(k.clip.units) {
			k.next, k.loop = 0, k.loop+k.clip.length
		}
	}
}

// goes lets the encoder go.
func (k *cutting) goes() {
	k.t.Helper()
	if err := k.c.Close(); err != nil {
		k.t.Fatal(err)
	}
	k.stream.Interrupt(k.epoch)
}

// ends ends the live.
func (k *cutting) ends() {
	k.t.Helper()
	k.goes()
	k.stream.End(k.epoch)
}

// servedAs collects, while a live runs, all that it has listed of a rendition.
type servedAs struct {
	id       media.RenditionID
	segments []*media.Segment
}

// look takes the complete segments that are new.
func (v *servedAs) look(s *live.Stream) {
	w := s.Window(v.id)
	if w == nil {
		return
	}
	first := w.First().Number
	for w.Segment(first-1) != nil {
		first--
	}
	if n := len(v.segments); n > 0 {
		first = max(first, v.segments[n-1].Number+1)
	}
	for c := w.Segment(first); c != nil && c.Complete; c = w.Segment(c.Number + 1) {
		v.segments = append(v.segments, c)
	}
}

// bytes are those that a viewer gets of a segment.
func segmentBytes(s *media.Segment) []byte {
	var b []byte
	for _, p := range s.Parts {
		for _, c := range p.Chunks {
			b = append(b, c.Data...)
		}
	}
	return b
}
