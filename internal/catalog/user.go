package catalog

import (
	"context"
	"fmt"
	"strconv"

	"shoal/cluster/state"
)

// NewUser is a user to be made.
type NewUser struct {
	Name         string // a-z, 0-9, dot and underscore, at most 50
	Email        string // "" for none
	Display      string // "" for the name
	PasswordHash string
	Role         Role
	Quota        int64 // bytes, or Unlimited
	DailyQuota   int64 // bytes, or Unlimited
	MustChange   bool
}

// UserChange is what shall be different; nil leaves it as it is. A new password, another role or a block ends the user's log-ins.
type UserChange struct {
	Email        *string
	Role         *Role
	Blocked      *bool
	Reason       *string // of the block
	Quota        *int64
	DailyQuota   *int64
	PasswordHash *string
	MustChange   *bool
	Display      *string // of the account
	Description  *string // of the account
	// KeepToken is the access hash of a log-in that stays: that of the user who changes the password. "" for none.
	KeepToken string
}

// Removed is what a deletion leaves outside of the catalog: posters of the videos, files of the recordings.
type Removed struct {
	Videos     []string // UUIDs
	Recordings []string // UUIDs of their sessions
}

// createUser makes a user, the account of the same name and its first channel.
type createUser struct {
	Name       string `json:"name"`
	Email      string `json:"email,omitempty"`
	Display    string `json:"display"`
	Password   string `json:"password"`
	Role       Role   `json:"role"`
	Quota      int64  `json:"quota"`
	DailyQuota int64  `json:"dailyQuota"`
	MustChange bool   `json:"mustChange,omitempty"`
}

func (createUser) Kind() string { return "catalog.user.create/1" }

// CreateUser makes a user with the account `name` and the channel `name_channel`. ErrInvalid, ErrNameTaken, ErrEmailTaken.
func (c *Catalog) CreateUser(ctx context.Context, n NewUser) (User, error) {
	var check checker
	check.user(n.Name)
	check.email(&n.Email)
	check.line("display name", &n.Display, 0, maxDisplay)
	check.role(&n.Role)
	check.quota("quota", &n.Quota)
	check.quota("daily quota", &n.DailyQuota)
	if err := check.err(); err != nil {
		return User{}, err
	}
	if n.Display == "" {
		n.Display = n.Name
	}
	return state.Do[User](ctx, c.proposer, createUser{
		Name: n.Name, Email: n.Email, Display: n.Display, Password: n.PasswordHash,
		Role: n.Role, Quota: n.Quota, DailyQuota: n.DailyQuota, MustChange: n.MustChange,
	})
}

func (n createUser) Apply(tx *state.Tx) (any, error) {
	if taken, err := nameTaken(tx, n.Name); err != nil || taken {
		return nil, refuse(taken, ErrNameTaken, err)
	}
	if taken, err := emailTaken(tx, n.Email, 0); err != nil || taken {
		return nil, refuse(taken, ErrEmailTaken, err)
	}
	id, err := tx.NextID("user")
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`INSERT INTO user (id, name, email, role, blocked, reason, quota, daily_quota, must_change, password, created)
		VALUES (?, ?, ?, ?, 0, '', ?, ?, ?, ?, ?)`,
		id, n.Name, n.Email, n.Role, n.Quota, n.DailyQuota, n.MustChange, n.Password, tx.Now().UnixMilli()); err != nil {
		return nil, err
	}
	if _, err := insertAccount(tx, n.Name, n.Display, &id); err != nil {
		return nil, err
	}
	return userByID(context.Background(), tx, id)
}

