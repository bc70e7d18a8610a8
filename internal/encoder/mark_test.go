package encoder

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"shoal/internal/encoder/stamp"
)

func TestMarkEveryFrame(t *testing.T) {
	c := demo(t)
	m := newMarker()
	sent := time.UnixMicro(1_763_900_000_123_456)
	want := map[stamp.Kind]uint32{}
	for p := range c.Once() {
		tag, err := m.mark(p.Tag, sent)
		if err != nil {
			t.Fatal(err)
		}
		if p.Header() {
			if !bytes.Equal(tag.Data, p.Data) {
				t.Error("a header was changed")
			}
			continue
		}
		kind := stamp.Video
		if p.Type == Audio {
			kind = stamp.Audio
		}
		n := 0
		stamp.Scan(tag.Data, func(_ int, got stamp.Mark) {
			n++
			if got.Kind != kind || got.Seq != want[kind] || !got.Sent.Equal(sent) {
				t.Errorf("mark %+v, want %c number %d", got, kind, want[kind])
			}
		})
		if n != 1 {
			t.Fatalf("%d marks in a frame", n)
		}
		want[kind]++
	}
	if want[stamp.Video] != 480 || want[stamp.Audio] != 750 {
		t.Errorf("marked %v", want)
	}
}

// TestMarksDoNotDisturbDecoders lets ffmpeg decode the clip with and without marks: the pictures and the sound are the
// same.
func TestMarksDoNotDisturbDecoders(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	c := demo(t)
	short := &Clip{Head: c.Head, Frames: c.Frames[:200]}
	marked := &Clip{}
	m := newMarker()
	for i, part := range [][]Tag{short.Head, short.Frames} {
		for _, tag := range part {
			tag, err := m.mark(tag, time.UnixMicro(1_763_900_000_123_456))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				marked.Head = append(marked.Head, tag)
			} else {
				marked.Frames = append(marked.Frames, tag)
			}
		}
	}
	decode := func(c *Clip) string {
		var file bytes.Buffer
		if err := c.WriteFLV(&file); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-f", "flv", "-i", "-",
			"-map", "0:v", "-map", "0:a", "-f", "streamhash", "-hash", "md5", "-")
		cmd.Stdin = &file
		var out, complaints strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &complaints
		if err := cmd.Run(); err != nil || complaints.Len() > 0 {
			t.Fatalf("ffmpeg: %v\n%s", err, complaints.String())
		}
		return out.String()
	}
	if want, got := decode(short), decode(marked); want != got || !strings.Contains(want, "MD5=") {
		t.Errorf("decoded\n%swith marks, want\n%s", got, want)
	}
}

func TestMarkPlaces(t *testing.T) {
	nal := func(b ...byte) []byte { return append([]byte{0, 0, 0, byte(len(b))}, b...) }
	video := func(nals ...[]byte) Tag {
		return Tag{Type: Video, Data: append([]byte{0x17, 1, 0, 0, 0}, bytes.Join(nals, nil)...)}
	}
	delimiter, sps, pps, sei, idr := nal(9, 0xf0), nal(0x67, 1), nal(0x68, 2), nal(6, 5, 0), nal(0x65, 3)
	tests := []struct {
		name string
		tag  Tag
		at   int // of the SEI's length
		err  error
	}{
		{"slice alone", video(idr), 5, nil},
		{"behind delimiter and parameter sets", video(delimiter, sps, pps, idr), 5 + 3*6, nil},
		{"before another SEI", video(delimiter, sei, idr), 5 + 6, nil},
		{"no slice", video(sps, pps), 0, errNAL},
		{"length beyond the end", video([]byte{0xff, 0xff, 0xff, 0xff, 9, 1}), 0, errNAL},
		{"no NAL unit", video(), 0, errNAL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newMarker().mark(tt.tag, time.UnixMicro(1))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			sei := stamp.Mark{Kind: stamp.Video, Sent: time.UnixMicro(1)}.AppendSEI(nil)
			want := bytes.Join([][]byte{tt.tag.Data[:tt.at], nal(sei...), tt.tag.Data[tt.at:]}, nil)
			if !bytes.Equal(got.Data, want) {
				t.Errorf("got %x\nwant %x", got.Data, want)
			}
		})
	}
}

func TestMarkWithShortLengths(t *testing.T) {
	m := newMarker()
	config := Tag{Video, 0, []byte{0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xfd, 0xe1}} // lengthSizeMinusOne 1
	if _, err := m.mark(config, time.Now()); err != nil {
		t.Fatal(err)
	}
	got, err := m.mark(Tag{Video, 0, []byte{0x17, 1, 0, 0, 0, 0, 2, 0x65, 0x88}}, time.UnixMicro(1))
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{0, byte(stamp.SEILen), 6, 5}; !bytes.Equal(got.Data[5:9], want) {
		t.Errorf("the SEI begins with %x, want %x", got.Data[5:9], want)
	}
}
