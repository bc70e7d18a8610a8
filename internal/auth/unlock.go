package auth

import (
	"context"
	"fmt"
	"net/netip"

	"shoal/internal/catalog"
)

// Unlock says whether a password is one of a video's: nil, ErrVideoPassword or *ErrThrottled.
func (a *Auth) Unlock(ctx context.Context, v *catalog.Video, password string, from netip.Addr) error {
	try, wait := a.unlocks.begin(v.UUID, from, a.now())
	if wait > 0 {
		return a.counted("video", &ErrThrottled{wait})
	}
	hashes, err := a.cat.PasswordHashes(ctx, v.UUID)
	if err != nil {
		try.withdrawn()
		return a.counted("video", fmt.Errorf("look for the video's passwords: %w", err))
	}
	right, err := a.Verify(ctx, password, hashes...)
	switch {
	case err != nil:
		try.withdrawn()
	case right:
		try.succeeded()
	default:
		err = ErrVideoPassword
	}
	return a.counted("video", err)
}
