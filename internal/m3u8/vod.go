package m3u8

import (
	"strconv"
	"time"
)

// File is a recorded file: an init segment, and behind it segments that are listed by their byte ranges.
type File struct {
	URI      string
	InitSize int64 // the file's first bytes
	Segments []Span
}

// Span is a segment of a File.
type Span struct {
	Offset, Size int64 // without media (Size 0) it is a gap
	Duration     time.Duration
	Date         time.Time // of its start
	// Discontinuity says that the segment does not go on from what was before; the first of a file never does.
	Discontinuity bool
	Independent   bool // a decoder may start at its first frame
}

// AppendVOD appends the media playlist of a recording: files one behind the other, whole and finished. Files without
// segments are left out. It appends nothing and says false if no segment has media.
func AppendVOD(dst []byte, files []File) ([]byte, bool) {
	// EXT-X-MAP needs version 6 and EXT-X-GAP version 8 (Apple, "About the EXT-X-VERSION tag"); players refuse what
	// is newer than they, so it says no more than it must (the draft, section 6.2.1).
	version, independent, any := 6, true, false
	var longest time.Duration
	for i := range files {
		for j := range files[i].Segments {
			s := &files[i].Segments[j]
			longest = max(longest, s.Duration)
			if s.Size == 0 {
				version = 8
				continue
			}
			any = true
			independent = independent && s.Independent
		}
	}
	if !any {
		return dst, false
	}
	// What is below a microsecond is not written either.
	dst = appendHead(dst, version, max(longest.Truncate(time.Microsecond), time.Second))
	dst = append(appendNumbers(dst, 0, 0, false), "#EXT-X-PLAYLIST-TYPE:VOD\n"...)
	if independent {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	first := true
	for i := range files {
		f := &files[i]
		for j := range f.Segments {
			s := &f.Segments[j]
			if !first && (j == 0 || s.Discontinuity) {
				dst = append(dst, "#EXT-X-DISCONTINUITY\n"...)
			}
			first = false
			if j == 0 {
				dst = append(dst, `#EXT-X-MAP:URI="`...)
				dst = append(dst, f.URI...)
				dst = append(dst, `",BYTERANGE="`...)
				dst = appendRange(dst, f.InitSize, 0)
				dst = append(dst, "\"\n"...)
			}
			dst = f.appendSpan(dst, s)
		}
	}
	return append(dst, "#EXT-X-ENDLIST\n"...), true
}

func (f *File) appendSpan(dst []byte, s *Span) []byte {
	size, offset := s.Size, s.Offset
	dst = appendDate(dst, s.Date)
	if size == 0 {
		dst = append(dst, "#EXT-X-GAP\n"...)
		// A gap needs an address all the same. A player that does not know the tag loads the init again, which has
		// nothing to play; without a range it would load the whole file.
		size, offset = f.InitSize, 0
	}
	dst = appendExtinf(dst, s.Duration)
	dst = append(dst, "#EXT-X-BYTERANGE:"...)
	dst = appendRange(dst, size, offset)
	dst = append(dst, '\n')
	dst = append(dst, f.URI...)
	return append(dst, '\n')
}

func appendRange(dst []byte, size, offset int64) []byte {
	dst = strconv.AppendInt(dst, size, 10)
	dst = append(dst, '@')
	return strconv.AppendInt(dst, offset, 10)
}
