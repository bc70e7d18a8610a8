package poster

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
)

// fonts are those of the cards: Latin, Greek and Cyrillic letters.
type fonts struct{ bold, regular *sfnt.Font }

var loadFonts = sync.OnceValues(func() (*fonts, error) {
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	return &fonts{bold, regular}, nil
})

func (f *fonts) face(of *sfnt.Font, points float64) (font.Face, error) {
	face, err := opentype.NewFace(of, &opentype.FaceOptions{Size: points, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("size font: %w", err)
	}
	return face, nil
}

// readable leaves out what the fonts do not have. It is whole if there is something left to read, and next to nothing is
// missing: of letters and digits, fewer than one in five.
func (f *fonts) readable(s string) (left string, whole bool) {
	var b strings.Builder
	var buf sfnt.Buffer
	var there, missing, n int
	for _, r := range s {
		if n++; n > maxText {
			break
		}
		counts := unicode.IsLetter(r) || unicode.IsDigit(r)
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case f.has(&buf, r):
			b.WriteRune(r)
			if counts {
				there++
			}
		case counts:
			missing++
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), there > 0 && missing*5 < there+missing
}

func (f *fonts) has(buf *sfnt.Buffer, r rune) bool {
	if !unicode.IsPrint(r) {
		return false
	}
	for _, one := range []*sfnt.Font{f.bold, f.regular} {
		if i, err := one.GlyphIndex(buf, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}
