package rtmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/internal/amf0"
	"shoal/internal/broadcast"
)

// connectWith is a connect command whose object has one more property, of raw bytes.
func connectWith(name string, value []byte) []byte {
	b := amf0.Append(nil, "connect", 1.0)
	b = append(b, 3, 0, 3, 'a', 'p', 'p')
	b = amf0.Append(b, "live")
	b = append(b, 0, byte(len(name)))
	b = append(append(b, name...), value...)
	return append(b, 0, 0, 9)
}

// attack is a stranger who breaks a rule, by bytes that come after the handshake, and is closed for a reason.
type attack struct {
	name   string
	bytes  func() []byte
	reason string // of the refusal
}

var attacks = []attack{
	{"strict array of 0x7fffffff", func() []byte {
		return inChunks(128, 3, 0, 20, 0, connectWith("a", []byte{0x0a, 0x7f, 0xff, 0xff, 0xff}), true)
	}, "amf"},
	{"3.3 million nested arrays in one chunk", func() []byte {
		body := amf0.Append(nil, "connect", 1.0)
		body = append(body, bytes.Repeat([]byte{0x0a, 0, 0, 0, 1}, 3_300_000)...)
		return append(setChunkMessage(0x7fffffff), inChunks(1<<30, 3, 0, 20, 0, body, true)...)
	}, "message_size"},
	{"nested objects in a chunk of 9,000,000", func() []byte {
		body := amf0.Append(nil, "connect", 1.0)
		body = append(body, bytes.Repeat([]byte{3, 0, 1, 'a'}, 2_100_000)...)
		return append(setChunkMessage(9_000_000), inChunks(9_000_000, 3, 0, 20, 0, body, true)...)
	}, "message_size"},
	{"as many nested arrays as fit", func() []byte {
		body := amf0.Append(nil, "connect", 1.0)
		body = append(body, bytes.Repeat([]byte{0x0a, 0, 0, 0, 1}, 3_200)...)
		return append(setChunkMessage(1<<20), inChunks(1<<20, 3, 0, 20, 0, body, true)...)
	}, "amf"},
	{"as many nested objects as fit", func() []byte {
		body := amf0.Append(nil, "connect", 1.0)
		body = append(body, bytes.Repeat([]byte{3, 0, 1, 'a'}, 4_000)...)
		return append(setChunkMessage(1<<20), inChunks(1<<20, 3, 0, 20, 0, body, true)...)
	}, "amf"},
	{"40 chunk streams with an unfinished 16-MiB message each", func() []byte {
		var b []byte
		for n := range 40 {
			b = append(b, header(byte(3+n), 0, 1<<24-1, 9, 1)...)
			b = append(b, make([]byte, 128)...)
		}
		return b
	}, "message_size"},
	{"unfinished commands on 16 chunk streams", func() []byte {
		b := setChunkMessage(4 << 10)
		for n := range 16 {
			b = append(b, header(byte(3+n), 0, 16<<10, 20, 0)...)
			b = append(b, make([]byte, 4<<10)...)
		}
		return b
	}, "memory"},
	{"17 chunk streams", func() []byte {
		var b []byte
		for n := range 17 {
			b = append(b, header(byte(3+n), 0, 1000, 20, 0)...)
			b = append(b, make([]byte, 128)...)
		}
		return b
	}, "chunk_streams"},
	{"aggregates on 15 chunk streams before publish", func() []byte {
		b := setChunkMessage(64 << 10)
		for n := range 15 {
			b = append(b, header(byte(3+n), 0, 4<<20, 22, 1)...)
			b = append(b, make([]byte, 64<<10)...)
		}
		return b
	}, "message_size"},
	{"small aggregates for ever before publish", func() []byte {
		return append(setChunkMessage(1<<20), bytes.Repeat(inChunks(1<<20, 4, 0, 22, 1, make([]byte, 60<<10), true), 8)...)
	}, "preamble"},
	{"compressed header first", func() []byte { return []byte{3<<6 | 3, 0, 0, 0} }, "chunk"},
	{"chunk size 0", func() []byte { return setChunkMessage(0) }, "chunk"},
	{"commands for ever", func() []byte {
		return bytes.Repeat(inChunks(128, 3, 0, 20, 0, amf0.Append(nil, "releaseStream", 2.0, nil, "x"), true), 10_000)
	}, "preamble"},
	{"publish on the control stream", func() []byte {
		b := inChunks(128, 3, 0, 20, 0, amf0.Append(nil, "connect", 1.0, amf0.Object{{Name: "app", Value: "live"}}), true)
		return append(b, inChunks(128, 3, 0, 20, 0, amf0.Append(nil, "publish", 2.0, nil, goodKey), true)...)
	}, "command"},
	{"play", func() []byte {
		b := inChunks(128, 3, 0, 20, 0, amf0.Append(nil, "connect", 1.0, amf0.Object{{Name: "app", Value: "live"}}), true)
		return append(b, inChunks(128, 3, 0, 20, 1, amf0.Append(nil, "play", 2.0, nil, goodKey), true)...)
	}, "play"},
	{"a command that is not AMF0", func() []byte {
		return inChunks(128, 3, 0, 20, 0, []byte{0x11, 1, 2, 3}, true)
	}, "amf"},
}

