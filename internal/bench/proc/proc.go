// Package proc owns the reading of what processes use, from /proc (Linux; proc(5)).
//
// A Sampler has one goroutine from Start to Stop, which waits for it. The package never changes or signals a process.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// Memory is what a process holds, in bytes.
type Memory struct {
	RSS  int64 // resident, with what is shared and what is mapped from files
	Anon int64 // RssAnon: heap and stacks, what nobody else can pay for
}

// ReadMemory reads the memory of a process alone, without its children. The error wraps fs.ErrNotExist if the process
// has ended.
func ReadMemory(pid int) (Memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	return parseMemory(b), nil
}

func parseMemory(status []byte) (m Memory) {
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch key {
		case "VmRSS":
			m.RSS = kib << 10
		case "RssAnon":
			m.Anon = kib << 10
		}
	}
	return m
}

// cpu is the user and system time of a process and all its threads, 0 if it has ended.
func cpu(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	return parseCPU(b)
}

func parseCPU(stat []byte) time.Duration {
	// The name, in parentheses, may hold anything; utime and stime are the 12th and 13th fields behind it.
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(string(f[11]), 10, 64)
	system, _ := strconv.ParseInt(string(f[12]), 10, 64)
	return time.Duration(user+system) * tick
}

// tree is a process with all its descendants, but for those that are named and theirs.
func tree(pid int, except []int) []int {
	out := []int{pid}
	for i := 0; i < len(out); i++ {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", out[i]))
		for _, f := range files {
			b, _ := os.ReadFile(f)
			for _, w := range strings.Fields(string(b)) {
				if n, err := strconv.Atoi(w); err == nil && !slices.Contains(except, n) {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

// busy is the CPU time that the whole machine has used.
func busy() time.Duration {
	b, _ := os.ReadFile("/proc/stat")
	return parseBusy(b)
}

func parseBusy(stat []byte) (sum time.Duration) {
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, w := range strings.Fields(line) {
		switch i {
		case 1, 2, 3, 6, 7: // user, nice, system, irq, softirq; the guests' time is in user
			n, _ := strconv.ParseInt(w, 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// Usage is what a process with its descendants used over a window.
type Usage struct {
	Wall     time.Duration
	CPU      time.Duration
	RSSPeak  int64 // bytes
	AnonPeak int64 // bytes
	AnonMean int64 // bytes
	// Foreign is the share of one core that others than the process and this one used: distrust delays when it is
	// high. 1 is a whole core.
	Foreign float64
}

// Cores is the share of one core that the process used; 1 is a whole core.
func (u Usage) Cores() float64 { return u.CPU.Seconds() / u.Wall.Seconds() }

// Sampler watches a process with its descendants.
type Sampler struct {
	pid    int
	except []int

	began time.Time
	busy  time.Duration // of the machine, at the beginning
	self  time.Duration // of this process, at the beginning
	first map[int]time.Duration

	mu   sync.Mutex
	last map[int]time.Duration
	use  Usage
	anon int64 // sum over looks
	n    int64

	quit, done chan struct{}
}

// every is how often memory is looked at: a peak that is shorter is not seen.
const every = 100 * time.Millisecond

// Start begins to watch a process with its descendants, but for those that are named.
func Start(pid int, except ...int) *Sampler {
	s := &Sampler{
		pid: pid, except: except, began: time.Now(), busy: busy(), self: cpu(os.Getpid()), first: map[int]time.Duration{},
		last: map[int]time.Duration{}, quit: make(chan struct{}), done: make(chan struct{}),
	}
	for _, p := range tree(pid, except) {
		s.first[p] = cpu(p)
	}
	s.look()
	go s.run()
	return s
}

func (s *Sampler) run() {
	defer close(s.done)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-t.C:
			s.look()
		}
	}
}

func (s *Sampler) look() {
	var m Memory
	times := map[int]time.Duration{}
	for _, p := range tree(s.pid, s.except) {
		if one, err := ReadMemory(p); err == nil {
			m.RSS += one.RSS
			m.Anon += one.Anon
			times[p] = cpu(p)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, t := range times {
		s.last[p] = max(s.last[p], t)
	}
	s.use.RSSPeak = max(s.use.RSSPeak, m.RSS)
	s.use.AnonPeak = max(s.use.AnonPeak, m.Anon)
	s.anon += m.Anon
	s.n++
}

// Stop ends the watch. It is called once.
func (s *Sampler) Stop() Usage {
	close(s.quit)
	<-s.done
	s.look()
	u := s.use
	u.Wall = time.Since(s.began)
	u.AnonMean = s.anon / s.n
	for p, t := range s.last {
		u.CPU += t - s.first[p]
	}
	foreign := busy() - s.busy - u.CPU
	if s.pid != os.Getpid() {
		foreign -= cpu(os.Getpid()) - s.self
	}
	u.Foreign = max(0, foreign.Seconds()/u.Wall.Seconds())
	return u
}
