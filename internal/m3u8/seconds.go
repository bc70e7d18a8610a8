package m3u8

import (
	"strconv"
	"time"
)

// appendSeconds writes a duration in seconds, cut off (not rounded) at whole microseconds. Cutting off keeps the order:
// what is no longer than PART-TARGET does not print longer; and the parts of a segment, twelve or so, sum to its EXTINF
// within as many microseconds.
func appendSeconds(dst []byte, d time.Duration) []byte {
	micros := int64(max(d, 0) / time.Microsecond)
	dst = strconv.AppendInt(dst, micros/1e6, 10)
	dst = append(dst, '.')
	rest := micros % 1e6
	for unit := int64(1e5); ; unit /= 10 {
		dst = append(dst, byte('0'+rest/unit))
		if rest %= unit; rest == 0 {
			return dst
		}
	}
}

// appendPartHoldBack writes PART-HOLD-BACK in whole milliseconds: at least three times the part target (the draft,
// section 4.4.3.8) also to a player that computes in floating point, to which 3.15 is less than three times 1.05.
func appendPartHoldBack(dst []byte, d, target time.Duration) []byte {
	d = max(d, 3*target)
	millis := int64((d + time.Millisecond - 1) / time.Millisecond)
	if float64(millis)/1e3 < 3*(float64(target/time.Microsecond)/1e6) {
		millis++
	}
	return appendSeconds(dst, time.Duration(millis)*time.Millisecond)
}
