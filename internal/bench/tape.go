package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// tape is what one viewer fetched, as files in a folder, in the order of its requests.
type tape struct {
	dir   string
	turns [][]string // names: a playlist and the media that followed it
	n     int
	err   error // the first that writing met
}

func newTape(parent string) (*tape, error) {
	dir, err := os.MkdirTemp(parent, "tape-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for what viewers fetch: %w", err)
	}
	return &tape{dir: dir}, nil
}

// keep writes one body down. It is called by one goroutine.
func (t *tape) keep(playlist bool, body []byte) {
	name := fmt.Sprintf("%05d.m4s", t.n)
	if playlist {
		name = fmt.Sprintf("%05d.m3u8", t.n)
		t.turns = append(t.turns, nil)
	}
	if len(t.turns) == 0 { // media whose playlist came before the window
		return
	}
	t.n++
	if err := os.WriteFile(filepath.Join(t.dir, name), body, 0o644); err != nil && t.err == nil {
		t.err = fmt.Errorf("keep what a viewer fetched: %w", err)
	}
	last := &t.turns[len(t.turns)-1]
	*last = append(*last, name)
}
