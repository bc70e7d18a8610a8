package auth

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"shoal/cluster/state"
	"shoal/internal/catalog"
)

// rootName is the first user's, as in PeerTube.
const rootName = "root"

// Root makes the user root, an admin, if there is no user at all. The password is the given one (SHOAL_ROOT_PASSWORD) or, if
// that is "", a random one, which is returned to be printed: there is no other way to know it, and it must be changed at the
// first log-in. It comes back with an error, too, if it is not known whether the user was made (state.ErrUnknownOutcome): print
// it then as well.
func (a *Auth) Root(ctx context.Context, password string) (printed string, err error) {
	_, total, err := a.cat.Users(ctx, catalog.UserFilter{Count: 1})
	if err != nil {
		return "", fmt.Errorf("count users: %w", err)
	}
	if total > 0 {
		return "", nil
	}
	if password == "" {
		printed = newPassword()
		password = printed
	} else if err := CheckPassword(password); err != nil {
		return "", fmt.Errorf("SHOAL_ROOT_PASSWORD: %w", err)
	}
	hash, err := a.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	_, err = a.cat.CreateUser(ctx, catalog.NewUser{
		Name: rootName, PasswordHash: hash, Role: catalog.Admin,
		Quota: catalog.Unlimited, DailyQuota: catalog.Unlimited, MustChange: printed != "",
	})
	switch {
	case errors.Is(err, catalog.ErrNameTaken):
		return "", nil // another node was first
	case errors.Is(err, state.ErrUnknownOutcome):
		return printed, fmt.Errorf("make the user root: %w", err)
	case err != nil:
		return "", fmt.Errorf("make the user root: %w", err)
	}
	a.log.Info("the user root was made", "password_printed", printed != "")
	return printed, nil
}

// newPassword makes a password that can be typed: 20 letters and digits in four groups, 100 bits.
func newPassword() string {
	s := strings.ToLower(base32.StdEncoding.EncodeToString(random(15)))[:20]
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:]
}
