package hls

import (
	"math"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]Config{
		"part_hold_back":    {PartHoldBack: 2.9, MaxHeld: 1, MaxHeldPerLive: 1},
		"max_held":          {PartHoldBack: 3, MaxHeld: 0, MaxHeldPerLive: 0},
		"max_held_per_live": {PartHoldBack: 3, MaxHeld: 5, MaxHeldPerLive: 6},
		"NaN":               {PartHoldBack: math.NaN(), MaxHeld: 1, MaxHeldPerLive: 1},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Config{}).Validate(); strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not all mistakes at once: %v", err)
	}
}
