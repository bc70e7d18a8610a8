package poster

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"
)

// Dimensions of the two images in pixels: those that PeerTube's pages are made for (server/core/initializers/constants.ts,
// THUMBNAILS_SIZE and PREVIEWS_SIZE).
const (
	MiniatureWidth, MiniatureHeight = 280, 157
	PreviewWidth, PreviewHeight     = 850, 480
)

// Set is a video's picture in both sizes, as JPEG.
type Set struct {
	Miniature []byte // for lists
	Preview   []byte // for the player before it plays
}

// quality is where another 10 would make the file a third larger for nothing that is seen.
const quality = 80

// turn is held by who decodes, scales or has ffmpeg run: a picture of 8 megapixels takes up to 100 MB for a moment.
var turn = make(chan struct{}, 1)

// frame fits a picture into the preview's size.
func frame(src image.Image) *image.RGBA {
	preview := image.NewRGBA(image.Rect(0, 0, PreviewWidth, PreviewHeight))
	draw.Draw(preview, preview.Bounds(), image.NewUniform(ground), image.Point{}, draw.Src)
	from, to := place(src.Bounds(), preview.Bounds())
	draw.BiLinear.Scale(preview, to, src, from, draw.Over, nil)
	return preview
}

// encode makes a set of a picture in the preview's size.
func encode(preview *image.RGBA) (Set, error) {
	miniature := image.NewRGBA(image.Rect(0, 0, MiniatureWidth, MiniatureHeight))
	draw.CatmullRom.Scale(miniature, miniature.Bounds(), preview, preview.Bounds(), draw.Src, nil)
	var s Set
	for _, one := range []struct {
		to    *[]byte
		image *image.RGBA
	}{{&s.Miniature, miniature}, {&s.Preview, preview}} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, one.image, &jpeg.Options{Quality: quality}); err != nil {
			return Set{}, fmt.Errorf("write poster: %w", err)
		}
		*one.to = b.Bytes()
	}
	return s, nil
}

// mostLost is how much of a picture may be cut off at its edges so that it fills the frame: 4:3, and the wide formats of
// cinemas, are filled; squares and upright pictures stand whole between bars.
const mostLost = 0.27

// place says which part of a picture goes where in a frame.
func place(src, frame image.Rectangle) (from, to image.Rectangle) {
	w, h := float64(src.Dx()), float64(src.Dy())
	fw, fh := float64(frame.Dx()), float64(frame.Dy())
	wide := w*fh > h*fw
	fills, lost := fw/w, 1-w*fh/(h*fw) // if its width decides
	fits := fh / h
	if wide {
		fills, lost = fh/h, 1-h*fw/(w*fh)
		fits = fw / w
	}
	if lost <= mostLost {
		return centred(src, fw/fills, fh/fills), frame
	}
	return src, centred(frame, w*fits, h*fits)
}

// centred is a rectangle of a size in the middle of another.
func centred(in image.Rectangle, w, h float64) image.Rectangle {
	dx := min(max(int(w+0.5), 1), in.Dx())
	dy := min(max(int(h+0.5), 1), in.Dy())
	at := in.Min.Add(image.Pt((in.Dx()-dx)/2, (in.Dy()-dy)/2))
	return image.Rectangle{at, at.Add(image.Pt(dx, dy))}
}

// The colours of the pages at night (internal/web/ui/style/base.css).
var (
	ground = color.RGBA{0x05, 0x14, 0x1a, 0xff}
	raised = color.RGBA{0x12, 0x30, 0x3a, 0xff}
	accent = color.RGBA{0x63, 0xe2, 0xd2, 0xff}
	ink    = color.RGBA{0xe8, 0xf3, 0xf4, 0xff}
	soft   = color.RGBA{0x9d, 0xba, 0xc1, 0xff}
)
