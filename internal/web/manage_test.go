package web_test

import (
	"slices"
	"strings"
	"testing"

	"shoal/internal/testkit/browser"
)

func TestMyVideo(t *testing.T) {
	w := some()
	s := newStand(t, w)
	p := browser.Start(t).Open(t, browser.Look{})
	logIn(t, p, s, "root", rootPassword)
	p.Goto(s.URL + "/my/videos/" + replayUUID)
	p.Wait(soon, `document.querySelector('#video-name').value === 'Regatta, the final race' && document.querySelector('#download').pathname === '/download/regatta.mp4'`)
	check := func(what string, ok func(*live) bool) {
		t.Helper()
		w.locked(func() {
			if l := w.live(replayUUID); !ok(l) {
				t.Errorf("%s: %+v", what, l)
			}
		})
	}

	t.Run("edit", func(t *testing.T) {
		p.Do(fill("#video-form", map[string]string{"name": "Regatta", "description": "Now with\n\nwind.", "tags": "sailing, sea, sailing ,", "privacy": "5"}))
		submit(p, "#video-form")
		p.Wait(soon, outcome("#video-form", "Please fill in this field.")+` && document.activeElement.id === 'video-passwords'`)
		p.Do(fill("#video-form", map[string]string{"passwords": "ahoy"}))
		p.Do(`document.querySelector('#video-download').click()`)
		submit(p, "#video-form")
		p.Wait(soon, outcome("#video-form", "Saved.")+` && document.querySelector('h1').textContent === 'Regatta'`)
		check("edited", func(l *live) bool {
			return l.Name == "Regatta" && l.Description == "Now with\n\nwind." && slices.Equal(l.tags, []string{"sailing", "sea"}) && !l.download && l.Privacy == protected && slices.Equal(l.passwords, []string{"ahoy"})
		})
		p.Do(fill("#video-form", map[string]string{"name": "Regatta 2026"}))
		submit(p, "#video-form")
		p.Wait(soon, outcome("#video-form", "Saved.")+` && document.querySelector('h1').textContent === 'Regatta 2026'`)
		check("the passwords stay", func(l *live) bool { return slices.Equal(l.passwords, []string{"ahoy"}) })
		p.Do(fill("#video-form", map[string]string{"tags": "a,b"}))
		submit(p, "#video-form")
		p.Wait(soon, outcome("#video-form", "Use up to five tags of 2 to 30 characters."))
	})
	t.Run("poster", func(t *testing.T) {
		submit(p, "#poster-form")
		p.Wait(soon, outcome("#poster-form", "Please fill in this field."))
		// A picture that the page itself draws stands for one from the disk.
		give := func(file string) {
			p.Do(`new Promise((done) => ` + file + `).then((blob) => {
				const files = new DataTransfer();
				files.items.add(new File([blob], 'holiday', { type: blob.type }));
				document.querySelector('#poster-file').files = files.files;
			})`)
			submit(p, "#poster-form")
		}
		give(`done(new Blob(['no picture'], { type: 'image/png' }))`)
		p.Wait(soon, outcome("#poster-form", "Your browser cannot read this file as a picture. Choose a JPEG or PNG."))
		give(`{ const c = document.createElement('canvas'); c.width = 2400; c.height = 1350; c.getContext('2d').fillRect(0, 0, 99, 99); c.toBlob(done, 'image/png'); }`)
		p.Wait(soon, outcome("#poster-form", "The poster is in its place.")+` && document.querySelector('#poster img').src.endsWith('-4.jpg')`)
		w.locked(func() {
			if data := w.posters[replayUUID]; len(data) < 1000 || string(data[:3]) != "\xff\xd8\xff" {
				t.Errorf("%d bytes that are no JPEG", len(data))
			}
		})
	})
	t.Run("delete", func(t *testing.T) {
		p.Click("#delete")
		p.Wait(soon, `document.querySelector('#confirm-text').textContent.includes('Regatta, the final race')`)
		p.Click("#confirm-no")
		check("not deleted", func(l *live) bool { return l != nil })
		p.Wait(soon, `!document.querySelector('dialog.confirm')`)
		p.Click("#delete")
		arrives(t, p, s.URL+"/my/videos", func() { p.Click("#confirm-yes") })
		p.Wait(soon, `document.querySelectorAll('#videos .row').length === 3`)
		check("deleted", func(l *live) bool { return l == nil })
	})
}

