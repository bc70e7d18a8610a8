package rtmp

import "testing"

// TestPlain runs the tests of a server again, with the conversation that boards of 32 bits have.
func TestPlain(t *testing.T) {
	if usePlain {
		t.Skip("it is what runs")
	}
	usePlain = true
	defer func() { usePlain = false }()
	for name, test := range map[string]func(*testing.T){
		"Publish": TestPublish, "Request": TestRequest, "RefusedKeys": TestRefusedKeys, "Application": TestApplication,
		"Departures": TestDepartures, "Quirks": TestQuirks, "Attacks": TestAttacks, "Slow": TestSlow,
		"AbruptEnds": TestAbruptEnds, "FFmpeg": TestFFmpeg, "FFmpegRefused": TestFFmpegRefused, "GStreamer": TestGStreamer,
	} {
		t.Run(name, test)
	}
}

// TestPlainStreams holds that a connection cannot create streams for ever.
func TestPlainStreams(t *testing.T) {
	usePlain = true
	defer func() { usePlain = false }()
	h := start(t, nil)
	c := dial(t, h.addr)
	c.createStream("live")
	for n := 2; n < maxStreams; n++ {
		c.command(0, "createStream", float64(n), nil)
		if v := c.answer("_result"); v[1] != float64(n) || v[3] != float64(n) {
			t.Fatalf("got %v", v)
		}
	}
	c.command(0, "createStream", 99.0, nil)
	if v := c.answer("_error"); v[1] != 99.0 {
		t.Fatalf("got %v", v)
	}
}
