package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/internal/testkit/browser"
)

// soon is how long a test in the browser waits for what should come at once, on a machine that does much else.
const soon = 30 * time.Second

// audit looks for what keeps people out: controls without a name, text that is hard to read, what sticks out of a
// narrow screen, targets too small for a finger, a jumbled order of headings.
const audit = `(() => {
	const found = [];
	const visible = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest('[aria-hidden=true]');
	const say = (e) => e.outerHTML.slice(0, 120);
	const name = (e) => (e.getAttribute('aria-label') || (e.labels ? [...e.labels].map((l) => l.textContent).join('') : '') || (e.matches('input, select, textarea') ? '' : e.textContent)).trim();

	for (const e of document.querySelectorAll('a, button, input, select, textarea, summary, [role=img], [role=region], dialog')) {
		if (!visible(e)) continue;
		if (!name(e) && !e.getAttribute('aria-labelledby')) found.push('no name: ' + say(e));
		if (e.matches('a, button, input, select, textarea, summary') && !e.disabled && e.tabIndex < 0) found.push('not reached by keys: ' + say(e));
		let box = e.getBoundingClientRect();
		const target = e.closest('.check') ?? e; // the label beside it belongs to the target
		if (e.matches('button, select, textarea, summary, input')) box = target.getBoundingClientRect();
		if (e.matches('button, select, textarea, summary, input') && Math.min(box.width, box.height) < 34) found.push('too small: ' + say(e));
	}
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('twice: ' + id);
	for (const e of document.querySelectorAll('[aria-labelledby], [aria-controls], [aria-describedby], label[for]')) {
		for (const a of ['aria-labelledby', 'aria-controls', 'aria-describedby', 'for']) {
			const id = e.getAttribute(a);
			if (id && !ids.includes(id)) found.push('names nothing: ' + say(e));
		}
	}
	let level = 0;
	for (const h of document.querySelectorAll('h1, h2, h3, h4')) {
		if (!visible(h)) continue;
		const now = Number(h.tagName[1]);
		if (now > level + 1 && !h.closest('.panel')) found.push('heading jumps: ' + say(h));
		level = now;
	}
	if (!document.title) found.push('no title');
	if ([...document.querySelectorAll('h1')].filter(visible).length > 1) found.push('more than one h1');
	const wide = document.documentElement.scrollWidth - innerWidth;
	if (wide > 0) found.push('sticks out by ' + wide + ' pixels');

	// Contrast (WCAG 2.2, 1.4.3): of each text to the first ground that is not transparent.
	const parse = (c) => {
		const n = c.match(/[\d.]+/g).map(Number);
		return c.startsWith('color(srgb') ? [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1];
	};
	const light = (c) => {
		const [r, g, b] = c.slice(0, 3).map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const ground = (e) => {
		const layers = [];
		for (let n = e; n; n = n.parentElement) {
			const c = parse(getComputedStyle(n).backgroundColor);
			if (c[3] > 0) layers.push(c);
			if (c[3] === 1) break;
		}
		return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
	};
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; (n = walker.nextNode()); ) {
		const e = n.parentElement;
		if (/^[a-z_]+(\.[a-zA-Z_]+)+$/.test(n.data.trim()) && e.dataset.t === n.data) found.push('no words: ' + n.data);
		if (!n.data.trim() || !visible(e) || e.matches('option, svg *, noscript, script') || e.closest('.unseen, .skip')) continue;
		const back = ground(e);
		const [a, b] = [light(over(parse(getComputedStyle(e).color), back)), light(back)];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) found.push('contrast ' + ratio.toFixed(2) + ': ' + n.data.trim());
	}
	return found;
})()`

// logIn logs in by the page, and waits until that has led elsewhere.
func logIn(t *testing.T, p *browser.Page, s *stand, name, password string) {
	t.Helper()
	p.Goto(s.URL + "/login")
	p.Do(fill("#login-form", map[string]string{"username": name, "password": password}))
	arrives(t, p, s.URL+"/studio", func() { submit(p, "#login-form") })
}

