package encoder

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"
)

// steady is a head and then, every 100 ms, a video frame (a keyframe each 400 ms) and an audio frame.
func steady(n int) iter.Seq[Packet] {
	return func(yield func(Packet) bool) {
		for _, h := range []Tag{avcHeader, aacHeader} {
			if !yield(Packet{Tag: h}) {
				return
			}
		}
		for i := range n {
			due := time.Duration(i) * 100 * time.Millisecond
			v := avcInter
			if i%4 == 0 {
				v = avcKey
			}
			for _, t := range []Tag{v, aacFrame} {
				t.Time = due.Milliseconds()
				if !yield(Packet{Tag: t, Due: due}) {
					return
				}
			}
		}
	}
}

// script writes a sequence down: H for a header, K and v for video, a for audio, o for an empty tag, in lower or upper
// case followed by time@due in hundreds of milliseconds, without @due where it is the same.
func script(seq iter.Seq[Packet]) string {
	var out []string
	for p := range seq {
		name := "a"
		switch {
		case p.Header() && p.Type == Video:
			name = "HV"
		case p.Header():
			name = "HA"
		case p.Key():
			name = "K"
		case p.Type == Video:
			name = "v"
		}
		if len(p.Data) == 0 {
			name = "o"
		}
		word := fmt.Sprintf("%s%d", name, p.Time/100)
		if due := p.Due.Milliseconds() / 100; due != p.Time/100 {
			word += fmt.Sprintf("@%d", due)
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

const ms = time.Millisecond

func TestTransforms(t *testing.T) {
	tests := []struct {
		name string
		in   iter.Seq[Packet]
		do   []Transform
		want string
	}{
		{"none", steady(5), nil, "HV0 HA0 K0 a0 v1 a1 v2 a2 v3 a3 K4 a4"},
		{"start", steady(2), []Transform{StartAt(1<<32 - 100)}, "HV42949671@0 HA42949671@0 K42949671@0 a42949671@0 v42949672@1 a42949672@1"},
		{"jump ahead", steady(3), []Transform{Jump(200*ms, 5000)}, "HV0 HA0 K0 a0 v1 a1 v52@2 a52@2"},
		{"jump back", steady(4), []Transform{Jump(200*ms, -200)}, "HV0 HA0 K0 a0 v1 a1 v0@2 a0@2 v1@3 a1@3"},
		{"drop audio", steady(4), []Transform{Drop(Audio, Interval{100 * ms, 300 * ms})}, "HV0 HA0 K0 a0 v1 v2 v3 a3"},
		{"drop video for ever", steady(3), []Transform{Drop(Video, Interval{From: 100 * ms})}, "HV0 HA0 K0 a0 a1 a2"},
		{"drop audio always", steady(2), []Transform{Drop(Audio, Always)}, "HV0 HA0 K0 v1"},
		{"late audio", steady(4), []Transform{Late(Audio, 200*ms)}, "HV0 K0 v1 HA2 v2 a2 v3 a3"},
		{"half the rate", steady(7), []Transform{Drop(Audio, Always), Keep(1, 2, Always)}, "HV0 HA0 K0 v2 K4 v6"},
		{"two thirds", steady(7), []Transform{Drop(Audio, Always), Keep(2, 3, Interval{100 * ms, 400 * ms})}, "HV0 HA0 K0 v1 v3 K4 v5 v6"},
		{"thin to keyframes", steady(6), []Transform{Drop(Audio, Always), Thin(1, 1, Interval{From: 200 * ms})}, "HV0 HA0 K0 v1 K4"},
		{"freeze, clock stopped", steady(3), []Transform{Freeze(100*ms, 2*time.Second, ClockStopped)}, "HV0 HA0 K0 a0 v1@21 a1@21 v2@22 a2@22"},
		{"freeze, clock ran", steady(3), []Transform{Freeze(100*ms, 2*time.Second, ClockRan)}, "HV0 HA0 K0 a0 v21 a21 v22 a22"},
		{"freeze, backlog", steady(4), []Transform{Freeze(100*ms, 150*ms, Backlog)}, "HV0 HA0 K0 a0 v1@2 a1@2 v2 a2 v3 a3"},
		{"audio lags", steady(4), []Transform{Lag(Audio, 200*ms)}, "HV0 HA0 K0 v1 a0@2 v2 a1@3 v3 a2@4 a3@5"},
		{"audio lags alone", steady(3), []Transform{Drop(Video, Always), Lag(Audio, 100*ms)}, "HV0 HA0 a0@1 a1@2 a2@3"},
		{"empty tags", steady(4), []Transform{Empty(Audio, 2)}, "HV0 HA0 K0 a0 v1 a1 o1 v2 a2 v3 a3 o3"},
		{"until", steady(9), []Transform{Until(200 * ms)}, "HV0 HA0 K0 a0 v1 a1"},
		{"composed", steady(9), []Transform{Until(200 * ms), StartAt(1000), Drop(Audio, Always)}, "HV10@0 HA10@0 K10@0 v11@1"},
		{"chain", Chain(Apply(steady(9), Until(200*ms)), Apply(steady(9), Keep(1, 2, Always), Until(300*ms))), nil, "HV0 HA0 K0 a0 v1 a1 HV2 HA2 K2 a2 a3 v4 a4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seq := Apply(tt.in, tt.do...)
			got := script(seq)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if again := script(seq); again != got {
				t.Errorf("a second run differs: %s", again)
			}
			all := slices.Collect(seq)
			for stop := range all { // whoever stops reading must be obeyed
				n := 0
				for range seq {
					if n++; n > stop {
						break
					}
				}
			}
		})
	}
}

func TestThinIsTheSameEachTime(t *testing.T) {
	run := func(seed uint64) string { return script(Apply(steady(60), Thin(0.5, seed, Always))) }
	first, again, other := run(1), run(1), run(2)
	if first != again {
		t.Error("one seed gave two results")
	}
	if first == other {
		t.Error("two seeds gave one result")
	}
}

func TestLoopGoesOn(t *testing.T) {
	clip := &Clip{Head: []Tag{avcHeader}, Frames: []Tag{avcKey, avcInter}, Duration: 300 * ms}
	if got, want := script(Apply(clip.Loop(), Until(700*ms))), "HV0 K0 v0 K3 v3 K6 v6"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := script(clip.Once()), "HV0 K0 v0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
