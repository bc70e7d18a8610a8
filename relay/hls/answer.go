package hls

import (
	"io"
	"net/http"
	"strconv"

	"shoal/internal/media"
)

// Answer is what a Request gets. What it points to is shared and immutable.
type Answer struct {
	Status int
	Fields *Fields
	// ContentLength is the value of the field: the length of Body. Nil for an answer without content (204).
	ContentLength []string
	// ContentRange is the value of the field for parts of a file; nil where there is none.
	ContentRange []string
	// Body is what a GET gets; a HEAD gets none of it.
	Body Body

	kind      kind
	gone      bool // nobody is there any more to take it
	elsewhere bool // a refusal, but the archive may have what was asked for
}

// Body is the content of an answer: bytes in one piece, or a run of parts.
type Body struct {
	piece    []byte
	parts    []*media.Part
	from, to int64 // which bytes of them
}

func pieceBody(b []byte) Body { return Body{piece: b, to: int64(len(b))} }

func partsBody(parts []*media.Part) Body {
	b := Body{parts: parts}
	for _, p := range parts {
		b.to += int64(p.Size)
	}
	return b
}

// Len is the length in bytes.
func (b *Body) Len() int64 { return b.to - b.from }

// Append appends the body's pieces, for a vectored write.
func (b *Body) Append(dst [][]byte) [][]byte {
	at := int64(0)
	add := func(piece []byte) {
		from, to := max(b.from-at, 0), min(b.to-at, int64(len(piece)))
		at += int64(len(piece))
		if from < to {
			dst = append(dst, piece[from:to])
		}
	}
	if b.parts == nil {
		add(b.piece)
	}
	for _, p := range b.parts {
		for _, c := range p.Chunks {
			add(c.Data)
		}
	}
	return dst
}

// WriteTo writes the body, chunk by chunk.
func (b *Body) WriteTo(w io.Writer) (n int64, err error) {
	var few [16][]byte // a part has some eight chunks, of audio alone some thirteen
	for _, piece := range b.Append(few[:0]) {
		m, err := w.Write(piece)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// mediaAnswer answers with a file, or with the range of it that was asked for.
func mediaAnswer(t *target, f *mediaFields, b Body) Answer {
	a := Answer{Status: http.StatusOK, Fields: f.of(t.token), Body: b, kind: t.kind}
	if t.ranges != "" {
		switch from, to, found := parseRange(t.ranges, b.Len()); found {
		case rangeGood:
			a.Status = http.StatusPartialContent
			a.ContentRange = []string{"bytes " + decimal(from) + "-" + decimal(to-1) + "/" + decimal(b.Len())}
			a.Body.from, a.Body.to = from, to
		case rangeBad:
			r := outOfRange.answer(t.kind)
			r.ContentRange = []string{"bytes */" + decimal(b.Len())}
			return r
		}
	}
	a.ContentLength = []string{decimal(a.Body.Len())}
	return a
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
