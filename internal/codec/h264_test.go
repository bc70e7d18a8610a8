package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"shoal/internal/media"
)

// Records that x264 made, each of another kind of picture.
var records = map[string]string{
	"high 320x180 30":         "0164000dffe1001a6764000dacd941419f9f011000000300100000" + "0303c0f14299600100" + "0468efbcb0fdf8f800",
	"baseline 640x360 59.94":  "0142c01fffe100176742c01fda0280bfe5c04400000fa4000753003c60ca80010004" + "68ce0fc8",
	"intra refresh":           "0164000dffe100186764000dac4d02833f3e0220000003002000000791e28554010005" + "68ef0f2c8bfdf8f800",
	"4:4:4":                   "01f4000cffe1001a67f4000c919681419f8dc0440000030004000003" + "00c83c50aa80010005" + "68ce0f1920fff8f800",
	"10 bits":                 "016e000cffe10019676e000ca6cb40a0cfcf808800000300080000030190" + "78a15501000468ce0fc8fdfafa00",
	"4:2:2 of uneven height":  "017a000cffe10018677a000cbcb40a0cfc7e0220000003002000000641e28554010004" + "68ce0fc8fef8f800",
	"high, nothing behind it": "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000468efbcb0",
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, name string) *H264 {
	t.Helper()
	c, err := ParseH264(unhex(t, records[name]))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseH264(t *testing.T) {
	for _, tc := range []struct {
		record        string
		width, height int
		rate          float64
		ticks         int64
		rfc           string
		warning       string
	}{
		{"high 320x180 30", 320, 180, 30, 3000, "avc1.64000d", ""},
		{"baseline 640x360 59.94", 640, 360, 60000. / 1001, 1502, "avc1.42c01f", ""},
		{"intra refresh", 320, 180, 30, 3000, "avc1.64000d", ""},
		{"4:4:4", 320, 180, 25, 3600, "avc1.f4000c", "4:4:4"},
		{"10 bits", 320, 180, 25, 3600, "avc1.6e000c", "10 bits"},
		{"4:2:2 of uneven height", 320, 178, 25, 3600, "avc1.7a000c", "4:2:2"},
	} {
		t.Run(tc.record, func(t *testing.T) {
			c := parse(t, tc.record)
			if c.Width() != tc.width || c.Height() != tc.height || c.FrameRate() != tc.rate {
				t.Errorf("%dx%d at %v, want %dx%d at %v", c.Width(), c.Height(), c.FrameRate(), tc.width, tc.height, tc.rate)
			}
			if got := c.FrameTicks(90000); got != tc.ticks {
				t.Errorf("a frame has %d ticks, want %d", got, tc.ticks)
			}
			if c.RFC6381() != tc.rfc || c.Kind() != media.Video || c.Name() != "H.264" || c.Silence() != nil {
				t.Errorf("is %s %v %s, want %s", c.RFC6381(), c.Kind(), c.Name(), tc.rfc)
			}
			if w := c.Warning(); (w == "") != (tc.warning == "") || !strings.Contains(w, tc.warning) {
				t.Errorf("the warning is %q, want one with %q", w, tc.warning)
			}
			if got, want := hex.EncodeToString(c.Config()), records[tc.record]; got != want {
				t.Errorf("the record is\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestH264RecordIsCanonical(t *testing.T) {
	a, b := parse(t, "high 320x180 30"), parse(t, "high, nothing behind it")
	if !bytes.Equal(a.Config(), b.Config()) {
		t.Error("the same parameters with and without the fields of the high profiles have unlike records")
	}
	sps, pps := a.ParameterSets()
	c, err := H264FromParameterSets(sps, pps)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Config(), c.Config()) {
		t.Error("the same parameter sets have another record")
	}
}

func TestParseH264Refuses(t *testing.T) {
	good := unhex(t, records["high 320x180 30"])
	change := func(at int, b byte) []byte {
		c := bytes.Clone(good)
		c[at] = b
		return c
	}
	for name, record := range map[string][]byte{
		"nothing":                     nil,
		"five bytes":                  good[:5],
		"another version":             change(0, 0),
		"lengths of 3 bytes":          change(4, 0xfe),
		"no sequence parameter set":   change(5, 0xe0),
		"too many of them":            change(5, 0xff),
		"an end in the middle":        good[:20],
		"an end before the pictures'": good[:len(good)-12],
		"a set of another type":       change(8, 0x68),
		"a picture set of another":    change(len(good)-8, 0x67),
		"a set of one byte":           append([]byte{1, 0x64, 0, 0x0d, 0xff, 0xe1, 0, 1, 0x67}, 1, 0, 2, 0x68, 0xef),
	} {
		if _, err := ParseH264(record); !errors.Is(err, ErrH264Config) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// au joins NAL units, with lengths of 4 bytes.
func au(nals ...[]byte) []byte {
	var b []byte
	for _, n := range nals {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	return b
}

var (
	slice    = []byte{0x41, 0x9a, 1, 2, 3}
	idr      = []byte{0x65, 0x88, 4, 5, 6}
	delim    = []byte{0x09, 0xf0}
	filler   = []byte{0x0c, 0xff, 0xff, 0x80}
	recovery = []byte{0x06, 0x06, 0x01, 0xc4, 0x80}
	// A user data message of 260 bytes in front of a recovery point.
	longSEI = append(append(append([]byte{0x06, 0x05, 0xff, 0x05}, bytes.Repeat([]byte{7}, 260)...), 0x06, 0x01, 0xc4), 0x80)
	// A message of which emulation prevention made four bytes of three: 00 00 01.
	preventedSEI = []byte{0x06, 0x05, 0x03, 0, 0, 3, 1, 0x06, 0x01, 0xc4, 0x80}
	// The same with a length that only fits if the prevention byte counted: no recovery point.
	userSEI = []byte{0x06, 0x05, 0x04, 6, 1, 6, 1, 0x80}
)

func TestH264Access(t *testing.T) {
	c := parse(t, "high 320x180 30")
	sps, pps := c.sps[0], c.pps[0]
	for _, tc := range []struct {
		name          string
		in, out       []byte
		key, recovery bool
		shared        bool // the payload is in the memory of what came in
	}{
		{"a slice", au(slice), au(slice), false, false, true},
		{"an IDR picture of two slices", au(idr, idr), au(idr, idr), true, false, true},
		{"parameter sets in front", au(delim, sps, pps, idr), au(idr), true, false, true},
		{"filler behind", au(slice, filler), au(slice), false, false, true},
		{"filler between", au(slice, filler, slice), au(slice, slice), false, false, false},
		{"a delimiter behind a message", au(recovery, delim, slice), au(recovery, slice), false, true, false},
		{"a recovery point", au(recovery, slice), au(recovery, slice), false, true, true},
		{"behind a long message", au(longSEI, slice), au(longSEI, slice), false, true, true},
		{"behind a message with emulation prevention", au(preventedSEI, slice), au(preventedSEI, slice), false, true, true},
		{"user data that looks like one", au(userSEI, slice), au(userSEI, slice), false, false, true},
		{"a message that ends early", au(longSEI[:100], slice), au(longSEI[:100], slice), false, false, true},
		{"empty NAL units", au(nil, slice, nil), au(slice), false, false, true},
		{"end of sequence", au(slice, []byte{10}, []byte{11}), au(slice), false, false, true},
		{"no picture", au(sps, pps, recovery), nil, false, false, false},
		{"nothing", nil, nil, false, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := bytes.Clone(tc.in)
			a, err := c.Access(in)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a.Payload, tc.out) || a.Key != tc.key || a.Recovery != tc.recovery || a.Next != nil {
				t.Errorf("is %x key %v recovery %v next %v", a.Payload, a.Key, a.Recovery, a.Next)
			}
			if !bytes.Equal(in, tc.in) {
				t.Error("what came in was changed")
			}
			if len(in) > 0 && len(a.Payload) > 0 {
				in[len(in)-1] ^= 0xff
				in[bytes.Index(in, tc.out[:4])+4] ^= 0xff
				if shared := !bytes.Equal(a.Payload, tc.out); shared != tc.shared {
					t.Errorf("shares memory: %v, want %v", shared, tc.shared)
				}
			}
		})
	}
}

func TestH264AccessDamaged(t *testing.T) {
	c := parse(t, "high 320x180 30")
	for name, in := range map[string][]byte{
		"half a length":       {0, 0},
		"a length too long":   {0, 0, 0, 9, 0x41, 1},
		"a length of 4 GB":    {0xff, 0xff, 0xff, 0xff, 0x41, 1},
		"bytes at the end":    append(au(slice), 0, 0),
		"a parameter set cut": au(c.sps[0][:6], idr),
		"too many of them":    bytes.Repeat(au([]byte{0x68, 0xef, 0xbc, 0xb4}), 300),
	} {
		if a, err := c.Access(in); err == nil {
			t.Errorf("%s: no error, but %+v", name, a)
		}
	}
}

func TestH264Next(t *testing.T) {
	c, other := parse(t, "high 320x180 30"), parse(t, "baseline 640x360 59.94")
	second := []byte{0x68, 0x5b, 0xaf, 0xbc} // picture parameter set 1, for sequence parameter set 0
	changed := []byte{0x68, 0xef, 0xbc, 0xb4}

	a, err := c.Access(au(delim, other.sps[0], other.pps[0], idr))
	if err != nil {
		t.Fatal(err)
	}
	if a.Next == nil || !bytes.Equal(a.Next.Config(), other.Config()) || !a.Key || !bytes.Equal(a.Payload, au(idr)) {
		t.Fatalf("other parameter sets give %+v", a)
	}
	if back, err := a.Next.Access(au(c.sps[0], c.pps[0], idr)); err != nil || back.Next == nil || !bytes.Equal(back.Next.Config(), c.Config()) {
		t.Errorf("going back gives %+v, %v", back, err)
	}

	a, err = c.Access(au(second, idr))
	if err != nil {
		t.Fatal(err)
	}
	two := a.Next.(*H264)
	if len(two.pps) != 2 || !bytes.Equal(two.pps[0], c.pps[0]) || !bytes.Equal(two.pps[1], second) {
		t.Errorf("another picture parameter set gives %x", two.pps)
	}
	// The init has room for one; the other goes along where a decoder may start.
	if !bytes.Equal(a.Payload, au(second, idr)) {
		t.Errorf("the payload is %x", a.Payload)
	}
	if again, err := two.Access(au(second, idr)); err != nil || again.Next != nil || !bytes.Equal(again.Payload, au(second, idr)) {
		t.Errorf("the same again gives %+v, %v", again, err)
	}
	if again, err := two.Access(au(slice)); err != nil || !bytes.Equal(again.Payload, au(slice)) {
		t.Errorf("a picture between gives %+v, %v", again, err)
	}
	a, err = two.Access(au(changed, slice))
	if err != nil {
		t.Fatal(err)
	}
	if n := a.Next.(*H264); len(n.pps) != 2 || !bytes.Equal(n.pps[0], changed) || !bytes.Equal(n.pps[1], second) {
		t.Errorf("a changed picture parameter set gives %x", n.pps)
	}
	if a, err = c.Access(au(other.sps[0])); err != nil || a.Payload != nil || a.Next == nil {
		t.Errorf("parameter sets alone give %+v, %v", a, err)
	}
}

// TestH264ShortLengths shows that the length of lengths in a record does not matter: it is the stream reader's business.
func TestH264ShortLengths(t *testing.T) {
	for _, b := range []byte{0xfc, 0xfd} { // 1 and 2 bytes
		record := unhex(t, records["high 320x180 30"])
		record[4] = b
		c, err := ParseH264(record)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.Config(), parse(t, "high 320x180 30").Config()) {
			t.Error("the record does not say 4 bytes")
		}
	}
}

func FuzzParseH264(f *testing.F) {
	for name := range records {
		f.Add(unhex(f, records[name]))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		c, err := ParseH264(record)
		if err != nil {
			if !errors.Is(err, ErrH264Config) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		if c.Width() <= 0 || c.Height() <= 0 || c.FrameTicks(90000) < 0 || c.FrameTicks(90000) > 90000 {
			t.Fatalf("%dx%d, %d ticks", c.Width(), c.Height(), c.FrameTicks(90000))
		}
		again, err := ParseH264(c.Config())
		if err != nil || !bytes.Equal(again.Config(), c.Config()) {
			t.Fatalf("its own record is not read: %v", err)
		}
	})
}

func FuzzH264Access(f *testing.F) {
	c := parse(f, "high 320x180 30")
	other := parse(f, "baseline 640x360 59.94")
	for _, b := range [][]byte{
		au(delim, c.sps[0], c.pps[0], idr), au(recovery, delim, slice), au(longSEI, slice), au(preventedSEI, slice),
		au(other.sps[0], other.pps[0], idr),
		{0xff, 0xff, 0xff, 0xff},
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		a, err := c.Access(data)
		if !bytes.Equal(before, data) {
			t.Fatal("what came in was changed")
		}
		if err != nil {
			return
		}
		if len(a.Payload) > len(data) {
			t.Fatalf("%d bytes became %d", len(data), len(a.Payload))
		}
		b, err := c.Access(a.Payload)
		if err != nil || !bytes.Equal(a.Payload, b.Payload) || b.Next != nil || a.Key != b.Key || a.Recovery != b.Recovery {
			t.Fatalf("the payload is not its own payload: %v", err)
		}
	})
}

func BenchmarkH264Access(b *testing.B) {
	c := parse(b, "high 320x180 30")
	body := bytes.Repeat([]byte{0x41, 7}, 5000)
	for name, data := range map[string][]byte{
		"bare":    au(body),
		"prefix":  au(delim, c.sps[0], c.pps[0], recovery, body),
		"between": au(body, filler, body),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := c.Access(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
