package poster

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// turning is how an image is to be turned before it is shown: the value of Exif's tag Orientation (JEITA CP-3451, section
// 4.6.4, tag 0x0112), 1 to 8.
type turning uint16

const upright turning = 1

// orientation reads how a JPEG is to be turned; upright if it does not say.
func orientation(b []byte) turning {
	const (
		soi, sos, app1 = 0xd8, 0xda, 0xe1
		signature      = "Exif\x00\x00"
	)
	if len(b) < 4 || b[0] != 0xff || b[1] != soi {
		return upright
	}
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != sos; {
		n := int(binary.BigEndian.Uint16(b[2:])) // of the segment, its own two bytes included
		if n < 2 || len(b) < 2+n {
			break
		}
		if body, ok := bytes.CutPrefix(b[4:2+n], []byte(signature)); ok && b[1] == app1 {
			return tiffOrientation(body)
		}
		b = b[2+n:]
	}
	return upright
}

// tiffOrientation reads the tag in the first directory of a TIFF structure.
func tiffOrientation(b []byte) turning {
	const tag, short, entry = 0x0112, 3, 12
	if len(b) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return upright
	}
	count := int(order.Uint16(b[at:]))
	for e := b[at+2:]; count > 0 && len(e) >= entry; e, count = e[entry:], count-1 {
		if order.Uint16(e) == tag && order.Uint16(e[2:]) == short {
			if t := turning(order.Uint16(e[8:])); t >= 1 && t <= 8 {
				return t
			}
		}
	}
	return upright
}

// apply gives the image as it is to be shown.
func (t turning) apply(i image.Image) image.Image {
	if t == upright {
		return i
	}
	return &turned{i, t}
}

// turned is an image seen as it is to be shown.
type turned struct {
	image.Image
	by turning
}

// Bounds swaps the sides of what lies.
func (t *turned) Bounds() image.Rectangle {
	b := t.Image.Bounds()
	if t.by >= 5 {
		return image.Rect(0, 0, b.Dy(), b.Dx())
	}
	return image.Rect(0, 0, b.Dx(), b.Dy())
}

// At finds the pixel that is shown at a place.
func (t *turned) At(x, y int) color.Color {
	b := t.Image.Bounds()
	right, bottom := b.Dx()-1, b.Dy()-1
	switch t.by {
	case 2:
		x = right - x
	case 3:
		x, y = right-x, bottom-y
	case 4:
		y = bottom - y
	case 5:
		x, y = y, x
	case 6:
		x, y = y, bottom-x
	case 7:
		x, y = right-y, bottom-x
	case 8:
		x, y = right-y, x
	}
	return t.Image.At(b.Min.X+x, b.Min.Y+y)
}
