package encoder

import (
	"bytes"
	_ "embed"
	"fmt"
)

//go:embed demo.flv
var demoFLV []byte

// Demo is our own clip: 16 s of a test card in 720p at 30 frames/s with a clock and a chime on every second, keyframes
// every 2 s, H.264 and AAC, some 0.27 Mbit/s. demo.sh makes it.
func Demo() (*Clip, error) {
	c, err := LoadFLV(bytes.NewReader(demoFLV))
	if err != nil {
		return nil, fmt.Errorf("load the demo clip: %w", err)
	}
	return c, nil
}
