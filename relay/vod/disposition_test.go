package vod

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"Concert":                `attachment; filename="Concert.mp4"`,
		"A  concert\tin\nMay ":   `attachment; filename="A concert in May.mp4"`,
		"50 % off":               `attachment; filename="50 _ off.mp4"; filename*=UTF-8''50%20%25%20off.mp4`,
		"été":                    `attachment; filename="_t_.mp4"; filename*=UTF-8''%C3%A9t%C3%A9.mp4`,
		"東京 ライブ":                 `attachment; filename="__ ___.mp4"; filename*=UTF-8''%E6%9D%B1%E4%BA%AC%20%E3%83%A9%E3%82%A4%E3%83%96.mp4`,
		`../../etc/"passwd"`:     `attachment; filename="-..-etc--passwd-.mp4"`,
		"a\u202egnp.exe":         `attachment; filename="agnp.exe.mp4"`,
		"":                       `attachment; filename="video.mp4"`,
		" . ":                    `attachment; filename="video.mp4"`,
		"\xff\xfe":               `attachment; filename="video.mp4"`,
		"a\r\nSet-Cookie: x\x00": `attachment; filename="a Set-Cookie- x.mp4"`,
	} {
		if got := attachment(name, ".mp4"); got != want {
			t.Errorf("%q: got  %s\nwant %s", name, got, want)
		}
	}
	for _, long := range []string{strings.Repeat("a", 300), strings.Repeat("é", 300), strings.Repeat("𝄞", 300)} {
		if n := fileName(long); len(n) > maxName || len(n) < maxName-4 || !utf8.ValidString(n) {
			t.Errorf("%d bytes of %d", len(n), len(long))
		}
	}
}

func FuzzAttachment(f *testing.F) {
	f.Add("Été: a « live »")
	f.Add("..\\\"%")
	f.Fuzz(func(t *testing.T, name string) {
		field := attachment(name, ".mp4")
		kind, params, err := mime.ParseMediaType(field)
		if err != nil || kind != "attachment" || params["filename"] != fileName(name)+".mp4" {
			t.Errorf("%q gives %s: %q, %v, %v", name, field, kind, params, err)
		}
		for i := range len(field) {
			if field[i] < ' ' || field[i] >= 0x7f {
				t.Errorf("%q gives %q", name, field)
			}
		}
		if n := params["filename"]; strings.ContainsAny(n, "/\\") || strings.HasPrefix(n, ".") {
			t.Errorf("%q gives the name %q", name, n)
		}
	})
}
