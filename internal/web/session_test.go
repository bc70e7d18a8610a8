package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"shoal/internal/testkit/browser"
)

func TestLogIn(t *testing.T) {
	w := some()
	s := newStand(t, w)
	b := browser.Start(t)
	p := b.Open(t, browser.Look{})

	t.Run("a page for who is logged in leads to the log-in and back", func(t *testing.T) {
		arrives(t, p, s.URL+"/login?next=%2Fmy%2Fvideos%3Fsearch%3Dharbour", func() { p.Goto(s.URL + "/my/videos?search=harbour") })
		p.Wait(soon, `document.querySelector('.reveal')`)
		submit(p, "#login-form")
		p.Wait(soon, outcome("#login-form", "Please fill in this field.")+` && document.activeElement.id === 'username' && document.activeElement.getAttribute('aria-invalid') === 'true'`)
		p.Do(fill("#login-form", map[string]string{"username": "root", "password": "wrong"}))
		submit(p, "#login-form")
		p.Wait(soon, outcome("#login-form", "User name and password do not belong together. Check both and try again."))
		look(t, p, "login-wrong")
		s.locked(func() { s.fail["/api/v1/shoal/session"] = http.StatusTooManyRequests })
		submit(p, "#login-form")
		p.Wait(soon, outcome("#login-form", "Too many attempts. Try again in 7 s."))
		s.locked(func() { clear(s.fail) })
		p.Do(fill("#login-form", map[string]string{"password": rootPassword}))
		arrives(t, p, s.URL+"/my/videos?search=harbour", func() { submit(p, "#login-form") })
		p.Wait(soon, `document.querySelectorAll('#videos .row').length === 1 && document.querySelector('#search').value === 'harbour'`)
	})
	t.Run("the header says who it is, on every page", func(t *testing.T) {
		p.Goto(s.URL + "/about")
		p.Wait(soon, `document.querySelector('#user-menu .user-name').textContent === 'Harbour master'`)
		p.Do(`document.querySelector('#user-menu').focus()`)
		p.Press(kb.Enter)
		p.Wait(soon, `document.querySelector('.menu').open && document.querySelectorAll('.menu a').length === 4`)
		p.Press(kb.Escape)
		p.Wait(soon, `!document.querySelector('.menu').open && document.activeElement.id === 'user-menu'`)
	})
	t.Run("no script can read the log-in", func(t *testing.T) {
		if c := browser.Eval[string](p, `document.cookie`); c != "" {
			t.Errorf("document.cookie is %q", c)
		}
		for _, secret := range []string{rootPassword, "a3", "r3"} {
			if kept := browser.Eval[string](p, `JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])`); strings.Contains(kept, `"`+secret) {
				t.Errorf("the browser keeps %s", kept)
			}
		}
	})
	t.Run("a log-in that has run out is renewed", func(t *testing.T) {
		s.locked(func() { clear(s.access) })
		p.Goto(s.URL + "/studio")
		p.Wait(soon, `document.querySelectorAll('#lives .row').length === 3`)
	})
	t.Run("one that cannot be renewed ends at the log-in", func(t *testing.T) {
		s.locked(func() { clear(s.access); clear(s.refresh) })
		arrives(t, p, s.URL+"/login?next=%2Fmy%2Faccount", func() { p.Goto(s.URL + "/my/account") })
		p.Wait(soon, `document.querySelector('#log-in') && !localStorage.getItem('shoal.session')`)
	})
	t.Run("log out", func(t *testing.T) {
		logIn(t, p, s, "root", rootPassword)
		p.Click("#user-menu")
		arrives(t, p, s.URL+"/", func() { p.Click("#log-out") })
		p.Wait(soon, `document.querySelector('#log-in')`)
		s.locked(func() {
			if len(w.access)+len(w.refresh) > 0 {
				t.Error("the node still knows the log-in")
			}
		})
	})
	t.Run("nobody is led elsewhere", func(t *testing.T) {
		p.Goto(s.URL + "/login?next=//evil.example/")
		p.Wait(soon, `document.querySelector('.reveal')`)
		p.Do(fill("#login-form", map[string]string{"username": "root", "password": rootPassword}))
		arrives(t, p, s.URL+"/studio", func() { submit(p, "#login-form") })
	})
	t.Run("what is only for admins", func(t *testing.T) {
		s.locked(func() { s.user("root").role = 2 })
		p.Goto(s.URL + "/admin/users")
		p.Wait(soon, `!document.querySelector('#forbidden').hidden && document.querySelector('#content').hidden`)
		p.Goto(s.URL + "/studio")
		p.Wait(soon, `document.querySelector('.admin-only').hidden && !document.querySelector('#content').hidden`)
		s.locked(func() { s.user("root").role = 0 })
	})
	t.Run("keys alone", func(t *testing.T) {
		anon := b.Open(t, browser.Look{})
		anon.Goto(s.URL + "/login")
		anon.Wait(soon, `document.activeElement.id === 'username'`)
		anon.Press("root")
		anon.Press(kb.Tab)
		anon.Press(rootPassword)
		arrives(t, anon, s.URL+"/studio", func() { anon.Press(kb.Enter) })
	})
}

