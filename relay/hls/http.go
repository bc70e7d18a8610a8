package hls

import "net/http"

// ServeHTTP answers requests under Prefix, from memory or by the archive.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		AcceptEncoding: value(r.Header, "Accept-Encoding"),
	}
	if len(r.Header["If-Range"]) == 0 {
		q.Range = value(r.Header, "Range")
	}
	a := s.Answer(r.Context(), &q)
	if a.elsewhere {
		s.archive.ServeHTTP(w, r)
		return
	}
	h := w.Header()
	for _, f := range a.Fields.List() {
		h[f.Name] = f.Values
	}
	if a.ContentLength != nil {
		h["Content-Length"] = a.ContentLength
	}
	if a.ContentRange != nil {
		h["Content-Range"] = a.ContentRange
	}
	w.WriteHeader(a.Status)
	if r.Method == http.MethodHead {
		return
	}
	n, _ := a.Body.WriteTo(w) // fails when the viewer is gone, which is no news
	s.metrics.sent(a.kind, n)
}

// value is a header field whose values are one list (RFC 9110, section 5.3); the usual case allocates nothing.
func value(h http.Header, name string) string {
	v := h[name]
	switch len(v) {
	case 0:
		return ""
	case 1:
		return v[0]
	}
	all := v[0]
	for _, more := range v[1:] {
		all += "," + more
	}
	return all
}
