package recording

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// Extensions of a run's two files.
const (
	mediaExt = ".mp4"
	indexExt = ".idx"
)

// Name is the name of a run's files, without their extension:
//
//	main-7-init0        init 0 of epoch 7
//	main-7-init0.1      what follows under the same init, after something could not be written
type Name struct {
	Rendition media.RenditionID
	Epoch     media.Epoch
	Index     uint32 // of the init within its epoch
	Piece     uint32 // number of the run among those of the init, from 0
}

// String is the name's text: that of the init (see m3u8.Name) without its extension, and the piece unless it is 0.
func (n Name) String() string {
	init := m3u8.Name{Sort: m3u8.InitFile, Rendition: n.Rendition, Epoch: n.Epoch, Number: uint64(n.Index)}.String()
	s := strings.TrimSuffix(init, mediaExt)
	if n.Piece > 0 {
		s += "." + strconv.FormatUint(uint64(n.Piece), 10)
	}
	return s
}

// ParseName reads what String writes, and nothing else.
func ParseName(s string) (Name, bool) {
	stem, piece := s, uint64(0)
	// An epoch's node may have dots in its name: only what stands behind the last dash is ours.
	if at, dash := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, '-'); at > dash {
		var ok bool
		if piece, ok = m3u8.ParseNumber(s[at+1:], math.MaxUint32); !ok || piece == 0 {
			return Name{}, false
		}
		stem = s[:at]
	}
	init, ok := m3u8.ParseName(stem + mediaExt)
	if !ok || init.Sort != m3u8.InitFile {
		return Name{}, false
	}
	return Name{Rendition: init.Rendition, Epoch: init.Epoch, Index: uint32(init.Number), Piece: uint32(piece)}, true
}

// Compare orders the names of a rendition as their segments follow each other.
func (n Name) Compare(o Name) int {
	return cmp.Or(
		strings.Compare(string(n.Rendition), string(o.Rendition)),
		n.Epoch.Compare(o.Epoch), cmp.Compare(n.Index, o.Index), cmp.Compare(n.Piece, o.Piece),
	)
}
