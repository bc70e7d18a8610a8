package web

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestPreferred(t *testing.T) {
	for header, want := range map[string]string{
		"":                               "en",
		"*":                              "en",
		"fr":                             "fr",
		"FR-be":                          "fr",
		"de-DE, fr;q=0.7, en;q=0.3":      "fr",
		"de-DE, fr;q=0.3, en;q=0.7":      "en",
		"fr;q=0":                         "en",
		"fr;q=2, en":                     "en",
		"fr;q=NaN":                       "en",
		" , ;q=1, fr ; q=1":              "fr",
		"en;q=0.5,fr;q=0.5":              "en",
		"french, frisian-fr, fr-FR;q=.1": "fr",
	} {
		if got := preferred(header, []string{"en", "fr"}); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "deflate, gzip;q=1.0, *;q=0.5": true, "gzip;q=0": false, "*": true, "gzip;q=0, *": false, "br": false,
		"*;q=0, GZIP;q=0.1": true,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func FuzzParseAccept(f *testing.F) {
	for _, s := range []string{"", "fr-CA,en;q=0.8", "gzip;q=0, *", ";;q==,,", "a;q=1e309"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		list := parseAccept(header)
		if !slices.IsSortedFunc(list, func(a, b weighted) int {
			if a.q >= b.q {
				return 0
			}
			return 1
		}) {
			t.Errorf("%q is not sorted: %v", header, list)
		}
		for _, w := range list {
			if w.value == "" || !(w.q >= 0 && w.q <= 1) {
				t.Errorf("%q gave %v", header, w)
			}
		}
	})
}

// TestBundleThatIsNotWhole shows that a mistake of the build is told at the start, not to a viewer.
func TestBundleThatIsNotWhole(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"nothing":        {"dist/en/home.html.gz": {}},
		"not compressed": {"dist/en/home.html": {}},
		"unknown kind":   {"dist/assets/x.exe.gz": {}},
		"no folder":      {},
	} {
		if _, err := openBundle(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
