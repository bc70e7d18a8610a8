package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os/exec"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"shoal/internal/media"
)

var configs = []struct {
	name, asc, config string
	rate, out, chans  int
	rfc               string
	ticks             int64
}{
	{"LC 48 kHz stereo", "1190", "1190", 48000, 48000, 2, "mp4a.40.2", 1024},
	{"LC as ffmpeg announces it", "119056e500", "1190", 48000, 48000, 2, "mp4a.40.2", 1024},
	{"LC 44.1 kHz mono", "1208", "1208", 44100, 44100, 1, "mp4a.40.2", 1024},
	{"LC 5.1", "11b0", "11b0", 48000, 48000, 6, "mp4a.40.2", 1024},
	{"LC 7.1", "11b8", "11b8", 48000, 48000, 8, "mp4a.40.2", 1024},
	{"LC, frames of 960", "1194", "1194", 48000, 48000, 2, "mp4a.40.2", 960},
	{"SBR in front", "2b118800", "2b118800", 24000, 48000, 2, "mp4a.40.5", 1024},
	{"SBR behind", "131056e598", "2b118800", 24000, 48000, 2, "mp4a.40.5", 1024},
	{"SBR and PS in front", "eb09880000", "eb098800", 24000, 48000, 2, "mp4a.40.29", 1024},
	{"SBR and PS behind", "130856e59d4880", "eb098800", 24000, 48000, 2, "mp4a.40.29", 1024},
}

func TestParseAAC(t *testing.T) {
	for _, tc := range configs {
		t.Run(tc.name, func(t *testing.T) {
			c, err := ParseAAC(unhex(t, tc.asc))
			if err != nil {
				t.Fatal(err)
			}
			if c.SampleRate() != tc.rate || c.OutputRate() != tc.out || c.Channels() != tc.chans || c.RFC6381() != tc.rfc {
				t.Errorf("is %d Hz, out %d Hz, %d channels, %s", c.SampleRate(), c.OutputRate(), c.Channels(), c.RFC6381())
			}
			if got := hex.EncodeToString(c.Config()); got != tc.config {
				t.Errorf("the configuration is %s, want %s", got, tc.config)
			}
			if got := c.FrameTicks(uint32(tc.rate)); got != tc.ticks {
				t.Errorf("a frame has %d ticks, want %d", got, tc.ticks)
			}
			if c.Kind() != media.Audio || c.Name() != "AAC" || c.Warning() != "" || c.Silence() == nil {
				t.Errorf("is %v %s, warning %q, silence %x", c.Kind(), c.Name(), c.Warning(), c.Silence())
			}
		})
	}
}

