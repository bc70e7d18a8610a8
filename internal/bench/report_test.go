package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "figures.jsonl")
	r := &report{jsonFile: file}
	for _, f := range []figure{
		{"delay", "p50", 80.94, "ms", 130, "50 viewers"},
		{"static", "ratio", 1.97, "times", 1.5, ""},
		{"start", "RSS", 14.3, "MB", 0, ""},
		{"attack", "later", -12.6, "ms", 100, ""},
	} {
		if err := r.add(f); err != nil {
			t.Fatal(err)
		}
	}
	r.others = 1.3
	want := `| section | figure | measured | promised | verdict | with |
|---|---|---:|---:|---|---|
| delay | p50 | 80.9 ms | <= 130 ms | ok | 50 viewers |
| static | ratio | 1.97 times | <= 1.50 times | miss |  |
| start | RSS | 14.3 MB |  |  |  |
| attack | later | -12.6 ms | <= 100 ms | ok |  |

Other programs took up to 130 % of a core meanwhile: alone, a node does better.
`
	var got strings.Builder
	if err := r.markdown(&got); err != nil || got.String() != want {
		t.Errorf("error %v, got\n%swant\n%s", err, got.String(), want)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var verdicts []string
	for line := range strings.Lines(string(b)) {
		var f struct {
			figure
			Verdict string
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Name == "" {
			t.Errorf("line %q: %v", line, err)
		}
		verdicts = append(verdicts, f.Verdict)
	}
	if got := strings.Join(verdicts, ","); got != "ok,miss,,ok" {
		t.Errorf("verdicts %s", got)
	}
}

func TestReportFails(t *testing.T) {
	r := &report{jsonFile: filepath.Join(t.TempDir(), "no", "such", "folder")}
	if err := r.add(figure{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want os.ErrNotExist", err)
	}
	reader, writer := io.Pipe()
	_ = reader.Close()
	if err := r.markdown(writer); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want io.ErrClosedPipe", err)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0.0000", 0.0863: "0.0863", 1.5: "1.50", 14.32: "14.3", 130: "130", 4653.2: "4653", -0.5: "-0.500", -1253: "-1253"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{5, 1, 9, 3, 7}); got != 5 {
		t.Errorf("median %v, want 5", got)
	}
}
