package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"shoal/internal/catalog"
)

const (
	// mediaStep is what the end of a token's life is rounded up to. Viewers who come within it get the same token, and so the
	// same playlists: a node writes each only once.
	mediaStep = 5 * time.Minute
	maxMedia  = 7 * 24 * time.Hour
	// A token is when it expires (Unix seconds, 5 bytes) and the first half of an HMAC-SHA256, as much as RFC 2104, section 5,
	// asks for.
	expirySize, macSize = 5, 16
)

// MediaToken makes what opens the media of a video to whoever has it: the caller has looked whether they may. A ttl of 0 is
// the configured one. It is good until expires, unless who may see the video changes before.
func (a *Auth) MediaToken(ctx context.Context, v *catalog.Video, ttl time.Duration) (token string, expires time.Time, err error) {
	secret, err := a.mediaSecret(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	if ttl <= 0 {
		ttl = a.cfg.Media
	}
	step := int64(mediaStep / time.Second)
	end := (a.now().Add(min(ttl, maxMedia)).Unix() + step - 1) / step * step
	b := binary.BigEndian.AppendUint64(nil, uint64(end))[8-expirySize:]
	b = append(b, mediaMAC(secret, v, end)...)
	return base64.RawURLEncoding.EncodeToString(b), time.Unix(end, 0).UTC(), nil
}

// CheckMediaToken says whether a token opens a video's media: nil or ErrMediaToken, or what the catalog says.
func (a *Auth) CheckMediaToken(ctx context.Context, v *catalog.Video, token string) error {
	expires, mac, ok := parseMediaToken(token)
	if !ok || expires <= a.now().Unix() {
		return ErrMediaToken
	}
	secret, err := a.mediaSecret(ctx)
	if err != nil {
		return err
	}
	if !hmac.Equal(mac[:], mediaMAC(secret, v, expires)) {
		return ErrMediaToken
	}
	return nil
}

// MediaTokenExpiry says until when a token is good, if it is one: that CheckMediaToken has to say. false if it does not look
// like one.
func MediaTokenExpiry(token string) (time.Time, bool) {
	expires, _, ok := parseMediaToken(token)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(expires, 0).UTC(), true
}

// parseMediaToken takes a token apart. A token has one form only.
func parseMediaToken(token string) (expires int64, mac [macSize]byte, ok bool) {
	var b [expirySize + macSize]byte // 28 characters, without a bit to spare
	if len(token) != base64.RawURLEncoding.EncodedLen(len(b)) {
		return 0, mac, false
	}
	for i := range len(token) { // which the decoder would skip
		if token[i] == '\r' || token[i] == '\n' {
			return 0, mac, false
		}
	}
	if n, err := base64.RawURLEncoding.Decode(b[:], []byte(token)); err != nil || n != len(b) {
		return 0, mac, false
	}
	var end [8]byte
	copy(end[8-expirySize:], b[:expirySize])
	copy(mac[:], b[expirySize:])
	return int64(binary.BigEndian.Uint64(end[:])), mac, true
}

// mediaMAC says that a video, as it is seen now, may be had until a time.
func mediaMAC(secret []byte, v *catalog.Video, expires int64) []byte {
	h := hmac.New(sha256.New, secret)
	b := make([]byte, 0, 64)
	b = append(b, v.UUID...) // 36 bytes, always
	b = binary.BigEndian.AppendUint64(b, uint64(v.Access))
	b = binary.BigEndian.AppendUint64(b, uint64(expires))
	h.Write(b)
	return h.Sum(nil)[:macSize]
}

// mediaSecret is the same on all nodes.
func (a *Auth) mediaSecret(ctx context.Context) ([]byte, error) {
	if s := a.media.Load(); s != nil {
		return *s, nil
	}
	text, err := a.cat.Secret(ctx, "media.token", newToken)
	if err != nil {
		return nil, fmt.Errorf("look for the secret of media tokens: %w", err)
	}
	secret := []byte(text)
	a.media.Store(&secret)
	return secret, nil
}
