package web

import (
	"net/http"
	"strings"
)

// policy is the Content-Security-Policy of every answer: nothing that this node did not send itself, nothing inline.
// blob: is the MediaSource that the player hands to its video element. A live that is served by another node too will
// need that node's origin in connect-src and media-src.
var policy = strings.Join([]string{
	"default-src 'self'",
	"media-src 'self' blob:",
	"img-src 'self' data:",
	"object-src 'none'",
	"base-uri 'none'",
	"form-action 'none'",
}, "; ")

// setHeaders sets what is the same for every answer.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

// allowFraming lets any page show this one in a frame. A policy without frame-ancestors does, while "frame-ancestors *"
// would still refuse pages opened from a file.
func allowFraming(h http.Header) { h.Set("Content-Security-Policy", policy) }
