package hls

import (
	"math"
	"strings"

	"shoal/internal/m3u8"
)

// What a Range header says.
const (
	rangeNone = iota // nothing that we take note of: the whole file answers
	rangeGood        // a range that the file has
	rangeBad         // one that it does not have, or that is not well formed
)

// parseRange reads a Range header for a file of a size (RFC 9110, section 14.2). Several ranges at once get the whole
// file, which is allowed and what no player asks for.
func parseRange(s string, size int64) (from, to int64, found int) {
	s, ok := strings.CutPrefix(s, "bytes=")
	if !ok || strings.IndexByte(s, ',') >= 0 {
		return 0, 0, rangeNone
	}
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, rangeBad
	}
	switch {
	case first == "": // the last n bytes
		n, ok := parseOffset(last)
		if !ok || n == 0 || size == 0 {
			return 0, 0, rangeBad
		}
		return size - min(n, size), size, rangeGood
	case last == "":
		to = size
	default:
		n, ok := parseOffset(last)
		if !ok {
			return 0, 0, rangeBad
		}
		to = min(n, size-1) + 1
	}
	from, ok = parseOffset(first)
	if !ok || from >= to {
		return 0, 0, rangeBad
	}
	return from, to, rangeGood
}

func parseOffset(s string) (int64, bool) {
	n, ok := m3u8.ParseNumber(s, math.MaxInt64)
	return int64(n), ok
}
