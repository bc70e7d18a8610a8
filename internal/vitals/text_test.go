package vitals

import (
	"slices"
	"strings"
	"testing"
)

// TestTexts writes every text, with every value that its code has.
func TestTexts(t *testing.T) {
	for _, r := range rules {
		seen := false
		for _, x := range texts {
			if x.code != r.code {
				continue
			}
			seen = true
			for _, part := range strings.Split(x.text, "{")[1:] {
				name, _, _ := strings.Cut(part, "}")
				if !slices.Contains(r.values, name) || forms[name] == nil {
					t.Errorf("%s has a text with {%s}, which it has no value for", r.code, name)
				}
			}
			if !strings.HasSuffix(x.text, ".") || strings.Count(x.text, ". ")+strings.Count(x.text, ": ") == 0 {
				t.Errorf("%s does not say what to do: %s", r.code, x.text)
			}
		}
		if !seen {
			t.Errorf("%s has no text", r.code)
		}
		for _, v := range []float64{0, 1} {
			values := map[string]float64{}
			for _, name := range r.values {
				values[name] = v
			}
			if s := Text(Finding{Code: r.code, Values: values}); s == r.code || strings.ContainsAny(s, "{}") {
				t.Errorf("%s: %s", r.code, s)
			}
		}
	}
	for _, x := range texts {
		if !slices.Contains(Codes(), x.code) {
			t.Errorf("there is a text of %s, which is no code", x.code)
		}
	}
}

func TestText(t *testing.T) {
	for _, tc := range []struct {
		finding Finding
		want    string
	}{
		{
			Finding{Code: KeyframeDistance, Values: map[string]float64{"seconds": 9.96}},
			"Keyframes come every 10.0 s: new viewers wait that long for a picture. Set the encoder's keyframe interval to 2 s.",
		},
		{
			Finding{Code: BitRateOverLimit, Values: map[string]float64{"actual": 12_345_678, "limit": 8_000_000}},
			"The stream has 12 Mbit/s, more than the 8.0 Mbit/s that are allowed: it will be ended if it goes on. Lower the bit rate in the encoder.",
		},
		{
			Finding{Code: BitRateCollapsed, Values: map[string]float64{"actual": 412_300, "usual": 2_500_000, "late": 0}},
			"The bit rate has fallen to 412 kbit/s (it was 2.5 Mbit/s). That is all right if the picture stands still; if it looks blurred, the network is too weak: use a cable or come closer to the access point.",
		},
		{
			Finding{Code: FramesMissing, Values: map[string]float64{"count": 31, "percent": 10.33}},
			"31 frames of the last 10 s are missing (10 %). If the encoder says that it is overloaded, choose a faster preset, a smaller picture or fewer frames; if it says that it drops frames, lower the bit rate or use a better network.",
		},
		{Finding{Code: "from_a_newer_node"}, "from_a_newer_node"},
	} {
		if got := Text(tc.finding); got != tc.want {
			t.Errorf("%s: %s", tc.finding.Code, got)
		}
	}
	for v, want := range map[float64]string{0: "0 kbit/s", 999_400: "999 kbit/s", 999_600: "1.0 Mbit/s", 9_940_000: "9.9 Mbit/s", 9_960_000: "10 Mbit/s"} {
		if got := bitRate(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}