func TestMyAccount(t *testing.T) {
	w := some()
	s := newStand(t, w)
	p := browser.Start(t).Open(t, browser.Look{})
	logIn(t, p, s, "root", rootPassword)
	p.Goto(s.URL + "/my/account")
	p.Wait(soon, `document.querySelector('#account-display').value === 'Harbour master' && document.querySelectorAll('#channels li').length === 1`)

	p.Do(fill("#profile-form", map[string]string{"displayName": "The harbour", "description": "Ahoy"}))
	submit(p, "#profile-form")
	p.Wait(soon, outcome("#profile-form", "Saved.")+` && document.querySelector('.user-name').textContent === 'The harbour'`)

	p.Do(fill("#password-form", map[string]string{"current": "something else", "new": "a new password"}))
	submit(p, "#password-form")
	p.Wait(soon, outcome("#password-form", "The present password is another one. Check it and try again."))
	p.Do(fill("#password-form", map[string]string{"current": rootPassword}))
	submit(p, "#password-form")
	p.Wait(soon, outcome("#password-form", "The new password is in force."))

	p.Do(`document.querySelector('#channel-add').open = true`)
	p.Do(fill("#channel-form", map[string]string{"displayName": "Lighthouse Été"}))
	p.Wait(soon, `document.querySelector('#channel-name').value === 'lighthouse_ete'`)
	submit(p, "#channel-form")
	p.Wait(soon, outcome("#channel-form", "The channel is there.")+` && document.querySelectorAll('#channels li').length === 2`)
	p.Do(fill("#channel-form", map[string]string{"displayName": "Lighthouse été"}))
	submit(p, "#channel-form")
	p.Wait(soon, outcome("#channel-form", "The node refused this: This name is taken: choose another."))

	channel := `[data-channel=lighthouse_ete]`
	p.Do(`document.querySelector('` + channel + ` details').open = true`)
	p.Do(fill(channel+" form", map[string]string{"description": "Light."}))
	submit(p, channel+" form")
	p.Wait(soon, outcome(channel+" form", "Saved."))
	w.locked(func() {
		u := w.user("root")
		_, c := w.channel("lighthouse_ete")
		if u.password != "a new password" || u.display != "The harbour" || u.about != "Ahoy" || c == nil || c.Description != "Light." {
			t.Errorf("changed: %+v, %+v", u, c)
		}
	})
	p.Click(channel + " .button.danger")
	p.Click("#confirm-yes")
	p.Wait(soon, `document.querySelectorAll('#channels li').length === 1`)
}

func TestUsers(t *testing.T) {
	w := some()
	s := newStand(t, w)
	p := browser.Start(t).Open(t, browser.Look{})
	logIn(t, p, s, "root", rootPassword)
	p.Goto(s.URL + "/admin/users")
	p.Wait(soon, `document.querySelectorAll('#users li').length === 1 && document.querySelector('#user-role').options.length === 3`)
	p.Do(fill("#user-form", map[string]string{"username": "Ada!", "password": "a first password", "quota": "2.5", "role": "1"}))
	submit(p, "#user-form")
	p.Wait(soon, outcome("#user-form", "Use small letters, digits, dots and underscores here, with a letter or digit first."))
	p.Do(fill("#user-form", map[string]string{"username": "ada"}))
	submit(p, "#user-form")
	p.Wait(soon, outcome("#user-form", "The user is there, and can log in.")+` && document.querySelectorAll('#users li').length === 2`)

	ada := `[data-user=ada]`
	p.Do(`document.querySelector('` + ada + ` details').open = true`)
	p.Do(fill(ada+" form", map[string]string{"role": "2", "quota": "10", "dailyQuota": "1", "password": "another password"}))
	submit(p, ada+" form")
	p.Wait(soon, outcome(ada+" form", "Saved."))
	w.locked(func() {
		if u := w.user("ada"); u.role != 2 || u.quota != 10_000_000_000 || u.daily != 1_000_000_000 || u.password != "another password" {
			t.Errorf("changed: %+v", u)
		}
	})
	press := func(words, then string) {
		t.Helper()
		p.Do(`[...document.querySelectorAll('` + ada + ` button')].find((b) => b.textContent === ` + quote(words) + `).click()`)
		if words != "Unblock" {
			p.Click("#confirm-yes")
		}
		p.Wait(soon, then)
	}
	press("Block", `document.querySelector('`+ada+` .badge.warn')`)
	press("Unblock", `!document.querySelector('`+ada+` .badge.warn')`)
	press("Delete", `document.querySelectorAll('#users li').length === 1`)

	root := browser.Eval[string](p, `[...document.querySelectorAll('[data-user=root] button[type=button]:not(.reveal)')].filter((b) => !b.hidden).map((b) => b.textContent).join()`)
	if root != "" {
		t.Errorf("one can do this to oneself: %s", root)
	}
	p.Goto(s.URL + "/admin/users?search=nobody")
	p.Wait(soon, `!document.querySelector('#users-none').hidden`)
}

