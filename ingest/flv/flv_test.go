package flv

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/internal/amf0"
	"shoal/internal/codec"
	"shoal/internal/media"
)

const (
	avcC = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000468efbcb0fdf8f800"
	asc  = "1190"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// text is a FourCC in hexadecimal.
func text(s string) string { return hex.EncodeToString([]byte(s)) }

func TestVideo(t *testing.T) {
	const params = "17 00 000000" + avcC
	tests := []struct {
		name   string
		tags   []string // all but the last are parameters
		offset int32
		codec  bool
		data   string // of the packet; "" and no codec is no packet
		err    string // in the error of the last
		is     error
	}{
		{"parameters", []string{params}, 0, true, "", "", nil},
		{"parameters again", []string{params, params}, 0, true, "", "", nil},
		{"parameters with an offset", []string{"17 00 000005" + avcC}, 0, true, "", "", nil},
		{"keyframe", []string{params, "17 01 000000 00000001 65"}, 0, false, "00000001 65", "", nil},
		{"offset", []string{params, "27 01 000050 00000001 41"}, 80, false, "00000001 41", "", nil},
		{"negative offset", []string{params, "27 01 fffff6 00000001 41"}, -10, false, "00000001 41", "", nil},
		{"empty frame", []string{params, "27 01 000000"}, 0, false, "", "", nil},
		{"end of sequence", []string{params, "17 02 000000"}, 0, false, "", "", nil},
		{"command frame", []string{"52 00"}, 0, false, "", "", nil},
		{"frame first", []string{"17 01 000000 00000001 65"}, 0, false, "", "before", ErrNoParameters},
		{"empty", []string{""}, 0, false, "", "empty", ErrMalformed},
		{"cut", []string{"17 01 0000"}, 0, false, "", "header", ErrMalformed},
		{"unknown packet type", []string{"17 03 000000"}, 0, false, "", "packet type", ErrMalformed},
		{"short parameters", []string{"17 00 000000 01640000"}, 0, false, "", "too short", ErrMalformed},
		{"wrong parameters", []string{"17 00 000000 0164000dffe1"}, 0, false, "", "cannot be used", codec.ErrH264Config},
		{"H.263", []string{"12 00"}, 0, false, "", "H.263", nil},
		{"VP6", []string{"14 00"}, 0, false, "", "VP6", nil},
		{"H.265 of old", []string{"1c 00 000000"}, 0, false, "", "H.265", nil},
		{"unknown codec", []string{"1f"}, 0, false, "", "unknown", nil},

		{"lengths of 1 byte", []string{"17 00 000000" + strings.Replace(avcC, "0dffe1", "0dfce1", 1), "17 01 000000 016502 4142"}, 0, false, "00000001 65 00000002 4142", "", nil},
		{"lengths of 2 bytes", []string{"17 00 000000" + strings.Replace(avcC, "0dffe1", "0dfde1", 1), "17 01 000000 000165 0000"}, 0, false, "00000001 65 00000000", "", nil},
		{"lengths of 3 bytes", []string{"17 00 000000" + strings.Replace(avcC, "0dffe1", "0dfee1", 1), "17 01 000000 00000165"}, 0, false, "00000001 65", "", nil},
		{"lengths that lie", []string{"17 00 000000" + strings.Replace(avcC, "0dffe1", "0dfde1", 1), "17 01 000000 000265"}, 0, false, "", "fit", ErrMalformed},
		{"half a length", []string{"17 00 000000" + strings.Replace(avcC, "0dffe1", "0dfde1", 1), "17 01 000000 00016500"}, 0, false, "", "fit", ErrMalformed},
		{"too many units", []string{"17 00 000000" + strings.Replace(avcC, "0dffe1", "0dfce1", 1), "17 01 000000" + strings.Repeat("00", maxUnits+1)}, 0, false, "", "fit", ErrMalformed},

		{"enhanced parameters", []string{"90" + text("avc1") + avcC}, 0, true, "", "", nil},
		{"enhanced frame", []string{params, "91" + text("avc1") + "00000a 00000001 65"}, 10, false, "00000001 65", "", nil},
		{"enhanced frame without offset", []string{params, "a3" + text("avc1") + "00000001 41"}, 0, false, "00000001 41", "", nil},
		{"enhanced frame with a modifier", []string{params, "97 02 000001 03" + text("avc1") + "00000001 65"}, 0, false, "00000001 65", "", nil},
		{"enhanced frame with a long modifier", []string{params, "97 ff 0001 0000 03" + text("avc1") + "00000001 65"}, 0, false, "00000001 65", "", nil},
		{"enhanced end", []string{"92" + text("avc1")}, 0, false, "", "", nil},
		{"enhanced metadata", []string{"d4" + text("hvc1") + "02"}, 0, false, "", "", nil},
		{"enhanced command frame", []string{"d1 00"}, 0, false, "", "", nil},
		{"enhanced cut", []string{"90 61 76"}, 0, false, "", "FourCC", ErrMalformed},
		{"enhanced cut offset", []string{"91" + text("avc1") + "0000"}, 0, false, "", "composition", ErrMalformed},
		{"enhanced unknown packet type", []string{"98" + text("avc1")}, 0, false, "", "packet type", ErrMalformed},
		{"modifier cut", []string{"97"}, 0, false, "", "modifier", ErrMalformed},
		{"long modifier cut", []string{"97 ff 00"}, 0, false, "", "modifier", ErrMalformed},
		{"modifier that lies", []string{"97 05 0000"}, 0, false, "", "modifier", ErrMalformed},
		{"enhanced H.265", []string{"90" + text("hvc1") + "01"}, 0, false, "", "H.265", nil},
		{"enhanced AV1", []string{"90" + text("av01") + "01"}, 0, false, "", "AV1", nil},
		{"enhanced VP9", []string{"91" + text("vp09") + "01"}, 0, false, "", "VP9", nil},
		{"enhanced unknown", []string{"90 78 01 79 ff"}, 0, false, "", `"xy"`, nil},
		{"multitrack", []string{"96 00" + text("avc1")}, 0, false, "", "tracks", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Parser
			at := time.Unix(5, 0)
			for n, tag := range tt.tags {
				got, ok, err := p.Video(unhex(tag), 1234, at)
				if n < len(tt.tags)-1 {
					if err != nil || !ok || got.Codec == nil {
						t.Fatalf("parameters: %v, %v", got, err)
					}
					continue
				}
				check(t, media.Video, got, ok, err, tt.codec, tt.data, tt.err, tt.is)
				if ok && (got.Offset != tt.offset || got.Time != 1234 || got.Arrival != at) {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func check(t *testing.T, kind media.Kind, got ingest.Packet, ok bool, err error, params bool, data, text string, is error) {
	t.Helper()
	if text != "" {
		if err == nil || !strings.Contains(err.Error(), text) || is != nil && !errors.Is(err, is) || ok {
			t.Fatalf("got %v, %v; want an error of %q", got, err, text)
		}
		var u *UnsupportedError
		if is == nil && (!errors.As(err, &u) || u.Kind != kind) {
			t.Fatalf("got %v; want an UnsupportedError", err)
		}
		return
	}
	if err != nil || ok != (params || data != "") {
		t.Fatalf("got %v, %v, %v", got, ok, err)
	}
	if !ok {
		return
	}
	if got.Kind != kind || (got.Codec != nil) != params || !bytes.Equal(got.Data, unhex(data)) {
		t.Fatalf("got %v with codec %v and data %x", got.Kind, got.Codec, got.Data)
	}
	if params && got.Codec.Kind() != kind {
		t.Fatalf("the codec is of %v", got.Codec.Kind())
	}
}

func TestAudio(t *testing.T) {
	const params = "af 00" + asc
	tests := []struct {
		name  string
		tags  []string
		codec bool
		data  string
		err   string
		is    error
	}{
		{"parameters", []string{params}, true, "", "", nil},
		{"parameters again", []string{params, params}, true, "", "", nil},
		{"frame", []string{params, "af 01 2122"}, false, "2122", "", nil},
		{"empty frame", []string{params, "af 01"}, false, "", "", nil},
		{"frame first", []string{"af 01 2122"}, false, "", "before", ErrNoParameters},
		{"empty", []string{""}, false, "", "empty", ErrMalformed},
		{"cut", []string{"af"}, false, "", "header", ErrMalformed},
		{"unknown packet type", []string{"af 02"}, false, "", "packet type", ErrMalformed},
		{"wrong parameters", []string{"af 00 ff"}, false, "", "cannot be used", codec.ErrAACConfig},
		{"MP3", []string{"2f 00"}, false, "", "MP3", nil},
		{"Speex", []string{"b2 00"}, false, "", "Speex", nil},
		{"unknown codec", []string{"c2 00"}, false, "", "unknown", nil},
		{"enhanced parameters", []string{"90" + text("mp4a") + asc}, true, "", "", nil},
		{"enhanced frame", []string{params, "91" + text("mp4a") + "2122"}, false, "2122", "", nil},
		{"enhanced end", []string{"92" + text("mp4a")}, false, "", "", nil},
		{"enhanced channels", []string{"94" + text("mp4a") + "0002"}, false, "", "", nil},
		{"enhanced with a modifier", []string{params, "97 00 00 01" + text("mp4a") + "2122"}, false, "2122", "", nil},
		{"enhanced cut", []string{"91 6d"}, false, "", "FourCC", ErrMalformed},
		{"enhanced modifier cut", []string{"97"}, false, "", "modifier", ErrMalformed},
		{"enhanced unknown packet type", []string{"98" + text("mp4a")}, false, "", "packet type", ErrMalformed},
		{"Opus", []string{"90" + text("Opus")}, false, "", "Opus", nil},
		{"FLAC", []string{"91" + text("fLaC")}, false, "", "FLAC", nil},
		{"AC-3", []string{"91" + text("ac-3")}, false, "", "AC-3", nil},
		{"multitrack", []string{"95 00" + text("mp4a")}, false, "", "tracks", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Parser
			for n, tag := range tt.tags {
				got, ok, err := p.Audio(unhex(tag), 7, time.Time{})
				if n < len(tt.tags)-1 {
					if err != nil || !ok {
						t.Fatalf("parameters: %v, %v", got, err)
					}
					continue
				}
				check(t, media.Audio, got, ok, err, tt.codec, tt.data, tt.err, tt.is)
				if got.Offset != 0 {
					t.Error("audio has an offset")
				}
			}
		})
	}
}

// TestSameCodec holds that parameters that are repeated are the same codec, and changed ones another.
func TestSameCodec(t *testing.T) {
	var p Parser
	tag := unhex("af00" + asc)
	first, _, err := p.Audio(tag, 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	tag[2] = 0x12 // the caller's memory is the parser's no more
	tag[3] = 0x10
	other, _, err := p.Audio(tag, 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := p.Audio(unhex("af001210"), 0, time.Time{})
	if err != nil || first.Codec == other.Codec || other.Codec != again.Codec {
		t.Fatalf("%v, %v, %v, %v", first.Codec, other.Codec, again.Codec, err)
	}
}

// TestNoCopy holds that a frame with lengths of 4 bytes is handed on in the memory that it came in.
func TestNoCopy(t *testing.T) {
	var p Parser
	if _, _, err := p.Video(unhex("1700000000"+avcC), 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	body := unhex("1701000000 00000001 65")
	got, _, err := p.Video(body, 0, time.Time{})
	if err != nil || &got.Data[0] != &body[5] {
		t.Fatalf("the frame was copied: %v", err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = p.Video(body, 0, time.Time{}) }); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

func TestMetadata(t *testing.T) {
	ffmpeg := amf0.Object{
		{Name: "duration", Value: 0.0},
		{Name: "width", Value: 1280.0},
		{Name: "height", Value: 720.0},
		{Name: "videodatarate", Value: 2500.5},
		{Name: "framerate", Value: 29.97},
		{Name: "videocodecid", Value: 7.0},
		{Name: "audiodatarate", Value: 128.0},
		{Name: "audiocodecid", Value: 10.0},
		{Name: "encoder", Value: "Lavf59"},
	}
	full := ingest.Announcement{
		Video: true, Audio: true, Width: 1280, Height: 720, FrameRate: 29.97, VideoBitrate: 2_500_500, AudioBitrate: 128_000, Encoder: "Lavf59",
	}
	object := func(members ...amf0.Member) []any { return []any{"onMetaData", amf0.Object(members)} }
	tests := []struct {
		name string
		in   []any
		want ingest.Announcement
		ok   bool
	}{
		{"behind @setDataFrame", []any{"@setDataFrame", "onMetaData", ffmpeg}, full, true},
		{"alone", []any{"onMetaData", ffmpeg}, full, true},
		{"codecs by name", object(amf0.Member{Name: "videocodecid", Value: "avc1"}, amf0.Member{Name: "audiocodecid", Value: "mp4a"}), ingest.Announcement{Video: true, Audio: true}, true},
		{"codecs by FourCC", object(amf0.Member{Name: "videocodecid", Value: float64(0x61766331)}), ingest.Announcement{Video: true}, true},
		{"no codecs", object(amf0.Member{Name: "videocodecid", Value: 0.0}, amf0.Member{Name: "audiocodecid", Value: ""}), ingest.Announcement{}, true},
		{"has", object(amf0.Member{Name: "hasVideo", Value: true}, amf0.Member{Name: "hasAudio", Value: true}), ingest.Announcement{Video: true, Audio: true}, true},
		{"size only", object(amf0.Member{Name: "width", Value: 64.0}, amf0.Member{Name: "height", Value: 32.0}, amf0.Member{Name: "fps", Value: 5.0}), ingest.Announcement{Video: true, Width: 64, Height: 32, FrameRate: 5}, true},
		{"nonsense", object(amf0.Member{Name: "width", Value: -5.0}, amf0.Member{Name: "height", Value: 1e300}, amf0.Member{Name: "framerate", Value: "25"}, amf0.Member{Name: "encoder", Value: 1.0}, amf0.Member{Name: "videodatarate", Value: 1e12}), ingest.Announcement{}, true},
		{"a long name", object(amf0.Member{Name: "encoder", Value: strings.Repeat("é", 150)}), ingest.Announcement{Encoder: strings.Repeat("é", 100)}, true},
		{"other data", []any{"onTextData", ffmpeg}, ingest.Announcement{}, false},
		{"not an object", []any{"onMetaData", 1.0}, ingest.Announcement{}, false},
		{"nothing behind", []any{"@setDataFrame"}, ingest.Announcement{}, false},
		{"nothing", nil, ingest.Announcement{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok, err := Metadata(amf0.Append(nil, tt.in...))
			if err != nil || ok != tt.ok || !reflect.DeepEqual(got, tt.want) {
				t.Fatalf("got %+v, %v, %v; want %+v", got, ok, err, tt.want)
			}
		})
	}
	if _, _, err := Metadata([]byte{2, 0}); !errors.Is(err, amf0.ErrShort) {
		t.Errorf("got %v", err)
	}
}

// FuzzVideo, FuzzAudio and FuzzMetadata hold that no bytes make the parser panic or hand out more than came in.
func FuzzVideo(f *testing.F) {
	for _, s := range []string{"1700000000" + avcC, "1701000000 00000001 65", "90" + text("avc1") + avcC, "97 02 000001 03" + text("avc1"), "90" + text("hvc1")} {
		f.Add(byte(4), unhex(s))
	}
	f.Add(byte(1), unhex("1701000000 016502 4142"))
	f.Fuzz(func(t *testing.T, size byte, b []byte) {
		var p Parser
		record := unhex("1700000000" + avcC)
		record[9] = record[9]&^3 | size&3
		if _, _, err := p.Video(record, 0, time.Time{}); err != nil {
			t.Fatal(err)
		}
		got, ok, err := p.Video(b, 0, time.Time{})
		if ok && err != nil || ok && got.Codec == nil && len(got.Data) == 0 || len(got.Data) > len(b)+4*maxUnits {
			t.Fatalf("got %v, %v, %v", got, ok, err)
		}
	})
}

func FuzzAudio(f *testing.F) {
	for _, s := range []string{"af00" + asc, "af012122", "91" + text("mp4a") + "21", "97 00 00 01" + text("mp4a")} {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Parser
		if _, _, err := p.Audio(unhex("af00"+asc), 0, time.Time{}); err != nil {
			t.Fatal(err)
		}
		got, ok, err := p.Audio(b, 0, time.Time{})
		if ok && err != nil || ok && got.Codec == nil && len(got.Data) == 0 || len(got.Data) > len(b) {
			t.Fatalf("got %v, %v, %v", got, ok, err)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(amf0.Append(nil, "@setDataFrame", "onMetaData", amf0.Object{{Name: "width", Value: 1.0}, {Name: "encoder", Value: "x"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, _, _ := Metadata(b)
		if a.Width < 0 || a.Width > maxPixels || a.FrameRate < 0 || a.FrameRate > maxFrameRate || a.VideoBitrate < 0 || len(a.Encoder) > maxEncoder {
			t.Fatalf("announced is %+v", a)
		}
	})
}
