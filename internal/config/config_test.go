package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// sample is the file that explains every key.
const sample = "../../deploy/shoal.yaml"

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "shoal.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func load(t *testing.T, file string, args, environ []string) (*Config, error) {
	t.Helper()
	if file != "" {
		args = append([]string{"--config", write(t, file)}, args...)
	}
	c, _, err := Load(append([]string{"--data", "/srv/shoal"}, args...), environ)
	return c, err
}

func TestSampleIsTheDefault(t *testing.T) {
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{origins: origins{}}
	got := &Config{}
	r.parseFile(text, "shoal.yaml", got)
	if len(r.mistakes) > 0 {
		t.Fatal(r.mistakes)
	}
	want := Default()
	values := map[string]any{}
	for _, k := range want.keys() {
		values[k.path] = k.value.Interface()
	}
	for _, k := range got.keys() {
		if _, ok := r.origins[k.path]; !ok {
			t.Errorf("the sample lacks %s", k.path)
		}
		if v := k.value.Interface(); !reflect.DeepEqual(v, values[k.path]) {
			t.Errorf("%s: the sample has %v, the default is %v", k.path, v, values[k.path])
		}
	}
}

func TestSampleCanBeLoaded(t *testing.T) {
	if _, _, err := Load([]string{"--config", sample, "--data", "x"}, nil); err != nil {
		t.Error(err)
	}
}

func TestPrecedence(t *testing.T) {
	const file = "http: :1\nrtmp: :2\nlog: {level: warn, format: json}\nlive: {bytes: 20MB}\n"
	for _, tc := range []struct {
		name          string
		file          string
		args, environ []string
		http, level   string
		bytes         int
	}{
		{name: "defaults", http: ":8080", level: "info", bytes: 12 << 20},
		{name: "file", file: file, http: ":1", level: "warn", bytes: 20e6},
		{name: "environment over file", file: file, environ: []string{"SHOAL_HTTP=:3", "SHOAL_LOG_LEVEL=error", "SHOAL_LIVE_BYTES=16MiB", "OTHER=1"}, http: ":3", level: "error", bytes: 16 << 20},
		{name: "flag over environment", file: file, args: []string{"--http", ":4", "-log.level=debug", "--live.bytes=30000000"}, environ: []string{"SHOAL_HTTP=:3", "SHOAL_LIVE_BYTES=1"}, http: ":4", level: "debug", bytes: 30_000_000},
		{name: "the last flag", args: []string{"--http", ":4", "--http=:5"}, http: ":5", level: "info", bytes: 12 << 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := load(t, tc.file, tc.args, tc.environ)
			if err != nil {
				t.Fatal(err)
			}
			if c.HTTP != tc.http || c.Log.Level != tc.level || c.Live.Bytes != tc.bytes {
				t.Errorf("http %s, level %s, bytes %d; want %s, %s, %d", c.HTTP, c.Log.Level, c.Live.Bytes, tc.http, tc.level, tc.bytes)
			}
		})
	}
	t.Run("the file by environment, by flag", func(t *testing.T) {
		one, two := write(t, "http: :1"), write(t, "http: :2")
		for _, args := range [][]string{nil, {"--config=" + two}} {
			c, _, err := Load(append(args, "--data=d"), []string{"SHOAL_CONFIG=" + one})
			if want := fmt.Sprintf(":%d", 1+len(args)); err != nil || c.HTTP != want {
				t.Errorf("%v: %v; want http %s", args, err, want)
			}
		}
	})
}

// TestEveryKeyEverywhere sets each key by its three names to another value than the default.
func TestEveryKeyEverywhere(t *testing.T) {
	seen := map[string]bool{configEnv: true, configFlag: true}
	for _, k := range Default().keys() {
		if seen[k.env()] || seen[k.flag()] {
			t.Errorf("%s: %s or %s has another meaning already", k.path, k.env(), k.flag())
		}
		seen[k.env()], seen[k.flag()] = true, true

		text, want := another(t, k)
		set := func(apply func(*reader, *Config)) {
			t.Helper()
			r, c := &reader{origins: origins{}}, Default()
			apply(r, c)
			for _, got := range c.keys() {
				if got.path == k.path && (len(r.mistakes) > 0 || !reflect.DeepEqual(got.value.Interface(), want)) {
					t.Errorf("%s: %v %v, want %v", k.path, got.value, r.mistakes, want)
				}
			}
		}
		set(func(r *reader, c *Config) {
			for _, to := range c.keys() {
				if to.path == k.path {
					r.applyEnv(map[string]string{k.env(): text}, map[string]key{k.env(): to})
				}
			}
		})
		set(func(r *reader, c *Config) {
			known := map[string]key{}
			for _, to := range c.keys() {
				known[to.flag()] = to
			}
			flags, rest, err := r.parseArgs([]string{k.flag(), text}, known)
			if k.value.Kind() == reflect.Bool {
				flags, rest, err = r.parseArgs([]string{k.flag() + "=" + text}, known)
			}
			if err != nil || len(rest) > 0 || len(flags) != 1 {
				t.Fatal(flags, rest, err)
			}
			r.setText(known[flags[0].name], flags[0].value, "flag")
		})
		set(func(r *reader, c *Config) {
			var b strings.Builder
			parts := strings.Split(k.path, ".")
			for i, p := range parts {
				fmt.Fprintf(&b, "%s%s:", strings.Repeat("  ", i), p)
				if i < len(parts)-1 {
					b.WriteString("\n")
				}
			}
			r.parseFile([]byte(b.String()+" "+text), "f", c)
		})
	}
}

