package vitals

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"shoal/internal/encoder"
)

// change bends packets one by one, or drops them by saying false.
func change(f func(*encoder.Packet) bool) encoder.Transform {
	return func(src iter.Seq[encoder.Packet]) iter.Seq[encoder.Packet] {
		return func(yield func(encoder.Packet) bool) {
			for p := range src {
				if f(&p) && !yield(p) {
					return
				}
			}
		}
	}
}

// paced runs the encoder's clock at another speed than time: 0.95 is 5 % slow.
func paced(speed float64) encoder.Transform {
	return change(func(p *encoder.Packet) bool {
		p.Due = time.Duration(float64(p.Due) / speed)
		return true
	})
}

// delayed is a network whose delay changes: packets come in order.
func delayed(delay func(time.Duration) time.Duration) encoder.Transform {
	var last time.Duration
	return change(func(p *encoder.Packet) bool {
		p.Due = max(last, p.Due+delay(p.Due))
		last = p.Due
		return true
	})
}

func jitter(most time.Duration) encoder.Transform {
	r := rand.New(rand.NewPCG(1, 2))
	return delayed(func(time.Duration) time.Duration { return time.Duration(r.Int64N(int64(most))) })
}

// stamped is an encoder that stamps frames as they come: its times tremble.
func stamped(by int64) encoder.Transform {
	r := rand.New(rand.NewPCG(3, 4))
	var last int64
	return change(func(p *encoder.Packet) bool {
		if p.Type == encoder.Video && p.Frame() {
			p.Time = max(last+1, p.Time+r.Int64N(2*by+1)-by)
			last = p.Time
		}
		return true
	})
}

// sized gives video frames another size within an interval, in percent.
func sized(in encoder.Interval, percent int) encoder.Transform {
	return change(func(p *encoder.Packet) bool {
		if p.Type == encoder.Video && p.Frame() && in.Contains(p.Due) {
			p.Data = p.Data[:5+(len(p.Data)-5)*percent/100]
		}
		return true
	})
}

// stretch is an interval in seconds.
func stretch(from, to int) encoder.Interval {
	return encoder.Interval{From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second}
}

// TestHealthy holds that nothing is found where nothing is wrong.
func TestHealthy(t *testing.T) {
	demo, err := encoder.Demo()
	if err != nil {
		t.Fatal(err)
	}
	with := func(f func(*stream)) iter.Seq[encoder.Packet] {
		s := usual
		f(&s)
		return s.packets()
	}
	for _, tc := range []struct {
		name string
		seq  iter.Seq[encoder.Packet]
		do   []encoder.Transform
	}{
		{"30 frames/s", usual.packets(), nil},
		{"60 frames/s", with(func(s *stream) { s.fps = 60 }), nil},
		{"59.94 frames/s", with(func(s *stream) { s.fps = 60000.0 / 1001 }), nil},
		{"25 frames/s", with(func(s *stream) { s.fps = 25 }), nil},
		{"5 frames/s", with(func(s *stream) { s.fps = 5 }), nil},
		{"keyframes every 2.5 s", with(func(s *stream) { s.key = 2500 * time.Millisecond }), nil},
		{"three B-frames at 24 frames/s", with(func(s *stream) { s.fps, s.reorder = 24, 208*time.Millisecond }), nil},
		{"a small bit rate", with(func(s *stream) { s.bits = 150_000 }), nil},
		{"the demo clip", demo.Loop(), nil},
		{"a clock that wraps", usual.packets(), []encoder.Transform{encoder.StartAt(1<<32 - 5000)}},
		{"a clock that jumps", usual.packets(), []encoder.Transform{encoder.Jump(50*time.Second, 3_600_000), encoder.Jump(100*time.Second, -7_200_000)}},
		{"bad interleaving", usual.packets(), []encoder.Transform{encoder.Lag(encoder.Audio, 150*time.Millisecond)}},
		{"times that tremble", usual.packets(), []encoder.Transform{stamped(3)}},
		{"jitter of 300 ms", usual.packets(), []encoder.Transform{jitter(300 * time.Millisecond)}},
		{"a network that becomes slower", usual.packets(), []encoder.Transform{delayed(func(d time.Duration) time.Duration {
			if d > 70*time.Second {
				return 900 * time.Millisecond
			}
			return 0
		})}},
		{"a network that was down for 2 s", usual.packets(), []encoder.Transform{encoder.Freeze(80*time.Second, 2*time.Second, encoder.Backlog)}},
		{"an encoder that begins with what it had kept", usual.packets(), []encoder.Transform{encoder.Freeze(0, 4*time.Second, encoder.Backlog)}},
		{"one lost frame a minute", usual.packets(), []encoder.Transform{change(func(p *encoder.Packet) bool {
			return p.Type != encoder.Video || !p.Frame() || p.Key() || p.Time%60_000 > 33
		})}},
		{"half the frame rate from now on", usual.packets(), []encoder.Transform{encoder.Keep(1, 2, stretch(60, 0))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := play(t, encoder.Apply(tc.seq, tc.do...), 6_000_000, 180)
			for _, code := range d.codes() {
				at := d.spans(code)
				t.Errorf("%s at %v: %v", code, at, d.finding(at[0][0], code).Values)
			}
		})
	}
}

