package amf0

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// The limits of Decode. What real encoders send stays far below: `connect` has about ten values of depth 1,
// onMetaData about forty of depth 2.
const (
	MaxDepth    = 8    // of objects and arrays in each other
	MaxElements = 1024 // of a strict array
	MaxValues   = 4096 // in all that is decoded at once, names of properties not counted
)

// Reasons for Decode to refuse bytes. MarkerError is another one.
var (
	ErrShort  = errors.New("AMF0 value ends early")
	ErrDepth  = fmt.Errorf("AMF0 values are nested deeper than %d", MaxDepth)
	ErrSize   = fmt.Errorf("AMF0 array has more than %d elements or message more than %d values", MaxElements, MaxValues)
	ErrObject = errors.New("AMF0 object does not end with an object-end marker")
)

// MarkerError says that a value has a marker that the package does not read.
type MarkerError byte

func (e MarkerError) Error() string {
	return fmt.Sprintf("AMF0 value has marker 0x%02x, which is not supported", byte(e))
}

// Decode reads all values of b. Numbers become float64, strings (long ones too) string with invalid UTF-8 replaced,
// booleans bool, null, undefined and "unsupported" nil; the others Object, Array and Date. Nothing of b is kept. The
// error is ErrShort, ErrDepth, ErrSize, ErrObject or a MarkerError.
func Decode(b []byte) ([]any, error) {
	d := decoder{rest: b}
	var values []any
	for len(d.rest) > 0 {
		v, err := d.value(0)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// decoder reads values off the front of rest.
type decoder struct {
	rest  []byte
	count int // values so far
}

func (d *decoder) take(n int) ([]byte, error) {
	if len(d.rest) < n {
		return nil, ErrShort
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b, nil
}

func (d *decoder) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, ErrDepth
	}
	if d.count++; d.count > MaxValues {
		return nil, ErrSize
	}
	m, err := d.take(1)
	if err != nil {
		return nil, err
	}
	switch m[0] {
	case markerNumber:
		return d.number()
	case markerBoolean:
		b, err := d.take(1)
		if err != nil {
			return nil, err
		}
		return b[0] != 0, nil
	case markerString:
		return d.text(2)
	case markerLongString:
		return d.text(4)
	case markerNull, markerUndefined, markerUnsupported:
		return nil, nil
	case markerObject:
		return d.object(depth)
	case markerECMAArray:
		if _, err := d.take(4); err != nil { // a hint of the count; the end marker decides
			return nil, err
		}
		return d.object(depth)
	case markerStrictArray:
		return d.array(depth)
	case markerDate:
		n, err := d.number()
		if err != nil {
			return nil, err
		}
		if _, err := d.take(2); err != nil {
			return nil, err
		}
		return Date(n), nil
	}
	return nil, MarkerError(m[0])
}

func (d *decoder) number() (float64, error) {
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

// text reads a string with a length of 2 or 4 bytes.
func (d *decoder) text(size int) (string, error) {
	h, err := d.take(size)
	if err != nil {
		return "", err
	}
	var n uint32
	if size == 2 {
		n = uint32(binary.BigEndian.Uint16(h))
	} else {
		n = binary.BigEndian.Uint32(h)
	}
	if uint64(n) > uint64(len(d.rest)) {
		return "", ErrShort
	}
	b, err := d.take(int(n))
	if err != nil {
		return "", err
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), nil
}

func (d *decoder) object(depth int) (Object, error) {
	o := Object{}
	for {
		name, err := d.text(2)
		if err != nil {
			return nil, err
		}
		if name == "" {
			end, err := d.take(1)
			if err != nil {
				return nil, err
			}
			if end[0] != markerObjectEnd {
				return nil, ErrObject
			}
			return o, nil
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o = append(o, Member{name, v})
	}
}

func (d *decoder) array(depth int) (Array, error) {
	h, err := d.take(4)
	if err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(h)
	if n > MaxElements {
		return nil, ErrSize
	}
	a := Array{}
	for range n { // grows as elements arrive: the count is only a claim
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	return a, nil
}
