package recording

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"

	"shoal/internal/codec"
	"shoal/internal/media"
)

// Parameters that x264 made: of 320x180 at 30, and of 640x360 at 59.94 frames per second.
const (
	avcC180 = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000468efbcb0fdf8f800"
	avcC360 = "0142c01fffe100176742c01fda0280bfe5c04400000fa4000753003c60ca8001000468ce0fc8"
)

// Descriptions of AAC: LC, stereo, of 48 and 44.1 kHz.
const (
	aac48 = "1190"
	aac44 = "1210"
)

// tempDir is a folder that ends with the test: in memory, since hundreds of syncs are not what is tested.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "shoal-recording-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

var date = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// take is a run of a live that a test makes up.
type take struct {
	epoch       uint64
	index       uint32
	avcC, aac   string // hexadecimal; none if empty
	first       uint64 // number of the first segment
	segments    int
	start       time.Duration // of the clock
	audioAhead  time.Duration // by how much audio begins earlier than video
	audioLonger int           // audio chunks behind the last picture
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// init makes the init of a take.
func (k *take) init(t testing.TB) *media.Init {
	t.Helper()
	i := &media.Init{
		Epoch: media.Epoch{N: k.epoch}, Index: k.index, Segment: k.first, Discontinuity: true,
		Date: date.Add(time.Duration(k.first) * 2 * time.Second), Start: k.start, Data: map[media.RenditionID][]byte{},
	}
	if k.avcC != "" {
		c, err := codec.ParseH264(unhex(t, k.avcC))
		if err != nil {
			t.Fatal(err)
		}
		i.Tracks = append(i.Tracks, media.Track{ID: 1, Codec: c, Timescale: 90000, Width: c.Width(), Height: c.Height(), FrameRate: 25})
	}
	if k.aac != "" {
		c, err := codec.ParseAAC(unhex(t, k.aac))
		if err != nil {
			t.Fatal(err)
		}
		i.Tracks = append(i.Tracks, media.Track{ID: 2, Codec: c, Timescale: uint32(c.SampleRate()), Channels: 2})
	}
	for _, r := range []media.RenditionID{media.Main, media.AudioOnly} {
		var init fmp4.Init
		for n := range i.Tracks {
			if tr := &i.Tracks[n]; i.Carries(r, tr.ID) {
				init.Tracks = append(init.Tracks, &fmp4.InitTrack{ID: int(tr.ID), TimeScale: tr.Timescale, Codec: tr.Codec.SampleEntry()})
			}
		}
		if len(init.Tracks) == 0 {
			continue
		}
		var buf seekablebuffer.Buffer
		if err := init.Marshal(&buf); err != nil {
			t.Fatal(err)
		}
		i.Data[r] = bytes.Clone(buf.Bytes())
	}
	return i
}

// moof writes a chunk of n samples as segmenter/cmaf does. Composition offsets are written if offset is not 0.
func moof(seq, track uint32, dts int64, n int, duration, flags uint32, offset int32, size int) []byte {
	be := binary.BigEndian
	each := 4
	trunHas := uint32(trunDataOffset | trunSize)
	if offset != 0 {
		each, trunHas = 8, trunHas|trunOffset
	}
	box := func(b []byte, size int, name string) []byte { return append(be.AppendUint32(b, uint32(size)), name...) }
	put := func(b []byte, v ...uint32) []byte {
		for _, v := range v {
			b = be.AppendUint32(b, v)
		}
		return b
	}
	trun := 20 + n*each
	traf := 8 + 24 + 20 + trun
	all := 8 + 16 + traf
	b := box(nil, all, "moof")
	b = put(box(b, 16, "mfhd"), 0, seq)
	b = box(b, traf, "traf")
	b = put(box(b, 24, "tfhd"), 0x020000|tfhdDuration|tfhdFlags, track, duration, flags)
	b = be.AppendUint64(put(box(b, 20, "tfdt"), 1<<24), uint64(dts))
	b = put(box(b, trun, "trun"), 1<<24|trunHas, uint32(n), uint32(all+8))
	for range n {
		b = put(b, uint32(size))
		if offset != 0 {
			b = put(b, uint32(offset))
		}
	}
	b = box(b, 8+n*size, "mdat")
	for i := range n * size {
		b = append(b, byte(i^int(seq)))
	}
	return b
}

// cut makes the segments of a take: of 2 s, of ten parts each, with 25 pictures a second and audio chunks of 4 frames.
func (k *take) cut(t testing.TB) []*media.Segment {
	t.Helper()
	i := k.init(t)
	video, audio := i.Track(media.Video), i.Track(media.Audio)
	v := int64(k.start/time.Millisecond) * 90
	var a int64
	if audio != nil {
		a = int64(k.start+k.audioAhead) * int64(audio.Timescale) / int64(time.Second)
	}
	var seq uint32
	sound := func() *media.Chunk {
		c := &media.Chunk{Track: 2, DTS: a, Duration: 4096, Timescale: audio.Timescale, Independent: true}
		c.Data = moof(seq, 2, a, 4, 1024, 0x02000000, 0, 50)
		a += 4096
		seq++
		return c
	}
	var all []*media.Segment
	for n := range k.segments {
		s := &media.Segment{Number: k.first + uint64(n), Init: i, Discontinuity: n == 0, Complete: true, Independent: true}
		for number := range 10 {
			p := &media.Part{Segment: s.Number, Number: uint32(number), Duration: 200 * time.Millisecond}
			for f := range 5 {
				at := time.Duration(n*50+number*5+f)*40*time.Millisecond + k.start
				for audio != nil && media.Ticks(a, audio.Timescale) <= at {
					p.Chunks = append(p.Chunks, sound())
				}
				if video == nil {
					continue
				}
				key := number == 0 && f == 0
				c := &media.Chunk{Track: 1, DTS: v, Duration: 3600, Timescale: 90000, Independent: key}
				flags := uint32(0x01010000)
				if key {
					flags = 0x02000000
				}
				c.Data = moof(seq, 1, v, 1, 3600, flags, 3600, 300)
				v += 3600
				seq++
				p.Chunks = append(p.Chunks, c)
			}
			for n == k.segments-1 && number == 9 && k.audioLonger > 0 {
				p.Chunks = append(p.Chunks, sound())
				k.audioLonger--
			}
			if len(s.Parts) == 0 {
				s.Start = k.start + time.Duration(n)*2*time.Second
				s.Date = i.Date.Add(s.Start - i.Start)
			}
			for _, c := range p.Chunks {
				p.Size += len(c.Data)
			}
			s.Parts = append(s.Parts, p)
			s.Duration += p.Duration
			s.Size += p.Size
		}
		all = append(all, s)
	}
	return all
}

// write records segments of one init.
func write(t testing.TB, dir string, r media.RenditionID, segments []*media.Segment) {
	t.Helper()
	w, err := Create(dir, RunOf(r, segments[0]), segments[0].Init.Data[r])
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		for _, p := range s.Parts {
			w.Part(p)
		}
		if err := w.End(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// record makes a recording of takes.
func record(t testing.TB, takes ...take) (*Recording, [][]*media.Segment) {
	t.Helper()
	dir := tempDir(t)
	var all [][]*media.Segment
	for _, k := range takes {
		s := k.cut(t)
		write(t, dir, media.Main, s)
		all = append(all, s)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, all
}

// served is what viewers get of segments: their chunks one behind the other.
func served(segments ...*media.Segment) []byte {
	var b []byte
	for _, s := range segments {
		for _, p := range s.Parts {
			for _, c := range p.Chunks {
				b = append(b, c.Data...)
			}
		}
	}
	return b
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