// insertAccount makes an account with its first channel, and gives the channel's number. user is nil for the instance's own.
func insertAccount(tx *state.Tx, name, display string, user *int64) (channel int64, err error) {
	id, err := tx.NextID("account")
	if err != nil {
		return 0, err
	}
	now := tx.Now().UnixMilli()
	if _, err := tx.Exec(`INSERT INTO account (id, name, display, description, user_id, created, updated) VALUES (?, ?, ?, '', ?, ?, ?)`,
		id, name, display, user, now, now); err != nil {
		return 0, err
	}
	free := name + "_channel"
	for i := 2; ; i++ {
		taken, err := nameTaken(tx, free)
		if err != nil {
			return 0, err
		}
		if !taken {
			break
		}
		free = name + "_channel_" + strconv.Itoa(i)
	}
	return insertChannel(tx, createChannel{Account: id, Name: free, Display: fit("Main "+display+" channel", maxDisplay)})
}

// nameTaken says whether an account or a channel has a name.
func nameTaken(tx *state.Tx, name string) (taken bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM account WHERE name = ?1) OR EXISTS (SELECT 1 FROM channel WHERE name = ?1)`, name).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look for the name: %w", err)
	}
	return taken, nil
}

// emailTaken says whether another user has an address.
func emailTaken(tx *state.Tx, email string, but int64) (taken bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM user WHERE email = ?1 AND email <> '' AND id <> ?2)`, email, but).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look for the email address: %w", err)
	}
	return taken, nil
}

// refuse gives an error that comes first, else the refusal if it holds.
func refuse(holds bool, r *state.Refusal, err error) error {
	if err != nil {
		return err
	}
	if holds {
		return r
	}
	return nil
}

// updateUser changes a user.
type updateUser struct {
	ID          int64   `json:"id"`
	Email       *string `json:"email,omitempty"`
	Role        *Role   `json:"role,omitempty"`
	Blocked     *bool   `json:"blocked,omitempty"`
	Reason      *string `json:"reason,omitempty"`
	Quota       *int64  `json:"quota,omitempty"`
	DailyQuota  *int64  `json:"dailyQuota,omitempty"`
	Password    *string `json:"password,omitempty"`
	MustChange  *bool   `json:"mustChange,omitempty"`
	Display     *string `json:"display,omitempty"`
	Description *string `json:"description,omitempty"`
	Keep        string  `json:"keep,omitempty"`
}

func (updateUser) Kind() string { return "catalog.user.update/1" }

// UpdateUser changes a user. ErrNotFound, ErrInvalid, ErrEmailTaken, ErrLastAdmin.
func (c *Catalog) UpdateUser(ctx context.Context, id int64, u UserChange) (User, error) {
	var check checker
	check.email(u.Email)
	check.role(u.Role)
	check.line("reason", u.Reason, 0, maxReason)
	check.quota("quota", u.Quota)
	check.quota("daily quota", u.DailyQuota)
	check.line("display name", u.Display, 1, maxDisplay)
	check.text("description", u.Description, 0, maxDescription)
	if err := check.err(); err != nil {
		return User{}, err
	}
	return state.Do[User](ctx, c.proposer, updateUser{
		ID: id, Email: u.Email, Role: u.Role, Blocked: u.Blocked, Reason: u.Reason, Quota: u.Quota, DailyQuota: u.DailyQuota,
		Password: u.PasswordHash, MustChange: u.MustChange, Display: u.Display, Description: u.Description, Keep: u.KeepToken,
	})
}

