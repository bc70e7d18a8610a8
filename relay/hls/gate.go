package hls

import (
	"net/http"
	"strings"

	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// Gate says who may have the media of a live or a video. It is asked for every request, so it must answer from memory.
type Gate interface {
	// Admit judges a request by its query, as it came.
	Admit(id media.LiveID, query string) Verdict
}

// Verdict is what a Gate says.
type Verdict uint8

// The verdicts.
const (
	Open      Verdict = iota // everybody may have it; all get the same bytes, and caches may keep them
	Token                    // whoever asks shows a token (m3u8.TokenKey) that admits him
	Forbidden                // it is not public, and there is no token, or none that is good
	Unknown                  // there is no such live or video
)

// TokenOf is the token in a query, as it came; "" if there is none that can stand in a playlist.
func TokenOf(query string) string {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if value, ok := strings.CutPrefix(pair, m3u8.TokenKey+"="); ok {
			if !m3u8.IsToken(value) {
				return ""
			}
			return value
		}
	}
	return ""
}

// admit asks the gate. The token is that which admits; the refusal is nil if the request may go on.
func (s *Server) admit(id media.LiveID, query string) (token string, refused *refusal) {
	switch s.gate.Admit(id, query) {
	case Open:
		return "", nil
	case Unknown:
		return "", noLive
	case Token:
		if token = TokenOf(query); token != "" {
			return token, nil
		}
	}
	return "", notPublic
}

// NotPublic is what somebody is told who asks for media that is not public.
const NotPublic = "this video is not public: watch it on its page, or ask for its addresses again (each carries a " +
	m3u8.TokenKey + " that is good for some hours)"

var notPublic = newProblem(http.StatusForbidden, NotPublic)