func setChunkMessage(size uint32) []byte {
	return inChunks(128, 2, 0, 1, 0, binary.BigEndian.AppendUint32(nil, size), true)
}

// memory is what the process has, garbage taken out.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// flat fails if memory grew by more than a megabyte.
func flat(t *testing.T, before uint64) {
	t.Helper()
	eventually(t, "memory as before", func() bool { return memory() < before+1<<20 })
}

func TestAttacks(t *testing.T) {
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			h := start(t, nil)
			h.works(t)
			b := a.bytes()
			before := memory()
			for n := range 3 {
				c := dial(t, h.addr)
				c.handshake()
				_ = c.tryWrite(b) // the server may close while it is written
				c.closed()
				c.conn.Close()
				h.refused(t, a.reason, float64(n+1))
			}
			flat(t, before)
			h.works(t)
			runtime.KeepAlive(b)
		})
	}
}

func TestNotRTMP(t *testing.T) {
	h := start(t, nil)
	for n, first := range []string{"\x06", "\x16\x03\x01", "GET / HTTP/1.1\r\n\r\n", "\x00"} {
		c := dial(t, h.addr)
		c.write([]byte(first)...)
		c.closed()
		h.refused(t, "protocol", float64(n+1))
	}
	for _, text := range []string{"RTMPE", "TLS", "HTTP", "the first byte is 0"} {
		if !strings.Contains(h.log.String(), text) {
			t.Errorf("the log does not tell of %s", text)
		}
	}
	h.works(t)
}

// TestSlow holds that no stranger outlives the publish timeout, whatever they do to look alive.
func TestSlow(t *testing.T) {
	tests := []struct {
		name string
		do   func(c *client)
	}{
		{"silent at once", func(*client) {}},
		{"silent after C0", func(c *client) { c.write(3) }},
		{"silent after the handshake", func(c *client) { c.handshake() }},
		{"silent after connect", func(c *client) { c.handshake(); c.connect("live") }},
		{"a byte now and then", func(c *client) {
			c.write(3)
			for c.tryWrite([]byte{0}) == nil {
				time.Sleep(10 * time.Millisecond) // the attack, not the test
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, func(c *Config) { c.PublishTimeout = 400 * time.Millisecond })
			c := dial(t, h.addr)
			began := time.Now()
			tt.do(c)
			c.closed()
			if d := time.Since(began); d < 300*time.Millisecond || d > 10*time.Second {
				t.Errorf("closed after %v", d)
			}
			h.refused(t, "deadline", 1)
			h.works(t)
		})
	}
}