// another gives a text for a key, which the three ways understand alike, and what must come of it.
func another(t *testing.T, k key) (string, any) {
	t.Helper()
	switch v := k.value.Interface().(type) {
	case string:
		return "abc", "abc"
	case Secret:
		return "abc", Secret("abc")
	case bool:
		return fmt.Sprint(!v), !v
	case int:
		return fmt.Sprint(v + 1), v + 1
	case int64:
		return fmt.Sprint(v + 1), v + 1
	case float64:
		return fmt.Sprint(v + 0.5), v + 0.5
	case time.Duration:
		return (v + time.Second).String(), v + time.Second
	case []string:
		return "[a, b]", []string{"a", "b"}
	case []netip.Prefix:
		return "[192.0.2.0/24]", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	case []Live:
		return `[{name: a, key: "123"}]`, []Live{{Name: "a", Key: "123"}}
	}
	t.Fatalf("%s: a type that no test knows: %s", k.path, k.value.Type())
	return "", nil
}

func TestValues(t *testing.T) {
	const both = "lives: [{name: a, key: 0x12}, {name: b, key: 'yes'}]"
	c, err := load(t, both, []string{"--tls.local-ca", "--tls.hosts", "a.example, 10.0.0.1", "--https", ":0", "--rtmp", ":0", "--http", ":0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.TLS.LocalCA || !reflect.DeepEqual(c.TLS.Hosts, []string{"a.example", "10.0.0.1"}) {
		t.Errorf("tls: %+v", c.TLS)
	}
	if c.Lives[0].Key != "0x12" || c.Lives[1].Key != "yes" {
		t.Errorf("keys: %q %q", string(c.Lives[0].Key), string(c.Lives[1].Key))
	}
	c, err = load(t, both, nil, []string{"SHOAL_LIVES=[{name: c, key: k}]", "SHOAL_METRICS_ALLOW="})
	if err != nil || len(c.Lives) != 1 || c.Lives[0].Name != "c" || len(c.Metrics.Allow) != 0 {
		t.Errorf("lists are replaced whole: %+v %v", c, err)
	}
	c, err = load(t, "http:\nlog:\nlives:\n", nil, nil)
	if err != nil || c.HTTP != ":8080" || c.Log.Level != "info" {
		t.Errorf("a key with nothing behind it leaves the default: %+v %v", c, err)
	}
	if c, err = load(t, "# nothing\n", nil, nil); err != nil || c.HTTP != ":8080" {
		t.Errorf("an empty file: %v", err)
	}
}

func TestRest(t *testing.T) {
	_, rest, err := Load([]string{"print", "--data=x", "-", "--", "--http", "y"}, nil)
	if err != nil || !reflect.DeepEqual(rest, []string{"print", "-", "--http", "y"}) {
		t.Errorf("%q %v", rest, err)
	}
	for _, help := range []string{"-h", "--help", "-help"} {
		if _, _, err := Load([]string{"--nonsense", help}, nil); !errors.Is(err, ErrHelp) {
			t.Errorf("%s: %v", help, err)
		}
	}
}

func TestData(t *testing.T) {
	c, _, err := Load([]string{"--data", "some/where"}, nil)
	if err != nil || !filepath.IsAbs(c.Data) || !strings.HasSuffix(c.Data, "/some/where") {
		t.Errorf("%v %v", c, err)
	}
	want := map[bool][3]string{
		true:  {"/var/lib/shoal", "/var/lib/shoal", "/var/lib/shoal"},
		false: {"", "/home/a/.local/share/shoal", "/data/shoal"},
	}[os.Geteuid() == 0]
	for i, environ := range [][]string{{"XDG_DATA_HOME=relative"}, {"HOME=/home/a"}, {"HOME=/home/a", "XDG_DATA_HOME=/data"}} {
		if got := defaultData(environ); got != want[i] {
			t.Errorf("%v: %q, want %q", environ, got, want[i])
		}
	}
}

func TestLiveID(t *testing.T) {
	if got := (Live{Name: "demo"}).ID(); got != "b03b2af2-5c74-58fc-b4b6-45792142b342" {
		t.Errorf("the derived UUID of demo has changed to %s: links would break", got)
	}
	const own = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11"
	if got := (Live{Name: "demo", UUID: strings.ToUpper(own)}).ID(); got != own {
		t.Errorf("got %s", got)
	}
	if (Live{Name: "a"}).ID() == (Live{Name: "b"}).ID() {
		t.Error("two names, one UUID")
	}
}

func TestKeysAreNotShown(t *testing.T) {
	const secret = "hunter2-hunter2"
	c, err := load(t, "lives: [{name: a, key: "+secret+"}]", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%v %+v %#v %v\n", c, c, c, c.Lives)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c, "live", c.Lives[0])
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", c, "key", c.Lives[0].Key)
	for _, broken := range []string{
		"lives: [{name: a, key: " + secret + ", uuid: x, nam: b}, {name: a, key: " + secret + "}]",
		"lives: " + secret, "lives: [" + secret + "]", "lives: {" + secret,
	} {
		if _, err := load(t, broken, nil, nil); err == nil {
			t.Errorf("%s: no mistake", broken)
		} else {
			fmt.Fprintln(&out, err)
		}
		if _, err := load(t, "", nil, []string{"SHOAL_" + strings.Replace(broken, "lives: ", "LIVES=", 1)}); err == nil {
			t.Errorf("%s: no mistake", broken)
		} else {
			fmt.Fprintln(&out, err)
		}
	}
	if strings.Contains(out.String(), secret) {
		t.Errorf("the key is shown:\n%s", out.String())
	}
	if !strings.Contains(out.String(), redacted) {
		t.Error("nothing was redacted")
	}
}

func TestPrintCanBeLoaded(t *testing.T) {
	c, err := load(t, "http: :1\ntls: {hosts: [a]}\nlive: {window: 90s}\nlives: [{name: a, key: long-enough-key}]", []string{"--log.level=warn"}, []string{"SHOAL_HLS_MAX_HELD=20000"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"http: :1 # shoal.yaml:1\n", "level: warn # --log.level\n", "max_held: 20000 # SHOAL_HLS_MAX_HELD\n",
		"hosts: # shoal.yaml:2\n", "window: 1m30s # shoal.yaml:3\n", "format: text\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	r, again := &reader{origins: origins{}}, Default()
	r.parseFile(out.Bytes(), "printed", again)
	if len(r.mistakes) > 0 {
		t.Fatal(r.mistakes)
	}
	c.Lives[0].Key, c.origins = redacted, nil
	if !reflect.DeepEqual(again, c) {
		t.Errorf("printed and read again:\n%+v\nwas\n%+v", again, c)
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	if err := Usage(&out); err != nil {
		t.Fatal(err)
	}
	for _, k := range Default().keys() {
		if !strings.Contains(out.String(), k.flag()+" ") || !strings.Contains(out.String(), k.env()+" ") {
			t.Errorf("no %s or %s", k.flag(), k.env())
		}
	}
}

func TestWarnings(t *testing.T) {
	c, err := load(t, "lives: [{name: a, key: short}, {name: b, key: long-enough-key}]", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := c.Warnings(); len(w) != 1 || !strings.Contains(w[0], `"a" has 5 characters`) || strings.Contains(w[0], "short") {
		t.Errorf("%q", w)
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// TestREADME keeps the table of README.md whole and true: every key, and the defaults that are given in backquotes.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{} // the default by key, "" where it is told in words
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		names, defaults := quoted.FindAllStringSubmatch(cells[1], -1), quoted.FindAllStringSubmatch(cells[2], -1)
		for i, n := range names {
			said[n[1]] = ""
			if len(defaults) == len(names) {
				said[n[1]] = defaults[i][1]
			}
		}
	}
	r, c := &reader{origins: origins{}}, Default()
	for _, k := range c.keys() {
		value, ok := said[k.path]
		if !ok {
			t.Errorf("README.md does not name %s", k.path)
		}
		if want := fmt.Sprint(k.value.Interface()); value != "" {
			r.setText(k, value, "README.md")
			if got := fmt.Sprint(k.value.Interface()); len(r.mistakes) > 0 || got != want {
				t.Errorf("README.md gives %s the default %s, it is %s", k.path, value, want)
			}
		}
	}
}
