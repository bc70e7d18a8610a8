package hls

import (
	"net/http"
	"strconv"

	"shoal/internal/httpd"
)

// refusal is an answer that gives nothing but a reason. Its text is safe to show and says what to do.
type refusal struct {
	status int
	fields *Fields
	length []string
	body   []byte
}

func newRefusal(status int, text string, pairs ...string) *refusal {
	pairs = append([]string{"Content-Type", "text/plain; charset=utf-8", "Cache-Control", briefly}, pairs...)
	return bodyRefusal(status, []byte(text+"\n"), pairs)
}

// newProblem makes a refusal that nobody may keep and that programs can read (RFC 9457).
func newProblem(status int, text string) *refusal {
	pairs := []string{"Content-Type", "application/problem+json", "Cache-Control", private}
	return bodyRefusal(status, httpd.Problem(status, text), pairs)
}

func bodyRefusal(status int, body []byte, pairs []string) *refusal {
	return &refusal{status, newFields(pairs...), []string{strconv.Itoa(len(body))}, body}
}

func (r *refusal) answer(k kind) Answer {
	return Answer{Status: r.status, Fields: r.fields, ContentLength: r.length, Body: pieceBody(r.body), kind: k}
}

var (
	badMethod = newRefusal(http.StatusMethodNotAllowed, "A live is only read: use GET, HEAD or OPTIONS.", "Allow", methods)

	noFile       = newRefusal(http.StatusNotFound, "There is no such file in a live: start from its master.m3u8.")
	noLive       = newRefusal(http.StatusNotFound, "No live with this address is on air here: look for it on the instance's pages.")
	nothingYet   = newRefusal(http.StatusNotFound, "The live has nothing to show yet: ask again in a second.")
	notHere      = newRefusal(http.StatusNotFound, "The live does not have this file, or no longer, or another came in its place: reload the playlist.")
	badNumber    = newRefusal(http.StatusBadRequest, "_HLS_msn and _HLS_part are whole numbers from 0 on.")
	partAlone    = newRefusal(http.StatusBadRequest, "_HLS_part needs _HLS_msn beside it.")
	tooFarAhead  = newRefusal(http.StatusBadRequest, "_HLS_msn is more than two segments ahead of the live: reload the playlist without it.")
	outOfRange   = newRefusal(http.StatusRequestedRangeNotSatisfiable, "The file does not have this range of bytes: ask for less.", "Accept-Ranges", "bytes")
	overdue      = newRefusal(http.StatusServiceUnavailable, "Nothing new came for six seconds, the live is interrupted: ask again.", "Retry-After", "1")
	tooManyHeld  = newRefusal(http.StatusServiceUnavailable, "Too many requests wait for the live here: ask again in a second, or ask another node.", "Retry-After", "1")
	nodeStops    = newRefusal(http.StatusServiceUnavailable, "The node is stopping: ask again in a second, or ask another node.", "Retry-After", "1")
	preflightAll = Answer{Status: http.StatusNoContent, Fields: preflightFields, kind: otherKind}
)
