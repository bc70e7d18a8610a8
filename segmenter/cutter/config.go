package cutter

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Config says how long parts are.
type Config struct {
	// PartTarget is PART-TARGET of a live with video.
	PartTarget time.Duration `yaml:"part_target"`
	// AudioPartTarget is PART-TARGET of audio alone: of the audio-only rendition, and of a live without video.
	AudioPartTarget time.Duration `yaml:"audio_part_target"`
}

// DefaultConfig has parts of 0.21 s, which 15, 20, 24, 25, 30, 50 and 60 frames/s fill to at least 95 %, and of 1.05 s
// for audio alone, which 12 chunks of 4 AAC frames at 48 kHz fill to 97 % and 11 at 44.1 kHz also.
func DefaultConfig() Config {
	return Config{PartTarget: 210 * time.Millisecond, AudioPartTarget: 1050 * time.Millisecond}
}

// Validate reports all mistakes at once.
func (c Config) Validate() error {
	var errs []error
	if c.PartTarget < 100*time.Millisecond || c.PartTarget > time.Second {
		errs = append(errs, fmt.Errorf("part_target is %v: give 100ms to 1s", c.PartTarget))
	}
	if c.AudioPartTarget < 200*time.Millisecond || c.AudioPartTarget > 2*time.Second {
		errs = append(errs, fmt.Errorf("audio_part_target is %v: give 200ms to 2s", c.AudioPartTarget))
	}
	return errors.Join(errs...)
}

// withDefaults fills in what is not set.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	return Config{
		PartTarget:      cmp.Or(c.PartTarget, d.PartTarget),
		AudioPartTarget: cmp.Or(c.AudioPartTarget, d.AudioPartTarget),
	}
}