func TestAdministration(t *testing.T) {
	w := some()
	s := newStand(t, w)
	p := browser.Start(t).Open(t, browser.Look{})
	logIn(t, p, s, "root", rootPassword)

	t.Run("limits", func(t *testing.T) {
		p.Goto(s.URL + "/admin/limits")
		p.Wait(soon, `document.querySelector('#max-lives').value === '20' && document.querySelector('#max-bytes').value === '50' && document.querySelector('#max-age').value === '30' && document.querySelector('#dvr').value === '30'`)
		p.Do(fill("#limits-form", map[string]string{"maxLives": "-1"}))
		submit(p, "#limits-form")
		p.Wait(soon, outcome("#limits-form", "Use 0 or more here."))
		p.Do(fill("#limits-form", map[string]string{"maxLives": "", "maxUser": "2", "maxDuration": "1.5", "maxBitRate": "8", "maxAge": "", "dvr": "10", "quota": "100"}))
		p.Do(`document.querySelector('#replays-allowed').click()`)
		submit(p, "#limits-form")
		p.Wait(soon, outcome("#limits-form", "Saved."))
		w.locked(func() {
			got := []any{}
			for _, path := range []string{"live.maxLives", "live.maxUser", "live.maxDuration", "live.maxBitRate", "replays.allowed", "replays.maxBytes", "replays.maxAge", "replays.dvr", "users.quota", "users.dailyQuota"} {
				part, name, _ := strings.Cut(path, ".")
				got = append(got, w.settings[part].(map[string]any)[name])
			}
			want := []any{-1.0, 2.0, 5400.0, 8e6, false, 50e9, 0.0, 600.0, 100e9, -1.0}
			if !slices.Equal(got, want) {
				t.Errorf("set: %v, want %v", got, want)
			}
			if w.settings["name"] != "Harbour TV" || w.settings["terms"] != "Be kind." {
				t.Error("what is set elsewhere was lost")
			}
		})
	})
	t.Run("instance", func(t *testing.T) {
		p.Goto(s.URL + "/admin/instance")
		p.Wait(soon, `document.querySelector('#instance-terms').value === 'Be kind.' && document.querySelectorAll('#node dd').length === 6`)
		p.Do(fill("#instance-form", map[string]string{"name": "Pier TV", "terms": "Be kinder."}))
		submit(p, "#instance-form")
		p.Wait(soon, outcome("#instance-form", "Saved."))
		w.locked(func() {
			if w.settings["name"] != "Pier TV" || w.settings["terms"] != "Be kinder." || w.settings["live"].(map[string]any)["maxUser"] != 2.0 {
				t.Errorf("set: %v", w.settings)
			}
			w.diskFull = true
		})
		p.Wait(soon, `!document.querySelector('#node-trouble').hidden`)
	})
	t.Run("storage", func(t *testing.T) {
		p.Goto(s.URL + "/admin/storage")
		p.Wait(soon, `!document.querySelector('#low').hidden && document.querySelectorAll('#kept .row').length === 1`)
		look(t, p, "storage-full")
		p.Click("#kept .button.danger")
		p.Wait(soon, `document.querySelector('#confirm-text').textContent.includes('2.4 GB')`)
		p.Click("#confirm-yes")
		p.Wait(soon, `document.querySelectorAll('#kept .row').length === 0 && document.querySelector('#kept-said').textContent.includes('Regatta') && !document.querySelector('#kept-none').hidden`)
	})
	if c := p.Complaints(); len(c) != 0 {
		t.Errorf("the browser complains: %q", c)
	}
}
