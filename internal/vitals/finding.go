package vitals

import "time"

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Info    Severity = "info"    // good to know
	Warning Severity = "warning" // viewers notice something
	Error   Severity = "error"   // viewers see or hear nothing, or cannot join
)

func (s Severity) rank() int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	}
	return 2
}

// The codes of findings. The comment says which values come with each.
const (
	NoKeyframe          = "no_keyframe"          // seconds: since the last one, at most
	KeyframeDistance    = "keyframe_distance"    // seconds: between keyframes
	FrameRateVariable   = "frame_rate_variable"  // rate: frames per second on average; percent: of the frames that come out of step
	FramesMissing       = "frames_missing"       // count, percent: of the last 10 s
	NoVideo             = "no_video"             // expected: 0 if the encoder announced sound alone, else 1
	NoAudio             = "no_audio"             // track: 0 if there is no audio track, 1 if it has fallen silent
	AudioSilent         = "audio_silent"         // none
	ClockSlow           = "clock_slow"           // percent: of the time; seconds: so far behind
	ClockFast           = "clock_fast"           // percent: of the time; seconds: so far ahead
	BitRateOverLimit    = "bit_rate_over_limit"  // actual, limit: bit/s
	BitRateNearLimit    = "bit_rate_near_limit"  // actual, limit: bit/s
	BitRateCollapsed    = "bit_rate_collapsed"   // actual, usual: bit/s; late: 1 if frames are late or missing, too
	EncoderReconnecting = "encoder_reconnecting" // count: of losses in the last 5 min
	BFrames             = "b_frames"             // seconds: that frames wait for others
)

// Finding is something that the organizer should know.
type Finding struct {
	Code     string
	Severity Severity
	Since    time.Time
	Values   map[string]float64 // see the codes
}

// rule says how a code comes and goes.
type rule struct {
	code string
	// enter is how many seconds in a row it must be true, leave how many it must not be. Many conditions look at several
	// seconds themselves.
	enter, leave int
	values       []string
	severity     func(values [3]float64) Severity
}

func always(s Severity) func([3]float64) Severity { return func([3]float64) Severity { return s } }

// index numbers the rules.
type index int

const (
	noKeyframe index = iota
	keyframeDistance
	frameRateVariable
	framesMissing
	noVideo
	noAudio
	audioSilent
	clockSlow
	clockFast
	bitRateOverLimit
	bitRateNearLimit
	bitRateCollapsed
	encoderReconnecting
	bFrames
	ruleCount
)

var rules = [ruleCount]rule{
	// A keyframe makes it untrue for up to 4 s even if the next comes after 10.
	noKeyframe:        {NoKeyframe, 1, 6, []string{"seconds"}, always(Error)},
	keyframeDistance:  {KeyframeDistance, 1, 10, []string{"seconds"}, always(Warning)},
	frameRateVariable: {FrameRateVariable, 5, 10, []string{"rate", "percent"}, always(Warning)},
	framesMissing:     {FramesMissing, 1, 10, []string{"count", "percent"}, always(Warning)},
	noVideo: {NoVideo, 1, 3, []string{"expected"}, func(v [3]float64) Severity {
		if v[0] == 0 {
			return Info
		}
		return Error
	}},
	noAudio:          {NoAudio, 1, 3, []string{"track"}, always(Warning)},
	audioSilent:      {AudioSilent, 1, 3, nil, always(Info)},
	clockSlow:        {ClockSlow, 5, 10, []string{"percent", "seconds"}, always(Warning)},
	clockFast:        {ClockFast, 5, 10, []string{"percent", "seconds"}, always(Warning)},
	bitRateOverLimit: {BitRateOverLimit, 3, 5, []string{"actual", "limit"}, always(Error)},
	bitRateNearLimit: {BitRateNearLimit, 3, 5, []string{"actual", "limit"}, always(Info)},
	bitRateCollapsed: {BitRateCollapsed, 1, 5, []string{"actual", "usual", "late"}, func(v [3]float64) Severity {
		switch {
		case v[0] == 0:
			return Error
		case v[2] != 0:
			return Warning
		}
		return Info
	}},
	encoderReconnecting: {EncoderReconnecting, 1, 1, []string{"count"}, always(Warning)},
	bFrames:             {BFrames, 5, 10, []string{"seconds"}, always(Info)},
}

// Codes lists all codes.
func Codes() []string {
	all := make([]string, 0, len(rules))
	for _, r := range rules {
		all = append(all, r.code)
	}
	return all
}

// condition is where a rule stands.
type condition struct {
	active bool
	streak int           // seconds in a row that spoke for a change
	since  time.Duration // when it began to be true
	values [3]float64
}

// look takes whether the rule holds in the second that ends at now.
func (c *condition) look(r *rule, holds bool, now time.Duration, values ...float64) {
	if holds {
		copy(c.values[:], values)
	}
	switch {
	case holds == c.active:
		c.streak = 0
		return
	case holds && c.streak == 0:
		c.since = now
	}
	c.streak++
	if holds && c.streak >= r.enter || !holds && c.streak >= r.leave {
		c.active, c.streak = holds, 0
	}
}

func (c *condition) finding(r *rule, base time.Time) Finding {
	f := Finding{Code: r.code, Severity: r.severity(c.values), Since: base.Add(c.since), Values: make(map[string]float64, len(r.values))}
	for i, name := range r.values {
		f.Values[name] = c.values[i]
	}
	return f
}
