package judges

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Playlist is a playlist to be judged.
type Playlist struct {
	Name string `json:"name"` // for whoever reads the verdict
	Text string `json:"text"`
}

// Movie is an init segment with some media behind it.
type Movie struct {
	Name  string `json:"name"`
	Init  []byte `json:"init"`
	Media []byte `json:"media"`
}

// Reading is what a parser read in a playlist.
type Reading struct {
	// Complaints is what it does not accept; the rest says nothing if there are any.
	Complaints []string `json:"complaints"`

	Variants int `json:"variants"` // of a multivariant playlist; 0 says that it is another

	Segments        int     `json:"segments"` // one that is still open included
	Parts           int     `json:"parts"`    // preload hints not included
	PartTarget      float64 `json:"partTarget"`
	Target          int     `json:"target"`
	LowLatency      bool    `json:"lowLatency"` // it says what it asks of low-latency players
	Discontinuities int     `json:"discontinuities"`
	Ended           bool    `json:"ended"`

	// SetAside says that hls-parser complained that more than three segments have parts, which no rule forbids: parts
	// are listed by time, and segments may be short. It then read the playlist without the parts of the older ones.
	SetAside bool `json:"setAside"`
}

// Footage is what mp4box found in a Movie.
type Footage struct {
	Complaints []string `json:"complaints"` // gaps and overlaps of decode times among them
	Fragments  int      `json:"fragments"`
	Tracks     []Track  `json:"tracks"`
}

// Track is a track of a Movie.
type Track struct {
	ID        uint32 `json:"id"`
	Codec     string `json:"codec"`
	Timescale uint32 `json:"timescale"`
	Width     int    `json:"width"` // of video
	Height    int    `json:"height"`
	Rate      int    `json:"rate"`  // of audio, per second
	First     int64  `json:"first"` // decode time of the first sample, in the timescale
	Samples   int    `json:"samples"`
	Sync      int    `json:"sync"`     // samples that a decoder may start at
	Duration  int64  `json:"duration"` // of all samples, in the timescale
}

// Verdicts are the answers, each list in the order of what was asked.
type Verdicts struct {
	HLSParser  []Reading `json:"hlsParser"`  // of the playlists, in strict mode
	M3U8Parser []Reading `json:"m3u8Parser"` // of the playlists
	MP4Box     []Footage `json:"mp4Box"`     // of the movies
}

// ErrNotInstalled says that the parsers are not there.
var ErrNotInstalled = errors.New("the judges are not installed: run npm ci in internal/testkit/judges (make test does)")

// Ask has all parsers judge playlists and movies, in one process.
func Ask(ctx context.Context, playlists []Playlist, movies []Movie) (*Verdicts, error) {
	dir := home()
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotInstalled
	}
	if playlists == nil {
		playlists = []Playlist{}
	}
	if movies == nil {
		movies = []Movie{}
	}
	question, err := json.Marshal(struct {
		Playlists []Playlist `json:"playlists"`
		Movies    []Movie    `json:"movies"`
	}{playlists, movies})
	if err != nil {
		return nil, fmt.Errorf("write the judges' question: %w", err)
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(dir, "judge.mjs"))
	cmd.Stdin = bytes.NewReader(question)
	var answer, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &answer, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("ask the judges (Node.js is needed): %w: %s", err, complaint.Bytes())
	}
	var v Verdicts
	if err := json.Unmarshal(answer.Bytes(), &v); err != nil {
		return nil, fmt.Errorf("read the judges' answer: %w", err)
	}
	if len(v.HLSParser) != len(playlists) || len(v.M3U8Parser) != len(playlists) || len(v.MP4Box) != len(movies) {
		return nil, fmt.Errorf("the judges did not answer everything: %s", answer.Bytes())
	}
	return &v, nil
}

// home is the folder of this file: tests run where the sources are.
func home() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}
