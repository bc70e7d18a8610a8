package rest

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shoal/federation/rest/schema"
)

// slack is for what stands around the values of a form.
const slack = 64 << 10

// maxParts bounds the parts of a multipart body.
const maxParts = 200

// readQuery fills q from the request's query.
func (c *call) readQuery(q any) error {
	if c.op.query == nil {
		return nil
	}
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, "The query cannot be read.")
	}
	tree, err := schema.FromValues(values)
	if err == nil {
		err = schema.Decode(tree, q, schema.Mode{Lenient: true, Form: true})
	}
	return misread(err, "query")
}

// misread makes a fault of a schema's error.
func misread(err error, where string) error {
	var m schema.Mistakes
	if errors.As(err, &m) {
		return mistaken(m, where)
	}
	return err
}

// readBody fills b from the request's body. done is to be called when b is of no use any more.
func (c *call) readBody(b any) (done func(), err error) {
	done = func() {}
	if c.op.body == nil {
		return done, nil
	}
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil && c.r.ContentLength != 0 {
		return done, c.wrongType()
	}
	limit := c.op.maxText()
	if c.op.images {
		limit += 2 * maxImage
	}
	// The server bounds bodies, too; what is passed over unread counts here.
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, limit+slack)
	if c.op.images && kind != typeJSON {
		if done, err = c.api.images.take(c.r.Context(), c.who().ID); err != nil {
			return done, err
		}
		c.readWithin(pictureTime)
	}
	err = c.decodeBody(kind, params["boundary"], b)
	if err != nil {
		done()
		return func() {}, misread(err, "body")
	}
	if c.op.images && kind != typeJSON {
		c.readWithin(restTime)
	}
	return done, nil
}

const (
	// pictureTime is what a body may take to come once it has a place among those with pictures: 8 MB at 8 Mbit/s.
	pictureTime = 8 * time.Second
	// restTime is what the rest of the call may take: net/http goes on reading, to see whether the client hangs up.
	restTime = 30 * time.Second
)

// readWithin sets how long reading from the client may take from now on.
func (c *call) readWithin(d time.Duration) {
	// Where the connection has no deadlines, the server's own must do.
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(d))
}

func (c *call) wrongType() error {
	return refuse(http.StatusUnsupportedMediaType, "The body must be of the type %s.", strings.Join(c.op.bodyTypes, " or "))
}

func (c *call) decodeBody(kind, boundary string, b any) error {
	if picture, ok := b.(*imageBody); ok {
		if kind != typeJPEG && kind != typePNG {
			return c.wrongType()
		}
		data, err := readAtMost(c.r.Body, maxImage)
		*picture = data
		return err
	}
	mode := schema.Mode{Strict: c.op.own, Lenient: !c.op.own}
	var tree any
	var err error
	switch {
	case c.r.ContentLength == 0 && kind == "":
		tree = map[string]any{}
	case kind == typeJSON:
		var data []byte
		if data, err = readAtMost(c.r.Body, c.op.maxText()); err == nil {
			tree, err = schema.FromJSON(data)
		}
	case c.op.own:
		return c.wrongType()
	case kind == typeForm:
		mode.Form = true
		tree, err = readForm(c.r.Body, c.op.maxText())
	case kind == typeMultipart && boundary != "":
		mode.Form = true
		tree, err = readMultipart(multipart.NewReader(c.r.Body, boundary), c.op.maxText(), c.op.images)
	default:
		return c.wrongType()
	}
	if err != nil {
		return err
	}
	return schema.Decode(tree, b, mode)
}

// readAtMost reads all of a body; an error if it is longer than limit.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, unread(err)
	}
	if int64(len(data)) > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	return data, nil
}

// unread makes a fault of a body that did not come whole. That it is too large for the server says its own error.
func unread(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return err
	}
	return &fault{status: http.StatusBadRequest, detail: "The body did not come whole.", cause: err}
}

func readForm(r io.Reader, limit int64) (any, error) {
	data, err := readAtMost(r, limit)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(data))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The form cannot be read.")
	}
	return schema.FromValues(values)
}

// readMultipart reads a multipart form, limit bytes of text at most. Files are kept where the call takes pictures, and passed over elsewhere.
func readMultipart(r *multipart.Reader, limit int64, images bool) (any, error) {
	values := url.Values{}
	files := map[string]*schema.File{}
	var text int64
	for n := 0; ; n++ {
		part, err := r.NextRawPart()
		if err == io.EOF { //nolint:errorlint // bare at the last boundary; wrapped where a body ends before it
			break
		}
		if err != nil {
			return nil, unread(err)
		}
		if n == maxParts {
			return nil, refuse(http.StatusBadRequest, "The form has more than %d parts.", maxParts)
		}
		name := part.FormName()
		if name == "" {
			return nil, refuse(http.StatusBadRequest, "A part of the form has no name.")
		}
		if part.FileName() == "" {
			data, err := readAtMost(part, limit-text)
			if err != nil {
				return nil, err
			}
			text += int64(len(data))
			values.Add(name, string(data))
			continue
		}
		if !images || name != "thumbnailfile" && name != "previewfile" {
			if _, err := io.Copy(io.Discard, io.LimitReader(part, maxImage)); err != nil {
				return nil, unread(err)
			}
			continue
		}
		data, err := readAtMost(part, maxImage)
		if err != nil {
			return nil, err
		}
		files[name] = &schema.File{Name: part.FileName(), Type: part.Header.Get("Content-Type"), Data: data}
	}
	tree, err := schema.FromValues(values)
	if err != nil {
		return nil, err
	}
	for name, f := range files {
		tree.(map[string]any)[name] = f
	}
	return tree, nil
}
