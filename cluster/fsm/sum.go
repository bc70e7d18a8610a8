package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"strings"
)

// sum is the sum, modulo 2^256, of the SHA-256 of every row; least significant word first. Rows can come and go in any
// order.
type sum [4]uint64

// add adds a row's hash.
func (s *sum) add(h [sha256.Size]byte) {
	var carry uint64
	for i := range s {
		s[i], carry = bits.Add64(s[i], binary.LittleEndian.Uint64(h[8*i:]), carry)
	}
}

// sub takes a row's hash away.
func (s *sum) sub(h [sha256.Size]byte) {
	var borrow uint64
	for i := range s {
		s[i], borrow = bits.Sub64(s[i], binary.LittleEndian.Uint64(h[8*i:]), borrow)
	}
}

// bytes gives the form in which the sum is kept.
func (s sum) bytes() []byte {
	b := make([]byte, 0, sha256.Size)
	for _, w := range s {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// parseSum reads what bytes has made.
func parseSum(b []byte) (s sum, err error) {
	if len(b) != sha256.Size {
		return s, fmt.Errorf("a sum of %d bytes", len(b))
	}
	s.add([sha256.Size]byte(b))
	return s, nil
}

// point is the state after a log entry, without its rows.
type point struct {
	applied uint64 // index of the last command applied
	time    int64  // the cluster's clock, Unix milliseconds
	sum     sum
}

// hash identifies the state. The index is left out: states are compared at the same one.
func (p point) hash() string {
	b := binary.BigEndian.AppendUint64([]byte("shoal state 1\n"), uint64(p.time))
	h := sha256.Sum256(append(b, p.sum.bytes()...))
	return hex.EncodeToString(h[:])
}

// seal guards the point itself on the disk.
func (p point) seal() []byte {
	b := binary.BigEndian.AppendUint64([]byte("shoal seal 1\n"), p.applied)
	b = binary.BigEndian.AppendUint64(b, uint64(p.time))
	h := sha256.Sum256(append(b, p.sum.bytes()...))
	return h[:]
}

// appendRow appends a row's canonical form: the table's name and its values, each with type and length, so that no two
// rows have the same.
func appendRow(b []byte, table string, values []any) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(table)))
	b = append(b, table...)
	b = binary.AppendUvarint(b, uint64(len(values)))
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
		case float64:
			// A column of reals keeps whole numbers as integers, and the hook shows them as such.
			if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
				b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(int64(v)))
			} else {
				b = binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
			}
		case string:
			// The hook gives texts up to the first NUL.
			v, _, _ = strings.Cut(v, "\x00")
			b = binary.AppendUvarint(append(b, 't'), uint64(len(v)))
			b = append(b, v...)
		case []byte:
			b = binary.AppendUvarint(append(b, 'b'), uint64(len(v)))
			b = append(b, v...)
		default:
			return nil, fmt.Errorf("a row of %s holds a %T", table, v)
		}
	}
	return b, nil
}

// sealed says whether a seal belongs to a point.
func (p point) sealed(seal []byte) bool { return bytes.Equal(seal, p.seal()) }
