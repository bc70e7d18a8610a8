package cmaf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"shoal/internal/media"
)

// testCodec is a codec of which only the init segment matters.
type testCodec struct {
	kind  media.Kind
	entry codecs.Codec
}

func (c testCodec) Kind() media.Kind                          { return c.kind }
func (c testCodec) Name() string                              { return c.kind.String() }
func (c testCodec) RFC6381() string                           { return c.kind.String() }
func (c testCodec) Config() []byte                            { return nil }
func (c testCodec) SampleEntry() codecs.Codec                 { return c.entry }
func (c testCodec) FrameTicks(uint32) int64                   { return 0 }
func (c testCodec) Access(b []byte) (a media.Access, _ error) { a.Payload = b; return a, nil }
func (c testCodec) Silence() []byte                           { return nil }

func tracks() []media.Track {
	return []media.Track{
		{ID: 1, Timescale: 90000, Bitrate: 2_500_000, Codec: testCodec{media.Video, &codecs.H264{
			SPS: []byte{
				0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00,
				0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20,
			},
			PPS: []byte{0x68, 0xcb, 0x8c, 0xb2},
		}}},
		{ID: 2, Timescale: 48000, Codec: testCodec{media.Audio, &codecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{
			Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2, ChannelCount: 2,
		}}}},
	}
}

func TestInit(t *testing.T) {
	for n, tr := range map[string][]media.Track{"both": tracks(), "video": tracks()[:1], "audio": tracks()[1:]} {
		b, err := Init(tr)
		if err != nil {
			t.Fatal(err)
		}
		f, err := mp4.DecodeFile(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: mp4ff: %v", n, err)
		}
		if f.Init.Ftyp.MajorBrand() != "iso6" || !slices.Equal(f.Init.Ftyp.CompatibleBrands(), []string{"iso6", "mp41"}) {
			t.Errorf("%s: ftyp says %s %v", n, f.Init.Ftyp.MajorBrand(), f.Init.Ftyp.CompatibleBrands())
		}
		var i fmp4.Init
		if err := i.Unmarshal(bytes.NewReader(b)); err != nil {
			t.Fatalf("%s: mediacommon: %v", n, err)
		}
		if len(i.Tracks) != len(tr) || len(f.Init.Moov.Traks) != len(tr) || len(f.Init.Moov.Mvex.Trexs) != len(tr) {
			t.Fatalf("%s: %d tracks of %d", n, len(i.Tracks), len(tr))
		}
		for k := range tr {
			a, m := i.Tracks[k], f.Init.Moov.Traks[k]
			if a.ID != int(tr[k].ID) || a.TimeScale != tr[k].Timescale || m.Tkhd.TrackID != tr[k].ID || m.Mdia.Mdhd.Timescale != tr[k].Timescale {
				t.Errorf("%s: track %d is %d of %d/s", n, tr[k].ID, a.ID, a.TimeScale)
			}
		}
	}
	if _, err := Init(nil); !errors.Is(err, ErrNoTracks) {
		t.Errorf("no tracks: %v", err)
	}
	if _, err := Init([]media.Track{{ID: 1, Timescale: 90000, Codec: testCodec{media.Video, &codecs.H264{}}}}); err == nil {
		t.Error("a codec without parameters passes")
	}
}

// cases are chunks with every choice of what stands once and what stands for each sample.
var cases = []struct {
	name     string
	track    uint32 // of tracks
	dts      int64
	samples  []Sample
	overhead int // bytes besides the payload
}{
	{"a keyframe", 1, 0, []Sample{{3000, 0, true, []byte("idr")}}, 108},
	{"a frame", 1, 1 << 40, []Sample{{3003, 0, false, []byte("p")}}, 108},
	{"a reordered frame", 1, 3000, []Sample{{3000, 6000, false, []byte("p")}}, 112},
	{"a frame shown before it is decoded", 1, 3000, []Sample{{3000, -1500, false, []byte("b")}}, 112},
	{"audio", 2, 90210, []Sample{{1024, 0, true, []byte("one")}, {1024, 0, true, []byte("three")}, {1024, 0, true, []byte("4")}}, 116},
	{"audio after a gap", 2, 0, []Sample{{1024, 0, true, []byte("a")}, {5824, 0, true, []byte("b")}}, 116},
	{"a group of pictures", 1, 7, []Sample{
		{3000, 3000, true, []byte("i")}, {3000, 9000, false, []byte("pp")}, {3060, 0, false, []byte("bbb")}, {2940, 0, false, []byte("b")},
	}, 108 - 8 - 4 + 4*16},
}

