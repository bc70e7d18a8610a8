package encoder

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"
	"time"

	"shoal/internal/amf0"
)

func demo(t testing.TB) *Clip {
	t.Helper()
	c, err := Demo()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func count(c *Clip, t Type) (n int) {
	for _, f := range c.Frames {
		if f.Type == t {
			n++
		}
	}
	return n
}

func TestDemoIsWhatItPromises(t *testing.T) {
	if len(demoFLV) >= 600<<10 {
		t.Errorf("the clip has %d bytes, want less than 600 KiB", len(demoFLV))
	}
	c := demo(t)
	if c.Duration != 16*time.Second {
		t.Errorf("duration %v, want 16 s", c.Duration)
	}
	if v, a := count(c, Video), count(c, Audio); v != 480 || a != 750 {
		t.Errorf("%d pictures and %d audio frames, want 480 and 750", v, a)
	}
	var heads []Type
	for _, h := range c.Head {
		heads = append(heads, h.Type)
	}
	if !reflect.DeepEqual(heads, []Type{Script, Video, Audio}) {
		t.Errorf("head is %v", heads)
	}
	last := map[Type]int64{Video: c.Frames[1].Time - 33, Audio: -21}
	var keys []int64
	for p := range Apply(c.Loop(), Until(33*time.Second)) {
		if p.Header() {
			continue
		}
		if step := p.Time - last[p.Type]; step < 20 || step > 35 {
			t.Errorf("type %d goes from %d to %d ms: the loop has a seam", p.Type, last[p.Type], p.Time)
		}
		last[p.Type] = p.Time
		if p.Key() {
			keys = append(keys, p.Time-c.Frames[1].Time)
		}
	}
	for i, k := range keys {
		if k != int64(i)*2000 {
			t.Errorf("keyframe %d is at %d ms, want %d", i, k, i*2000)
		}
	}
	if len(keys) != 17 {
		t.Errorf("%d keyframes in 33 s, want 17", len(keys))
	}
}

func TestFLVRoundTrip(t *testing.T) {
	c := demo(t)
	for _, c := range []*Clip{c, c.Only(Video), c.Only(Audio)} {
		var file bytes.Buffer
		if err := c.WriteFLV(&file); err != nil {
			t.Fatal(err)
		}
		again, err := LoadFLV(iotest.HalfReader(&file))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c, again) {
			t.Errorf("a clip of %d frames and %v is not read as it was written: %d and %v",
				len(c.Frames), c.Duration, len(again.Frames), again.Duration)
		}
	}
}

