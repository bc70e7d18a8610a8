package vitals

import (
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	"shoal/internal/codec"
	"shoal/internal/encoder"
	"shoal/internal/media"
)

var day = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

// intake makes units of packets as ingest does: a clock per run that begins at 0, a new run after a jump of more than 0.5 s,
// silence where audio stops.
type intake struct {
	t       *testing.T
	m       *Monitor
	video   bool // announced, or seen
	audio   bool
	aac     *codec.AAC
	open    bool
	origin  int64 // ms
	last    int64 // ms, of the last video frame, or audio frame if there is no video
	arrived time.Time
	end     int64 // of audio, in samples since the origin
}

const rate = 48000

// picture is a video codec that nobody looks into.
type picture struct{ media.Codec }

func (picture) Kind() media.Kind { return media.Video }
func (picture) Silence() []byte  { return nil }

func newIntake(t *testing.T, m *Monitor) *intake {
	t.Helper()
	aac, err := codec.ParseAAC([]byte{0x11, 0x90}) // AAC-LC, 48 kHz, stereo
	if err != nil {
		t.Fatal(err)
	}
	return &intake{t: t, m: m, aac: aac}
}

func (in *intake) begin(reason string, ms int64, at time.Time) {
	b := media.Begin{VideoExpected: in.video, Reason: reason}
	if in.video {
		b.Tracks = append(b.Tracks, media.Track{ID: 1, Codec: picture{}, Timescale: 90000})
	}
	if in.audio {
		b.Tracks = append(b.Tracks, media.Track{ID: 2, Codec: in.aac, Timescale: rate})
	}
	in.open, in.origin, in.end, in.last = true, ms, 0, ms
	in.m.Begin(b, at)
}

func (in *intake) packet(p encoder.Packet) {
	at := day.Add(p.Due)
	if p.Header() {
		in.video = in.video || p.Type == encoder.Video
		in.audio = in.audio || p.Type == encoder.Audio
		return
	}
	clock := p.Type == encoder.Video || !in.video
	if !in.open {
		in.begin("start", p.Time, at)
	} else if step := p.Time - in.last; clock && (step > 540 || step < -500) {
		reason := "clock"
		if silent := at.Sub(in.arrived).Milliseconds(); step > 0 && silent >= step/2 {
			reason = "late"
		}
		in.begin(reason, p.Time, at)
	}
	if clock {
		in.last, in.arrived = p.Time, at
	}
	ms := max(p.Time-in.origin, 0)
	if p.Type == encoder.Audio {
		in.m.Unit(&media.Unit{Track: 2, DTS: in.end, PTS: in.end, Key: true, Payload: p.Data[2:], Arrival: at}, at)
		in.end = max(in.end, ms*rate/1000) + 1024
		return
	}
	if in.audio {
		for (ms-200)*rate/1000 > in.end {
			in.m.Unit(&media.Unit{Track: 2, DTS: in.end, PTS: in.end, Key: true, Payload: in.aac.Silence(), Arrival: at}, at)
			in.end += 1024
		}
	}
	offset := int64(int32(uint32(p.Data[2])<<24|uint32(p.Data[3])<<16|uint32(p.Data[4])<<8) >> 8)
	in.m.Unit(&media.Unit{
		Track: 1, DTS: ms * 90, PTS: (ms + offset) * 90, Key: p.Key(), Payload: p.Data[5:], Arrival: at,
	}, at)
}

// diary is what was found, second by second.
type diary struct {
	t       *testing.T
	reports []Report
}

// play lets a monitor watch a sequence for some seconds. limit is in bit/s.
func play(t *testing.T, seq iter.Seq[encoder.Packet], limit int64, length int) *diary {
	t.Helper()
	m := New()
	m.Connected(day, limit)
	d := &diary{t: t}
	d.watch(m, newIntake(t, m), seq, length)
	return d
}

func (d *diary) watch(m *Monitor, in *intake, seq iter.Seq[encoder.Packet], length int) {
	until := func(due time.Duration) {
		for len(d.reports) < length && due >= time.Duration(len(d.reports)+1)*time.Second {
			d.reports = append(d.reports, m.Report(day.Add(time.Duration(len(d.reports)+1)*time.Second)))
		}
	}
	for p := range seq {
		until(p.Due)
		if len(d.reports) == length {
			return
		}
		in.packet(p)
	}
	until(time.Duration(math.MaxInt64))
}

// spans are the stretches of time, in seconds, in which a code was reported.
func (d *diary) spans(code string) (all [][2]int) {
	for i := range d.reports {
		if d.finding(i+1, code) == nil {
			continue
		}
		if n := len(all); n > 0 && all[n-1][1] == i {
			all[n-1][1] = i + 1
		} else {
			all = append(all, [2]int{i + 1, i + 1})
		}
	}
	return all
}

func (d *diary) finding(second int, code string) *Finding {
	r := &d.reports[second-1]
	if i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == code }); i >= 0 {
		return &r.Findings[i]
	}
	return nil
}

// codes are all that were ever reported, in alphabetical order.
func (d *diary) codes() (all []string) {
	for _, r := range d.reports {
		for _, f := range r.Findings {
			all = append(all, f.Code)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// stream says what a synthetic encoder sends.
type stream struct {
	fps     float64
	key     time.Duration // between keyframes; 0 for a first one only
	bits    int           // per second of video
	reorder time.Duration // PTS - DTS of every other frame
	mute    bool          // frames of audio have nothing in them
	silent  bool          // there is no audio
	blind   bool          // there is no video
}

var usual = stream{fps: 30, key: 2 * time.Second, bits: 2_500_000}

// packets is the stream for ever, with times rounded to milliseconds as RTMP does.
func (s stream) packets() iter.Seq[encoder.Packet] {
	return func(yield func(encoder.Packet) bool) {
		if !s.blind && !yield(encoder.Packet{Tag: encoder.Tag{Type: encoder.Video, Data: []byte{0x17, 0, 0, 0, 0}}}) {
			return
		}
		if !s.silent && !yield(encoder.Packet{Tag: encoder.Tag{Type: encoder.Audio, Data: []byte{0xaf, 0}}}) {
			return
		}
		frame := time.Duration(float64(time.Second) / s.fps)
		size := int(float64(s.bits) / 8 / s.fps)
		sound := 160
		if s.mute {
			sound = 8
		}
		var video, audio int
		var nextKey time.Duration
		for {
			v, a := time.Duration(video)*frame, time.Duration(audio)*1024*time.Second/rate
			if s.blind || !s.silent && a < v {
				tag := encoder.Tag{Type: encoder.Audio, Time: a.Milliseconds(), Data: make([]byte, sound+2)}
				tag.Data[0], tag.Data[1] = 0xaf, 1
				audio++
				if !yield(encoder.Packet{Tag: tag, Due: a}) {
					return
				}
				continue
			}
			tag := encoder.Tag{Type: encoder.Video, Time: v.Milliseconds(), Data: make([]byte, size+5)}
			tag.Data[0], tag.Data[1] = 0x27, 1
			if v >= nextKey {
				tag.Data[0] = 0x17
				nextKey += s.key
				if s.key == 0 {
					nextKey = math.MaxInt64
				}
			}
			if ms := s.reorder.Milliseconds(); video%2 == 1 && ms > 0 {
				tag.Data[3], tag.Data[4] = byte(ms>>8), byte(ms)
			}
			video++
			if !yield(encoder.Packet{Tag: tag, Due: v}) {
				return
			}
		}
	}
}
