package auth

import (
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct {
		cfg  Config
		says []string
	}{
		{Config{}, []string{"access", "refresh", "media"}},
		{Config{Access: 2 * time.Hour, Refresh: time.Hour, Media: time.Hour}, []string{"refresh"}},
		{Config{Access: time.Hour, Refresh: time.Hour, Media: 365 * 24 * time.Hour}, []string{"media"}},
	} {
		err := tc.cfg.Validate()
		if err == nil {
			t.Errorf("%+v is accepted", tc.cfg)
			continue
		}
		for _, name := range []string{"access", "refresh", "media"} {
			want := false
			for _, s := range tc.says {
				want = want || s == name
			}
			if got := strings.Contains(err.Error(), name+" is"); got != want {
				t.Errorf("%+v: %v", tc.cfg, err)
			}
		}
	}
}