// arrives does what leads to another page, and waits until that is there: it has asked for something.
func arrives(t *testing.T, p *browser.Page, url string, do func()) {
	t.Helper()
	from := len(p.Requests())
	do()
	for deadline := time.Now().Add(soon); ; time.Sleep(10 * time.Millisecond) {
		asked := p.Requests()[from:]
		if i := slices.Index(asked, url); i >= 0 && slices.ContainsFunc(asked[i:], func(r string) bool { return strings.Contains(r, "/api/") }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not lead to %s; asked for: %q; complaints: %q", url, asked, p.Complaints())
		}
	}
}

// fill puts values into the fields of a form, as if they had been typed.
func fill(form string, values map[string]string) string {
	return `for (const [name, value] of Object.entries(` + quote(values) + `)) {
		const field = document.querySelector(` + quote(form) + ` + ' [name="' + name + '"]');
		field.value = value;
		field.dispatchEvent(new Event('input', { bubbles: true }));
		field.dispatchEvent(new Event('change', { bubbles: true }));
	}`
}

// submit presses a form's button.
func submit(p *browser.Page, form string) {
	p.Do(`document.querySelector(` + quote(form+" button[type=submit]") + `).click()`)
}

// outcome is what a form says when it was sent.
func outcome(form, words string) string {
	return `document.querySelector(` + quote(form+" .outcome") + `).textContent === ` + quote(words)
}

type seen struct{ name, path, ready string }

var seenByAll = []seen{
	{"home", "/", `document.querySelector('#encoder .qr') && document.querySelector('#later .card') && document.querySelector('#replays .card')`},
	{"live", "/w/" + liveUUID, `document.querySelector('.player[data-phase=playing].pictured') && document.querySelector('#description a')`},
	{"waiting", "/w/" + otherUUID, `document.querySelector('.player[data-phase=waiting]')`},
	{"ended", "/w/" + endedUUID, `document.querySelector('.player[data-phase=ended]')`},
	{"embed", "/videos/embed/" + liveUUID, `document.querySelector('.begin:not([hidden])')`},
	{"channel", "/c/town", `document.querySelectorAll('#videos .card').length === 2`},
	{"account", "/a/root", `document.querySelectorAll('#owner-channels a').length === 1`},
	{"about", "/about", `!document.querySelector('#version').hidden && !document.querySelector('#terms').hidden`},
	{"login", "/login", `document.querySelector('.reveal')`},
	{"notfound", "/no/such/page", `document.querySelector('#language').value`},
}

var seenByRoot = []seen{
	{"setup", "/setup", `!document.querySelector('#setup-again').hidden`},
	{"studio", "/studio", `document.querySelectorAll('#lives .row').length === 3`},
	{"desk", "/studio/" + liveUUID, `document.querySelector('.player[data-phase=playing]') && document.querySelectorAll('.finding').length === 2 && document.querySelector('#code .qr') && document.querySelector('.chart-line').getAttribute('d')`},
	{"desk-waiting", "/studio/" + otherUUID, `document.querySelector('#code .qr') && !document.querySelector('#declared').hidden`},
	{"my-videos", "/my/videos", `document.querySelectorAll('#videos .row').length === 4`},
	{"my-video", "/my/videos/" + replayUUID, `document.querySelector('#video-name').value && document.querySelector('#poster img').complete`},
	{"my-account", "/my/account", `document.querySelector('#channels details')`},
	{"users", "/admin/users", `document.querySelectorAll('#users details').length === 2`},
	{"limits", "/admin/limits", `document.querySelector('#max-lives').value === '20'`},
	{"storage", "/admin/storage", `document.querySelector('#kept .row')`},
	{"instance", "/admin/instance", `document.querySelector('#node dd') && document.querySelector('#instance-name').value`},
}

