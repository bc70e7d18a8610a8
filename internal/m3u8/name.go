package m3u8

import (
	"math"
	"strconv"
	"strings"

	"shoal/internal/media"
)

// What a Name is the name of.
const (
	InitFile Sort = iota + 1
	SegmentFile
	PartFile
)

// Sort is a sort of media file.
type Sort uint8

// Name is the name of a media file of a live. Names of one live differ in their last path element already, so that the
// viewers' mesh, recordings and other nodes can use them without a folder:
//
//	main-7-init0.mp4      init 0 of epoch 7
//	main-7-123.mp4        segment 123
//	main-7-123.4.mp4      part 4 of it
//	main-7.2.node-123.mp4 segment 123 of a provisional epoch
type Name struct {
	Sort      Sort
	Rendition media.RenditionID // letters and digits
	Epoch     media.Epoch
	Number    uint64 // media sequence number; of an init, its index in the epoch
	Part      uint32 // of a part, its number in the segment
}

// Append appends the name's text. The epoch's node must be made of unreserved characters of a URI (RFC 3986, section
// 2.3), the rendition of letters and digits.
func (n Name) Append(dst []byte) []byte {
	dst = append(dst, n.Rendition...)
	dst = append(dst, '-')
	dst = appendEpoch(dst, n.Epoch)
	dst = append(dst, '-')
	if n.Sort == InitFile {
		dst = append(dst, "init"...)
	}
	dst = strconv.AppendUint(dst, n.Number, 10)
	if n.Sort == PartFile {
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, uint64(n.Part), 10)
	}
	return append(dst, extension...)
}

// String is the name's text.
func (n Name) String() string { return string(n.Append(nil)) }

const extension = ".mp4"

// appendEpoch appends what media.Epoch.String gives, without its allocation.
func appendEpoch(dst []byte, e media.Epoch) []byte {
	dst = strconv.AppendUint(dst, e.N, 10)
	if e.P != 0 {
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, uint64(e.P), 10)
		dst = append(dst, '.')
		dst = append(dst, e.Node...)
	}
	return dst
}

// ParseName reads the text of a name, and nothing but what Append writes: one file has one address, so that caches
// hold it once. The name shares the text's memory.
func ParseName(s string) (n Name, ok bool) {
	s, ok = strings.CutSuffix(s, extension)
	if !ok {
		return Name{}, false
	}
	rendition, s, ok := strings.Cut(s, "-")
	if !ok || !alphanumeric(rendition) {
		return Name{}, false
	}
	n.Rendition = media.RenditionID(rendition)
	// A node's name may hold dashes: the last one is ours.
	at := strings.LastIndexByte(s, '-')
	if at < 0 {
		return Name{}, false
	}
	epoch, file := s[:at], s[at+1:]
	if n.Epoch, ok = parseEpoch(epoch); !ok {
		return Name{}, false
	}
	if index, isInit := strings.CutPrefix(file, "init"); isInit {
		n.Sort = InitFile
		n.Number, ok = ParseNumber(index, math.MaxUint32)
		return n, ok
	}
	segment, part, isPart := strings.Cut(file, ".")
	n.Sort = SegmentFile
	if n.Number, ok = ParseNumber(segment, math.MaxUint64); !ok {
		return Name{}, false
	}
	if isPart {
		n.Sort = PartFile
		var p uint64
		p, ok = ParseNumber(part, math.MaxUint32)
		n.Part = uint32(p)
	}
	return n, ok
}

func parseEpoch(s string) (e media.Epoch, ok bool) {
	claims, s, provisional := strings.Cut(s, ".")
	if e.N, ok = ParseNumber(claims, math.MaxUint64); !ok || !provisional {
		return e, ok
	}
	p, node, ok := strings.Cut(s, ".")
	if !ok || !unreserved(node) {
		return e, false
	}
	n, ok := ParseNumber(p, math.MaxUint32)
	e.P, e.Node = uint32(n), node
	return e, ok && n > 0
}

// ParseNumber reads a decimal integer of 0 to limit in its only form: no sign, no leading zero.
func ParseNumber(s string, limit uint64) (n uint64, ok bool) {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		c := uint64(s[i]) - '0'
		if c > 9 || n > (math.MaxUint64-c)/10 {
			return 0, false
		}
		n = n*10 + c
	}
	return n, n <= limit
}

// IsRendition says whether a text can be the name of a rendition.
func IsRendition(s string) bool { return alphanumeric(s) }

func alphanumeric(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) {
			return false
		}
	}
	return s != ""
}

func unreserved(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return s != ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
