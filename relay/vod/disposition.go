package vod

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a file's name in bytes; file systems take 255, and browsers add a number.
const maxName = 200

// attachment is a Content-Disposition field for a file that is to be kept under a name made of a video's (RFC 6266). The
// name stands there twice: in ASCII for who knows no more, and whole (RFC 8187).
func attachment(video, end string) string {
	name := fileName(video) + end
	plain := ascii(name)
	field := `attachment; filename="` + plain + `"`
	if plain != name {
		field += "; filename*=UTF-8''" + extended(name)
	}
	return field
}

// fileName makes a file's name of a text by people: no path, nothing that a file system refuses (Windows' rules are the
// strictest), nothing that changes what the end looks like.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1 // also what turns the direction of writing
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '-'
		}
		return r
	}, s)
	s = strings.Trim(strings.Join(strings.Fields(s), " "), ". ")
	for len(s) > maxName {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	if s = strings.TrimRight(s, ". "); s == "" {
		return "video"
	}
	return s
}

// ascii puts an underscore in place of what is not ASCII, and of "%", which some read as an escape (RFC 6266, appendix D).
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x7f || r == '%' {
			return '_'
		}
		return r
	}, s)
}

// extended escapes all but the attr-char of RFC 8187, section 3.2.1.
func extended(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
