package vitals

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"shoal/internal/codec"
	"shoal/internal/encoder"
	"shoal/internal/media"
)

func codes(r Report) (all []string) {
	for _, f := range r.Findings {
		all = append(all, f.Code)
	}
	return all
}

func TestReconnecting(t *testing.T) {
	m := New()
	at := func(s int) time.Time { return day.Add(time.Duration(s) * time.Second) }
	loss := func(s int, goodbye bool) {
		m.Connected(at(s), 0)
		m.Departed(at(s+20), goodbye)
	}
	has := func(s int, want bool) {
		t.Helper()
		d := &diary{reports: []Report{m.Report(at(s))}}
		f := d.finding(1, EncoderReconnecting)
		if (f != nil) != want || want && (f.Values["count"] != 2 || f.Severity != Warning) {
			t.Errorf("after %d s: %+v", s, f)
		}
	}
	loss(0, true)
	loss(30, true)
	loss(60, false)
	has(81, false)
	loss(100, false)
	has(120, true) // at once
	m.Connected(at(130), 0)
	has(131, true) // still while it is back
	has(379, true)
	has(381, false)
	m.Departed(at(390), false)
	has(391, true)
	has(421, false)
	m.Departed(at(422), false) // it is gone already
	has(423, false)
	for s := 500; s < 1000; s += 25 {
		loss(s, false)
	}
	if r := m.Report(at(1000)); r.Findings[0].Values["count"] != float64(len(m.lost)) {
		t.Errorf("many losses: %v", r.Findings)
	}
	has(100_000, false)
}

// TestNextEncoder holds that an encoder is not blamed for the one before.
func TestNextEncoder(t *testing.T) {
	m := New()
	bad := usual
	bad.key, bad.silent = 0, true
	d := &diary{t: t}
	m.Connected(day, 2_000_000)
	d.watch(m, newIntake(t, m), bad.packets(), 60)
	if got := codes(m.Report(day.Add(60 * time.Second))); !slices.Equal(got, []string{NoKeyframe, BitRateOverLimit, NoAudio}) {
		t.Errorf("found are %v", got)
	}
	m.Departed(day.Add(60*time.Second), true)
	gone := m.Report(day.Add(60 * time.Second))
	if len(gone.Findings) != 0 || gone.Connected || gone.BitRate != 0 || gone.FrameRate != 0 || gone.KeyInterval != 0 || gone.Limit != 0 {
		t.Errorf("without an encoder: %+v", gone)
	}
	if n := len(gone.Samples); n != 60 {
		t.Errorf("%d samples are left", n)
	}
	m.Connected(day.Add(70*time.Second), 6_000_000)
	d = &diary{t: t, reports: make([]Report, 70)}
	d.watch(m, newIntake(t, m), encoder.Apply(usual.packets(), change(func(p *encoder.Packet) bool {
		p.Due += 70 * time.Second
		return true
	})), 130)
	if got := d.codes(); len(got) != 0 {
		t.Errorf("of the next encoder: %v", got)
	}
	if n := len(d.reports[129].Samples); n != 130 {
		t.Errorf("%d samples at the end", n)
	}
}

func TestReport(t *testing.T) {
	if r := New().Report(day); r.Connected || r.Samples != nil || r.Findings != nil {
		t.Errorf("of a live that nobody published to: %+v", r)
	}
	d := play(t, usual.packets(), 6_000_000, 400)
	r := d.reports[399]
	if !r.Connected || r.Limit != 6_000_000 || r.FrameRate < 29.9 || r.FrameRate > 30.1 || r.KeyInterval != 2*time.Second {
		t.Errorf("the report says %+v", r)
	}
	if r.BitRate < 2_500_000 || r.BitRate > 2_620_000 {
		t.Errorf("the bit rate is %d", r.BitRate)
	}
	if len(r.Samples) != span {
		t.Fatalf("%d samples", len(r.Samples))
	}
	for i, s := range r.Samples {
		if want := day.Add(time.Duration(400-span+i) * time.Second); !s.At.Equal(want) {
			t.Fatalf("sample %d is of %v, want %v", i, s.At, want)
		}
		if s.Frames != 30 || s.Keys > 1 || s.AudioFrames < 46 || s.AudioFrames > 48 || s.Missing != 0 || s.BitRate < 2_500_000 || s.BitRate > 2_620_000 {
			t.Errorf("sample %d is %+v", i, s)
		}
	}
	// The encoder falls silent, and nobody looks for days.
	m := New()
	m.Connected(day, 0)
	(&diary{t: t}).watch(m, newIntake(t, m), usual.packets(), 30)
	r = m.Report(day.Add(100 * time.Hour))
	if len(r.Samples) != span || r.Samples[span-1].BitRate != 0 || !r.Samples[span-1].At.Equal(day.Add(100*time.Hour-time.Second)) {
		t.Errorf("days later: %d samples, the last is %+v", len(r.Samples), r.Samples[len(r.Samples)-1])
	}
}

