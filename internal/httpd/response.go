package httpd

import (
	"io"
	"math"
	"net/http"
	"os"
	"time"
)

// piece is how much is written under one deadline: a reader needs piece/WriteTimeout, some 9 kB/s, to be kept.
const piece = 256 << 10

// response is a http.ResponseWriter that remembers what it answered and moves the connection's write deadline along: a
// server-wide WriteTimeout would count the time that a request is held, and cut off whoever waits for a part.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration

	// state, of the goroutine that answers
	status int       // 0 until the answer begins
	bytes  int64     // of the body, before transfer coding
	armed  time.Time // when the write deadline was last set
	cause  error     // given to WriteError
}

// find looks for the response under what other middleware may have wrapped around it; nil if there is none.
func find(w http.ResponseWriter) *response {
	for {
		switch t := w.(type) {
		case *response:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
}

// WriteHeader begins the answer; a second time, it does nothing.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	w.arm()
	w.ResponseWriter.WriteHeader(status)
}

// Write gives the reader timeout for each 256 KiB.
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	var done int
	for {
		next := p[done:min(len(p), done+piece)]
		w.arm()
		n, err := w.ResponseWriter.Write(next)
		done += n
		w.bytes += int64(n)
		if err != nil || done == len(p) {
			return done, err
		}
	}
}

// ReadFrom lets the kernel send an *os.File or a FileRange by itself (sendfile), where net/http can; the reader has
// timeout for each 256 KiB, as with Write.
func (w *response) ReadFrom(r io.Reader) (done int64, err error) {
	limit, ok := r.(*io.LimitedReader) // io.CopyN makes one
	if !ok {
		limit = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	var file *os.File
	part, ok := limit.R.(*FileRange)
	left := limit.N
	if ok {
		file, left = part.file, min(left, part.left())
	} else {
		file, _ = limit.R.(*os.File)
	}
	to, ok := w.ResponseWriter.(io.ReaderFrom)
	if file == nil || !ok {
		// What comes slowly must not run into the deadline of what goes slowly, so it is copied; and HTTP/2 knows no
		// other way.
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	for done < left {
		next := &io.LimitedReader{R: file, N: min(piece, left-done)} // a limit around a limit would hide the file
		want := next.N
		w.arm()
		n, err := to.ReadFrom(next)
		done += n
		limit.N -= n
		w.bytes += n
		if part != nil {
			part.at += n
		}
		if err != nil || n < want { // a short one is the end of the file
			return done, err
		}
	}
	return done, nil
}

// FlushError sends what is buffered; http.ResponseController calls it.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.arm()
	return w.control.Flush()
}

// Flush makes the response an http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// arm gives what is written next timeout to leave, less at most an eighth: setting a deadline costs a lock, and is not
// done for each of many small writes. A writer that knows no deadline (in tests) goes without.
func (w *response) arm() {
	now := time.Now()
	if now.Sub(w.armed) < w.timeout/8 {
		return
	}
	w.armed = now
	_ = w.control.SetWriteDeadline(now.Add(w.timeout))
}
