// Package amf0 owns the Action Message Format 0 that the encoder's RTMP commands and FLV script data are written in.
//
// It starts no goroutine and does no I/O. It never keeps what it was given: decoded strings are copies. It reads and
// writes the types that encoders and servers use (Action Message Format 0, sections 2.2 to 2.10); references, typed
// objects, XML and dates are errors.
package amf0

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrSyntax says that bytes are not AMF0, or not the part of it that this package knows.
var ErrSyntax = errors.New("not AMF0")

// Property is one entry of an object.
type Property struct {
	Key   string
	Value any
}

// Object is an anonymous object. The order of its entries is kept.
type Object []Property

// Array is an ECMA array: an object with a count, which receivers ignore.
type Array []Property

// List is a strict array.
type List []any

// Get returns the value of a key, nil if there is none.
func (o Object) Get(key string) any { return get(o, key) }

// Get returns the value of a key, nil if there is none.
func (a Array) Get(key string) any { return get(a, key) }

func get(props []Property, key string) any {
	for _, p := range props {
		if p.Key == key {
			return p.Value
		}
	}
	return nil
}

// The type markers (section 2.1).
const (
	markNumber     = 0x00
	markBoolean    = 0x01
	markString     = 0x02
	markObject     = 0x03
	markNull       = 0x05
	markUndefined  = 0x06
	markArray      = 0x08
	markObjectEnd  = 0x09
	markList       = 0x0a
	markLongString = 0x0c
)

// maxDepth bounds the recursion of Decode; what encoders and servers send has two levels.
const maxDepth = 8

// Append appends values to b. It knows float64, bool, string, nil, Object, Array and List; another type is a mistake of
// the program and panics.
func Append(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b = append(b, markNull)
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, markNumber), math.Float64bits(v))
		case bool:
			b = append(b, markBoolean, 0)
			if v {
				b[len(b)-1] = 1
			}
		case string:
			if len(v) > math.MaxUint16 {
				b = binary.BigEndian.AppendUint32(append(b, markLongString), uint32(len(v)))
			} else {
				b = binary.BigEndian.AppendUint16(append(b, markString), uint16(len(v)))
			}
			b = append(b, v...)
		case Object:
			b = appendProperties(append(b, markObject), v)
		case Array:
			b = binary.BigEndian.AppendUint32(append(b, markArray), uint32(len(v)))
			b = appendProperties(b, v)
		case List:
			b = binary.BigEndian.AppendUint32(append(b, markList), uint32(len(v)))
			b = Append(b, v...)
		default:
			panic(fmt.Sprintf("amf0: cannot write a %T", v))
		}
	}
	return b
}

func appendProperties(b []byte, props []Property) []byte {
	for _, p := range props {
		key := p.Key[:min(len(p.Key), math.MaxUint16)]
		b = binary.BigEndian.AppendUint16(b, uint16(len(key)))
		b = append(b, key...)
		b = Append(b, p.Value)
	}
	return append(b, 0, 0, markObjectEnd)
}

// Decode reads all values in b: float64, bool, string, nil (null and undefined), Object, Array or List. It returns what
// it could read with an error that wraps ErrSyntax where the bytes are not AMF0 or nested more than 8 levels deep. What
// it allocates is bounded by the length of b.
func Decode(b []byte) ([]any, error) {
	d := decoder{b: b}
	var out []any
	for len(d.b) > 0 {
		v, err := d.value(0)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}

// decoder holds what is still to be read.
type decoder struct{ b []byte }

func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.b) {
		return nil, fmt.Errorf("%w: %d bytes wanted, %d left", ErrSyntax, n, len(d.b))
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b, nil
}

func (d *decoder) uint(size int) (n uint64, err error) {
	b, err := d.take(size)
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, err
}

func (d *decoder) text(size int) (string, error) {
	n, err := d.uint(size)
	if err != nil {
		return "", err
	}
	b, err := d.take(int(n))
	return string(b), err
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: more than %d levels", ErrSyntax, maxDepth)
	}
	marker, err := d.uint(1)
	if err != nil {
		return nil, err
	}
	switch marker {
	case markNumber:
		n, err := d.uint(8)
		return math.Float64frombits(n), err
	case markBoolean:
		n, err := d.uint(1)
		return n != 0, err
	case markString:
		return d.text(2)
	case markLongString:
		return d.text(4)
	case markNull, markUndefined:
		return nil, nil
	case markObject:
		p, err := d.properties(depth)
		return Object(p), err
	case markArray:
		if _, err := d.uint(4); err != nil {
			return nil, err
		}
		p, err := d.properties(depth)
		return Array(p), err
	case markList:
		return d.list(depth)
	}
	return nil, fmt.Errorf("%w: type %#02x", ErrSyntax, marker)
}

func (d *decoder) properties(depth int) ([]Property, error) {
	var out []Property
	for {
		key, err := d.text(2)
		if err != nil {
			return out, err
		}
		if key == "" && len(d.b) > 0 && d.b[0] == markObjectEnd {
			d.b = d.b[1:]
			return out, nil
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return out, err
		}
		out = append(out, Property{Key: key, Value: v})
	}
}

// list grows with what it reads: the count comes from outside.
func (d *decoder) list(depth int) (List, error) {
	n, err := d.uint(4)
	if err != nil {
		return nil, err
	}
	var out List
	for range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}
