package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"shoal/internal/amf0"
	"shoal/internal/encoder"
)

const (
	attackers  = 100
	bystanders = 10
)

// attack measures what a live notices while strangers attack: first without them, then with.
func (b *bench) attack(ctx context.Context) error {
	// A thin live: its own window in memory hardly grows meanwhile.
	clip, err := encoder.Demo()
	if err != nil {
		return err
	}
	return b.with(ctx, 1, func(n *node) (err error) {
		in := publish(ctx, n, n.lives[0], clip)
		defer func() { err = errors.Join(err, in.stop()) }()
		calm, err := b.watch(ctx, n, n.lives[0], bystanders, nil)
		if err != nil {
			return err
		}
		m := &mob{}
		end := m.start(ctx, n, attackers)
		storm, err := b.watch(ctx, n, n.lives[0], bystanders, nil)
		end()
		if err != nil {
			return err
		}
		with := fmt.Sprintf("%d attackers made %d connections and sent %.0f MB; node %.0f %% of a core, others %.0f %%",
			attackers, m.connections.Load(), mb(m.bytes.Load()), 100*storm.server.Cores(), 100*storm.server.Foreign)
		if m.connections.Load() == 0 {
			return errors.New("no attacker reached the node")
		}
		return b.addAll(
			figure{"attack", "growth of RssAnon", mb(storm.server.AnonPeak - calm.server.AnonPeak), "MB", 16, with},
			figure{
				"attack", "a bystander's latest frame, later by", storm.frame.Max - calm.frame.Max, "ms", 100,
				fmt.Sprintf("%d viewers; longest %.0f ms before, %.0f ms in the attack", bystanders, calm.frame.Max, storm.frame.Max),
			},
			figure{"attack", "the same, p99", storm.frame.P99 - calm.frame.P99, "ms", 0, storm.stalls()})
	})
}

// mob is attackers and what they did.
type mob struct {
	connections, bytes atomic.Int64
}

// assault is what an attacker does with a fresh connection until it fails or ctx ends.
type assault struct {
	name string
	http bool // the HTTP port, else RTMP
	do   func(ctx context.Context, w io.Writer, random *rand.Rand) error
}

// drip writes a byte of text and then one a second: a slow loris.
func drip(text string) func(context.Context, io.Writer, *rand.Rand) error {
	return func(ctx context.Context, w io.Writer, _ *rand.Rand) error {
		for i := 0; ; i++ {
			if _, err := w.Write([]byte{text[i%len(text)]}); err != nil {
				return err
			}
			if err := rest(ctx, time.Second); err != nil {
				return err
			}
		}
	}
}

// noise writes random bytes at a modest rate: the attackers share a core with who measures.
func noise(ctx context.Context, w io.Writer, random *rand.Rand) error {
	b := make([]byte, 4<<10)
	for {
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// hello is a whole handshake from a client that does not care for the answer: version, C1 and C2 (RTMP 1.0, section 5.2).
func hello() []byte {
	b := make([]byte, 1+2*1536)
	b[0] = 3
	return b
}

// chunk is the first chunk of a message (section 5.3.1), with a body that may be shorter than the announced length.
func chunk(stream byte, kind byte, length int, body []byte) []byte {
	b := []byte{stream, 0, 0, 0, byte(length >> 16), byte(length >> 8), byte(length), kind, 0, 0, 0, 0}
	return append(b, body...)
}

// unfinished begins a message of 16 MB on one chunk stream after the other and ends none.
func unfinished(ctx context.Context, w io.Writer, _ *rand.Rand) error {
	const size, video = 256 << 10, 9
	b := append(hello(), chunk(2, 1, 4, binary.BigEndian.AppendUint32(nil, size))...) // Set Chunk Size
	if _, err := w.Write(b); err != nil {
		return err
	}
	body := make([]byte, size)
	for stream := byte(3); stream < 64; stream++ {
		if _, err := w.Write(chunk(stream, video, 1<<24-1, body)); err != nil {
			return err
		}
		if err := rest(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// bomb connects with an array that claims two thousand million elements, then with arrays in arrays.
func bomb(_ context.Context, w io.Writer, random *rand.Rand) error {
	const command = 20
	body := amf0.Append(nil, "connect", 1.0)
	if random.IntN(2) == 0 {
		body = append(body, 0x0a, 0x7f, 0xff, 0xff, 0xff)
	} else {
		for range 10_000 {
			body = append(body, 0x0a, 0, 0, 0, 1)
		}
	}
	b := append(hello(), chunk(2, 1, 4, []byte{0x7f, 0xff, 0xff, 0xff})...)
	_, err := w.Write(append(b, chunk(3, command, len(body), body)...))
	return err
}

var assaults = []assault{
	{"slow handshake", false, drip("\x03")},
	{"unfinished messages", false, unfinished},
	{"garbage", false, noise},
	{"bomb", false, bomb},
	{"slow request", true, drip("GET / HTTP/1.1\r\nX-A: b\r\nX-B: c")},
	{"garbage requests", true, noise},
}

// start lets n attackers loose. The function that it returns ends them and waits.
func (m *mob) start(ctx context.Context, n *node, count int) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i := range count {
		wg.Go(func() { m.attacker(ctx, n, i) })
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// attacker attacks again and again, from a loopback address of its own so that it does not hide behind the others.
func (m *mob) attacker(ctx context.Context, n *node, i int) {
	random := rand.New(rand.NewPCG(uint64(i), 0))
	a := assaults[i%len(assaults)]
	addr := n.rtmp
	if a.http {
		addr = n.http
	}
	d := net.Dialer{Timeout: time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i))}}
	for ctx.Err() == nil {
		if conn, err := d.DialContext(ctx, "tcp", addr); err == nil {
			m.connections.Add(1)
			m.fight(ctx, conn, a, random)
		}
		_ = rest(ctx, 200*time.Millisecond)
	}
}

// fight does one assault, then waits for the node to end the connection.
func (m *mob) fight(ctx context.Context, conn net.Conn, a assault, random *rand.Rand) {
	defer conn.Close() //nolint:errcheck // nothing to save
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if a.do(ctx, counting{conn, &m.bytes}, random) == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}

// counting counts what is written.
type counting struct {
	io.Writer
	n *atomic.Int64
}

func (c counting) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n.Add(int64(n))
	return n, err
}
