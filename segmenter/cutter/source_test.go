package cutter

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
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

const (
	videoID = 1
	audioID = 2
)

// videoTrack is H.264, 1920x1080.
func videoTrack() media.Track {
	return media.Track{ID: videoID, Timescale: 90000, Language: "und", Codec: testCodec{media.Video, &codecs.H264{
		SPS: []byte{
			0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00,
			0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20,
		},
		PPS: []byte{0x68, 0xcb, 0x8c, 0xb2},
	}}}
}

// audioTrack is AAC-LC, stereo.
func audioTrack(rate int) media.Track {
	asc := mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: rate, ChannelConfig: 2, ChannelCount: 2}
	return media.Track{
		ID: audioID, Timescale: uint32(rate), Language: "und",
		Codec: testCodec{media.Audio, &codecs.MPEG4Audio{Config: asc}},
	}
}

// run is what an encoder sends between two discontinuities.
type run struct {
	begin media.Begin
	units []media.Unit // in the order in which they arrive
}

// date is when every test begins.
var date = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// picture is one video frame of a plan, in seconds.
type picture struct {
	at  float64
	key bool
}

// pictures are frames of a constant rate with a keyframe every gop seconds; 0 is only one, the first.
func pictures(fps, seconds, gop float64) []picture {
	var p []picture
	every := int(math.Round(gop * fps))
	for i := range int(math.Round(fps * seconds)) {
		p = append(p, picture{float64(i) / fps, i == 0 || every > 0 && i%every == 0})
	}
	return p
}

// pause leaves out the pictures between two times.
func pause(p []picture, from, to float64) []picture {
	return slices.DeleteFunc(slices.Clone(p), func(f picture) bool { return f.at >= from && f.at < to })
}

// milliseconds is how RTMP tells a time: rounded down.
func milliseconds(seconds float64) int64 { return int64(math.Floor(seconds*1000 + 1e-6)) }

// payload is different for every unit.
func payload(track uint32, n, size int) []byte {
	b := make([]byte, max(size, 8))
	binary.BigEndian.PutUint32(b, track)
	binary.BigEndian.PutUint32(b[4:], uint32(n))
	return b
}

// video makes units of pictures, which last 1/fps as far as anybody knows.
func video(p []picture, fps float64) []media.Unit {
	var us []media.Unit
	for i, f := range p {
		ms := milliseconds(f.at)
		us = append(us, media.Unit{
			Track: videoID, DTS: ms * 90, PTS: ms * 90, Duration: int64(math.Round(90000 / fps)), Key: f.key,
			Payload: payload(videoID, i, 40+i%5), Arrival: date.Add(time.Duration(ms) * time.Millisecond),
		})
	}
	return us
}

// reorder gives units the presentation times of groups of a P picture and n B pictures.
func reorder(us []media.Unit, n int) []media.Unit {
	frame := us[0].Duration
	for i := range us {
		switch k := i % (n + 1); {
		case us[i].Key:
			us[i].PTS += frame
		case k == 1:
			us[i].PTS += frame * int64(n+1)
		}
	}
	return us
}

// audio makes units of 1,024 samples.
func audio(rate int, from, to float64) []media.Unit {
	var us []media.Unit
	for i := 0; ; i++ {
		at := from + float64(i)*1024/float64(rate)
		if at >= to {
			return us
		}
		ms := milliseconds(at)
		dts := ms * int64(rate) / 1000
		us = append(us, media.Unit{
			Track: audioID, DTS: dts, PTS: dts, Duration: 1024, Key: true,
			Payload: payload(audioID, i, 20+i%7), Arrival: date.Add(time.Duration(ms) * time.Millisecond),
		})
	}
}

// delay lets units arrive later.
func delay(us []media.Unit, d time.Duration) []media.Unit {
	for i := range us {
		us[i].Arrival = us[i].Arrival.Add(d)
	}
	return us
}

// bursts lets units arrive in lumps: all of a period at its end.
func bursts(us []media.Unit, period time.Duration) []media.Unit {
	for i := range us {
		us[i].Arrival = us[i].Arrival.Truncate(period).Add(period)
	}
	return us
}

// mux brings units of tracks into the order of their arrival. None overtakes another of its track.
func mux(tracks ...[]media.Unit) []media.Unit {
	for _, us := range tracks {
		for i := 1; i < len(us); i++ {
			if us[i].Arrival.Before(us[i-1].Arrival) {
				us[i].Arrival = us[i-1].Arrival
			}
		}
	}
	us := slices.Concat(tracks...)
	slices.SortStableFunc(us, func(a, b media.Unit) int {
		return cmp.Or(a.Arrival.Compare(b.Arrival), cmp.Compare(a.Track, b.Track))
	})
	return us
}

// both is a run of video and audio at 48 kHz.
func both(v []media.Unit, a []media.Unit) run {
	return run{media.Begin{Tracks: []media.Track{videoTrack(), audioTrack(48000)}, Reason: "start"}, mux(v, a)}
}