func TestChunk(t *testing.T) {
	for n, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			seq, track := uint32(n+1), c.track
			b := Chunk(nil, seq, track, c.dts, c.samples)
			size := 0
			for _, s := range c.samples {
				size += len(s.Payload)
			}
			if len(b)-size != c.overhead || cap(b) != len(b) {
				t.Errorf("%d bytes besides %d of payload, want %d; room for %d", len(b)-size, size, c.overhead, cap(b))
			}
			byMediacommon(t, b, seq, track, c.dts, c.samples)
			byMp4ff(t, b, seq, track, c.dts, c.samples)

			more := Chunk(slices.Clone(b), seq, track, c.dts, c.samples)
			if !bytes.Equal(more, append(slices.Clone(b), b...)) {
				t.Error("a chunk appended to another differs")
			}
			room := make([]byte, 0, len(b))
			if again := Chunk(room, seq, track, c.dts, c.samples); &again[0] != &room[:1][0] || !bytes.Equal(again, b) {
				t.Error("the room that was given was not used")
			}
		})
	}
}

func byMediacommon(t *testing.T, b []byte, seq, track uint32, dts int64, want []Sample) {
	t.Helper()
	var parts fmp4.Parts
	if err := parts.Unmarshal(b); err != nil {
		t.Fatalf("mediacommon: %v", err)
	}
	p := parts[0]
	if len(parts) != 1 || len(p.Tracks) != 1 || p.SequenceNumber != seq || p.Tracks[0].ID != int(track) ||
		p.Tracks[0].BaseTime != uint64(dts) || len(p.Tracks[0].Samples) != len(want) {
		t.Fatalf("mediacommon reads %+v", p)
	}
	for i, s := range p.Tracks[0].Samples {
		w := want[i]
		if int64(s.Duration) != w.Duration || int64(s.PTSOffset) != w.Offset || s.IsNonSyncSample == w.Sync || !bytes.Equal(s.Payload, w.Payload) {
			t.Errorf("mediacommon reads sample %d as %+v", i, s)
		}
	}
}

func byMp4ff(t *testing.T, b []byte, seq, track uint32, dts int64, want []Sample) {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("mp4ff: %v", err)
	}
	frag := f.Segments[0].Fragments[0]
	traf := frag.Moof.Traf
	if frag.Moof.Mfhd.SequenceNumber != seq || traf.Tfhd.TrackID != track || !traf.Tfhd.DefaultBaseIfMoof() ||
		traf.Tfdt.BaseMediaDecodeTime() != uint64(dts) {
		t.Errorf("mp4ff reads sequence %d, track %d, tfdt %d", frag.Moof.Mfhd.SequenceNumber, traf.Tfhd.TrackID, traf.Tfdt.BaseMediaDecodeTime())
	}
	samples, err := frag.GetFullSamples(nil)
	if err != nil || len(samples) != len(want) {
		t.Fatalf("mp4ff reads %d samples: %v", len(samples), err)
	}
	at := dts
	for i, s := range samples {
		w := want[i]
		flags := mp4.DecodeSampleFlags(s.Flags)
		depends := byte(1)
		if w.Sync {
			depends = 2
		}
		if int64(s.Dur) != w.Duration || int64(s.CompositionTimeOffset) != w.Offset || int64(s.DecodeTime) != at ||
			flags.SampleIsNonSync == w.Sync || flags.SampleDependsOn != depends || !bytes.Equal(s.Data, w.Payload) {
			t.Errorf("mp4ff reads sample %d as %+v, flags %+v", i, s, flags)
		}
		at += w.Duration
	}
}

// TestFFprobe lets ffprobe read what the other two did: an init and one chunk after the other. The times of decoding say
// how long samples last.
func TestFFprobe(t *testing.T) {
	ffprobe, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Skip("ffprobe is not installed")
	}
	file, err := Init(tracks())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	at := []int64{90000, 48000}
	for n, c := range cases {
		if c.samples[0].Offset < 0 {
			continue // ffmpeg moves all that follows, so that nothing is shown before it is decoded
		}
		track := c.track - 1
		file = Chunk(file, uint32(n+1), c.track, at[track], c.samples)
		for _, s := range c.samples {
			flags := "__"
			if s.Sync {
				flags = "K_"
			}
			want = append(want, fmt.Sprintf("%d,%d,%d,%d,%s", track, at[track]+s.Offset, at[track], len(s.Payload), flags))
			at[track] += s.Duration
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, ffprobe, "-v", "warning", "-f", "mp4", "-fflags", "noparse+nofillin", "-show_entries", "packet=stream_index,pts,dts,size,flags",
		"-of", "csv=p=0", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("ffprobe reads\n%v\nwant\n%v", got, want)
	}
}

func BenchmarkChunk(b *testing.B) {
	for _, c := range []struct {
		name    string
		samples []Sample
	}{
		{"video", []Sample{{3000, 0, false, make([]byte, 10_000)}}},
		{"audio", []Sample{
			{1024, 0, true, make([]byte, 340)}, {1024, 0, true, make([]byte, 341)}, {1024, 0, true, make([]byte, 342)}, {1024, 0, true, make([]byte, 343)},
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(Chunk(nil, 1, 1, 0, c.samples))))
			for b.Loop() {
				Chunk(nil, 1, 1, 0, c.samples)
			}
		})
	}
}
