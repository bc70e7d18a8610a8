package rtmp_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"
	gortmp "github.com/bluenviron/gortmplib/pkg/message"

	"shoal/internal/encoder/rtmp"
)

// heard is what a server got of one media message.
type heard struct {
	typ  rtmp.Type
	ms   uint32
	hash [sha256.Size]byte
}

// sequence makes messages with awkward sizes (around multiples of the chunk size) and times.
func sequence(from uint32, chunk int) (out []heard, bodies [][]byte) {
	ms := from
	for i, size := range []int{2, chunk - 1, chunk, chunk + 1, chunk + 1, chunk + 1, 3*chunk + 7, 100, 100, 100, 100_000} {
		body := bytes.Repeat([]byte{byte(i + 1)}, size)
		typ := rtmp.Video
		body[0], body[1] = 0x27, 1 // H.264, an access unit
		if i%3 == 2 {
			typ = rtmp.Audio
			body[0] = 0xaf // AAC, a frame
		} else if size >= 5 {
			copy(body[2:], []byte{0, 0, 0})
		} else {
			body = append(body, 0, 0, 0, 1, 2, 3)
		}
		out = append(out, heard{typ, ms, sha256.Sum256(body)})
		bodies = append(bodies, body)
		ms += 20
	}
	return out, bodies
}

// record collects what servers hear, from their goroutines.
type record struct {
	mu  sync.Mutex
	all []heard
}

func (r *record) add(typ rtmp.Type, ms uint32, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, heard{typ, ms, sha256.Sum256(body)})
}

// publish sends the messages and closes.
func publish(t *testing.T, address string, opt rtmp.Options, msgs []heard, bodies [][]byte) {
	t.Helper()
	c, err := rtmp.Dial(t.Context(), address, opt)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range msgs {
		if err := c.Send(m.typ, m.ms, bodies[i]); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAgainstGortmplib sends every kind of header to the one library, which wants extended times repeated.
func TestAgainstGortmplib(t *testing.T) {
	for _, opt := range []rtmp.Options{{}, {ChunkSize: 128}, {ChunkSize: 60_000}, {FullHeaders: true}} {
		for _, from := range []uint32{0, 0xffffff - 30, 17_000_000, 1<<32 - 60} {
			t.Run(fmt.Sprintf("chunk %d full %v from %d", opt.ChunkSize, opt.FullHeaders, from), func(t *testing.T) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close() //nolint:errcheck // nothing to save
				var got record
				done := make(chan error, 1)
				go func() { done <- serveGortmplib(l, &got) }()
				want, bodies := sequence(from, max(opt.ChunkSize, 128))
				publish(t, "rtmp://"+l.Addr().String()+"/live/key", opt, want, bodies)
				if err := <-done; !errors.Is(err, io.EOF) {
					t.Fatalf("the server ended with %v, want EOF", err)
				}
				compare(t, got.all, want)
			})
		}
	}
}

// serveGortmplib takes one publisher; the library takes frames apart, so they are put together again.
func serveGortmplib(l net.Listener, got *record) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing to save
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	s := &gortmplib.ServerConn{RW: conn}
	if err := s.Initialize(); err != nil {
		return err
	}
	if err := s.Accept(); err != nil {
		return err
	}
	if s.URL.Path != "/live/key" || !s.Publish {
		return fmt.Errorf("publishing %v to %s", s.Publish, s.URL)
	}
	for {
		m, err := s.Read()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *gortmp.Video:
			got.add(rtmp.Video, uint32(m.DTS/time.Millisecond), append([]byte{0x27, 1, 0, 0, 0}, m.AU...))
		case *gortmp.Audio:
			got.add(rtmp.Audio, uint32(m.DTS/time.Millisecond), append([]byte{0xaf, 1}, m.AU...))
		}
	}
}

func compare(t *testing.T, got, want []heard) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages arrived, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("message %d: type %d at %d ms, want type %d at %d ms; same bytes: %v",
				i, got[i].typ, got[i].ms, want[i].typ, want[i].ms, got[i].hash == want[i].hash)
		}
	}
}