func TestOnlyAnnouncesOneTrack(t *testing.T) {
	c := demo(t)
	tests := []struct {
		track     Type
		want, not string
	}{{Video, "width", "audiocodecid"}, {Audio, "audiocodecid", "width"}}
	for _, tt := range tests {
		o := c.Only(tt.track)
		if !o.Has(tt.track) || len(o.Frames) != count(c, tt.track) {
			t.Errorf("only %d has %d frames", tt.track, len(o.Frames))
		}
		values, err := amf0.Decode(o.Head[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		meta := values[1].(amf0.Object)
		if meta.Get(tt.want) == nil || meta.Get(tt.not) != nil {
			t.Errorf("only %d is announced with %v", tt.track, meta)
		}
	}
}

// flv makes a file of the tags.
func flv(tags ...Tag) []byte {
	b := appendHeader(nil, true, true)
	for _, t := range tags {
		b = appendTag(b, t)
	}
	return b
}

var (
	avcHeader = Tag{Video, 0, []byte{0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe1}}
	avcKey    = Tag{Video, 0, []byte{0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 0x88}}
	avcInter  = Tag{Video, 40, []byte{0x27, 1, 0, 0, 0, 0, 0, 0, 2, 0x41, 0x9a}}
	aacHeader = Tag{Audio, 0, []byte{0xaf, 0, 0x11, 0x90}}
	aacFrame  = Tag{Audio, 7, []byte{0xaf, 1, 0x21, 0x10}}
)

func TestLoadFLV(t *testing.T) {
	after := avcInter
	after.Time = 1<<32 - 1
	whole := flv(avcHeader, avcKey, aacFrame, avcInter)
	tests := []struct {
		name     string
		in       []byte
		frames   int
		duration time.Duration
		err      error
	}{
		{"nothing", nil, 0, 0, ErrFLV},
		{"another file", []byte("RIFF....WAVEfmt "), 0, 0, ErrFLV},
		{"header alone", flv(), 0, 0, ErrFLV},
		{"headers alone", flv(avcHeader, aacHeader), 0, 0, ErrFLV},
		{"short header", []byte("FLV\x01\x05\x00\x00\x00\x01\x00\x00\x00\x00"), 0, 0, ErrFLV},
		{"two frames", flv(avcHeader, avcKey, avcInter), 2, 80 * time.Millisecond, nil},
		{"one frame", flv(avcKey), 1, time.Millisecond, nil},
		{"cut in a tag", whole[:len(whole)-8], 2, time.Millisecond, nil},
		{"last size missing", whole[:len(whole)-4], 3, 80 * time.Millisecond, nil},
		{"32-bit time", flv(avcKey, after), 2, 2 * (1<<32 - 1) * time.Millisecond, nil},
		{"tags without data are left out", flv(Tag{Audio, 0, nil}, Tag{Video, 0, []byte{0x17}}, avcKey), 1, time.Millisecond, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := LoadFLV(bytes.NewReader(tt.in))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && (len(c.Frames) != tt.frames || c.Duration != tt.duration) {
				t.Errorf("%d frames in %v, want %d in %v", len(c.Frames), c.Duration, tt.frames, tt.duration)
			}
		})
	}
	broken := errors.New("disk on fire")
	if _, err := LoadFLV(io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("error %v, want the reader's", err)
	}
}

func TestTagKinds(t *testing.T) {
	tests := []struct {
		name               string
		tag                Tag
		header, frame, key bool
	}{
		{"avcC", avcHeader, true, false, false},
		{"key", avcKey, false, true, true},
		{"inter", avcInter, false, true, false},
		{"end of sequence", Tag{Video, 0, []byte{0x17, 2, 0, 0, 0}}, false, false, false},
		{"AudioSpecificConfig", aacHeader, true, false, false},
		{"AAC", aacFrame, false, true, false},
		{"MP3", Tag{Audio, 0, []byte{0x2f, 0xff, 0xfb}}, false, true, false},
		{"metadata", Tag{Script, 0, []byte{2, 0, 0}}, true, false, false},
		{"Enhanced RTMP start", Tag{Video, 0, []byte("\x90hvc1....")}, true, false, false},
		{"Enhanced RTMP key", Tag{Video, 0, []byte("\x91hvc1....")}, false, true, true},
		{"Enhanced RTMP metadata", Tag{Video, 0, []byte("\xd4hvc1....")}, true, false, false},
		{"empty", Tag{Audio, 0, nil}, false, false, false},
		{"unknown type", Tag{99, 0, []byte{1, 2, 3}}, false, false, false},
	}
	for _, tt := range tests {
		if h, f, k := tt.tag.Header(), tt.tag.Frame(), tt.tag.Key(); h != tt.header || f != tt.frame || k != tt.key {
			t.Errorf("%s: header %v, frame %v, key %v", tt.name, h, f, k)
		}
	}
}

func FuzzLoadFLV(f *testing.F) {
	f.Add(flv(avcHeader, aacHeader, avcKey, aacFrame, avcInter))
	f.Add(flv(Tag{Script, 0, amf0.Append(nil, "onMetaData", amf0.ECMAArray{{Name: "width", Value: 640.0}})}, avcKey))
	f.Add([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x09\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := LoadFLV(bytes.NewReader(b))
		if err != nil {
			return
		}
		if c.Duration <= 0 {
			t.Fatalf("a loop of %v", c.Duration)
		}
		var file bytes.Buffer
		if err := c.WriteFLV(&file); err != nil {
			t.Fatal(err)
		}
		again, err := LoadFLV(&file)
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Fatalf("not read as it was written: %v", err)
		}
		m := newMarker()
		for _, part := range [][]Tag{c.Head, c.Frames} {
			for _, tag := range part {
				_, _ = m.mark(tag, time.UnixMicro(1))
			}
		}
		for _, only := range []Type{Audio, Video} {
			if o := c.Only(only); o.Has(only) != c.Has(only) {
				t.Fatalf("Only lost the track %d", only)
			}
		}
	})
}
