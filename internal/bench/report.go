package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
)

// figure is one thing that was measured.
type figure struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	// Promise is the greatest value that keeps what was promised; 0 if nothing was.
	Promise float64 `json:"promise,omitempty"`
	Note    string  `json:"note,omitempty"`
}

// verdict is "ok", "miss", or "" where nothing was promised.
func (f figure) verdict() string {
	switch {
	case f.Promise == 0:
		return ""
	case f.Value <= f.Promise:
		return "ok"
	}
	return "miss"
}

// number writes a value with three significant digits, but never without those before the point.
func number(v float64) string {
	digits := 0
	for limit := 100.0; digits < 4 && v < limit && v > -limit; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// disturbed is the share of a core above which others make delays worse than they would be.
const disturbed = 0.25

// report collects figures.
type report struct {
	jsonFile string
	figures  []figure
	others   float64 // the greatest share of a core that other programs used while something was measured
}

// add keeps a figure, and writes it down at once, so that a run that is broken off is not lost.
func (r *report) add(f figure) error {
	r.figures = append(r.figures, f)
	if r.jsonFile == "" {
		return nil
	}
	line, err := json.Marshal(struct {
		figure
		Verdict string `json:"verdict,omitempty"`
	}{f, f.verdict()})
	if err != nil {
		return fmt.Errorf("write a figure: %w", err)
	}
	file, err := os.OpenFile(r.jsonFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write a figure: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write a figure: %w", err)
	}
	return nil
}

// markdown writes the table of all figures.
func (r *report) markdown(w io.Writer) error {
	text := "| section | figure | measured | promised | verdict | with |\n|---|---|---:|---:|---|---|\n"
	for _, f := range r.figures {
		promise := ""
		if f.Promise != 0 {
			promise = "<= " + number(f.Promise) + " " + f.Unit
		}
		text += fmt.Sprintf("| %s | %s | %s %s | %s | %s | %s |\n", f.Section, f.Name, number(f.Value), f.Unit, promise, f.verdict(), f.Note)
	}
	if r.others > disturbed {
		text += fmt.Sprintf("\nOther programs took up to %.0f %% of a core meanwhile: alone, a node does better.\n", 100*r.others)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
