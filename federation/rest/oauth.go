package rest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"net/http"
	"strings"
	"time"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
)

func (a *API) oauthCalls() []operation {
	return []operation{
		answered(operation{id: "getOAuthClient", method: "GET", path: "/oauth-clients/local", summary: "Get what a client names itself by when it logs in.", cache: "no-store"}, a.getOAuthClient),
		answered(operation{id: "createToken", method: "POST", path: "/users/token", logsIn: true, summary: "Log in, or refresh a log-in."}, a.postToken),
		answered(operation{id: "revokeToken", method: "POST", path: "/users/revoke-token", access: user, summary: "Log out."}, a.postRevoke),
	}
}

// oauthClient gives the instance's own client, which all programs use, as PeerTube's does. It is no secret.
func (a *API) oauthClient(c *call) (s shape.OAuthClient, err error) {
	if s.ClientID, err = a.catalog.Secret(c.ctx(), "oauth.id", clientWord); err != nil {
		return s, err
	}
	s.ClientSecret, err = a.catalog.Secret(c.ctx(), "oauth.secret", clientWord)
	return s, err
}

// clientWord makes 32 letters and digits, as PeerTube's are.
func clientWord() string {
	var b [20]byte
	rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func (a *API) getOAuthClient(c *call, _ *none, _ *none) (shape.OAuthClient, error) {
	return a.oauthClient(c)
}

// postToken answers as PeerTube's server/core/lib/auth/oauth.ts does (RFC 6749, sections 4.3, 5 and 6).
func (a *API) postToken(c *call, _ *none, b *shape.TokenGrant) (shape.OAuthToken, error) {
	if b.ClientID == "" || b.ClientSecret == "" {
		return shape.OAuthToken{}, refuseAs(http.StatusBadRequest, codeInvalidClient, "Invalid client: cannot retrieve client credentials")
	}
	known, err := a.oauthClient(c)
	if err != nil {
		return shape.OAuthToken{}, err
	}
	if subtle.ConstantTimeCompare([]byte(b.ClientID+" "+b.ClientSecret), []byte(known.ClientID+" "+known.ClientSecret)) != 1 {
		return shape.OAuthToken{}, refuseAs(http.StatusBadRequest, codeInvalidClient, "Invalid client: client is invalid")
	}
	p, err := a.grant(c, b)
	if err != nil {
		return shape.OAuthToken{}, err
	}
	return shape.OAuthToken{
		TokenType: "Bearer", AccessToken: p.Access, RefreshToken: p.Refresh,
		ExpiresIn: int64(p.AccessTTL / time.Second), RefreshTokenExpiresIn: int64(p.RefreshTTL / time.Second),
	}, nil
}

func (a *API) grant(c *call, b *shape.TokenGrant) (auth.Pair, error) {
	lacks := func(name string) error {
		return refuseAs(http.StatusBadRequest, codeInvalidRequest, "Missing parameter: `"+name+"`")
	}
	switch b.GrantType {
	case "":
		return auth.Pair{}, lacks("grant_type")
	case "password":
		switch {
		case b.Username == "":
			return auth.Pair{}, lacks("username")
		case b.Password == "":
			return auth.Pair{}, lacks("password")
		}
		p, err := a.auth.LogIn(c.ctx(), b.Username, b.Password, remoteAddr(c.r))
		switch {
		case errors.Is(err, auth.ErrWrong):
			err = refuseAs(http.StatusBadRequest, codeInvalidGrant, "Invalid grant: user credentials are invalid")
		case errors.Is(err, auth.ErrBlocked):
			err = refuseAs(http.StatusBadRequest, codeAccessDenied, "User is blocked.")
		}
		return p, err
	case "refresh_token":
		if b.RefreshToken == "" {
			return auth.Pair{}, lacks("refresh_token")
		}
		p, err := a.auth.Refresh(c.ctx(), b.RefreshToken)
		if errors.Is(err, auth.ErrToken) || errors.Is(err, auth.ErrBlocked) {
			err = refuseAs(http.StatusBadRequest, codeInvalidGrant, "Invalid grant: refresh token is invalid")
		}
		return p, err
	}
	return auth.Pair{}, refuseAs(http.StatusBadRequest, codeUnsupportedGrant, "Unsupported grant type: `grant_type` is invalid")
}

func (a *API) postRevoke(c *call, _ *none, _ *none) (shape.Revoked, error) {
	err := a.auth.LogOut(c.ctx(), auth.FromRequest(c.r))
	return shape.Revoked{Success: err == nil}, err
}
