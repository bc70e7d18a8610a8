package hls

import (
	"context"
	"net/http"

	"shoal/internal/httpd"
)

// AnswerDirect makes the server one that httpd asks without net/http. It declines what the archive is to answer.
func (s *Server) AnswerDirect(ctx context.Context, h *httpd.Head, r *httpd.Raw) bool {
	a := s.Answer(ctx, &Request{
		Method: h.Method, Path: h.Path, Query: h.Query, AcceptEncoding: h.AcceptEncoding, Range: h.Range,
	})
	if a.elsewhere {
		return false
	}
	r.Status = a.Status
	r.Fields = a.Fields.Append(r.Fields)
	r.Fields = appendField(r.Fields, "Content-Length", a.ContentLength)
	r.Fields = appendField(r.Fields, "Content-Range", a.ContentRange)
	r.Body = a.Body.Append(r.Body)
	r.Size = a.Body.Len()
	if h.Method == http.MethodGet {
		s.metrics.sent(a.kind, r.Size)
	}
	return true
}

func appendField(dst []byte, name string, values []string) []byte {
	for _, v := range values {
		dst = append(append(append(append(dst, name...), ": "...), v...), "\r\n"...)
	}
	return dst
}
