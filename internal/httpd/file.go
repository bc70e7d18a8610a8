package httpd

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// FileRange is a run of bytes of a file, for http.ServeContent: behind a Server the kernel sends it by itself, as it does
// with a whole *os.File. It moves the file's own position, so the file must be nobody else's. It is not safe for
// concurrent use.
type FileRange struct {
	file       *os.File
	from, size int64
	at         int64 // where the next Read begins, from from on; never below 0
}

// NewFileRange makes a FileRange of size bytes from from on, and goes to its start.
func NewFileRange(f *os.File, from, size int64) (*FileRange, error) {
	r := &FileRange{file: f, from: from, size: size}
	_, err := r.Seek(0, io.SeekStart)
	return r, err
}

// Seek implements io.Seeker.
func (r *FileRange) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek in a file's range: %w", os.ErrInvalid)
	}
	if _, err := r.file.Seek(r.from+offset, io.SeekStart); err != nil {
		return 0, fmt.Errorf("seek in a file's range: %w", err)
	}
	r.at = offset
	return offset, nil
}

// Read implements io.Reader. A file that ends too early is an error.
func (r *FileRange) Read(p []byte) (int, error) {
	if left := r.left(); left == 0 {
		return 0, io.EOF
	} else if int64(len(p)) > left {
		p = p[:left]
	}
	n, err := r.file.Read(p)
	r.at += int64(n)
	if errors.Is(err, io.EOF) && r.left() > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (r *FileRange) left() int64 { return max(0, r.size-r.at) }