// TestFailures shows that a page that cannot be shown says why, and tries again when it is told to.
func TestFailures(t *testing.T) {
	s := newStand(t, some())
	p := browser.Start(t).Open(t, browser.Look{Width: 360, Height: 740, Phone: true})
	logIn(t, p, s, "root", rootPassword)
	says := func(words string) string {
		return `!document.querySelector('#failure').hidden && document.querySelector('#failure p').textContent === ` + quote(words)
	}
	for _, c := range []struct {
		status int
		words  string
	}{
		{http.StatusForbidden, "You may not do this. Ask an administrator of this node."},
		{http.StatusNotFound, "This is no longer here. Go back and look at the list."},
		{http.StatusTooManyRequests, "Too many attempts. Try again in 7 s."},
		{http.StatusInternalServerError, "Something went wrong in the node. Try again; if it goes on, its log says why."},
	} {
		s.locked(func() { s.fail["/api/v1/users/me/videos"] = c.status })
		p.Goto(s.URL + "/my/videos")
		p.Wait(soon, says(c.words))
	}
	look(t, p, "failure")
	s.locked(func() { clear(s.fail) })
	p.Click("#failure button")
	p.Wait(soon, `document.querySelector('#failure').hidden && document.querySelectorAll('#videos .row').length === 4`)

	p.Do(`window.trueFetch = fetch; window.fetch = () => Promise.reject(new TypeError('away'))`)
	p.Do(`document.querySelector('#language').value = 'fr'; document.querySelector('#language').dispatchEvent(new Event('change'))`)
	p.Wait(soon, says("Le nœud ne répond pas. Vérifiez la connexion, puis réessayez."))
	p.Do(`window.fetch = trueFetch`)
	p.Click("#failure button")
	p.Wait(soon, `document.querySelector('#failure').hidden`)
}

// TestSetUp goes through the first start of a node.
func TestSetUp(t *testing.T) {
	w := empty()
	w.user("root").mustChange = true
	w.user("root").display = "root"
	w.name = "Shoal"
	w.short = ""
	s := newStand(t, w)
	p := browser.Start(t).Open(t, browser.Look{Width: 360, Height: 740, Phone: true})
	p.Goto(s.URL + "/")
	p.Wait(soon, `document.querySelector('#none-text').textContent.startsWith('This node is new.')`)
	look(t, p, "home-new")
	arrives(t, p, s.URL+"/login?next=/setup", func() { p.Click("#none-do") })
	p.Wait(soon, `!document.querySelector('#login-first').hidden`)
	look(t, p, "login-first")
	p.Do(fill("#login-form", map[string]string{"username": "root", "password": rootPassword}))
	arrives(t, p, s.URL+"/setup", func() { submit(p, "#login-form") })
	p.Wait(soon, `!document.querySelector('#content').hidden && document.querySelector('#instance-name').value === 'Shoal'`)
	look(t, p, "setup")
	for _, f := range browser.Eval[[]string](p, audit) {
		t.Error(f)
	}
	p.Do(fill("#setup-form", map[string]string{"password": "short"}))
	submit(p, "#setup-form")
	p.Wait(soon, outcome("#setup-form", "Use at least 8 characters here.")+` && document.activeElement.id === 'new-password'`)
	p.Do(fill("#setup-form", map[string]string{
		"password": "a password of my own", "instanceName": "Pier TV", "short": "The pier, live", "channelDisplay": "Fête du port", "channelName": "",
	}))
	p.Do(fill("#setup-form", map[string]string{"channelName": "fete_du_port"}))
	p.Do(`document.querySelector('#setup-replays').click()`)
	arrives(t, p, s.URL+"/studio", func() { submit(p, "#setup-form") })
	p.Wait(soon, `!document.querySelector('#lives-none').hidden`)
	w.locked(func() {
		root := w.user("root")
		if !w.setUp || w.name != "Pier TV" || w.short != "The pier, live" || root.password != "a password of my own" || root.mustChange {
			t.Errorf("set up: %v, %q, %q, password %q", w.setUp, w.name, w.short, root.password)
		}
		if c := root.channels[len(root.channels)-1]; c.Name != "fete_du_port" || c.DisplayName != "Fête du port" {
			t.Errorf("the channel is %+v", c)
		}
		if w.settings["replays"].(map[string]any)["allowed"] != false {
			t.Error("replays are allowed")
		}
	})
	p.Goto(s.URL + "/")
	p.Wait(soon, `document.querySelector('#node-name').textContent === 'Pier TV' && document.querySelector('#none-do').pathname === '/studio'`)
}