func (u updateUser) Apply(tx *state.Tx) (any, error) {
	ctx := context.Background()
	now, err := userByID(ctx, tx, u.ID)
	if err != nil {
		return nil, err
	}
	next := now
	set(&next.Email, u.Email)
	set(&next.Role, u.Role)
	set(&next.Blocked, u.Blocked)
	set(&next.Reason, u.Reason)
	set(&next.Quota, u.Quota)
	set(&next.DailyQuota, u.DailyQuota)
	set(&next.MustChange, u.MustChange)
	set(&next.Account.DisplayName, u.Display)
	set(&next.Account.Description, u.Description)
	if !next.Blocked {
		next.Reason = ""
	}
	if next.Role != Admin || next.Blocked {
		if last, err := lastAdmin(tx, now); err != nil || last {
			return nil, refuse(last, ErrLastAdmin, err)
		}
	}
	if taken, err := emailTaken(tx, next.Email, u.ID); err != nil || taken {
		return nil, refuse(taken, ErrEmailTaken, err)
	}
	if _, err := tx.Exec(`UPDATE user SET email = ?, role = ?, blocked = ?, reason = ?, quota = ?, daily_quota = ?, must_change = ?,
		password = COALESCE(?, password) WHERE id = ?`,
		next.Email, next.Role, next.Blocked, next.Reason, next.Quota, next.DailyQuota, next.MustChange, u.Password, u.ID); err != nil {
		return nil, err
	}
	if next.Account != now.Account {
		if _, err := tx.Exec(`UPDATE account SET display = ?, description = ?, updated = ? WHERE id = ?`,
			next.Account.DisplayName, next.Account.Description, tx.Now().UnixMilli(), next.Account.ID); err != nil {
			return nil, err
		}
	}
	if u.Password != nil || next.Blocked || next.Role != now.Role {
		keep := u.Keep
		if next.Blocked {
			keep = ""
		}
		if _, err := tx.Exec(`DELETE FROM token WHERE user_id = ? AND access <> ?`, u.ID, keep); err != nil {
			return nil, err
		}
	}
	return userByID(ctx, tx, u.ID)
}

// lastAdmin says whether a user is the only admin who can log in.
func lastAdmin(tx *state.Tx, u User) (bool, error) {
	if u.Role != Admin || u.Blocked {
		return false, nil
	}
	var others bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM user WHERE role = ? AND blocked = 0 AND id <> ?)`, Admin, u.ID).Scan(&others)
	if err != nil {
		return false, fmt.Errorf("look for other admins: %w", err)
	}
	return !others, nil
}

// deleteUser deletes a user with all that is theirs.
type deleteUser struct {
	ID int64 `json:"id"`
}

func (deleteUser) Kind() string { return "catalog.user.delete/1" }

// DeleteUser deletes a user with the account, its channels, videos and log-ins. What lies outside of the catalog is the
// caller's to remove. ErrNotFound, ErrLastAdmin, ErrLiveRunning, ErrDeclared.
func (c *Catalog) DeleteUser(ctx context.Context, id int64) (Removed, error) {
	return state.Do[Removed](ctx, c.proposer, deleteUser{id})
}

func (d deleteUser) Apply(tx *state.Tx) (any, error) {
	u, err := userByID(context.Background(), tx, d.ID)
	if err != nil {
		return nil, err
	}
	if last, err := lastAdmin(tx, u); err != nil || last {
		return nil, refuse(last, ErrLastAdmin, err)
	}
	gone, err := leaving(tx, "account_id", u.Account.ID)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(`DELETE FROM user WHERE id = ?`, d.ID)
	return gone, err
}

// leaving lists what goes with the videos of an account or channel. ErrLiveRunning and ErrDeclared if a live cannot go.
func leaving(tx *state.Tx, column string, id int64) (gone Removed, err error) {
	var running, declared bool
	if err := tx.QueryRow(`SELECT
		EXISTS (SELECT 1`+openSessions+` AND v.`+column+` = ?1),
		EXISTS (SELECT 1 FROM live l INDEXED BY live_declared CROSS JOIN video v ON v.id = l.video_id WHERE l.declared <> 0 AND v.`+column+` = ?1)`, id).
		Scan(&running, &declared); err != nil {
		return gone, fmt.Errorf("look for lives that stay: %w", err)
	}
	if running {
		return gone, ErrLiveRunning
	}
	if declared {
		return gone, ErrDeclared
	}
	ctx := context.Background()
	if gone.Videos, err = list(ctx, tx, "the videos that go", value[string], `SELECT uuid FROM video WHERE `+column+` = ? ORDER BY id`, id); err != nil {
		return gone, err
	}
	gone.Recordings, err = list(ctx, tx, "the recordings that go", value[string],
		`SELECT r.session FROM recording r JOIN video v ON v.id = r.video_id WHERE v.`+column+` = ? ORDER BY v.id, r.position`, id)
	return gone, err
}
