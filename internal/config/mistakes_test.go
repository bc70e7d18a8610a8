package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakes holds what a person reads for every kind of mistake against testdata/mistakes.golden.
func TestMistakes(t *testing.T) {
	var got strings.Builder
	for _, tc := range []struct {
		file          string
		args, environ []string
	}{
		{file: "htp: :1"},
		{file: "level: warn"},
		{file: "log:\n  levle: warn\n  colour: true"},
		{file: "zzz: 1"},
		{file: "http: :1\nhttp: :2"},
		{file: "http: 8080"},
		{file: "http: localhost"},
		{file: "http: ':70000'"},
		{file: "http: ''"},
		{file: "http: :1\nrtmp: :1"},
		{file: "http: [a]"},
		{file: "http: {a: b}"},
		{file: "log: loud"},
		{file: "log: {level: loud, format: xml}"},
		{file: "listen: {max_connections: many}"},
		{file: "listen: {max_connections: 0}"},
		{file: "live: {window: 60, bytes: 12 apples, floor: 1s}"},
		{file: "live: {bytes: 99999999999999999999 GB}"},
		{file: "live: {bytes: 0xff}"},
		{file: "hls: {part_hold_back: .nan, max_held: 1.5}"},
		{file: "broadcast: {grace: 2h}"},
		{file: "metrics: {allow: [localhost, 10.0.0.0/8]}"},
		{file: "metrics: {allow: 10.0.0.0/8}"},
		{file: "tls: {local_ca: maybe}"},
		{file: "tls: {cert: a, local_ca: true, hosts: ['https://x']}"},
		{file: "https: :8443"},
		{file: "lives: {}"},
		{file: "lives: [{}]"},
		{file: "lives:\n  - {name: a, key: k1}\n  - {name: a, key: k1}"},
		{file: "lives: [{name: 'A B', key: 'a/b', uuid: 12, title: [x]}]"},
		{file: "lives: [{name: a, key: a, uuid: 7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11}, {name: b, key: b, uuid: 7B1F3A52-9C1D-4E0A-8F5E-2F6A1C0D9E11}]"},
		{file: "lives: [{name: a, key: a, stream: x}]"},
		{file: "- a"},
		{file: "a"},
		{file: "http: 'a"},
		{file: "\thttp: :1"},
		{file: "http: :1\n---\nhttp: :2"},
		{file: "a: &a {b: *a}"},
		{file: "http: &x :0\nrtmp: *x\nhttps: *y"},
		{args: []string{"--htpp", ":1"}},
		{args: []string{"--rtmp"}},
		{args: []string{"--http", "--rtmp", ":1"}},
		{args: []string{"--log_level=x"}},
		{args: []string{"--live.window", "soon"}},
		{args: []string{"--lives", "[{name: a"}},
		{args: []string{"--lives", "a"}},
		{environ: []string{"SHOAL_HTTPP=:1"}},
		{environ: []string{"SHOAL_LIVE_BYTES=-1"}},
		{file: "http: x", args: []string{"--log.level=x", "--nonsense-at-all"}, environ: []string{"SHOAL_RTMP=x"}},
	} {
		c, err := load(t, tc.file, tc.args, tc.environ)
		if err == nil || c != nil {
			t.Errorf("%+v: no mistake, or a Config beside it: %v", tc, err)
			continue
		}
		var m Mistakes
		if !errors.As(err, &m) {
			t.Errorf("%+v: not Mistakes: %v", tc, err)
		}
		for _, given := range []string{tc.file, strings.Join(tc.args, " "), strings.Join(tc.environ, " ")} {
			if given != "" {
				got.WriteString("> " + strings.ReplaceAll(given, "\n", "\n> ") + "\n")
			}
		}
		got.WriteString(err.Error() + "\n\n")
	}
	golden := filepath.Join("testdata", "mistakes.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	is, should := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(is), len(should)) {
		if i >= len(is) || i >= len(should) || is[i] != should[i] {
			t.Fatalf("differs from %s:%d (go test -update writes it anew); got:\n%s", golden, i+1, strings.Join(is[min(i, len(is)):], "\n"))
		}
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(dir, "none.yaml"), dir, large} {
		if _, _, err := Load([]string{"--config", name}, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "500kB": 500_000, "12MB": 12_000_000, "12 MiB": 12 << 20, "1.5GiB": 3 << 29, "2gb": 2e9, "1_000": 1000, "1B": 1, "0.0001kB": 0,
		"": -1, "MB": -1, "-1": -1, "1TB": -1, "1e3": -1, "1.": -1, "9223372036854775808": -1, "9999999999GB": -1,
	} {
		got, err := parseSize(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"http", "https", "rtmp", "log.level", "lives"}
	for word, want := range map[string]string{
		"htpp": "http", "http": "http", "rmtp": "rtmp", "log.levle": "log.level", "live": "lives", "loglevel": "log.level", "data": "", "x": "", "": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func FuzzFile(f *testing.F) {
	text, err := os.ReadFile(sample)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(text), "http: :1", "lives: &a [*a]", "a: [", "? {a: b}", "- - -", "!!binary x: y", "lives: [{name: a, key: b}]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, c := &reader{origins: origins{}}, Default()
		c.origins = r.origins
		r.parseFile(text, "f", c)
		_ = append(r.mistakes, c.check(r.mistakes)...).Error()
	})
}