// TestFindingsAreSorted has several at once.
func TestFindingsAreSorted(t *testing.T) {
	s := usual
	s.key, s.silent, s.reorder = 0, true, 500*time.Millisecond
	d := play(t, s.packets(), 2_000_000, 60)
	want := []string{NoKeyframe, BitRateOverLimit, NoAudio, BFrames}
	if got := codes(d.reports[59]); !slices.Equal(got, want) {
		t.Errorf("found are %v, want %v", got, want)
	}
}

// TestNothingComes has an encoder that connects and sends nothing.
func TestNothingComes(t *testing.T) {
	m := New()
	m.Connected(day, 0)
	if got := codes(m.Report(day.Add(4 * time.Second))); len(got) != 0 {
		t.Errorf("after 4 s: %v", got)
	}
	if got := codes(m.Report(day.Add(7 * time.Second))); !slices.Equal(got, []string{NoVideo}) {
		t.Errorf("after 7 s: %v", got)
	}
}

// TestStrangeCalls has callers who know nothing of each other, and times that go back.
func TestStrangeCalls(t *testing.T) {
	m := New()
	in := newIntake(t, m)
	m.Departed(day, false)
	m.Unit(&media.Unit{Track: 1}, day)
	m.Begin(media.Begin{Tracks: []media.Track{{ID: 1, Codec: picture{}, Timescale: 90000}}}, day)
	if r := m.Report(day); r.Connected || len(r.Findings) > 0 {
		t.Errorf("before any encoder: %+v", r)
	}
	m.Connected(day.Add(10*time.Second), 0)
	m.Unit(&media.Unit{Track: 1, Payload: []byte{1}}, day.Add(11*time.Second)) // before Begin
	m.Begin(media.Begin{Tracks: []media.Track{{ID: 1, Codec: picture{}}, {ID: 2, Codec: in.aac}}}, day.Add(11*time.Second))
	m.Unit(&media.Unit{Track: 1, Payload: []byte{1}}, day.Add(11*time.Second)) // of a track without a timescale
	m.Begin(media.Begin{Tracks: []media.Track{{ID: 1, Codec: picture{}, Timescale: 90000}}}, day.Add(11*time.Second))
	for i := range 1000 {
		m.Unit(&media.Unit{Track: 0, Payload: []byte{1}}, day)
		m.Unit(&media.Unit{Track: 9, Payload: []byte{1}}, day)
		m.Unit(&media.Unit{Track: 1, DTS: math.MaxInt64 / 2000 * int64(i), PTS: math.MinInt64 / 2, Payload: []byte{1}}, day.Add(time.Duration(i*7919%1000)*time.Second))
		m.Unit(&media.Unit{Track: 1, DTS: -int64(i) * 1e12, PTS: math.MaxInt64 / 2000, Payload: []byte{1}}, day.Add(time.Duration(i)*time.Second))
	}
	if r := m.Report(day); len(r.Samples) != span {
		t.Errorf("%d samples", len(r.Samples))
	}
}

func TestConcurrentUse(t *testing.T) {
	m := New()
	m.Connected(day, 1000)
	var all sync.WaitGroup
	all.Go(func() { (&diary{t: t}).watch(m, newIntake(t, m), usual.packets(), 20) })
	for i := range 4 {
		all.Go(func() {
			for s := range 100 {
				m.Report(day.Add(time.Duration(s*(i+1)) * 50 * time.Millisecond))
			}
		})
	}
	all.Wait()
	m.Departed(day.Add(20*time.Second), false)
	if r := m.Report(day.Add(20 * time.Second)); r.Connected || len(r.Samples) == 0 {
		t.Errorf("at the end: connected %v, %d samples", r.Connected, len(r.Samples))
	}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Monitor{}); n > 20<<10 {
		t.Errorf("a monitor takes %d bytes", n)
	}
}

func BenchmarkUnit(b *testing.B) {
	m := New()
	m.Connected(day, 6_000_000)
	aac, err := codec.ParseAAC([]byte{0x11, 0x90})
	if err != nil {
		b.Fatal(err)
	}
	m.Begin(media.Begin{Tracks: []media.Track{
		{ID: 1, Codec: picture{}, Timescale: 90000}, {ID: 2, Codec: aac, Timescale: rate},
	}}, day)
	payload := make([]byte, 10_000)
	b.ReportAllocs()
	n := 0
	for b.Loop() { // 30 frames of video and 45 of audio per second
		u := media.Unit{Track: 2, DTS: int64(n) * 1024, PTS: int64(n) * 1024, Key: true, Payload: payload[:160]}
		at := day.Add(time.Duration(n) * time.Second / 75)
		if n%5 < 2 {
			u = media.Unit{Track: 1, DTS: int64(n) * 1200, PTS: int64(n)*1200 + 3000, Key: n%150 == 0, Payload: payload}
		}
		m.Unit(&u, at)
		n++
	}
}