func TestPages(t *testing.T) {
	w := some()
	w.users = append(w.users, &user{id: 2, name: "ada", role: 2, quota: 50_000_000_000, daily: -1, blocked: true, channels: []*channel{{ID: 9, named: named{"ada_channel", "Ada"}}}})
	w.live(liveUUID).findings = []finding{
		{"keyframe_distance", "warning", started, map[string]float64{"seconds": 8}, "Keyframes come every 8 s."},
		{"b_frames", "info", started, map[string]float64{"seconds": 0.24}, "B-frames."},
	}
	s := newStand(t, w)
	s.publish(t)
	b := browser.Start(t)
	looks := []struct {
		name string
		look browser.Look
	}{
		{"desk-light-en", browser.Look{Width: 1280, Height: 860, Language: "en-GB"}},
		{"desk-dark-fr", browser.Look{Width: 1280, Height: 860, Dark: true, Language: "fr-FR", Still: true}},
		{"phone-light-fr", browser.Look{Width: 320, Height: 640, Phone: true, Language: "fr-CA"}},
		{"phone-dark-en", browser.Look{Width: 360, Height: 800, Phone: true, Dark: true}},
	}
	if testing.Short() {
		looks = looks[2:]
	}
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			l.look.Height = max(l.look.Height, *height)
			p := b.Open(t, l.look)
			walk := func(pages []seen) {
				for _, c := range pages {
					p.Goto(s.URL + c.path)
					p.Wait(soon, c.ready)
					p.Do(`for (const d of document.querySelectorAll('main details')) d.open = true`)
					look(t, p, c.name+"-"+l.name)
					for _, f := range browser.Eval[[]string](p, audit) {
						t.Errorf("%s: %s", c.name, f)
					}
					lang := browser.Eval[string](p, `document.documentElement.lang`)
					if lang != strings.Split(l.name, "-")[2] {
						t.Errorf("%s speaks %s", c.name, lang)
					}
				}
			}
			walk(seenByAll)
			logIn(t, p, s, "root", rootPassword)
			walk(seenByRoot)
			p.Click("#user-menu")
			look(t, p, "menu-"+l.name)
			for _, f := range browser.Eval[[]string](p, audit) {
				t.Errorf("menu: %s", f)
			}
			for _, r := range p.Requests() {
				if !strings.HasPrefix(r, s.URL+"/") && !strings.HasPrefix(r, "blob:"+s.URL+"/") && !strings.HasPrefix(r, "data:") {
					t.Errorf("something was asked elsewhere: %s", r)
				}
			}
			for _, c := range p.Complaints() {
				if !strings.HasSuffix(c, "404 (Not Found) "+s.URL+"/no/such/page") {
					t.Errorf("the browser complains: %s", c)
				}
			}
		})
	}
}

