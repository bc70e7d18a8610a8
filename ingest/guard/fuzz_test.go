package guard

import (
	"bytes"
	"testing"

	"shoal/internal/amf0"
)

// FuzzConn feeds any bytes to a guard, of a stranger and of a publisher, and holds that it does not panic, keeps to its
// budget, and gives nothing to the library but what the library can read.
func FuzzConn(f *testing.F) {
	f.Add(Chunked(3, typeCommand, 0, amf0.Append(nil, "connect", 1.0, amf0.Object{{Name: "app", Value: "live"}})))
	f.Add(Chunked(6, typeVideo, 1, bytes.Repeat([]byte{1}, 300)))
	f.Add(Chunked(2, typeSetChunkSize, 0, []byte{0, 0, 1, 0}))
	f.Add(Chunked(2, typeWindowAckSize, 0, []byte{0, 0, 0, 0}))
	f.Add(append([]byte{6, 0xff, 0xff, 0xff, 0, 0, 130, 9, 1, 0, 0, 0, 1, 2, 3, 4}, bytes.Repeat([]byte{0xc6}, 300)...))
	f.Add(append(Chunked(4, typeAggregate, 1, []byte{9, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 12}), 0xc4, 9))
	f.Add([]byte{1, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 22, 1, 0, 0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, c, err := through(b, nil)
		if err == nil || c.chunks.memory > publisherLimits.total {
			t.Fatalf("%d bytes are held; %v", c.chunks.memory, err)
		}
		size := 0
		for _, m := range r.media {
			size += cap(m.Payload)
		}
		if size > 2*len(b)+1024 {
			t.Fatalf("%d bytes of messages came of %d", size, len(b))
		}

		stranger := New(&stream{r: bytes.NewReader(append(append([]byte{3}, make([]byte, handshakeSize-1)...), b...))}, testConfig, &recorder{})
		var out []byte
		p := make([]byte, 512)
		for err = nil; err == nil; {
			var n int
			n, err = stranger.Read(p)
			out = append(out, p[:n]...)
		}
		if stranger.chunks.memory > strangerLimits.total+strangerLimits.other {
			t.Fatalf("a stranger holds %d bytes", stranger.chunks.memory)
		}
		readable(t, out[handshakeSize:])
	})
}

// readable checks what the library is given: whole chunks of commands that decode.
func readable(t *testing.T, b []byte) {
	t.Helper()
	if len(b) > 0 {
		b = b[16:]
	}
	for len(b) > 0 {
		size := int(b[4])<<16 | int(b[5])<<8 | int(b[6])
		if _, err := amf0.Decode(b[12 : 12+size]); err != nil || b[0] != commandStream || b[7] != typeCommand {
			t.Fatalf("the library is given %x: %v", b[:12+size], err)
		}
		b = b[12+size:]
	}
}
