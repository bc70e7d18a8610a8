// Package amf0 owns the Action Message Format, version 0, as RTMP commands and FLV script tags use it: a decoder with
// hard limits for bytes of strangers, and an encoder for the few values that we say ourselves.
//
// Source: Adobe, "Action Message Format -- AMF 0" (2007). The package is pure: it starts no goroutine and does no I/O.
// It never keeps a reference to what it decoded from, and what it hands out never needs more memory than a small
// multiple of the bytes that were given.
package amf0

// The markers of section 2.1 of the specification that the package reads. All others are refused: movie clip and
// record set are reserved, and no encoder sends references, XML documents or typed objects.
const (
	markerNumber      = 0x00
	markerBoolean     = 0x01
	markerString      = 0x02
	markerObject      = 0x03
	markerNull        = 0x05
	markerUndefined   = 0x06
	markerECMAArray   = 0x08
	markerObjectEnd   = 0x09
	markerStrictArray = 0x0a
	markerDate        = 0x0b
	markerLongString  = 0x0c
	markerUnsupported = 0x0d
)

// Object is an anonymous object (section 2.5) or, decoded, an ECMA array (section 2.10), in the order of the wire.
type Object []Member

// ECMAArray is an object that is written as an ECMA array: the form in which encoders send onMetaData.
type ECMAArray Object

// Member is one property of an Object.
type Member struct {
	Name  string
	Value any
}

// Array is a strict array (section 2.12).
type Array []any

// Date is a point in time in milliseconds since 1970 (section 2.13); the time zone of the wire is not used.
type Date float64

// Get returns the value of a property, nil if the object has none of that name. Of several the last one counts.
func (o Object) Get(name string) any {
	for n := len(o) - 1; n >= 0; n-- {
		if o[n].Name == name {
			return o[n].Value
		}
	}
	return nil
}

// String returns the value of a property that is a string, "" if there is no such property or it is something else.
func (o Object) String(name string) string {
	s, _ := o.Get(name).(string)
	return s
}
