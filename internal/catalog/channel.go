package catalog

import (
	"context"
	"fmt"

	"shoal/cluster/state"
)

// maxChannels is how many channels an account may have (PeerTube's video_channels.max_per_user).
const maxChannels = 20

// NewChannel is a channel to be made.
type NewChannel struct {
	AccountID   int64
	Name        string // letters, digits, hyphen, dot, underscore and colon, at most 50
	DisplayName string // "" for the name
	Description string
	Support     string
}

// ChannelChange is what shall be different; nil leaves it as it is.
type ChannelChange struct {
	DisplayName *string
	Description *string
	Support     *string
}

// AccountChange is what shall be different; nil leaves it as it is.
type AccountChange struct {
	DisplayName *string
	Description *string
}

// updateAccount changes an account.
type updateAccount struct {
	Name        string  `json:"name"`
	Display     *string `json:"display,omitempty"`
	Description *string `json:"description,omitempty"`
}

func (updateAccount) Kind() string { return "catalog.account.update/1" }

// UpdateAccount changes an account. ErrNotFound, ErrInvalid.
func (c *Catalog) UpdateAccount(ctx context.Context, name string, a AccountChange) (Account, error) {
	var check checker
	check.line("display name", a.DisplayName, 1, maxDisplay)
	check.text("description", a.Description, 0, maxDescription)
	if err := check.err(); err != nil {
		return Account{}, err
	}
	return state.Do[Account](ctx, c.proposer, updateAccount{name, a.DisplayName, a.Description})
}

func (u updateAccount) Apply(tx *state.Tx) (any, error) {
	if _, err := tx.Exec(`UPDATE account SET display = COALESCE(?, display), description = COALESCE(?, description), updated = ? WHERE name = ?`,
		u.Display, u.Description, tx.Now().UnixMilli(), u.Name); err != nil {
		return nil, err
	}
	return accountByName(context.Background(), tx, u.Name)
}

// createChannel makes a channel.
type createChannel struct {
	Account     int64  `json:"account"`
	Name        string `json:"name"`
	Display     string `json:"display"`
	Description string `json:"description,omitempty"`
	Support     string `json:"support,omitempty"`
}

func (createChannel) Kind() string { return "catalog.channel.create/1" }

// CreateChannel makes a channel. ErrNotFound for an unknown account, ErrInvalid, ErrNameTaken, ErrLimitChannels.
func (c *Catalog) CreateChannel(ctx context.Context, n NewChannel) (Channel, error) {
	var check checker
	check.channel(n.Name)
	check.line("display name", &n.DisplayName, 0, maxDisplay)
	check.text("description", &n.Description, 0, maxDescription)
	check.text("support text", &n.Support, 0, maxSupport)
	if err := check.err(); err != nil {
		return Channel{}, err
	}
	if n.DisplayName == "" {
		n.DisplayName = n.Name
	}
	return state.Do[Channel](ctx, c.proposer, createChannel{n.AccountID, n.Name, n.DisplayName, n.Description, n.Support})
}

func (n createChannel) Apply(tx *state.Tx) (any, error) {
	var known bool
	var channels int
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM account WHERE id = ?1), (SELECT count(*) FROM channel WHERE account_id = ?1)`,
		n.Account).Scan(&known, &channels); err != nil {
		return nil, fmt.Errorf("look at the account: %w", err)
	}
	if !known {
		return nil, ErrNotFound
	}
	if taken, err := nameTaken(tx, n.Name); err != nil || taken {
		return nil, refuse(taken, ErrNameTaken, err)
	}
	if channels >= maxChannels {
		return nil, ErrLimitChannels
	}
	id, err := insertChannel(tx, n)
	if err != nil {
		return nil, err
	}
	return channelByID(context.Background(), tx, id)
}

// insertChannel makes a channel whose name is free.
func insertChannel(tx *state.Tx, n createChannel) (id int64, err error) {
	if id, err = tx.NextID("channel"); err != nil {
		return 0, err
	}
	now := tx.Now().UnixMilli()
	_, err = tx.Exec(`INSERT INTO channel (id, name, display, description, support, account_id, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		id, n.Name, n.Display, n.Description, n.Support, n.Account, now, now)
	return id, err
}

// updateChannel changes a channel.
type updateChannel struct {
	Name        string  `json:"name"`
	Display     *string `json:"display,omitempty"`
	Description *string `json:"description,omitempty"`
	Support     *string `json:"support,omitempty"`
}

func (updateChannel) Kind() string { return "catalog.channel.update/1" }

// UpdateChannel changes a channel. ErrNotFound, ErrInvalid.
func (c *Catalog) UpdateChannel(ctx context.Context, name string, u ChannelChange) (Channel, error) {
	var check checker
	check.line("display name", u.DisplayName, 1, maxDisplay)
	check.text("description", u.Description, 0, maxDescription)
	check.text("support text", u.Support, 0, maxSupport)
	if err := check.err(); err != nil {
		return Channel{}, err
	}
	return state.Do[Channel](ctx, c.proposer, updateChannel{name, u.DisplayName, u.Description, u.Support})
}

func (u updateChannel) Apply(tx *state.Tx) (any, error) {
	if _, err := tx.Exec(`UPDATE channel SET display = COALESCE(?, display), description = COALESCE(?, description),
		support = COALESCE(?, support), updated = ? WHERE name = ?`,
		u.Display, u.Description, u.Support, tx.Now().UnixMilli(), u.Name); err != nil {
		return nil, err
	}
	return channelByName(context.Background(), tx, u.Name)
}

// deleteChannel deletes a channel with its videos.
type deleteChannel struct {
	Name string `json:"name"`
}

func (deleteChannel) Kind() string { return "catalog.channel.delete/1" }

// DeleteChannel deletes a channel with its videos. What lies outside of the catalog is the caller's to remove. ErrNotFound,
// ErrLastChannel, ErrLiveRunning, ErrDeclared.
func (c *Catalog) DeleteChannel(ctx context.Context, name string) (Removed, error) {
	return state.Do[Removed](ctx, c.proposer, deleteChannel{name})
}

func (d deleteChannel) Apply(tx *state.Tx) (any, error) {
	ch, err := channelByName(context.Background(), tx, d.Name)
	if err != nil {
		return nil, err
	}
	var others bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM channel WHERE account_id = ? AND id <> ?)`, ch.Account.ID, ch.ID).Scan(&others); err != nil {
		return nil, fmt.Errorf("look for other channels: %w", err)
	}
	if !others {
		return nil, ErrLastChannel
	}
	gone, err := leaving(tx, "channel_id", ch.ID)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(`DELETE FROM channel WHERE id = ?`, ch.ID)
	return gone, err
}
