package poster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/image/draw"
)

// sizes holds that a set is what it should be, and gives its preview.
func checked(t *testing.T, s Set) image.Image {
	t.Helper()
	var preview image.Image
	for _, one := range []struct {
		b    []byte
		w, h int
	}{{s.Miniature, 280, 157}, {s.Preview, 850, 480}} {
		i, err := jpeg.Decode(bytes.NewReader(one.b))
		if err != nil {
			t.Fatal(err)
		}
		if i.Bounds() != image.Rect(0, 0, one.w, one.h) {
			t.Errorf("%v, want %d x %d", i.Bounds(), one.w, one.h)
		}
		if bytes.Contains(one.b, []byte("Exif")) || len(one.b) > 200_000 {
			t.Errorf("%d bytes, perhaps with what stood beside the picture", len(one.b))
		}
		preview = i
	}
	return preview
}

var (
	red   = color.RGBA{0xe0, 0x10, 0x10, 0xff}
	green = color.RGBA{0x10, 0xe0, 0x10, 0xff}
	blue  = color.RGBA{0x10, 0x10, 0xe0, 0xff}
	white = color.RGBA{0xf0, 0xf0, 0xf0, 0xff}
)

// quarters is a picture of four colours: red and green above, blue and white below.
func quarters(w, h int) *image.RGBA {
	i := image.NewRGBA(image.Rect(0, 0, w, h))
	for n, c := range []color.RGBA{red, green, blue, white} {
		x, y := n%2*w/2, n/2*h/2
		draw.Draw(i, image.Rect(x, y, x+(w+1)/2, y+(h+1)/2), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return i
}

func asJPEG(t testing.TB, i image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, i, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, i image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, i); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// near says whether a colour is another within what JPEG does to it.
func near(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	d := func(x, y uint32) bool { return max(x, y)-min(x, y) < 0x3000 }
	return d(ar, br) && d(ag, bg) && d(ab, bb)
}

// corners are the colours in the middle of the four quarters of a rectangle.
func corners(i image.Image, r image.Rectangle) (all [4]color.Color) {
	for n := range all {
		all[n] = i.At(r.Min.X+r.Dx()*(1+n%2*2)/4, r.Min.Y+r.Dy()*(1+n/2*2)/4)
	}
	return all
}

func alike(got [4]color.Color, want ...color.RGBA) bool {
	for n := range got {
		if !near(got[n], want[n]) {
			return false
		}
	}
	return true
}

func TestFromImage(t *testing.T) {
	full := image.Rect(0, 0, PreviewWidth, PreviewHeight)
	deep := image.NewNRGBA64(image.Rect(0, 0, 320, 180))
	draw.Draw(deep, deep.Bounds(), quarters(320, 180), image.Point{}, draw.Src)
	for _, tt := range []struct {
		name  string
		data  []byte
		shown image.Rectangle // where the picture stands
	}{
		{"16:9", asJPEG(t, quarters(640, 360)), full},
		{"4:3", asJPEG(t, quarters(640, 480)), full},
		{"cinema", asJPEG(t, quarters(480, 200)), full},
		{"small", asPNG(t, quarters(16, 16)), image.Rect(185, 0, 665, 480)},
		{"square", asPNG(t, quarters(500, 500)), image.Rect(185, 0, 665, 480)},
		{"upright", asJPEG(t, quarters(360, 640)), image.Rect(290, 0, 560, 480)},
		{"very wide", asPNG(t, quarters(1000, 100)), image.Rect(0, 198, 850, 283)},
		{"16 bits", asPNG(t, deep), full},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, err := decode(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			p := frame(src)
			if got := corners(p, tt.shown); !alike(got, red, green, blue, white) {
				t.Errorf("it shows %v", got)
			}
			if tt.shown != full && (!near(p.At(2, 2), ground) || !near(p.At(PreviewWidth-3, PreviewHeight-3), ground)) {
				t.Errorf("beside it: %v", p.At(2, 2))
			}
		})
	}
	for _, tt := range []struct {
		name string
		data []byte
		want color.Color
	}{
		{"grey", asJPEG(t, image.NewGray(image.Rect(0, 0, 320, 180))), color.Black},
		{"transparent", asPNG(t, image.NewNRGBA(image.Rect(0, 0, 320, 180))), ground},
	} {
		s, err := FromImage(bytes.NewReader(tt.data))
		if err != nil {
			t.Fatal(err)
		}
		if p := checked(t, s); !near(p.At(100, 100), tt.want) {
			t.Errorf("%s: %v", tt.name, p.At(100, 100))
		}
	}
	if i, err := decode(asPNG(t, image.NewGray(image.Rect(0, 0, 4000, 2000)))); err != nil || i.Bounds().Dx() != 4000 {
		t.Errorf("eight megapixels: %v", err)
	}
}

// resized makes a PNG say that it has other dimensions.
func resized(png []byte, w, h uint32) []byte {
	b := bytes.Clone(png)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestFromImageRefuses(t *testing.T) {
	small := asPNG(t, quarters(320, 180))
	var moving bytes.Buffer
	if err := gif.Encode(&moving, quarters(100, 100), nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the connection is gone")
	for _, tt := range []struct {
		name string
		r    io.Reader
		want error
	}{
		{"nothing", strings.NewReader(""), ErrFormat},
		{"text", strings.NewReader("<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrFormat},
		{"GIF", &moving, ErrFormat},
		{"half a PNG", bytes.NewReader(small[:len(small)/2]), ErrFormat},
		{"half a JPEG", bytes.NewReader(asJPEG(t, quarters(320, 180))[:900]), ErrFormat},
		{"too small", bytes.NewReader(asPNG(t, quarters(15, 100))), ErrSize},
		{"too flat", bytes.NewReader(asJPEG(t, quarters(100, 15))), ErrSize},
		{"a bomb", bytes.NewReader(resized(small, 40_000, 40_000)), ErrSize},
		{"nine megapixels", bytes.NewReader(resized(small, 3000, 3000)), ErrSize},
		{"five megapixels of 16 bits", bytes.NewReader(resized(asPNG(t, image.NewGray16(image.Rect(0, 0, 20, 20))), 2500, 2000)), ErrSize},
		{"too many bytes", io.MultiReader(bytes.NewReader(small), endless{}), ErrSize},
		{"the sender is gone", iotest.ErrReader(broken), broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := FromImage(tt.r)
			if !errors.Is(err, tt.want) || s.Preview != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestPlace(t *testing.T) {
	frame := image.Rect(0, 0, 850, 480)
	for _, tt := range []struct{ src, from, to image.Rectangle }{
		{image.Rect(0, 0, 850, 480), image.Rect(0, 0, 850, 480), frame},
		{image.Rect(0, 0, 640, 480), image.Rect(0, 59, 640, 420), frame},
		{image.Rect(100, 100, 740, 580), image.Rect(100, 159, 740, 520), frame},
		{image.Rect(0, 0, 2400, 1000), image.Rect(314, 0, 2085, 1000), frame},
		{image.Rect(0, 0, 100, 100), image.Rect(0, 0, 100, 100), image.Rect(185, 0, 665, 480)},
		{image.Rect(0, 0, 90, 160), image.Rect(0, 0, 90, 160), image.Rect(290, 0, 560, 480)},
		{image.Rect(0, 0, 100_000, 16), image.Rect(0, 0, 100_000, 16), image.Rect(0, 239, 850, 240)},
	} {
		if from, to := place(tt.src, frame); from != tt.from || to != tt.to {
			t.Errorf("%v: %v in %v, want %v in %v", tt.src, from, to, tt.from, tt.to)
		}
	}
}

func FuzzFromImage(f *testing.F) {
	f.Add(asPNG(f, quarters(32, 18)))
	f.Add(asJPEG(f, quarters(32, 18)))
	f.Add(exif(asJPEG(f, quarters(32, 18)), 6, false))
	f.Add(asPNG(f, image.NewNRGBA64(image.Rect(0, 0, 16, 16))))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := decode(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrSize) {
				t.Errorf("got %v", err)
			}
			return
		}
		if r := i.Bounds(); r.Dx() < minSide || r.Dy() < minSide || r.Dx()*r.Dy() > MaxPixels {
			t.Errorf("%v", r)
		}
		if s, err := encode(frame(i)); err != nil || len(s.Preview) == 0 || len(s.Miniature) == 0 {
			t.Errorf("got %v", err)
		}
	})
}

func BenchmarkFromImage(b *testing.B) {
	data := asJPEG(b, quarters(4000, 2000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := FromImage(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