// between is a range of what is expected.
type between struct{ least, most float64 }

func (b between) has(v float64) bool { return v >= b.least && v <= b.most }

// TestFindings gives encoders one fault each.
func TestFindings(t *testing.T) {
	with := func(f func(*stream)) iter.Seq[encoder.Packet] {
		s := usual
		f(&s)
		return s.packets()
	}
	in := stretch(60, 90)
	for _, tc := range []struct {
		name     string
		seq      iter.Seq[encoder.Packet]
		do       []encoder.Transform
		limit    int64
		code     string
		severity Severity
		from     between // second in which it is found
		to       between // second in which it is gone; none for to the end of 180 s
		values   map[string]between
		also     []string // other codes that may come with it
	}{
		{
			name: "one keyframe only", seq: with(func(s *stream) { s.key = 0 }),
			code: NoKeyframe, severity: Error, from: between{4, 5}, values: map[string]between{"seconds": {4, 180}},
		},
		{
			name: "no keyframe at all", // ingest has waited for one already
			seq: encoder.Apply(usual.packets(), change(func(p *encoder.Packet) bool {
				if p.Key() {
					p.Data[0] = 0x27
				}
				return true
			})),
			code: NoKeyframe, severity: Error, from: between{2, 3}, values: map[string]between{"seconds": {4, 185}},
		},
		{
			name: "keyframes every 10 s", seq: with(func(s *stream) { s.key = 10 * time.Second }),
			code: NoKeyframe, severity: Error, from: between{4, 5}, values: map[string]between{"seconds": {4, 10}},
			also: []string{KeyframeDistance},
		},
		{
			name: "keyframes every 10 s, their distance", seq: with(func(s *stream) { s.key = 10 * time.Second }),
			code: KeyframeDistance, severity: Warning, from: between{20, 22}, values: map[string]between{"seconds": {9.9, 10.1}},
			also: []string{NoKeyframe},
		},
		{
			name: "keyframes every 3 s", seq: with(func(s *stream) { s.key = 3 * time.Second }),
			code: KeyframeDistance, severity: Warning, from: between{6, 8}, values: map[string]between{"seconds": {2.9, 3.1}},
		},
		{
			name: "keyframes every 4 s", seq: with(func(s *stream) { s.fps, s.key = 25, 4*time.Second }),
			code: KeyframeDistance, severity: Warning, from: between{8, 10}, values: map[string]between{"seconds": {3.9, 4.1}},
		},
		{
			name: "no keyframes for half a minute", seq: encoder.Apply(usual.packets(), change(func(p *encoder.Packet) bool {
				if in.Contains(p.Due) && p.Key() {
					p.Data = slices.Clone(p.Data)
					p.Data[0] = 0x27
				}
				return true
			})),
			code: NoKeyframe, severity: Error, from: between{62, 64}, to: between{94, 98}, values: map[string]between{"seconds": {4, 33}},
		},
		{
			name: "a third of the frames left out", seq: usual.packets(), do: []encoder.Transform{encoder.Thin(0.33, 1, in)},
			code: FrameRateVariable, severity: Warning, from: between{64, 72}, to: between{98, 108},
			values: map[string]between{"rate": {15, 30}, "percent": {20, 60}}, also: []string{FramesMissing},
		},
		{
			name: "times of a camera in the dark", seq: usual.packets(), do: []encoder.Transform{stamped(12)},
			code: FrameRateVariable, severity: Warning, from: between{7, 12}, values: map[string]between{"rate": {29, 31}, "percent": {25, 90}},
		},
		{
			name: "a tenth of the frames left out", seq: usual.packets(), do: []encoder.Transform{encoder.Thin(0.1, 1, in)},
			code: FramesMissing, severity: Warning, from: between{62, 65}, to: between{98, 112},
			values: map[string]between{"count": {3, 50}, "percent": {1, 15}},
		},
		{
			name: "a capture device that hung for 3 s", seq: usual.packets(), do: []encoder.Transform{encoder.Freeze(60*time.Second, 3*time.Second, encoder.ClockRan)},
			code: FramesMissing, severity: Warning, from: between{63, 65}, to: between{80, 90},
			values: map[string]between{"count": {80, 92}, "percent": {20, 40}}, also: []string{BitRateCollapsed},
		},
		{
			name: "no audio track", seq: with(func(s *stream) { s.silent = true }),
			code: NoAudio, severity: Warning, from: between{6, 7}, values: map[string]between{"track": {0, 0}},
		},
		{
			name: "audio stops", seq: usual.packets(), do: []encoder.Transform{encoder.Drop(encoder.Audio, in)},
			code: NoAudio, severity: Warning, from: between{63, 66}, to: between{92, 98}, values: map[string]between{"track": {1, 1}},
		},
		{
			name: "a microphone that is muted", seq: with(func(s *stream) { s.mute = true }),
			code: AudioSilent, severity: Info, from: between{6, 7},
		},
		{
			name: "video stops", seq: usual.packets(), do: []encoder.Transform{encoder.Drop(encoder.Video, in)},
			code: NoVideo, severity: Error, from: between{65, 66}, to: between{91, 95}, values: map[string]between{"expected": {1, 1}},
			also: []string{BitRateCollapsed, FramesMissing},
		},
		{
			name: "sound alone", seq: with(func(s *stream) { s.blind = true }),
			code: NoVideo, severity: Info, from: between{6, 7}, values: map[string]between{"expected": {0, 0}},
		},
		{
			name: "an encoder at 0.9 of its speed", seq: usual.packets(), do: []encoder.Transform{paced(0.9)},
			code: ClockSlow, severity: Warning, from: between{34, 40}, values: map[string]between{"percent": {9, 11}, "seconds": {2, 6}},
		},
		{
			name: "an encoder at 0.98 of its speed, with jitter", seq: usual.packets(), do: []encoder.Transform{paced(0.98), jitter(200 * time.Millisecond)},
			code: ClockSlow, severity: Warning, from: between{36, 70}, values: map[string]between{"percent": {1, 3}, "seconds": {0.4, 2}},
		},
		{
			name: "a file that is played too fast", seq: usual.packets(), do: []encoder.Transform{paced(1.25)},
			code: ClockFast, severity: Warning, from: between{34, 42}, values: map[string]between{"percent": {24, 26}, "seconds": {4, 15}},
		},
		{
			name: "over the limit", seq: usual.packets(), limit: 2_000_000,
			code: BitRateOverLimit, severity: Error, from: between{12, 15}, values: map[string]between{"actual": {2.5e6, 2.7e6}, "limit": {2e6, 2e6}},
		},
		{
			name: "close to the limit", seq: usual.packets(), limit: 2_800_000,
			code: BitRateNearLimit, severity: Info, from: between{12, 15}, values: map[string]between{"actual": {2.5e6, 2.7e6}, "limit": {2.8e6, 2.8e6}},
		},
		{
			name: "the encoder lowers the bit rate", seq: usual.packets(), do: []encoder.Transform{sized(in, 20)},
			code: BitRateCollapsed, severity: Info, from: between{62, 64}, to: between{94, 100},
			values: map[string]between{"actual": {0.4e6, 1.1e6}, "usual": {2.5e6, 2.7e6}, "late": {0, 0}},
		},
		{
			name: "the bit rate is lowered for good", seq: usual.packets(), do: []encoder.Transform{sized(stretch(30, 0), 20)},
			code: BitRateCollapsed, severity: Info, from: between{32, 34}, to: between{150, 162},
			values: map[string]between{"usual": {2.5e6, 2.7e6}},
		},
		{
			name: "the network carries less", seq: usual.packets(), do: []encoder.Transform{sized(in, 30), encoder.Thin(0.5, 1, in)},
			code: BitRateCollapsed, severity: Warning, from: between{62, 64}, to: between{94, 100},
			values: map[string]between{"late": {1, 1}}, also: []string{FramesMissing, FrameRateVariable},
		},
		{
			name: "an encoder that hangs for 10 s", seq: usual.packets(), do: []encoder.Transform{encoder.Freeze(60*time.Second, 10*time.Second, encoder.ClockStopped)},
			code: BitRateCollapsed, severity: Error, from: between{62, 64}, to: between{74, 80},
			values: map[string]between{"actual": {0, 0}},
		},
		{
			name: "sixteen B-frames", seq: with(func(s *stream) { s.reorder = 530 * time.Millisecond }),
			code: BFrames, severity: Info, from: between{8, 10}, values: map[string]between{"seconds": {0.52, 0.54}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			limit := tc.limit
			if limit == 0 {
				limit = 6_000_000
			}
			d := play(t, encoder.Apply(tc.seq, tc.do...), limit, 180)
			spans := d.spans(tc.code)
			if len(spans) != 1 {
				t.Fatalf("found at %v, in all %v", spans, d.codes())
			}
			from, to := spans[0][0], spans[0][1]+1
			if !tc.from.has(float64(from)) {
				t.Errorf("found after %d s, want %v", from, tc.from)
			}
			if tc.to == (between{}) && to != 181 || tc.to != (between{}) && !tc.to.has(float64(to)) {
				t.Errorf("gone after %d s, want %v", to, tc.to)
			}
			// Values settle a little after the finding.
			f := d.finding(min(from+2, to-1), tc.code)
			if f.Severity != tc.severity {
				t.Errorf("it is %q, want %q", f.Severity, tc.severity)
			}
			if since := day.Add(time.Duration(from) * time.Second); f.Since.After(since) || f.Since.Before(since.Add(-6*time.Second)) {
				t.Errorf("it is said to be since %v, but was found at %v", f.Since, since)
			}
			for name, want := range tc.values {
				if v, ok := f.Values[name]; !ok || !want.has(v) {
					t.Errorf("%s is %v, want %v", name, v, want)
				}
			}
			for _, code := range d.codes() {
				if code != tc.code && !slices.Contains(tc.also, code) {
					at := d.spans(code)
					t.Errorf("%s, too, at %v: %v", code, at, d.finding(at[0][0], code).Values)
				}
			}
		})
	}
}
