package m3u8

import "bytes"

// TokenKey is the name of the query parameter that admits a viewer to media that is not public, as PeerTube's players
// and API have it.
const TokenKey = "videoFileToken"

// MaxToken is the most bytes that a token may have: a playlist of hours repeats it some thousand times.
const MaxToken = 512

// IsToken says whether a text may be put behind TokenKey in a playlist's URIs as it is: it needs no escaping there, in a
// query (RFC 3986, section 3.4) and in a quoted string (the draft, section 4.2).
func IsToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' && c != '~' && c != '%' {
			return false
		}
	}
	return s != "" && len(s) <= MaxToken
}

// AppendToken appends a playlist in which every URI, those in tags' URI attributes too, has the token in its query. The
// URIs must have no fragment, the token must be one by IsToken. It looks at every byte once or twice, and at nothing
// that a playlist of this package does not have: URI lines, and tags with a URI attribute.
func AppendToken(dst, playlist []byte, token string) []byte {
	for len(playlist) > 0 {
		line := playlist
		if end := bytes.IndexByte(playlist, '\n'); end >= 0 {
			line = playlist[:end]
		}
		rest := playlist[len(line):]
		if len(rest) > 0 {
			rest = rest[1:]
		}
		switch {
		case len(line) == 0:
		case line[0] != '#':
			dst = appendURI(dst, line, token)
		case bytes.HasPrefix(line, tagged):
			dst = appendTag(dst, line, token)
		default:
			dst = append(dst, line...)
		}
		if len(line) < len(playlist) {
			dst = append(dst, '\n')
		}
		playlist = rest
	}
	return dst
}

var (
	tagged = []byte("#EXT-X-")
	named  = []byte("URI=")
)

// appendTag appends a tag. Quotes come in pairs, and nothing between them is an attribute's name.
func appendTag(dst, line []byte, token string) []byte {
	for {
		open := bytes.IndexByte(line, '"')
		if open < 0 {
			return append(dst, line...)
		}
		n := bytes.IndexByte(line[open+1:], '"')
		if n < 0 {
			return append(dst, line...)
		}
		before, value := line[:open+1], line[open+1:open+1+n]
		dst = append(dst, before...)
		if isURIAttribute(before[:open]) {
			dst = appendURI(dst, value, token)
		} else {
			dst = append(dst, value...)
		}
		dst = append(dst, '"')
		line = line[open+n+2:]
	}
}

// isURIAttribute says whether what stands before a quoted string ends with the name URI: "#EXT-X-MAP:URI=", ",URI=".
func isURIAttribute(before []byte) bool {
	before, ok := bytes.CutSuffix(before, named)
	if !ok || len(before) == 0 {
		return false
	}
	c := before[len(before)-1]
	return c == ':' || c == ','
}

func appendURI(dst, uri []byte, token string) []byte {
	dst = append(dst, uri...)
	separator := byte('?')
	if bytes.IndexByte(uri, '?') >= 0 {
		separator = '&'
	}
	dst = append(dst, separator)
	dst = append(dst, TokenKey...)
	dst = append(dst, '=')
	return append(dst, token...)
}
