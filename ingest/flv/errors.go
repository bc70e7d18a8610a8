package flv

import (
	"errors"
	"fmt"

	"shoal/internal/media"
)

// ErrMalformed says that a tag does not follow the specification. It is wrapped with what was wrong. One such tag can
// be left out; the next may be right.
var ErrMalformed = errors.New("the FLV tag is malformed")

// ErrNoParameters says that media came before the parameters that are needed to decode it. The tag can be left out.
var ErrNoParameters = errors.New("media came before its decoder parameters")

// UnsupportedError says that an encoder sends a codec, or a form of one, that Shoal does not take. It will not get
// better: whoever receives it closes the encoder.
type UnsupportedError struct {
	Kind  media.Kind
	Codec string // for people: "H.265", "MP3"
}

func (e *UnsupportedError) Error() string {
	want := "H.264"
	if e.Kind == media.Audio {
		want = "AAC"
	}
	return fmt.Sprintf("the encoder sends %s as %s, which is not supported: set it to %s", e.Kind, e.Codec, want)
}

// ParametersError says that the decoder parameters of an encoder cannot be used. It wraps the error of internal/codec.
type ParametersError struct {
	Kind media.Kind
	Err  error
}

func (e *ParametersError) Error() string {
	return fmt.Sprintf("the %s parameters of the encoder cannot be used: %v", e.Kind, e.Err)
}

// Unwrap returns the error of internal/codec.
func (e *ParametersError) Unwrap() error { return e.Err }

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }
