package catalog

import (
	"context"
	"time"

	"shoal/cluster/state"
)

// NewToken is a log-in to be kept. Its hashes are SHA-256 of the secrets, in hex.
type NewToken struct {
	UserID         int64 // Refresh takes that of the old one
	AccessHash     string
	RefreshHash    string
	AccessExpires  time.Time
	RefreshExpires time.Time
}

const (
	// maxTokens is how many log-ins a user may have: the oldest goes when there is another.
	maxTokens = 100
	// swept is how many expired log-ins a command that writes one takes away.
	swept = 16
)

// issueToken keeps a log-in.
type issueToken struct {
	User           int64  `json:"user"`
	Access         string `json:"access"`
	Refresh        string `json:"refresh"`
	AccessExpires  int64  `json:"accessExpires"`
	RefreshExpires int64  `json:"refreshExpires"`
}

func (issueToken) Kind() string { return "catalog.token.issue/1" }

// issue is the command for a new token.
func issue(n NewToken) issueToken {
	return issueToken{n.UserID, n.AccessHash, n.RefreshHash, millis(n.AccessExpires), millis(n.RefreshExpires)}
}

// Issue keeps a log-in. ErrNotFound for an unknown user, ErrBlocked.
func (c *Catalog) Issue(ctx context.Context, n NewToken) error {
	_, err := c.proposer.Propose(ctx, issue(n))
	return err
}

func (n issueToken) Apply(tx *state.Tx) (any, error) {
	u, err := userByID(context.Background(), tx, n.User)
	if err != nil {
		return nil, err
	}
	if u.Blocked {
		return nil, ErrBlocked
	}
	return nil, n.insert(tx)
}

// insert keeps the log-in, unless it is there, and takes away what is of no use.
func (n issueToken) insert(tx *state.Tx) error {
	id, err := tx.NextID("token")
	if err != nil {
		return err
	}
	now := tx.Now().UnixMilli()
	if _, err := tx.Exec(`INSERT INTO token (id, user_id, access, refresh, access_expires, refresh_expires, created)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, id, n.User, n.Access, n.Refresh, n.AccessExpires, n.RefreshExpires, now); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM token WHERE id IN
		(SELECT id FROM token WHERE user_id = ? ORDER BY id DESC LIMIT -1 OFFSET ?)`, n.User, maxTokens); err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM token WHERE id IN
		(SELECT id FROM token WHERE refresh_expires <= ? ORDER BY refresh_expires, id LIMIT ?)`, now, swept)
	return err
}

// refreshToken puts a new log-in in an old one's place.
type refreshToken struct {
	Old string     `json:"old"`
	New issueToken `json:"new"`
}

func (refreshToken) Kind() string { return "catalog.token.refresh/1" }

// Refresh puts a new log-in in the place of the one with a refresh hash, which is void at once. ErrNotFound if there is none
// or it has expired, ErrBlocked.
func (c *Catalog) Refresh(ctx context.Context, oldRefreshHash string, n NewToken) (Token, error) {
	// Whoever tries tokens out must not make the node write. (The new one may be there: the call may come again.)
	_, err := read(ctx, c, func(q state.Querier) (Token, error) {
		return one(ctx, q, "the log-in", scanToken, `SELECT `+tokenColumns+tokenTables+` WHERE t.refresh IN (?, ?) LIMIT 1`, oldRefreshHash, n.RefreshHash)
	})
	if err != nil {
		return Token{}, err
	}
	return state.Do[Token](ctx, c.proposer, refreshToken{oldRefreshHash, issue(n)})
}

func (r refreshToken) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	old, err := one(ctx, tx, "the log-in", scanToken, `SELECT `+tokenColumns+tokenTables+` WHERE t.refresh = ?`, r.Old)
	if isNotFound(err) { // or this command comes again
		return one(ctx, tx, "the log-in", scanToken, `SELECT `+tokenColumns+tokenTables+` WHERE t.access = ? AND t.refresh = ?`, r.New.Access, r.New.Refresh)
	}
	if err != nil {
		return nil, err
	}
	if !old.RefreshExpires.After(tx.Now()) {
		return nil, ErrNotFound
	}
	if old.User.Blocked {
		return nil, ErrBlocked
	}
	if _, err := tx.Exec(`DELETE FROM token WHERE id = ?`, old.ID); err != nil {
		return nil, err
	}
	r.New.User = old.User.ID
	if err := r.New.insert(tx); err != nil {
		return nil, err
	}
	return tokenByAccess(ctx, tx, r.New.Access)
}

// revokeToken ends one log-in.
type revokeToken struct {
	Access string `json:"access"`
}

func (revokeToken) Kind() string { return "catalog.token.revoke/1" }

// Revoke ends the log-in with an access hash; it is no error if there is none.
func (c *Catalog) Revoke(ctx context.Context, accessHash string) error {
	if _, err := c.TokenByAccess(ctx, accessHash); isNotFound(err) {
		return nil // as for Refresh
	}
	_, err := c.proposer.Propose(ctx, revokeToken{accessHash})
	return err
}

func (r revokeToken) Apply(tx *state.Tx) (any, error) {
	_, err := tx.Exec(`DELETE FROM token WHERE access = ?`, r.Access)
	return nil, err
}

// revokeUser ends all log-ins of a user.
type revokeUser struct {
	User int64 `json:"user"`
}

func (revokeUser) Kind() string { return "catalog.token.revoke-user/1" }

// RevokeUser ends all log-ins of a user.
func (c *Catalog) RevokeUser(ctx context.Context, userID int64) error {
	_, err := c.proposer.Propose(ctx, revokeUser{userID})
	return err
}

func (r revokeUser) Apply(tx *state.Tx) (any, error) {
	_, err := tx.Exec(`DELETE FROM token WHERE user_id = ?`, r.User)
	return nil, err
}

const (
	tokenColumns = `t.id, t.access_expires, t.refresh_expires, ` + userColumns
	tokenTables  = ` FROM token t JOIN user u ON u.id = t.user_id JOIN account a ON a.user_id = u.id`
)

func scanToken(s scanner) (t Token, err error) {
	var times [3]int64
	var access, refresh int64
	if err := s.Scan(append([]any{&t.ID, &access, &refresh}, t.User.into(&times)...)...); err != nil {
		return Token{}, err
	}
	t.User.at(&times)
	t.AccessExpires, t.RefreshExpires = moment(access), moment(refresh)
	return t, nil
}

func tokenByAccess(ctx context.Context, q state.Querier, hash string) (Token, error) {
	return one(ctx, q, "the log-in", scanToken, `SELECT `+tokenColumns+tokenTables+` WHERE t.access = ?`, hash)
}

// TokenByAccess reads a log-in by its access hash. It judges neither its time nor whether the user is blocked. ErrNotFound.
func (c *Catalog) TokenByAccess(ctx context.Context, hash string) (Token, error) {
	return read(ctx, c, func(q state.Querier) (Token, error) { return tokenByAccess(ctx, q, hash) })
}
