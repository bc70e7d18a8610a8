package rtmp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"shoal/ingest"
	"shoal/internal/broadcast"
)

// The benchmark's publisher is a process of its own, so that its processor time is not the server's: this binary, run
// with these variables.
const (
	envPublish = "SHOAL_TEST_PUBLISH" // address
	envChunk   = "SHOAL_TEST_CHUNK"   // bytes
	envCount   = "SHOAL_TEST_COUNT"   // of publishers in real time; 0 is one at full speed
)

// publishForBenchmark publishes until it is killed.
func publishForBenchmark() {
	count, _ := strconv.Atoi(os.Getenv(envCount))
	for range count - 1 {
		go publishOne(true)
		time.Sleep(time.Second / 30 / time.Duration(count)) // their pictures do not come at the same time
	}
	publishOne(count > 0)
}

// publishOne publishes 2.5 Mbit/s, 30 pictures and 45 audio frames a second.
func publishOne(live bool) {
	conn, err := net.Dial("tcp", os.Getenv(envPublish))
	if err != nil {
		os.Exit(1)
	}
	t := &benchmarkHelper{}
	c := &client{t: t, conn: conn, chunk: 128, peerChunk: 128, streams: map[int]*incoming{}}
	c.publish(goodKey)
	size, _ := strconv.Atoi(os.Getenv(envChunk))
	c.setChunk(size)
	c.send(4, 0, 8, 1, aacParameters)
	c.send(6, 0, 9, 1, avcParameters)
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	for n := 0; ; n++ {
		stamp := uint32(n * 1000 / 30)
		picture := 8000
		if n%60 == 0 {
			picture = 100_000
		}
		b := inChunks(size, 6, stamp, 9, 1, avcFrame(picture), true)
		b = append(b, inChunks(size, 4, stamp, 8, 1, aacFrame(340), true)...)
		if n%2 == 0 {
			b = append(b, inChunks(size, 4, stamp, 8, 1, aacFrame(340), true)...)
		}
		if _, err := conn.Write(b); err != nil {
			os.Exit(0)
		}
		if live {
			time.Sleep(time.Second / 30)
		}
	}
}

// benchmarkHelper is the testing.TB of a client outside of a test.
type benchmarkHelper struct{ testing.TB }

func (*benchmarkHelper) Helper()               {}
func (*benchmarkHelper) Fatal(...any)          { os.Exit(1) }
func (*benchmarkHelper) Fatalf(string, ...any) { os.Exit(1) }

// counting is a session that counts.
type counting struct {
	units chan int
	left  chan struct{}
}

func (c *counting) Announce(ingest.Announcement) {}
func (c *counting) Packet(p ingest.Packet) error { c.units <- len(p.Data); return nil }
func (c *counting) Close(broadcast.Departure)    { c.left <- struct{}{} }
func (c *counting) Done() <-chan struct{}        { return nil }

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkServer is a megabit through real sockets per operation: from one publisher at full speed, and from 20 in real
// time, each of 2.5 Mbit/s. The processor time is that of the whole way from the kernel to the session.
func BenchmarkServer(b *testing.B) {
	for _, count := range []int{0, 20} {
		for _, chunk := range []int{128, 4096, 60_000} {
			b.Run(fmt.Sprintf("live=%d/chunk=%d", count, chunk), func(b *testing.B) { benchmarkServer(b, count, chunk) })
		}
	}
}

func benchmarkServer(b *testing.B, count, chunk int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.MaxBitRate = math.MaxInt32
	c := &counting{units: make(chan int, 1024), left: make(chan struct{}, 64)}
	s := New(cfg, func(context.Context, broadcast.Request) (Session, error) { return c, nil }, slog.New(slog.DiscardHandler), nil)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envPublish+"="+l.Addr().String(), envChunk+"="+strconv.Itoa(chunk), envCount+"="+strconv.Itoa(count))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for range 200 * max(1, count) { // all are there
		<-c.units
	}
	bytes, before := 0, cpu()
	b.SetBytes(1e6 / 8)
	b.ReportAllocs()
	for b.Loop() {
		for bytes += 1e6 / 8; bytes > 0; {
			bytes -= <-c.units
		}
	}
	used := cpu() - before
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-us/Mbit")
	b.ReportMetric(2.5*used.Seconds()/float64(b.N)*100, "%core/2.5Mbit/s")
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for gone := 0; gone < max(1, count); {
		select {
		case <-c.units:
		case <-c.left:
			gone++
		}
	}
	if err := s.Shutdown(context.Background()); err != nil {
		b.Fatal(err)
	}
	<-served
}
