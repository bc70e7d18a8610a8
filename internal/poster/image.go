package poster

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
)

// Bounds of an image that somebody sends.
const (
	// MaxBytes is how large its file may be.
	MaxBytes = 8 << 20
	// MaxPixels is how many pixels it may have.
	MaxPixels = 8_000_000
	// minSide is the least that its sides may have: less is a tracking pixel, or a mistake.
	minSide = 16
)

// Errors that are the sender's to mend.
var (
	ErrFormat = errors.New("the picture is neither a JPEG nor a PNG that can be read: send another")
	ErrSize   = fmt.Errorf("the picture must be at most 8 MB and 8 megapixels large, and at least %d pixels wide and high: send another", minSide)
)

// FromImage makes a set of a JPEG or PNG image. What it says beside the picture (place, time, camera) is dropped; only how
// it is to be turned is heeded. The error wraps ErrFormat or ErrSize if the image cannot be taken, otherwise it is r's.
func FromImage(r io.Reader) (Set, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Set{}, fmt.Errorf("read picture: %w", err)
	}
	if len(b) > MaxBytes {
		return Set{}, fmt.Errorf("read picture: more than %d bytes: %w", MaxBytes, ErrSize)
	}
	turn <- struct{}{}
	defer func() { <-turn }()
	src, err := decode(b)
	if err != nil {
		return Set{}, fmt.Errorf("read picture: %w", err)
	}
	return encode(frame(src))
}

// decode decodes an image, if its dimensions are such that it may be.
func decode(b []byte) (image.Image, error) {
	header, read, turned := jpeg.DecodeConfig, jpeg.Decode, orientation(b)
	if bytes.HasPrefix(b, []byte("\x89PNG")) {
		header, read, turned = png.DecodeConfig, png.Decode, upright
	}
	c, err := header(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrFormat, err)
	}
	limit := MaxPixels
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		limit /= 2 // each takes twice the memory
	}
	if c.Width < minSide || c.Height < minSide || c.Height > limit/c.Width {
		return nil, fmt.Errorf("%d x %d pixels: %w", c.Width, c.Height, ErrSize)
	}
	i, err := read(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrFormat, err)
	}
	return turned.apply(i), nil
}