// TestAbruptEnds ends connections at every stage, often.
func TestAbruptEnds(t *testing.T) {
	h := start(t, func(c *Config) { c.MaxPending, c.MaxPendingPerAddress = 256, 256 }) // they come faster than they go
	h.works(t)
	before := memory()
	for n := range 240 {
		c := dial(t, h.addr)
		_ = c.conn.(*net.TCPConn).SetLinger(0)
		switch n % 3 {
		case 0:
			c.write(append([]byte{3}, make([]byte, 700)...)...)
		case 1:
			c.handshake()
			c.connect("live")
		case 2:
			c.publish(fmt.Sprint(goodKey, n))
			c.media()
			h.session(t)
		}
		c.conn.Close()
	}
	eventually(t, "no connection", func() bool { return h.metric(t, "shoal_ingest_connections", "") == 0 })
	h.gate.mu.Lock()
	for _, s := range h.gate.sessions {
		for range s.packets { // closed: takes what is left
		}
	}
	h.gate.sessions = nil
	h.gate.mu.Unlock()
	flat(t, before)
	h.works(t)
}

// TestHundredAttackers lets 100 strangers at once do the worst that they can, from addresses of their own, while
// somebody publishes: their packets must not come late, and the process must not grow by 16 MB.
func TestHundredAttackers(t *testing.T) {
	const strangers = 100
	h := start(t, func(c *Config) { c.PublishTimeout = 2 * time.Second })
	h.works(t)

	bystander := dial(t, h.addr)
	bystander.publish(goodKey)
	s := h.session(t)
	late := make(chan []time.Duration, 1)
	stop := make(chan struct{})
	go func() {
		var delays []time.Duration
		defer func() { late <- delays }()
		sent := time.Now()
		send := func(kind byte, body []byte) bool {
			sent = time.Now()
			return bystander.tryWrite(inChunks(128, 6, 0, kind, 1, body, true)) == nil
		}
		if !send(9, avcParameters) {
			return
		}
		for p := range s.packets {
			delays = append(delays, max(time.Since(sent), time.Since(p.Arrival)))
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond): // a frame each 10 ms
			}
			if !send(9, avcFrame(5000)) {
				return
			}
		}
	}()

	var payloads [][]byte
	for _, a := range attacks {
		if b := a.bytes(); len(b) < 1<<20 { // larger ones would measure the test
			payloads = append(payloads, b)
		}
	}
	before := memory()
	peak := before
	var all sync.WaitGroup
	hold := make(chan struct{})
	for n := range strangers {
		all.Go(func() {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(n+1))}, Timeout: patience}
			conn, err := d.Dial("tcp", h.addr.String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			c := &client{t: t, conn: conn}
			if c.tryWrite(append([]byte{3}, make([]byte, 1536+1536)...)) != nil {
				return // one too many
			}
			if n%2 == 0 {
				_ = c.tryWrite(payloads[n/2%len(payloads)])
			} else { // as much as is allowed, and wait
				_ = c.tryWrite(append(setChunkMessage(90<<10), header(3, 0, 16<<10, 20, 0)...))
				_ = c.tryWrite(make([]byte, 16<<10-1))
			}
			<-hold
		})
	}
	for range 20 {
		peak = max(peak, memory())
		time.Sleep(20 * time.Millisecond) // while they are at it
	}
	close(hold)
	all.Wait()
	eventually(t, "the strangers gone", func() bool { return h.metric(t, "shoal_ingest_connections", "") == 1 })
	close(stop)
	delays := <-late
	slices.Sort(delays)
	n := len(delays)
	t.Logf("memory grew by %.1f MB at most; of %d packets half took %v, the slowest %v",
		float64(peak-before)/1e6, n, delays[n/2], delays[n-1])
	if peak-before > 16_000_000 {
		t.Errorf("memory grew by %d bytes", peak-before)
	}
	if d := delays[n*9/10]; d > 100*time.Millisecond { // the slowest ones are the scheduler's on a loaded machine
		t.Errorf("a tenth of the bystander's packets took more than %v", d)
	}
	flat(t, before)
	runtime.KeepAlive(payloads)
	bystander.conn.Close()
	s.left(t, broadcast.Lost)
	h.works(t)
}
