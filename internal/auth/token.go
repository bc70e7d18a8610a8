package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

const (
	tokenSize = 32 // bytes: nobody can guess 256 bits, so that a plain hash protects them
	tokenText = 43 // characters
)

// newToken makes a token.
func newToken() string { return base64.RawURLEncoding.EncodeToString(random(tokenSize)) }

// digest is what the state knows of a token.
type digest [sha256.Size]byte

func (d digest) String() string { return hex.EncodeToString(d[:]) }

// digestOf reads a token; false if it cannot be one.
func digestOf(token string) (digest, bool) {
	if len(token) != tokenText {
		return digest{}, false
	}
	for i := range len(token) {
		switch c := token[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return digest{}, false
		}
	}
	return sha256.Sum256([]byte(token)), true
}
