package vitals

import (
	"fmt"
	"math"
	"strings"
)

// text is what is said of a finding in English: what is wrong, and what to do. {name} stands for a value.
type text struct {
	code string
	// when chooses between texts of a code by a value: the first that fits is taken. nil fits always.
	when func(map[string]float64) bool
	text string
}

func is(name string, value float64) func(map[string]float64) bool {
	return func(v map[string]float64) bool { return v[name] == value }
}

var texts = []text{
	{NoKeyframe, nil, "There has been no keyframe for {seconds}: new viewers see nothing until one comes. Set the encoder's keyframe interval to 2 s."},
	{KeyframeDistance, nil, "Keyframes come every {seconds}: new viewers wait that long for a picture. Set the encoder's keyframe interval to 2 s."},
	{FrameRateVariable, nil, "Frames come at varying distances, {rate} per second on average ({percent} of them out of step), so that motion is not smooth. Set the encoder to a constant frame rate; if it is, it is overloaded: choose a faster preset, a smaller picture or fewer frames."},
	{FramesMissing, nil, "{count} frames of the last 10 s are missing ({percent}). If the encoder says that it is overloaded, choose a faster preset, a smaller picture or fewer frames; if it says that it drops frames, lower the bit rate or use a better network."},
	{NoVideo, is("expected", 0), "The encoder sends sound without a picture. If there should be one, add a video source and start again."},
	{NoVideo, nil, "No picture arrives. Check the video source in the encoder, and start the encoder again."},
	{NoAudio, is("track", 0), "The encoder sends no sound. If there should be some, add an audio source and start again."},
	{NoAudio, nil, "The sound has stopped; viewers hear silence. Check the microphone or the mixer, and the audio source in the encoder."},
	{AudioSilent, nil, "The sound is silent. If it should not be, check whether the microphone or the mixer is muted."},
	{ClockSlow, nil, "Video and sound come too slowly, by {percent} ({seconds} so far), so that viewers have to wait again and again. The encoder or the network cannot keep up: choose a faster preset, a smaller picture or a lower bit rate, and close other programs."},
	{ClockFast, nil, "Video and sound come too fast, by {percent} ({seconds} so far), so that the delay grows. If a file is played, play it in real time (ffmpeg: -re); else start the encoder again."},
	{BitRateOverLimit, nil, "The stream has {actual}, more than the {limit} that are allowed: it will be ended if it goes on. Lower the bit rate in the encoder."},
	{BitRateNearLimit, nil, "The stream has {actual} and comes close to the {limit} that are allowed. Lower the bit rate a little."},
	{BitRateCollapsed, is("actual", 0), "Nothing arrives any more, though the encoder is connected. Check its network and whether it is paused."},
	{BitRateCollapsed, is("late", 1), "The bit rate has fallen to {actual} (it was {usual}), and frames are late or missing: the network between the encoder and this node is too weak. Use a cable or come closer to the access point, or lower the bit rate."},
	{BitRateCollapsed, nil, "The bit rate has fallen to {actual} (it was {usual}). That is all right if the picture stands still; if it looks blurred, the network is too weak: use a cable or come closer to the access point."},
	{EncoderReconnecting, nil, "The encoder was lost {count} times in the last 5 minutes. Check its network; use a cable or come closer to the access point, or lower the bit rate."},
	{BFrames, nil, "B-frames make the encoder hold frames back for {seconds}, and viewers see everything that much later. Set B-frames to 2 or fewer, or the tune to zerolatency."},
}

// forms say how values are written.
var forms = map[string]func(float64) string{
	"seconds": func(v float64) string { return fmt.Sprintf("%.1f s", v) },
	"percent": func(v float64) string {
		if v < 10 {
			return fmt.Sprintf("%.1f %%", v)
		}
		return fmt.Sprintf("%.0f %%", v)
	},
	"rate":   func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"count":  func(v float64) string { return fmt.Sprintf("%.0f", v) },
	"actual": bitRate,
	"usual":  bitRate,
	"limit":  bitRate,
}

func bitRate(v float64) string {
	switch {
	case v >= 9.95e6:
		return fmt.Sprintf("%.0f Mbit/s", v/1e6)
	case v >= 999.5e3:
		return fmt.Sprintf("%.1f Mbit/s", v/1e6)
	}
	return fmt.Sprintf("%.0f kbit/s", math.Round(v/1e3))
}

// Text says in plain English what a finding means and what to do about it; a code that is not known is its own text.
func Text(f Finding) string {
	for _, t := range texts {
		if t.code != f.Code || t.when != nil && !t.when(f.Values) {
			continue
		}
		pairs := make([]string, 0, 2*len(f.Values))
		for name, v := range f.Values {
			if form := forms[name]; form != nil {
				pairs = append(pairs, "{"+name+"}", form(v))
			}
		}
		return strings.NewReplacer(pairs...).Replace(t.text)
	}
	return f.Code
}
