package poster

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"testing"
)

// exif puts an Exif segment into a JPEG, with a second one that must not count, and a tag before the one that does.
func exif(jpeg []byte, turn uint16, little bool) []byte {
	var order binary.AppendByteOrder = binary.BigEndian
	mark := "MM\x00*"
	if little {
		order, mark = binary.LittleEndian, "II*\x00"
	}
	tiff := order.AppendUint32([]byte(mark), 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, e := range [][2]uint16{{0x0100, 99}, {0x0112, turn}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[0]), 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[1]), 0)
	}
	tiff = order.AppendUint32(tiff, 0)
	segment := func(body []byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...)
	}
	return bytes.Join([][]byte{
		jpeg[:2], segment([]byte("http://ns.adobe.com/xap/1.0/\x00")), segment(append([]byte("Exif\x00\x00"), tiff...)), jpeg[2:],
	}, nil)
}

// TestOrientation shows a picture as its eight orientations have it.
func TestOrientation(t *testing.T) {
	for turn, want := range map[uint16][4]color.RGBA{
		1: {red, green, blue, white},
		2: {green, red, white, blue},
		3: {white, blue, green, red},
		4: {blue, white, red, green},
		5: {red, blue, green, white},
		6: {blue, red, white, green},
		7: {white, green, blue, red},
		8: {green, white, red, blue},
		0: {red, green, blue, white},
		9: {red, green, blue, white},
	} {
		for _, little := range []bool{false, true} {
			p, err := decode(exif(asJPEG(t, quarters(48, 36)), turn, little))
			if err != nil {
				t.Fatal(err)
			}
			size := image.Rect(0, 0, 48, 36)
			if turn >= 5 && turn <= 8 {
				size = image.Rect(0, 0, 36, 48)
			}
			if got := corners(p, p.Bounds()); p.Bounds() != size || !alike(got, want[:]...) {
				t.Errorf("orientation %d, little %v: it shows %v in %v", turn, little, got, p.Bounds())
			}
		}
	}
	s, err := FromImage(bytes.NewReader(exif(asJPEG(t, quarters(480, 360)), 6, false)))
	if err != nil {
		t.Fatal(err)
	}
	// Upright, it stands between bars.
	if got := corners(checked(t, s), image.Rect(245, 0, 605, 480)); !alike(got, blue, red, white, green) {
		t.Errorf("it shows %v", got)
	}
}

func TestOrientationOfNothing(t *testing.T) {
	whole := exif(asJPEG(t, quarters(32, 18)), 6, true)
	if got := orientation(whole); got != 6 {
		t.Fatalf("got %d", got)
	}
	at := bytes.Index(whole, []byte("Exif"))
	for n := range at + 40 {
		_ = orientation(whole[:n]) // must not fail on what is cut off
	}
	far := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(far[at+10:], 0xffff_fff0)
	if got := orientation(far); got != upright {
		t.Errorf("a directory beyond the end: %d", got)
	}
}
