package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/amf0"
)

func TestAssaults(t *testing.T) {
	tests := []struct {
		name     string
		assault  assault
		least    int // bytes in a minute
		most     int
		followed error
	}{
		{"slow loris", assault{do: drip("GET /")}, 59, 61, context.DeadlineExceeded},
		{"noise", assault{do: noise}, 1000 * 4 << 10, 1201 * 4 << 10, context.DeadlineExceeded},
		{"unfinished", assault{do: unfinished}, 61 * 256 << 10, 61*256<<10 + 10_000, nil},
		{"bomb", assault{do: bomb}, 3000, 60_000, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var sent bytes.Buffer
				err := tt.assault.do(ctx, &sent, rand.New(rand.NewPCG(1, 1)))
				if !errors.Is(err, tt.followed) || sent.Len() < tt.least || sent.Len() > tt.most {
					t.Errorf("%d bytes and then %v, want %d to %d and then %v", sent.Len(), err, tt.least, tt.most, tt.followed)
				}
			})
		})
	}
	for _, a := range assaults {
		broken := &failing{after: 1}
		if err := a.do(t.Context(), broken, rand.New(rand.NewPCG(1, 1))); !errors.Is(err, io.ErrClosedPipe) && a.name != "bomb" {
			t.Errorf("%s goes on when the node has closed: %v", a.name, err)
		}
	}
}

// failing fails after a number of writes.
type failing struct{ after int }

func (f *failing) Write(b []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestBombIsHarmfulOnlyToTheCareless(t *testing.T) {
	for seed := range uint64(8) {
		var sent bytes.Buffer
		if err := bomb(t.Context(), &sent, rand.New(rand.NewPCG(seed, 0))); err != nil {
			t.Fatal(err)
		}
		command := sent.Bytes()[len(hello())+16+12:]
		if _, err := amf0.Decode(command); !errors.Is(err, amf0.ErrDepth) && !errors.Is(err, amf0.ErrSize) {
			t.Errorf("seed %d: error %v, want ErrDepth or ErrSize", seed, err)
		}
	}
}

func TestMobStrikesAndEnds(t *testing.T) {
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait) // after the ports are closed
	var struck sync.Map
	port := func(name string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		wg.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
				struck.Store(name+host, true)
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}
		})
		return l.Addr().String()
	}
	n := &node{http: port("http "), rtmp: port("rtmp ")}
	m := &mob{}
	end := m.start(t.Context(), n, len(assaults))
	seen := func() (count int) {
		struck.Range(func(any, any) bool { count++; return true })
		return count
	}
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for seen() < len(assaults) {
		select {
		case <-deadline:
			t.Fatalf("%d attackers were seen, each with an address of its own, want %d", seen(), len(assaults))
		case <-tick.C:
		}
	}
	end()
	if m.bytes.Load() == 0 {
		t.Error("nobody sent anything")
	}
	if m.connections.Load() < int64(len(assaults)) {
		t.Errorf("%d connections", m.connections.Load())
	}
}
