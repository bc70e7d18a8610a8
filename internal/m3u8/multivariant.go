package m3u8

import (
	"math"
	"strconv"
)

// Variant is an entry of a multivariant playlist (EXT-X-STREAM-INF).
type Variant struct {
	URI string
	// Bandwidth is the highest bit rate of a segment, in bit/s; Average that of all, 0 if not known.
	Bandwidth, Average int
	Codecs             string  // RFC 6381
	Width, Height      int     // in pixels; 0 if not known or without video
	FrameRate          float64 // per second; 0 if not known or without video
}

// AppendMultivariant appends a multivariant playlist of variants in the given order: players start with the first.
func AppendMultivariant(dst []byte, variants ...Variant) []byte {
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:6\n"...)
	for i := range variants {
		dst = variants[i].append(dst)
	}
	return dst
}

func (v *Variant) append(dst []byte) []byte {
	dst = append(dst, "#EXT-X-STREAM-INF:BANDWIDTH="...)
	// Zero would say that the variant costs nothing: players that divide by it fail.
	dst = strconv.AppendInt(dst, int64(max(v.Bandwidth, v.Average, 1)), 10)
	if v.Average > 0 {
		dst = append(dst, ",AVERAGE-BANDWIDTH="...)
		dst = strconv.AppendInt(dst, int64(v.Average), 10)
	}
	if v.Codecs != "" {
		dst = append(dst, `,CODECS="`...)
		dst = append(dst, v.Codecs...)
		dst = append(dst, '"')
	}
	if v.Width > 0 && v.Height > 0 {
		dst = append(dst, ",RESOLUTION="...)
		dst = strconv.AppendInt(dst, int64(v.Width), 10)
		dst = append(dst, 'x')
		dst = strconv.AppendInt(dst, int64(v.Height), 10)
	}
	if v.FrameRate > 0 && !math.IsInf(v.FrameRate, 0) {
		dst = append(dst, ",FRAME-RATE="...)
		dst = strconv.AppendFloat(dst, v.FrameRate, 'f', 3, 64)
	}
	dst = append(dst, '\n')
	dst = append(dst, v.URI...)
	return append(dst, '\n')
}
