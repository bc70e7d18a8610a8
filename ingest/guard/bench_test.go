package guard

import (
	"bytes"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"shoal/internal/amf0"
)

// cpu is the processor time that the process has used.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// second is a second of 2.5 Mbit/s: 30 pictures, the first of them large, and 47 audio frames, in chunks of a size.
func second(chunk int) []byte {
	var b []byte
	put := func(id, kind byte, size int) {
		body := make([]byte, size)
		b = append(b, id, 0, 0, 0, byte(size>>16), byte(size>>8), byte(size), kind, 1, 0, 0, 0)
		for n := 0; n < size; n += chunk {
			if n > 0 {
				b = append(b, 3<<6|id)
			}
			b = append(b, body[n:min(n+chunk, size)]...)
		}
	}
	for n := range 47 {
		if n < 30 {
			put(6, typeVideo, 8000+52_500/(1+n*n))
		}
		put(4, typeAudio, 340)
	}
	return b
}

// endless gives a head, then a body for ever, in pieces as a socket gives them.
type endless struct {
	head, body []byte
	at, piece  int
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	n := copy(p[:min(len(p), e.piece)], e.body[e.at:])
	e.at = (e.at + n) % len(e.body)
	return n, nil
}

// stopper is a Watcher that ends after some messages.
type stopper struct{ left int }

func (s *stopper) Received(int, time.Time) error { return nil }
func (s *stopper) Dropped(Drop)                  {}
func (s *stopper) Media(Message) error {
	if s.left--; s.left == 0 {
		return io.EOF
	}
	return nil
}

// BenchmarkConn is one second of 2.5 Mbit/s per operation, without a socket.
func BenchmarkConn(b *testing.B) {
	for _, chunk := range []int{128, 4096, 60_000} {
		b.Run(fmt.Sprintf("chunk=%d", chunk), func(b *testing.B) {
			body := second(chunk)
			head := append([]byte{3}, make([]byte, handshakeSize-1)...)
			head = append(head, Chunked(2, typeSetChunkSize, 0, []byte{0, byte(chunk >> 16), byte(chunk >> 8), byte(chunk)})...)
			head = append(head, Chunked(3, typeCommand, 1, amf0.Append(nil, "publish", 1.0, nil, "key"))...)
			s := &stopper{}
			c := New(&stream{r: &endless{head: head, body: body, piece: 16 << 10}}, testConfig, s)
			p := make([]byte, 4096)
			for n := 0; !bytes.Contains(p[:n], []byte("publish")); {
				n, _ = c.Read(p)
			}
			c.Accept()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				s.left = 77
				if _, err := c.Read(p); err != io.EOF {
					b.Fatal(err)
				}
				c.err = nil
			}
			mbit := float64(len(body)) * 8 / 1e6 * float64(b.N)
			b.ReportMetric(float64((cpu()-before).Microseconds())/mbit, "cpu-us/Mbit")
		})
	}
}
