package catalog

import (
	"context"

	"shoal/cluster/state"
)

// ChannelFilter says which channels are listed.
type ChannelFilter struct {
	Account string // its name; "" for all
	Search  string // in names and display names
	Start   int
	Count   int    // as Page
	Sort    string // id, name, displayName, createdAt, updatedAt, with - before it for descending; "" for -createdAt
}

// channelColumns are scanned by scanChannel.
const channelColumns = `c.id, c.name, c.display, c.description, c.support, c.created, c.updated, ` + accountColumns

// channelTables go with channelColumns.
const channelTables = ` FROM channel c JOIN account a ON a.id = c.account_id`

// into gives where channelColumns are scanned to; times holds four.
func (c *Channel) into(times *[4]int64) []any {
	return append([]any{&c.ID, &c.Name, &c.DisplayName, &c.Description, &c.Support, &times[0], &times[1]},
		c.Account.into(&times[2], &times[3])...)
}

// at takes the times that were scanned.
func (c *Channel) at(times *[4]int64) {
	c.Created, c.Updated = moment(times[0]), moment(times[1])
	c.Account.Created, c.Account.Updated = moment(times[2]), moment(times[3])
}

func scanChannel(s scanner) (c Channel, err error) {
	var times [4]int64
	if err := s.Scan(c.into(&times)...); err != nil {
		return Channel{}, err
	}
	c.at(&times)
	return c, nil
}

func scanAccount(s scanner) (a Account, err error) {
	var created, updated int64
	if err := s.Scan(a.into(&created, &updated)...); err != nil {
		return Account{}, err
	}
	a.Created, a.Updated = moment(created), moment(updated)
	return a, nil
}

func accountByName(ctx context.Context, q state.Querier, name string) (Account, error) {
	return one(ctx, q, "the account", scanAccount, `SELECT `+accountColumns+` FROM account a WHERE a.name = ?`, name)
}

func channelByName(ctx context.Context, q state.Querier, name string) (Channel, error) {
	return one(ctx, q, "the channel", scanChannel, `SELECT `+channelColumns+channelTables+` WHERE c.name = ?`, name)
}

func channelByID(ctx context.Context, q state.Querier, id int64) (Channel, error) {
	return one(ctx, q, "the channel", scanChannel, `SELECT `+channelColumns+channelTables+` WHERE c.id = ?`, id)
}

// Account reads an account by its name, in either case of letters. ErrNotFound.
func (c *Catalog) Account(ctx context.Context, name string) (Account, error) {
	return read(ctx, c, func(q state.Querier) (Account, error) { return accountByName(ctx, q, name) })
}

// Accounts lists the accounts, oldest first, and counts them all.
func (c *Catalog) Accounts(ctx context.Context, p Page) (accounts []Account, total int, err error) {
	limit, offset := p.limits()
	return pages(ctx, c, "the accounts", scanAccount, accountColumns, ` FROM account a`, nil, ` ORDER BY a.id`, limit, offset)
}

// Channel reads a channel by its name, in either case of letters. ErrNotFound.
func (c *Catalog) Channel(ctx context.Context, name string) (Channel, error) {
	return read(ctx, c, func(q state.Querier) (Channel, error) { return channelByName(ctx, q, name) })
}

// ChannelByID reads a channel by its number. ErrNotFound.
func (c *Catalog) ChannelByID(ctx context.Context, id int64) (Channel, error) {
	return read(ctx, c, func(q state.Querier) (Channel, error) { return channelByID(ctx, q, id) })
}

var channelSorts = map[string]string{
	"id": "c.id", "name": "c.name", "displayName": "c.display COLLATE NOCASE", "createdAt": "c.created", "updatedAt": "c.updated",
}

// Channels lists channels, and counts all that the filter lets through. ErrInvalid for an unknown sort.
func (c *Catalog) Channels(ctx context.Context, f ChannelFilter) (channels []Channel, total int, err error) {
	from, args := channelTables+` WHERE 1`, []any{}
	if f.Account != "" {
		from += ` AND a.name = ?`
		args = append(args, f.Account)
	}
	if f.Search != "" {
		from += ` AND (c.name LIKE ? ESCAPE '\' OR c.display LIKE ? ESCAPE '\')`
		args = append(args, contains(f.Search), contains(f.Search))
	}
	by, err := order(f.Sort, "-createdAt", channelSorts, "c.id")
	if err != nil {
		return nil, 0, err
	}
	limit, offset := Page{f.Start, f.Count}.limits()
	return pages(ctx, c, "the channels", scanChannel, channelColumns, from, args, by, limit, offset)
}
