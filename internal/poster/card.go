package poster

import (
	"hash/fnv"
	"image"
	"image/color"
	"strings"
	"unicode"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// Measures of a card, in pixels of the preview.
const (
	margin    = 56
	textRight = PreviewWidth - margin
	nameTop   = 72
	nameEnd   = 368 // where the lines of the name end at the latest
	below     = 424 // baseline of the channel
	maxText   = 300 // runes of a text that are looked at
)

// sizes of the name, largest first; maxLines is how many lines of each there may be.
var sizes = []struct {
	points   float64
	maxLines int
}{{72, 2}, {60, 3}, {50, 4}, {42, 5}}

// Card draws a set for a video that has no picture: its name, and its channel's. Of scripts that the font does not have,
// there is a sign in the name's place, and initials if there are any. The same names give the same card.
func Card(name, channel string) (Set, error) {
	fonts, err := loadFonts()
	if err != nil {
		return Set{}, err
	}
	turn <- struct{}{}
	defer func() { <-turn }()
	i, err := drawCard(fonts, name, channel)
	if err != nil {
		return Set{}, err
	}
	return encode(i)
}

func drawCard(fonts *fonts, name, channel string) (_ *image.RGBA, err error) {
	c := &card{fonts: fonts, image: image.NewRGBA(image.Rect(0, 0, PreviewWidth, PreviewHeight))}
	c.background(name + "\n" + channel)
	channel, channelWhole := fonts.readable(channel)
	if title, whole := fonts.readable(name); whole {
		err = c.title(title)
	} else {
		err = c.sign(initials(title, channel))
	}
	if err == nil && channelWhole {
		err = c.line(channel)
	}
	return c.image, err
}

// card is one that is being drawn.
type card struct {
	fonts *fonts
	image *image.RGBA
}

// background draws what tells one video's card from another's.
func (c *card) background(seed string) {
	for y := range PreviewHeight {
		shade := mix(raised, ground, float64(y)/PreviewHeight)
		draw.Draw(c.image, image.Rect(0, y, PreviewWidth, y+1), image.NewUniform(shade), image.Point{}, draw.Src)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed)) // never fails
	n := h.Sum64()
	next := func(below uint64) float64 {
		v := n % below
		n /= below
		return float64(v)
	}
	for _, alpha := range []uint8{20, 28, 36} {
		x, y, r := 480+next(400), next(480), 70+next(150)
		c.disc(x, y, r, color.NRGBA{accent.R, accent.G, accent.B, alpha})
	}
	draw.Draw(c.image, image.Rect(0, 0, 10, PreviewHeight), image.NewUniform(accent), image.Point{}, draw.Src)
}

// title draws a name in the largest letters that leave it whole, or cuts it.
func (c *card) title(name string) error {
	for i, size := range sizes {
		face, err := c.fonts.face(c.fonts.bold, size.points)
		if err != nil {
			return err
		}
		lines, whole := wrap(face, name, textRight-margin, size.maxLines)
		if !whole && i+1 < len(sizes) {
			continue
		}
		height := face.Metrics().Height.Ceil()
		top := nameTop + max(0, nameEnd-nameTop-height*len(lines))/2
		for n, l := range lines {
			write(c.image, face, ink, margin, top+n*height+face.Metrics().Ascent.Ceil(), l)
		}
		return nil
	}
	return nil
}

// line draws the channel's name.
func (c *card) line(channel string) error {
	face, err := c.fonts.face(c.fonts.regular, 30)
	if err != nil {
		return err
	}
	lines, _ := wrap(face, channel, textRight-margin, 1)
	for _, l := range lines {
		write(c.image, face, soft, margin, below, l)
	}
	return nil
}

// sign draws a disc with initials, or with the triangle that stands for playing.
func (c *card) sign(initials string) error {
	const x, y, r = PreviewWidth / 2, 210, 120
	c.disc(x, y, r, color.NRGBA{accent.R, accent.G, accent.B, 0xff})
	if initials == "" {
		c.triangle(x+14, y, 58, ground)
		return nil
	}
	face, err := c.fonts.face(c.fonts.bold, 96)
	if err != nil {
		return err
	}
	m := face.Metrics()
	write(c.image, face, ground, x-font.MeasureString(face, initials).Round()/2, y+(m.CapHeight/2).Round(), initials)
	return nil
}

func write(dst draw.Image, face font.Face, c color.Color, x, y int, s string) {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

const ellipsis = "…"

// wrap breaks a text into lines of a width, between words where it can. The rest is cut off, which an ellipsis shows; then
// it is false.
func wrap(face font.Face, s string, width, most int) (lines []string, whole bool) {
	fits := func(s string) bool { return font.MeasureString(face, s).Ceil() <= width }
	words := strings.Fields(s)
	for len(words) > 0 {
		if len(lines) == most {
			last := lines[most-1]
			if !fits(last + ellipsis) {
				last = last[:holds(face, last, width-font.MeasureString(face, ellipsis).Ceil())]
			}
			lines[most-1] = strings.TrimRightFunc(last, unicode.IsSpace) + ellipsis
			return lines, false
		}
		line := words[0]
		if !fits(line) { // a word that no line can hold is broken
			n := holds(face, line, width)
			lines = append(lines, line[:n])
			if words[0] = line[n:]; words[0] == "" {
				words = words[1:]
			}
			continue
		}
		words = words[1:]
		for len(words) > 0 && fits(line+" "+words[0]) {
			line, words = line+" "+words[0], words[1:]
		}
		lines = append(lines, line)
	}
	return lines, true
}

// holds is how much of a text a line of a width holds, in bytes; one rune at least.
func holds(face font.Face, s string, width int) int {
	var length fixed.Int26_6
	before := rune(-1)
	for i, r := range s {
		if before >= 0 {
			length += face.Kern(before, r)
		}
		advance, _ := face.GlyphAdvance(r)
		if length += advance; i > 0 && length.Ceil() > width {
			return i
		}
		before = r
	}
	return len(s)
}

// initials are the first letters of up to two words of the first text that has any.
func initials(texts ...string) string {
	for _, s := range texts {
		var found []rune
		for _, word := range strings.Fields(s) {
			for _, r := range word {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					found = append(found, unicode.ToUpper(r))
					break
				}
			}
		}
		if len(found) > 0 {
			return string(found[:min(len(found), 2)])
		}
	}
	return ""
}

func mix(a, b color.RGBA, t float64) color.RGBA {
	part := func(a, b uint8) uint8 { return uint8(float64(a)*(1-t) + float64(b)*t + 0.5) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 0xff}
}
