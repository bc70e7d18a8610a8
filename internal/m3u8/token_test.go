package m3u8

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const secret = "MTc5NjA4.x_y-z~%2B"

// withToken is what AppendToken does, plainly.
func withToken(playlist, token string) string {
	add := func(uri string) string {
		if strings.Contains(uri, "?") {
			return uri + "&videoFileToken=" + token
		}
		return uri + "?videoFileToken=" + token
	}
	// A tag is text, or a quoted string with what stands before it.
	piece := regexp.MustCompile(`(?s)([^"]*)"([^"]*)"`)
	named := regexp.MustCompile(`(?s)[:,]URI=$`)
	lines := strings.Split(playlist, "\n")
	for i, l := range lines {
		switch {
		case l == "":
		case !strings.HasPrefix(l, "#"):
			lines[i] = add(l)
		case strings.HasPrefix(l, "#EXT-X-"):
			lines[i] = piece.ReplaceAllStringFunc(l, func(s string) string {
				m := piece.FindStringSubmatch(s)
				if named.MatchString(m[1]) {
					m[2] = add(m[2])
				}
				return m[1] + `"` + m[2] + `"`
			})
		}
	}
	return strings.Join(lines, "\n")
}

func TestAppendToken(t *testing.T) {
	const q = "?videoFileToken=" + secret
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"no URI", "#EXTM3U\n#EXT-X-VERSION:9\n", "#EXTM3U\n#EXT-X-VERSION:9\n"},
		{"a line", "#EXTINF:2.0,\nmain-7-1.mp4\n", "#EXTINF:2.0,\nmain-7-1.mp4" + q + "\n"},
		{"the last line does not end", "main.m3u8", "main.m3u8" + q},
		{"it has a query", "main.m3u8?a=b\n", "main.m3u8?a=b&videoFileToken=" + secret + "\n"},
		{"the first attribute", "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"9@0\"\n", "#EXT-X-MAP:URI=\"i.mp4" + q + "\",BYTERANGE=\"9@0\"\n"},
		{"a later attribute", "#EXT-X-PART:DURATION=0.2,URI=\"p.mp4\",INDEPENDENT=YES\n", "#EXT-X-PART:DURATION=0.2,URI=\"p.mp4" + q + "\",INDEPENDENT=YES\n"},
		{"behind a string", "#EXT-X-MEDIA:NAME=\"a\",URI=\"b\"", "#EXT-X-MEDIA:NAME=\"a\",URI=\"b" + q + "\""},
		{"its name in a string", "#EXT-X-MEDIA:NAME=\",URI=\",X=1", "#EXT-X-MEDIA:NAME=\",URI=\",X=1"},
		{"another name", "#EXT-X-X:X-URI=\"b\"", "#EXT-X-X:X-URI=\"b\""},
		{"a string that does not end", "#EXT-X-MAP:URI=\"b", "#EXT-X-MAP:URI=\"b"},
		{"a comment", "# see URI=\"b\"\n#EXTINF:2,of URI=\"b\"\n", "# see URI=\"b\"\n#EXTINF:2,of URI=\"b\"\n"},
		{"an empty line", "\n\na\n", "\n\na" + q + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(AppendToken(nil, []byte(tt.in), secret)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestAppendTokenGolden holds that no URI of our playlists is left out, and that nothing else changes.
func TestAppendTokenGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.m3u8")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	uri := regexp.MustCompile(`(?m)^[^#\n]+|[:,]URI="[^"]*`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got := AppendToken(nil, text, secret)
		all := uri.FindAllString(string(got), -1)
		for _, u := range all {
			if !strings.HasSuffix(u, "?videoFileToken="+secret) {
				t.Errorf("%s: %s", f, u)
			}
		}
		if len(all) != len(uri.FindAll(text, -1)) || len(all) == 0 {
			t.Errorf("%s has %d URIs", f, len(all))
		}
		if back := bytes.ReplaceAll(got, []byte("?videoFileToken="+secret), nil); !bytes.Equal(back, text) {
			t.Errorf("%s is changed beyond its URIs", f)
		}
	}
}

func TestIsToken(t *testing.T) {
	for s, want := range map[string]bool{
		secret: true, "a": true, strings.Repeat("x", MaxToken): true, strings.Repeat("x", MaxToken+1): false,
		"": false, "a b": false, "a\"": false, "a&b": false, "a#": false, "a\n": false, "ä": false, "a=": false,
	} {
		if IsToken(s) != want {
			t.Errorf("IsToken(%q) is %v", s, !want)
		}
	}
}

func FuzzAppendToken(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.m3u8")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("#EXT-X-MEDIA:NAME=\",URI=\",URI=\"b?c\"\r\n\r\na?\n#\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := AppendToken([]byte("x"), []byte(text), secret)
		if want := "x" + withToken(text, secret); string(got) != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	})
}

func BenchmarkAppendToken(b *testing.B) {
	text := AppendMedia(nil, &Media{Window: windows["steady"](), Reports: []Report{{"audio.m3u8", 55, 1}}})
	dst := make([]byte, 0, 64<<10)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		AppendToken(dst, text, secret)
	}
}