func TestHomePage(t *testing.T) {
	s := newStand(t, some())
	b := browser.Start(t)
	p := b.Open(t, browser.Look{})
	p.Goto(s.URL)
	p.Wait(soon, `document.querySelectorAll('#live .card').length === 1 && document.querySelectorAll('#later .card').length === 2`)
	p.Wait(soon, `document.querySelectorAll('#encoder .qr').length === 1`)
	if got := browser.Eval[string](p, `document.querySelector('#encoder .qr').getAttribute('aria-label')`); !strings.Contains(got, "//192.168.1.20:") || !strings.HasSuffix(got, "/w/"+liveUUID) {
		t.Errorf("the code of a page opened as localhost says %q", got)
	}
	if got := browser.Eval[string](p, `[...document.querySelectorAll('#encoder code')].map(c => c.textContent).join('|')`); !strings.HasPrefix(got, "rtmp://127.0.0.1/live|festival-7Kq2|ffmpeg ") {
		t.Errorf("encoder's address %q", got)
	}

	t.Run("copy", func(t *testing.T) {
		p.Do(`document.addEventListener('copy', () => window.copied = String(document.activeElement.value ?? getSelection()))`)
		p.Do(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`) // as on a page without https
		p.Click("#encoder .field:nth-of-type(2) button")
		p.Wait(soon, `window.copied === 'festival-7Kq2'`)
		p.Wait(soon, `document.querySelector('#encoder .field:nth-of-type(2) [role=status]').textContent === 'Copied'`)
	})
	t.Run("changes by itself", func(t *testing.T) {
		s.set(otherUUID, "live")
		p.Wait(soon, `document.querySelectorAll('#live .card').length === 2`)
		s.set(liveUUID, "ended")
		s.set(otherUUID, "ended")
		p.Wait(soon, `document.querySelector('#live').hidden && !document.querySelector('#none').hidden && document.querySelectorAll('#later .card').length === 2`)
	})
	t.Run("another language", func(t *testing.T) {
		p.Do(`{ const s = document.querySelector('#language'); s.value = 'fr'; s.dispatchEvent(new Event('change')); }`)
		p.Wait(soon, `document.documentElement.lang === 'fr' && document.querySelector('h1').textContent === 'En direct, à une seconde près'`)
		p.Wait(soon, `document.querySelector('#later .badge').textContent === 'Terminé'`)
		p.Reload()
		p.Wait(soon, `document.documentElement.lang === 'fr' && document.querySelector('.brand').getAttribute('aria-label') === 'Accueil de ce nœud'`)
		kept := browser.Eval[string](p, `JSON.stringify([Object.keys(localStorage), document.cookie, Object.keys(sessionStorage)])`)
		if kept != `[["shoal.language"],"",[]]` {
			t.Errorf("the browser keeps %s", kept)
		}
	})
	t.Run("nothing declared", func(t *testing.T) {
		w := empty()
		w.setUp = true
		bare := newStand(t, w)
		p := b.Open(t, browser.Look{Width: 360, Height: 640, Phone: true})
		p.Goto(bare.URL)
		p.Wait(soon, `document.querySelector('#none-text').textContent.includes('configuration')`)
		look(t, p, "home-empty")
	})
	t.Run("the node goes and comes", func(t *testing.T) {
		p.Do(`window.trueFetch = fetch; window.fetch = () => Promise.reject(new Error('away'))`)
		p.Wait(soon, `!document.querySelector('#offline').hidden`)
		p.Do(`window.fetch = trueFetch`)
		p.Wait(soon, `document.querySelector('#offline').hidden`)
	})
}

func TestSharing(t *testing.T) {
	s := newStand(t, some())
	p := browser.Start(t).Open(t, browser.Look{Width: 360, Height: 740, Phone: true})
	p.Goto(s.URL + "/w/Harbour%20festival")
	p.Wait(soon, `document.querySelector('#name').textContent === 'Harbour festival' && document.title.startsWith('Harbour festival')`)
	p.Do(`document.querySelector('#actions > button').click()`)
	p.Wait(soon, `document.querySelector('#share[open] .qr')`)
	look(t, p, "share")
	if got := browser.Eval[string](p, `document.querySelector('#share-code code').textContent`); !strings.Contains(got, "//192.168.1.20:") || !strings.HasSuffix(got, "/w/"+liveUUID) {
		t.Errorf("shared address %q", got)
	}
	for _, f := range browser.Eval[[]string](p, audit) {
		t.Error(f)
	}
	p.Click("#share-close")
	p.Wait(soon, `!document.querySelector('#share').open`)
}

// TestStrangers shows what a page of another origin can do with ours.
func TestStrangers(t *testing.T) {
	s := newStand(t, some())
	s.publish(t)
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>another origin</title>"))
	}))
	t.Cleanup(stranger.Close)
	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto(stranger.URL)
	answer := browser.Eval[string](p, `fetch(`+quote(s.URL+"/api/v1/shoal/node")+`).then(() => 'read', () => 'refused')`)
	if answer != "refused" {
		t.Errorf("another origin has %s the node's answer, keys and all", answer)
	}
	framed := func(path string) string {
		return `new Promise(r => { const f = document.createElement('iframe'); f.src = ` + quote(s.URL+path) + `; f.onload = () => r(f); document.body.append(f); })`
	}
	p.Do(framed("/w/" + liveUUID))
	for deadline := time.Now().Add(soon); !strings.Contains(strings.Join(p.Complaints(), "\n"), "frame-ancestors"); {
		if time.Now().After(deadline) {
			t.Fatalf("the watch page lets itself be framed: %q", p.Complaints())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if n := s.media.requests(); n != 0 {
		t.Errorf("the watch page plays in a stranger's frame: %d requests", n)
	}
	p.Do(framed("/videos/embed/" + liveUUID + "?autoplay=1&muted=1&start=3"))
	for deadline := time.Now().Add(soon); s.media.requests() < 3; {
		if time.Now().After(deadline) {
			t.Fatalf("the embedded player does not play: %d requests", s.media.requests())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// quote writes a value as an expression of JavaScript.
func quote(v any) string {
	b, _ := json.Marshal(v) // of strings: cannot fail
	return string(b)
}
