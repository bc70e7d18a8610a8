package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
	const name = (e) => (e.getAttribute('aria-label') || e.textContent || e.labels?.[0]?.textContent || '').trim();

	for (const e of document.querySelectorAll('a, button, input, select, [role=img], [role=region], dialog')) {
		if (!visible(e)) continue;
		if (!name(e) && !e.getAttribute('aria-labelledby')) found.push('no name: ' + say(e));
		const box = e.getBoundingClientRect();
		if (e.matches('button, select, input') && Math.min(box.width, box.height) < 34) found.push('too small: ' + say(e));
	}
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('twice: ' + id);
	for (const e of document.querySelectorAll('[aria-labelledby], [aria-controls]')) {
		for (const a of ['aria-labelledby', 'aria-controls']) {
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
	if (document.querySelectorAll('h1').length > 1) found.push('more than one h1');
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
		if (!n.data.trim() || !visible(e) || e.matches('option, svg *, noscript, script') || e.closest('.unseen, .skip')) continue;
		const back = ground(e);
		const [a, b] = [light(over(parse(getComputedStyle(e).color), back)), light(back)];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) found.push('contrast ' + ratio.toFixed(2) + ': ' + n.data.trim());
	}
	return found;
})()`

func TestPages(t *testing.T) {
	s := newStand(t, some(), demo)
	s.publish(t)
	b := browser.Start(t)

	pages := []struct{ name, path, ready string }{
		{"home", "/", `document.querySelector('#encoder .qr') && document.querySelector('#later .card')`},
		{"live", "/w/" + liveUUID, `document.querySelector('.player[data-phase=playing].pictured')`},
		{"waiting", "/w/" + otherUUID, `document.querySelector('.player[data-phase=waiting]')`},
		{"ended", "/w/" + endedUUID, `document.querySelector('.player[data-phase=ended]')`},
		{"embed", "/videos/embed/" + liveUUID, `document.querySelector('.begin:not([hidden])')`},
		{"about", "/about", `!document.querySelector('#version').hidden`},
		{"notfound", "/no/such/page", `document.querySelector('#language').value`},
	}
	looks := []struct {
		name string
		look browser.Look
	}{
		{"desk-light-en", browser.Look{Width: 1280, Height: 860, Language: "en-GB"}},
		{"desk-dark-fr", browser.Look{Width: 1280, Height: 860, Dark: true, Language: "fr-FR", Still: true}},
		{"phone-light-fr", browser.Look{Width: 320, Height: 640, Phone: true, Language: "fr-CA"}},
		{"phone-dark-en", browser.Look{Width: 400, Height: 800, Phone: true, Dark: true}},
	}
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := b.Open(t, l.look)
			for _, c := range pages {
				p.Goto(s.URL + c.path)
				p.Wait(soon, c.ready)
				look(t, p, c.name+"-"+l.name)
				for _, f := range browser.Eval[[]string](p, audit) {
					t.Errorf("%s: %s", c.name, f)
				}
				lang := browser.Eval[string](p, `document.documentElement.lang`)
				if lang != strings.Split(l.name, "-")[2] {
					t.Errorf("%s speaks %s", c.name, lang)
				}
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
	s := newStand(t, some(), demo)
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
		s.lives.set(otherUUID, "live")
		p.Wait(soon, `document.querySelectorAll('#live .card').length === 2`)
		s.lives.set(liveUUID, "ended")
		s.lives.set(otherUUID, "ended")
		p.Wait(soon, `document.querySelector('#live').hidden && !document.querySelector('#none').hidden && document.querySelectorAll('#later .card').length === 3`)
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
		bare := newStand(t, &lives{}, demo)
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
	s := newStand(t, some(), demo)
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
	s := newStand(t, some(), demo)
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

func quote(s string) string {
	b, _ := json.Marshal(s) // of a string: cannot fail
	return string(b)
}
