package catalog

import (
	"context"
	"strings"

	"shoal/cluster/state"
)

// UserFilter says which users are listed.
type UserFilter struct {
	Search  string // in names and email addresses
	Blocked *bool
	Start   int
	Count   int    // as Page
	Sort    string // id, username, createdAt, role, videoQuotaUsed, with - before it for descending; "" for -createdAt
}

// accountColumns are scanned by account.
const accountColumns = `a.id, a.name, a.display, a.description, COALESCE(a.user_id, 0), a.created, a.updated`

// userColumns are scanned by scanUser.
const userColumns = `u.id, u.name, u.email, u.role, u.blocked, u.reason, u.quota, u.daily_quota, u.must_change, u.created, ` + accountColumns

// into gives where accountColumns are scanned to.
func (a *Account) into(created, updated *int64) []any {
	return []any{&a.ID, &a.Name, &a.DisplayName, &a.Description, &a.UserID, created, updated}
}

// into gives where userColumns are scanned to; times holds three.
func (u *User) into(times *[3]int64) []any {
	return append([]any{
		&u.ID, &u.Name, &u.Email, &u.Role, &u.Blocked, &u.Reason, &u.Quota, &u.DailyQuota, &u.MustChange, &times[0],
	}, u.Account.into(&times[1], &times[2])...)
}

// at takes the times that were scanned.
func (u *User) at(times *[3]int64) {
	u.Created, u.Account.Created, u.Account.Updated = moment(times[0]), moment(times[1]), moment(times[2])
}

func scanUser(s scanner) (u User, err error) {
	var times [3]int64
	if err := s.Scan(u.into(&times)...); err != nil {
		return User{}, err
	}
	u.at(&times)
	return u, nil
}

func userByID(ctx context.Context, q state.Querier, id int64) (User, error) {
	return one(ctx, q, "the user", scanUser, `SELECT `+userColumns+` FROM user u JOIN account a ON a.user_id = u.id WHERE u.id = ?`, id)
}

// User reads a user. ErrNotFound.
func (c *Catalog) User(ctx context.Context, id int64) (User, error) {
	return read(ctx, c, func(q state.Querier) (User, error) { return userByID(ctx, q, id) })
}

// UserByName reads a user by name or email address, in either case of letters, with the hash of the password. ErrNotFound.
func (c *Catalog) UserByName(ctx context.Context, nameOrEmail string) (u User, passwordHash string, err error) {
	const columns = `SELECT u.password, ` + userColumns + ` FROM user u JOIN account a ON a.user_id = u.id WHERE `
	scan := func(s scanner) (u User, err error) {
		var times [3]int64
		if err := s.Scan(append([]any{&passwordHash}, u.into(&times)...)...); err != nil {
			return User{}, err
		}
		u.at(&times)
		return u, nil
	}
	where := `u.name = ?`
	if strings.Contains(nameOrEmail, "@") { // which no name has
		where = `u.email = ? AND u.email <> ''`
	}
	u, err = read(ctx, c, func(q state.Querier) (User, error) { return one(ctx, q, "the user", scan, columns+where, nameOrEmail) })
	return u, passwordHash, err
}

var userSorts = map[string]string{
	"id": "u.id", "username": "u.name", "createdAt": "u.created", "role": "u.role",
	"videoQuotaUsed": "(SELECT COALESCE(SUM(r.bytes), 0) FROM recording r WHERE r.account_id = a.id)",
}

// Users lists users, and counts all that the filter lets through. ErrInvalid for an unknown sort.
func (c *Catalog) Users(ctx context.Context, f UserFilter) (users []User, total int, err error) {
	where, args := ` WHERE 1`, []any{}
	if f.Search != "" {
		where += ` AND (u.name LIKE ? ESCAPE '\' OR u.email LIKE ? ESCAPE '\')`
		args = append(args, contains(f.Search), contains(f.Search))
	}
	if f.Blocked != nil {
		where += ` AND u.blocked = ?`
		args = append(args, *f.Blocked)
	}
	by, err := order(f.Sort, "-createdAt", userSorts, "u.id")
	if err != nil {
		return nil, 0, err
	}
	limit, offset := Page{f.Start, f.Count}.limits()
	return pages(ctx, c, "the users", scanUser, userColumns, ` FROM user u JOIN account a ON a.user_id = u.id`+where, args, by, limit, offset)
}

// pages reads a part of a list and counts the whole, in one picture.
func pages[T any](ctx context.Context, c *Catalog, what string, scan func(scanner) (T, error), columns, from string, args []any, by string, limit, offset int) (all []T, total int, err error) {
	all, err = read(ctx, c, func(q state.Querier) ([]T, error) {
		if total, err = one(ctx, q, what, value[int], `SELECT count(*)`+from, args...); err != nil {
			return nil, err
		}
		return list(ctx, q, what, scan, `SELECT `+columns+from+by+` LIMIT ? OFFSET ?`, append(args[:len(args):len(args)], limit, offset)...)
	})
	return all, total, err
}

// contains makes a LIKE pattern, with \ as its escape, of a text that is looked for.
func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
