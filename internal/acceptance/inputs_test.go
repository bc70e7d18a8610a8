package acceptance

import (
	"time"

	"shoal/internal/encoder"
)

// look is how a live is seen by its pages, once it runs.
type look struct {
	width, height int     // 0: no video
	rate          float64 // pictures per second as declared, 0: not told
	audio         bool
}

// input is one kind of live.
type input struct {
	name    string // also that of the live
	publish publish
	look    look

	events time.Duration // what happens has happened by then
	breaks int           // how many discontinuities that makes, at least
	mayBe  int           // and at most, beyond breaks
	pauses bool          // parts may be late
	change bool          // tracks change
	lag    bool          // audio comes later than video of the same time, so that it is in later parts
	burst  bool          // more comes at once than parts are listed for
	// blind is why decoders that begin anywhere may complain, "" if they must not.
	blind string
}

const (
	openGOP  = "the first pictures refer to some before the start"
	noKey    = "a segment need not begin with a keyframe where these are far apart"
	oneInit  = "ffmpeg's reader of HLS does not take a second init"
	thinned  = "pictures were predicted from others that are not there"
	atTheCut = "a picture was lost"
)

var (
	at25   = look{320, 180, 25, true}
	at30   = look{320, 180, 30, true}
	silent = look{320, 180, 25, false}
)

// inputs are the lives that are followed all at once. An input without events must go through without any discontinuity.
var inputs = []input{
	{name: "ffmpeg", publish: ffmpeg("25"), look: at25},
	{name: "ffmpeg-b-frames", publish: ffmpeg("24 B"), look: look{320, 180, 24, true}, blind: openGOP},
	// They encode as they go: on a busy machine, they are late when they begin.
	{name: "gstreamer", publish: gstreamer("rtmpsink"), look: at25, pauses: true, mayBe: 1},
	{name: "gstreamer-2", publish: gstreamer("rtmp2sink"), look: at25, pauses: true, mayBe: 1},
	{name: "b-frames", publish: looped("24 B"), look: look{320, 180, 24, true}, blind: openGOP},
	{name: "keyframes-2s", publish: looped("25"), look: at25},
	{name: "keyframes-4s", publish: looped("25 4s"), look: at25},
	{name: "keyframes-10s", publish: looped("30 10s"), look: at30, blind: noKey},
	{name: "intra-refresh", publish: looped("30 intra refresh"), look: at30, blind: noKey},
	{name: "rate-29-97", publish: looped("29.97"), look: look{320, 180, 29.97, true}},
	{name: "rate-50", publish: looped("50"), look: look{320, 180, 50, true}},
	{name: "rate-60", publish: looped("60"), look: look{320, 180, 60, true}},
	{name: "audio-only", publish: oneTrack("25", encoder.Audio), look: look{audio: true}},
	{name: "video-only", publish: oneTrack("25", encoder.Video), look: silent},
	{name: "variable-rate", publish: looped("25", encoder.Thin(0.5, 1, encoder.Always)), look: at25, blind: thinned},
	{name: "interleaved-badly", publish: looped("25", encoder.Lag(encoder.Audio, 400*time.Millisecond)), look: at25, lag: true},
	{name: "empty-tags", publish: looped("25", encoder.Empty(encoder.Audio, 7), encoder.Empty(encoder.Video, 11)), look: at25},
	// RTMP has 24 bits for milliseconds, and another form for more; after 49.7 days, 32 bits are full too.
	{name: "clock-past-24-bits", publish: looped("25", encoder.StartAt(1<<24-5000)), look: at25},
	{name: "clock-past-24-bits-ffmpeg", publish: ffmpeg("25", "-output_ts_offset", "17000"), look: at25},
	{name: "clock-past-24-bits-old-obs", publish: oldOBS("25", encoder.StartAt(1<<24-5000)), look: at25},
	{name: "clock-past-32-bits", publish: looped("25", encoder.StartAt(1<<32-6000)), look: at25},

	{name: "no-audio-4s", publish: looped("25", encoder.Drop(encoder.Audio, between(8, 12))), look: at25, events: 13 * time.Second, lag: true},
	{name: "no-video-0-8s", publish: looped("25", encoder.Drop(encoder.Video, between(8.01, 8.8))), look: at25, events: 10 * time.Second, mayBe: 1, pauses: true, blind: atTheCut},
	{
		name: "clock-jumps", publish: looped("25", encoder.Jump(6*time.Second, 3_600_000), encoder.Jump(9*time.Second, -7_200_000)),
		look: at25, events: 10 * time.Second, breaks: 2,
	},
	{
		name: "audio-comes-late", publish: looped("25", encoder.Late(encoder.Audio, 6*time.Second)),
		look: at25, events: 8 * time.Second, breaks: 1, change: true,
	},
	{
		name: "resolution", publish: alternating(8*time.Second, "25", "25 small"),
		look: look{rate: 25, audio: true, width: -1}, events: 10 * time.Second, breaks: 1, mayBe: 100, change: true, blind: oneInit,
	},
	{
		name: "cut-and-back", publish: cutOff("25", 8*time.Second, 1500*time.Millisecond),
		look: at25, events: 12 * time.Second, breaks: 1, mayBe: 100, pauses: true,
	},
	{
		name: "taken-over", publish: takenOver("25", "50", 8*time.Second, 4*time.Second),
		look: look{320, 180, 50, true}, events: 14 * time.Second, breaks: 1, pauses: true, change: true, blind: oneInit,
	},
	{
		name: "frozen-clock-ran", publish: looped("25", encoder.Freeze(10*time.Second, 18*time.Second, encoder.ClockRan)),
		look: at25, events: 32 * time.Second, breaks: 1, pauses: true,
	},
	{
		name: "frozen-backlog", publish: looped("25", encoder.Freeze(10*time.Second, 18*time.Second, encoder.Backlog)),
		look: at25, events: 32 * time.Second, pauses: true, burst: true,
	},
}

func between(from, to float64) encoder.Interval {
	second := float64(time.Second)
	return encoder.Interval{From: time.Duration(from * second), To: time.Duration(to * second)}
}
