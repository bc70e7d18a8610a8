package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// What a hash costs: OWASP's second choice for argon2id (Password Storage Cheat Sheet), which a Raspberry Pi computes in some
// 0.2 s, with the memory of two frames of 4K video.
var cost = params{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltSize, sumSize = 16, 32
	// maxPassword bounds what is hashed, in bytes.
	maxPassword = 1024
	// Of PeerTube's users (server/core/initializers/constants.ts, CONSTRAINTS_FIELDS.USERS), in characters.
	minUserPassword, maxUserPassword = 6, 255
	// maxPHC bounds the text of a hash.
	maxPHC = 256
)

// params are the parameters of argon2id (RFC 9106, section 3.1).
type params struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8  // lanes
}

// phc is a hash in the PHC string format: $argon2id$v=19$m=19456,t=2,p=1$<salt>$<sum>.
type phc struct {
	params
	salt, sum []byte
}

var base64PHC = base64.RawStdEncoding.Strict()

// parsePHC reads a hash, but none that would cost more than eight of ours.
func parsePHC(s string) (h phc, ok bool) {
	if len(s) > maxPHC {
		return phc{}, false
	}
	field := strings.Split(s, "$")
	if len(field) != 6 || field[0] != "" || field[1] != "argon2id" || field[2] != "v=19" {
		return phc{}, false
	}
	cost := strings.Split(field[3], ",")
	if len(cost) != 3 {
		return phc{}, false
	}
	memory, okM := number(cost[0], "m=", 64*1024)
	time, okT := number(cost[1], "t=", 8)
	threads, okP := number(cost[2], "p=", 4)
	if !okM || !okT || !okP || memory < 8*threads {
		return phc{}, false
	}
	h.params = params{memory, time, uint8(threads)}
	var err error
	if h.salt, err = base64PHC.DecodeString(field[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return phc{}, false
	}
	if h.sum, err = base64PHC.DecodeString(field[5]); err != nil || len(h.sum) < 16 || len(h.sum) > 64 {
		return phc{}, false
	}
	// One hash has one text: no signs, leading zeros or line breaks.
	return h, h.String() == s
}

// number reads a number from 1 on behind its name.
func number(s, name string, most uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n >= 1 && n <= uint64(most)
}

// String is the PHC string format.
func (h phc) String() string {
	return "$argon2id$v=" + strconv.Itoa(argon2.Version) +
		"$m=" + strconv.Itoa(int(h.memory)) + ",t=" + strconv.Itoa(int(h.time)) + ",p=" + strconv.Itoa(int(h.threads)) +
		"$" + base64PHC.EncodeToString(h.salt) + "$" + base64PHC.EncodeToString(h.sum)
}

// compute hashes a password with a salt.
func (p params) compute(password string, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, uint32(size))
}

// is compares in a time that does not depend on where the sums differ.
func (h phc) is(sum []byte) bool { return subtle.ConstantTimeCompare(h.sum, sum) == 1 }

// random gives bytes that nobody can guess.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// CheckPassword says whether a user may have a password: ErrPassword if not.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < minUserPassword || n > maxUserPassword || !utf8.ValidString(password) {
		return ErrPassword
	}
	return nil
}
