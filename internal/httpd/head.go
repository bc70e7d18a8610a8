package httpd

import (
	"bytes"
	"strings"
)

// plainRequest is a head that was read: what a Direct sees, and what the connection must know.
type plainRequest struct {
	Head
	close bool // the client wants the connection to be closed behind the answer
}

// parseHead reads the head at the beginning of b, n bytes long up to and with its empty line. It is false for everything
// that is not a plain GET or HEAD under prefix: a body, an upgrade, an expectation, a repeated or folded field, a path
// that needs decoding, another version of HTTP. Such a request is net/http's, errors among them.
func parseHead(b []byte, prefix string) (r plainRequest, plain bool) {
	head := string(b) // one copy: what the Direct gets points into it
	line, rest, _ := strings.Cut(head, "\r\n")
	method, line, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(line, " ")
	if method != "GET" && method != "HEAD" || version != "HTTP/1.1" || !strings.HasPrefix(target, prefix) {
		return r, false
	}
	r.Method = method
	r.Path, r.Query, _ = strings.Cut(target, "?")
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c >= 0x7f || c == '%' || c == '#' {
			return r, false
		}
	}
	var host, ifRange bool
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) || !isText(value) {
			return r, false
		}
		value = strings.Trim(value, " \t")
		var once *string
		switch len(name) { // few fields matter; most are told apart by their length
		case len("Host"):
			if strings.EqualFold(name, "Host") {
				if host || !IsHost(value) {
					return r, false
				}
				host = true
			}
		case len("Range"):
			if strings.EqualFold(name, "Range") {
				once = &r.Range
			}
		case len("Expect"): // as long as "Cookie", which means nothing here
			if strings.EqualFold(name, "Expect") {
				return r, false
			}
		case len("Upgrade"):
			if strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "Trailer") {
				return r, false
			}
		case len("If-Range"):
			ifRange = ifRange || strings.EqualFold(name, "If-Range")
		case len("Connection"):
			if strings.EqualFold(name, "Connection") {
				switch {
				case strings.EqualFold(value, "close"):
					r.close = true
				case !strings.EqualFold(value, "keep-alive"):
					return r, false
				}
			}
		case len("Content-Length"):
			if strings.EqualFold(name, "Content-Length") {
				return r, false
			}
		case len("Accept-Encoding"):
			if strings.EqualFold(name, "Accept-Encoding") {
				once = &r.AcceptEncoding
			}
		case len("Transfer-Encoding"):
			if strings.EqualFold(name, "Transfer-Encoding") {
				return r, false
			}
		}
		if once != nil {
			if *once != "" {
				return r, false
			}
			*once = value
		}
	}
	if ifRange {
		r.Range = ""
	}
	return r, host
}

// headLength is the length of the head at the beginning of b, its empty line included; 0 if it is not all there. from is
// how much of b was looked at before. Lines that end with a bare line feed count too: such a head is not plain, but
// net/http reads it.
func headLength(b []byte, from int) int {
	for i := max(0, from-2); ; i++ {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		i += n
		rest := b[i+1:]
		if len(rest) > 0 && rest[0] == '\r' {
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] == '\n' {
			return len(b) - len(rest) + 1
		}
	}
}

// maxHost is the longest name that DNS has (RFC 1035, section 2.3.4).
const maxHost = 255

// IsHost says whether a text, such as a Host field, is a host and perhaps a port, and nothing that could lead a URL
// elsewhere (RFC 9112, section 3.2). Rare characters that names may have are none.
func IsHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte(".-_:[]", c) >= 0:
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxHost
}

// isToken says whether a field's name is one (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// isText says whether a field's value has no control characters (RFC 9110, section 5.5).
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