func TestParseAACRefuses(t *testing.T) {
	for name, asc := range map[string]string{
		"nothing":                    "",
		"one byte":                   "11",
		"AAC Main":                   "0990",
		"channels of its own order":  "1180",
		"reserved channels":          "11c8",
		"reserved rate":              "1690",
		"an explicit rate of 0":      "1780000010",
		"an explicit rate of 16 MHz": "17ffffff90",
	} {
		if _, err := ParseAAC(unhex(t, asc)); !errors.Is(err, ErrAACConfig) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func TestAACAccess(t *testing.T) {
	c, err := ParseAAC(unhex(t, "1190"))
	if err != nil {
		t.Fatal(err)
	}
	frame := []byte{0x21, 1, 2, 3}
	if a, err := c.Access(frame); err != nil || &a.Payload[0] != &frame[0] || !a.Key || a.Recovery || a.Next != nil {
		t.Errorf("a frame gives %+v, %v", a, err)
	}
	if a, err := c.Access(nil); err != nil || a.Key || len(a.Payload) != 0 {
		t.Errorf("nothing gives %+v, %v", a, err)
	}
	if _, err := c.Access(make([]byte, 20000)); !errors.Is(err, ErrAACUnit) {
		t.Errorf("20,000 bytes give %v", err)
	}
}

func TestSilence(t *testing.T) {
	for n, want := range []string{
		"", "00000007", "21000000001c", "000000010800000000e0", "00000001080000000002000007",
		"00000001080000000023000000001c", "00000001080000000023000000000c000000e0",
		"000000010800000000230000000004a0000000018000001c", "", "",
	} {
		if got := hex.EncodeToString(silence(uint8(n))); got != want {
			t.Errorf("channel configuration %d: %s, want %s", n, got, want)
		}
	}
}

// TestSilenceDecodes lets ffmpeg judge: frames of silence are read without a complaint, and not one sample of what
// comes out is other than zero.
func TestSilenceDecodes(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed: make test installs it")
	}
	for _, tc := range configs {
		if tc.ticks != 1024 {
			continue // ffmpeg does not decode frames of 960 samples
		}
		t.Run(tc.name, func(t *testing.T) {
			c, err := ParseAAC(unhex(t, tc.asc))
			if err != nil {
				t.Fatal(err)
			}
			const frames = 12
			var out, complaints bytes.Buffer
			cmd := exec.CommandContext(t.Context(), ffmpeg, "-nostdin", "-v", "error", "-xerror", "-f", "mp4", "-i", "pipe:0", "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1")
			cmd.Stdin = bytes.NewReader(fragment(t, c, frames))
			cmd.Stdout, cmd.Stderr = &out, &complaints
			if err := cmd.Run(); err != nil || complaints.Len() > 0 {
				t.Fatalf("ffmpeg: %v, %s", err, &complaints)
			}
			samples := frames * 1024 * c.OutputRate() / c.SampleRate() * c.Channels()
			if got := out.Len() / 2; got < samples*9/10 {
				t.Fatalf("%d samples came out of %d", got, samples)
			}
			for b := out.Bytes(); len(b) > 1; b = b[2:] {
				if s := int16(binary.LittleEndian.Uint16(b)); s != 0 {
					t.Fatalf("a sample is %d", s)
				}
			}
		})
	}
}

// fragment is a fragmented MP4 of frames of silence.
func fragment(t *testing.T, c *AAC, frames int) []byte {
	t.Helper()
	var b seekBuffer
	init := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: 1, TimeScale: uint32(c.SampleRate()), Codec: c.SampleEntry()}}}
	if err := init.Marshal(&b); err != nil {
		t.Fatal(err)
	}
	track := &fmp4.PartTrack{ID: 1}
	for range frames {
		track.Samples = append(track.Samples, &fmp4.Sample{Duration: 1024, Payload: c.Silence()})
	}
	var p seekBuffer
	part := fmp4.Part{Tracks: []*fmp4.PartTrack{track}}
	if err := part.Marshal(&p); err != nil {
		t.Fatal(err)
	}
	return append(b.data, p.data...)
}

// seekBuffer is a file in memory.
type seekBuffer struct {
	data []byte
	pos  int64
}

func (b *seekBuffer) Write(p []byte) (int, error) {
	if need := int(b.pos) + len(p); need > len(b.data) {
		b.data = append(b.data, make([]byte, need-len(b.data))...)
	}
	n := copy(b.data[b.pos:], p)
	b.pos += int64(n)
	return n, nil
}

func (b *seekBuffer) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case 1:
		offset += b.pos
	case 2:
		offset += int64(len(b.data))
	}
	b.pos = offset
	return offset, nil
}

func TestSampleEntries(t *testing.T) {
	a, err := ParseAAC(unhex(t, "2b118800"))
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := a.SampleEntry().(*codecs.MPEG4Audio); !ok || e.Config.SampleRate != 24000 || e.Config.ExtensionSampleRate != 48000 {
		t.Errorf("the entry is %+v", a.SampleEntry())
	}
	v := parse(t, "high 320x180 30")
	if e, ok := v.SampleEntry().(*codecs.H264); !ok || !bytes.Equal(e.SPS, v.sps[0]) || !bytes.Equal(e.PPS, v.pps[0]) {
		t.Errorf("the entry is %+v", v.SampleEntry())
	}
}

func FuzzParseAAC(f *testing.F) {
	for _, tc := range configs {
		f.Add(unhex(f, tc.asc))
	}
	f.Fuzz(func(t *testing.T, asc []byte) {
		c, err := ParseAAC(asc)
		if err != nil {
			if !errors.Is(err, ErrAACConfig) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		if c.SampleRate() < 7350 || c.OutputRate() < 7350 || c.Channels() < 1 || c.FrameTicks(uint32(c.SampleRate())) < 960 || c.Silence() == nil {
			t.Fatalf("%d Hz, %d Hz, %d channels", c.SampleRate(), c.OutputRate(), c.Channels())
		}
		again, err := ParseAAC(c.Config())
		if err != nil || !bytes.Equal(again.Config(), c.Config()) {
			t.Fatalf("its own configuration %x is not read: %v", c.Config(), err)
		}
	})
}
