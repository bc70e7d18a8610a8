package httpd

import (
	"context"
	"net"
)

// Direct answers requests for what most requests are for (the playlists and parts of lives) without net/http, whose
// general machinery costs about as much again as the kernel's work on the same request.
//
// The front of a Server reads each request's head. A plain GET or HEAD under Options.DirectPrefix is answered here; with
// any other request, or anything unusual in a head, the connection goes to net/http for good, with every byte that was
// read. So nothing is parsed twice in two ways, and no rule of HTTP is bent: what is not understood here is not answered
// here.
type Direct interface {
	// AnswerDirect answers a request into r. It may hold it, in the connection's own goroutine; nobody tells it that
	// the client is gone meanwhile, so it must not hold for long. It returns false to decline: what it wrote into r is
	// dropped then, and net/http gets the connection with the request as it came.
	AnswerDirect(ctx context.Context, h *Head, r *Raw) bool
}

// Head is what a Direct sees of a request. Path is as it came, and needs no decoding: one with a "%" is not plain.
type Head struct {
	Method         string // GET or HEAD
	Path           string
	Query          string
	AcceptEncoding string
	Range          string // empty where the request has an If-Range
}

// Raw is an answer in the form in which it is sent.
type Raw struct {
	Status int
	// Fields are header lines, each with its CRLF, Content-Length among them. Date, Connection and nosniff are added
	// by the Server.
	Fields []byte
	// Body has the pieces of the content, in order; for HEAD as for GET. They are not changed.
	Body net.Buffers
	// Size is the length of Body in bytes.
	Size int64
}
