package rtmp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/internal/broadcast"
)

func TestDepartures(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, h *harness, c *client, s *session)
		want broadcast.Departure
	}{
		{"FCUnpublish", func(_ *testing.T, _ *harness, c *client, _ *session) {
			c.command(0, "FCUnpublish", 4.0, nil, goodKey)
		}, broadcast.Goodbye},
		{"deleteStream", func(_ *testing.T, _ *harness, c *client, _ *session) {
			c.command(0, "deleteStream", 4.0, nil, 1.0)
		}, broadcast.Goodbye},
		{"deleteStream with a string", func(_ *testing.T, _ *harness, c *client, _ *session) {
			c.command(0, "deleteStream", 4.0, nil, "stream")
		}, broadcast.Goodbye},
		{"closeStream", func(_ *testing.T, _ *harness, c *client, _ *session) {
			c.command(1, "closeStream", 4.0, nil)
		}, broadcast.Goodbye},
		{"closeStream with a string", func(_ *testing.T, _ *harness, c *client, _ *session) {
			c.command(1, "closeStream", 4.0, "x", "y")
		}, broadcast.Goodbye},
		{"connection ends", func(_ *testing.T, _ *harness, c *client, _ *session) { c.conn.Close() }, broadcast.Lost},
		{"connection is reset", func(_ *testing.T, _ *harness, c *client, _ *session) {
			_ = c.conn.(*net.TCPConn).SetLinger(0)
			c.conn.Close()
		}, broadcast.Lost},
		{"silence", func(*testing.T, *harness, *client, *session) {}, broadcast.Lost},
		{"superseded", func(t *testing.T, _ *harness, c *client, s *session) {
			close(s.done)
			if code := c.code("onStatus"); code != "NetStream.Publish.Failed" {
				t.Errorf("the encoder was told %q", code)
			}
			c.closed()
		}, broadcast.Expelled},
		{"shutdown", func(t *testing.T, h *harness, _ *client, _ *session) {
			if err := h.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		}, broadcast.Expelled},
		{"a rule is broken", func(t *testing.T, _ *harness, c *client, _ *session) {
			c.write(header(4, 0, 1<<24-1, 9, 1)...)
		}, broadcast.Expelled},
		{"the session fails", func(t *testing.T, _ *harness, c *client, s *session) {
			s.mu.Lock()
			s.hold = func(ingest.Packet) error { return errors.New("full") }
			s.mu.Unlock()
			c.send(6, 0, 9, 1, avcParameters)
			if code := c.code("onStatus"); code != "NetStream.Publish.Failed" {
				t.Errorf("the encoder was told %q", code)
			}
		}, broadcast.Expelled},
		{"the session panics", func(t *testing.T, h *harness, c *client, s *session) {
			s.mu.Lock()
			s.hold = func(ingest.Packet) error { panic("oops") }
			s.mu.Unlock()
			c.send(6, 0, 9, 1, avcParameters)
			c.closed()
			if !strings.Contains(h.log.String(), "panic=oops") {
				t.Error("the log does not tell of the panic")
			}
		}, broadcast.Expelled},
		{"H.265", func(t *testing.T, h *harness, c *client, _ *session) {
			c.send(6, 0, 9, 1, []byte{0x90, 'h', 'v', 'c', '1', 1, 2, 3})
			v := c.answer("onStatus")
			if text := v[3]; !strings.Contains(slog.AnyValue(text).String(), "H.265") {
				t.Errorf("the encoder was told %v", text)
			}
			h.refused(t, "codec", 1)
		}, broadcast.Expelled},
		{"wrong parameters", func(t *testing.T, h *harness, c *client, _ *session) {
			c.send(6, 0, 9, 1, []byte{0x17, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6})
			h.refused(t, "parameters", 1)
		}, broadcast.Expelled},
		{"too much malformed media", func(t *testing.T, h *harness, c *client, _ *session) {
			for range maxMalformed + 1 {
				c.send(6, 0, 9, 1, []byte{0x17, 9, 0, 0, 0})
			}
			h.refused(t, "malformed", 1)
		}, broadcast.Expelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, func(c *Config) { c.IdleTimeout = 300 * time.Millisecond })
			c := dial(t, h.addr)
			c.publish(goodKey)
			s := h.session(t)
			tt.do(t, h, c, s)
			s.left(t, tt.want)
		})
	}
}
