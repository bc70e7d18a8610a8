package amf0

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// maxString is the longest string with a length of 2 bytes.
const maxString = 1<<16 - 1

// Append appends values to b in AMF0: float64, bool, string, nil, Object, ECMAArray, Array or Date. Anything else becomes null,
// and a string of more than 65,535 bytes is cut there, at a rune: long strings are a marker of their own, which many
// readers do not know.
func Append(b []byte, values ...any) []byte {
	for _, v := range values {
		b = appendValue(b, v)
	}
	return b
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case float64:
		return appendNumber(append(b, markerNumber), v)
	case bool:
		if v {
			return append(b, markerBoolean, 1)
		}
		return append(b, markerBoolean, 0)
	case string:
		return appendText(append(b, markerString), v)
	case Object:
		return appendMembers(append(b, markerObject), v)
	case ECMAArray:
		return appendMembers(binary.BigEndian.AppendUint32(append(b, markerECMAArray), uint32(len(v))), v)
	case Array:
		b = binary.BigEndian.AppendUint32(append(b, markerStrictArray), uint32(len(v)))
		return Append(b, v...)
	case Date:
		return append(appendNumber(append(b, markerDate), float64(v)), 0, 0)
	}
	return append(b, markerNull)
}

func appendMembers(b []byte, members []Member) []byte {
	for _, m := range members {
		if m.Name == "" { // an empty name is the end of an object
			continue
		}
		b = appendValue(appendText(b, m.Name), m.Value)
	}
	return append(b, 0, 0, markerObjectEnd)
}

func appendNumber(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(f))
}

func appendText(b []byte, s string) []byte {
	if len(s) > maxString {
		n := maxString
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}
