package catalog

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"strings"

	"github.com/google/uuid"
)

// ErrShortUUID says that a text is not a UUID in the short form.
var ErrShortUUID = errors.New("not a short UUID such as gmm9Yb95Vh3tckPU6ZMY5H")

// alphabet is flickr's base 58, as the npm module short-uuid has it.
const alphabet = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

// shortLength is how many of its characters hold 128 bits.
const shortLength = 22

// ShortUUID is the form of a UUID that stands in links (PeerTube's server/core/helpers/uuid.ts, by the npm module
// short-uuid): 22 characters of base 58, filled up with 1 in front. It is "" for a text that is no UUID.
func ShortUUID(id string) string {
	u, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return ""
	}
	high, low := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	var text [shortLength]byte
	for i := shortLength - 1; i >= 0; i-- {
		var rest uint64
		high, rest = high/58, high%58
		low, rest = bits.Div64(rest, low, 58)
		text[i] = alphabet[rest]
	}
	return string(text[:])
}

// ParseShortUUID gives the UUID, in canonical form, of a short one. ErrShortUUID if the text is none.
func ParseShortUUID(text string) (string, error) {
	if len(text) != shortLength {
		return "", ErrShortUUID
	}
	var high, low uint64
	for _, r := range []byte(text) {
		digit := strings.IndexByte(alphabet, r)
		if digit < 0 {
			return "", ErrShortUUID
		}
		over, newHigh := bits.Mul64(high, 58)
		carry, newLow := bits.Mul64(low, 58)
		var c uint64
		newLow, c = bits.Add64(newLow, uint64(digit), 0)
		carry += c // at most 58
		newHigh, c = bits.Add64(newHigh, carry, 0)
		if over+c > 0 {
			return "", ErrShortUUID // more than 128 bits
		}
		high, low = newHigh, newLow
	}
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], high)
	binary.BigEndian.PutUint64(u[8:], low)
	return u.String(), nil
}
