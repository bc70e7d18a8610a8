package node

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"shoal/federation/rest/shape"
)

// clockTick is the unit of times in /proc: USER_HZ, which is 100 on every architecture that Go runs Linux on.
const clockTick = time.Second / 100

// Live is how the pages' interface sees a live or a replay.
type Live = shape.Live

// State is where a live stands, in the words of that interface.
type State = string

// The states of a live.
const (
	Waiting     State = "waiting"
	OnAir       State = "live"
	Interrupted State = "interrupted"
	Ended       State = "ended"
	Replayed    State = "replay"
)

// Get asks for an address and reads the answer.
func (n *Node) Get(ctx context.Context, url string) (status int, body []byte, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := n.http.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, nil, fmt.Errorf("read %s: %w", url, err)
	}
	return res.StatusCode, body, nil
}

// Live is how the pages' interface sees a live.
func (n *Node) Live(ctx context.Context, name string) (Live, error) {
	var l Live
	status, body, err := n.Get(ctx, n.URL("/api/v1/shoal/lives/"+name))
	switch {
	case err != nil:
		return l, err
	case status != http.StatusOK:
		return l, fmt.Errorf("live %s: status %d: %s", name, status, body)
	}
	if err := json.Unmarshal(body, &l); err != nil {
		return l, fmt.Errorf("live %s: %w", name, err)
	}
	return l, nil
}

// AwaitState waits until a live is in a state.
func (n *Node) AwaitState(ctx context.Context, name string, want State) error {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	var seen State
	for {
		l, err := n.Live(ctx, name)
		if err == nil {
			seen = l.State
		}
		if seen == want {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("live %s is %q, not %q: %w", name, seen, want, ctx.Err())
		}
	}
}

// Metric is the sum of all samples of a metric whose labels have the given values (name, value, ...); 0 if there is none.
func (n *Node) Metric(ctx context.Context, name string, labels ...string) (float64, error) {
	status, body, err := n.Get(ctx, n.URL("/metrics"))
	if err != nil {
		return 0, err
	}
	if status != http.StatusOK {
		return 0, fmt.Errorf("/metrics answers with status %d: %s", status, body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil {
		return 0, fmt.Errorf("read /metrics: %w", err)
	}
	var sum float64
	for _, m := range families[name].GetMetric() {
		has := map[string]string{}
		for _, l := range m.GetLabel() {
			has[l.GetName()] = l.GetValue()
		}
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && has[labels[i]] == labels[i+1]
		}
		if matches {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return sum, nil
}

// Memory is the node's anonymous memory (RssAnon) in bytes.
func (n *Node) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("/proc tells no RssAnon of the node: %s", text)
}

// CPU is the processor time that the node has taken so far.
func (n *Node) CPU() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name of the command may have spaces; it ends at the last parenthesis. utime and stime are fields 14 and 15.
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc tells too little of the node: %s", text)
	}
	var ticks int64
	for _, s := range f[11:13] {
		t, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += t
	}
	return time.Duration(ticks) * clockTick, nil
}

// Written is how many bytes the node has had written to a disk so far.
func (n *Node) Written() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", n.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			return strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc does not tell what the node has written: %s", text)
}
