package httpd

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error is why a request cannot be answered.
type Error struct {
	Status  int           // 400 to 599
	Message string        // safe to show; says what to do next, where there is something to do
	Cause   error         // for the log, never shown; may be nil
	MaxAge  time.Duration // how long caches may keep the answer, in whole seconds; 0 for not at all
}

// Error is for the log: status, message and cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("%d: %s", e.Status, e.Message)
	}
	return fmt.Sprintf("%d: %s: %v", e.Status, e.Message, e.Cause)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// HandlerFunc answers a request, or writes nothing and returns why it cannot: an *Error, or anything else for a 500 whose
// text is not shown.
type HandlerFunc func(http.ResponseWriter, *http.Request) error

// ServeHTTP makes a HandlerFunc an http.Handler.
func (f HandlerFunc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f(w, r); err != nil {
		WriteError(w, err)
	}
}

// problem is the body of an error (RFC 9457, section 3.1), with "about:blank" as its type: the status says it all.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// WriteError answers with err as application/problem+json (RFC 9457) and keeps its cause for the server's log. What was
// said in headers of the answer that is not given (its type, length, coding, validators, caching) is taken back; others,
// such as those of CORS, stay. It does nothing if the answer has begun.
func WriteError(w http.ResponseWriter, err error) {
	answer := &Error{Status: http.StatusInternalServerError, Message: "the node failed to answer; its log says why"}
	if e := (*Error)(nil); errors.As(err, &e) {
		answer = e
	}
	if rec := find(w); rec != nil {
		rec.cause = err
		if rec.status != 0 {
			return
		}
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Range", "Etag", "Last-Modified", "Expires"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if s := int64(answer.MaxAge / time.Second); s > 0 {
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", s))
	}
	w.WriteHeader(answer.Status)
	// Whoever hung up has no use for the rest: the error has nobody to go to.
	_, _ = w.Write(Problem(answer.Status, answer.Message))
}

// Problem is the body of an answer of the type application/problem+json.
func Problem(status int, message string) []byte {
	// A struct of texts and a number can always be written.
	text, _ := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: message})
	return append(text, '\n')
}
