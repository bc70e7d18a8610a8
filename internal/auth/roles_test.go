package auth

import (
	"testing"

	"shoal/internal/catalog"
)

var (
	owner     = catalog.User{ID: 1, Role: catalog.Ordinary}
	stranger  = catalog.User{ID: 2, Role: catalog.Ordinary}
	moderator = catalog.User{ID: 3, Role: catalog.Moderator}
	admin     = catalog.User{ID: 4, Role: catalog.Admin}
	blocked   = catalog.User{ID: 5, Role: catalog.Admin, Blocked: true}
)

func TestCanWatch(t *testing.T) {
	for _, tc := range []struct {
		privacy                                    catalog.Privacy
		nobody, stranger, owner, moderator, admin_ Access
		token                                      bool
	}{
		{catalog.Public, Open, Open, Open, Open, Open, false},
		{catalog.Unlisted, Open, Open, Open, Open, Open, false},
		{catalog.Private, NeedsLogIn, Closed, Open, Open, Open, true},
		{catalog.Internal, NeedsLogIn, Open, Open, Open, Open, true},
		{catalog.Protected, NeedsPassword, NeedsPassword, Open, Open, Open, true},
		{0, NeedsLogIn, Closed, Open, Open, Open, true}, // one that nobody has made yet
		{6, NeedsLogIn, Closed, Open, Open, Open, true},
	} {
		v := &catalog.Video{Privacy: tc.privacy, Channel: catalog.Channel{Account: catalog.Account{UserID: owner.ID}}}
		for _, who := range []struct {
			name string
			user catalog.User
			want Access
		}{
			{"nobody", Nobody, tc.nobody},
			{"a stranger", stranger, tc.stranger},
			{"its owner", owner, tc.owner},
			{"a moderator", moderator, tc.moderator},
			{"an admin", admin, tc.admin_},
		} {
			if got := CanWatch(who.user, v); got != who.want {
				t.Errorf("privacy %d: %s has %d, want %d", tc.privacy, who.name, got, who.want)
			}
		}
		if got := NeedsToken(v); got != tc.token {
			t.Errorf("privacy %d: needs a token: %v", tc.privacy, got)
		}
	}
}

func TestCan(t *testing.T) {
	v := &catalog.Video{Channel: catalog.Channel{Account: catalog.Account{UserID: owner.ID}}}
	unowned := &catalog.Video{} // of the instance's own account
	for _, tc := range []struct {
		what                                             string
		can                                              func(catalog.User) bool
		nobody, stranger, owner, moderator, admin, block bool
	}{
		{"own", func(u catalog.User) bool { return Owns(u, v) }, false, false, true, false, false, false},
		{"own what is nobody's", func(u catalog.User) bool { return Owns(u, unowned) }, false, false, false, false, false, false},
		{"edit", func(u catalog.User) bool { return CanEdit(u, v) }, false, false, true, true, true, false},
		{"edit what is nobody's", func(u catalog.User) bool { return CanEdit(u, unowned) }, false, false, false, true, true, false},
		{"hold the key", func(u catalog.User) bool { return CanHoldKey(u, v) }, false, false, true, false, true, false},
		{"hold the key of what is nobody's", func(u catalog.User) bool { return CanHoldKey(u, unowned) }, false, false, false, false, true, false},
		{"edit the channel", func(u catalog.User) bool { return CanEditChannel(u, &v.Channel) }, false, false, true, true, true, false},
		{"publish in the channel", func(u catalog.User) bool { return CanPublish(u, &v.Channel) }, false, false, true, false, false, false},
		{"publish in nobody's channel", func(u catalog.User) bool { return CanPublish(u, &unowned.Channel) }, false, false, false, false, false, false},
		{"moderate", CanModerate, false, false, false, true, true, false},
		{"administer", CanAdminister, false, false, false, false, true, false},
		{"make users", func(u catalog.User) bool { return CanGrant(u, catalog.Ordinary) }, false, false, false, true, true, false},
		{"make moderators", func(u catalog.User) bool { return CanGrant(u, catalog.Moderator) }, false, false, false, false, true, false},
		{"make admins", func(u catalog.User) bool { return CanGrant(u, catalog.Admin) }, false, false, false, false, true, false},
		{"manage users", func(u catalog.User) bool { return CanManage(u, catalog.User{ID: 9, Role: catalog.Ordinary}) }, false, false, false, true, true, false},
		{"manage moderators", func(u catalog.User) bool { return CanManage(u, catalog.User{ID: 9, Role: catalog.Moderator}) }, false, false, false, false, true, false},
		{"manage admins", func(u catalog.User) bool { return CanManage(u, catalog.User{ID: 9, Role: catalog.Admin}) }, false, false, false, false, true, false},
		{"manage nobody", func(u catalog.User) bool { return CanManage(u, Nobody) }, false, false, false, false, false, false},
	} {
		for _, who := range []struct {
			name string
			user catalog.User
			want bool
		}{
			{"nobody", Nobody, tc.nobody},
			{"a stranger", stranger, tc.stranger},
			{"the owner", owner, tc.owner},
			{"a moderator", moderator, tc.moderator},
			{"an admin", admin, tc.admin},
			{"a blocked admin", blocked, tc.block},
		} {
			if got := tc.can(who.user); got != who.want {
				t.Errorf("%s can %s: %v", who.name, tc.what, got)
			}
		}
	}
}
