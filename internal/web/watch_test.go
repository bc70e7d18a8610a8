package web_test

import (
	"strings"
	"testing"
	"time"

	"shoal/internal/testkit/browser"
)

const (
	seekLine  = `document.querySelector('#seek')`
	seekWords = `document.querySelector('.seek-figures').textContent`
)

// seek moves the line of time, as a finger would.
func seek(p *browser.Page, to string) {
	p.Do(`{ const s = ` + seekLine + `; s.value = String(` + to + `); s.dispatchEvent(new Event('input', { bubbles: true })); s.dispatchEvent(new Event('change', { bubbles: true })); }`)
}

// TestBackInTime goes back in a live, to now, and over to the replay when it ends.
func TestBackInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as it shows")
	}
	w := some()
	s := newStand(t, w)
	r := newReel(t)
	r.screen(s, liveUUID)
	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto(s.URL + "/w/" + liveUUID)
	p.Wait(soon, playing+` && !document.querySelector('.seek').hidden && Number(`+seekLine+`.max) >= 55`)
	if n := r.requests("dvr.m3u8"); n != 0 {
		t.Errorf("the recording is asked for by who watches the live: %d times", n)
	}

	t.Run("back into the recording", func(t *testing.T) {
		seek(p, seekLine+`.max - 40`)
		p.Wait(soon, playing+` && /^−0:(39|4\d)$/.test(`+seekWords+`) && document.querySelector('.edge:not(.at)')`)
		advances(t, p, 1)
		if n := r.requests("dvr.m3u8"); n == 0 {
			t.Error("the recording is not asked for")
		}
		if said := browser.Eval[string](p, seekLine+`.getAttribute('aria-valuetext')`); !strings.Contains(said, "4") || !strings.Contains(said, "behind live, ") {
			t.Errorf("it is told as %q", said)
		}
		look(t, p, "dvr")
	})
	t.Run("it stays there", func(t *testing.T) {
		advances(t, p, 3)
		p.Wait(soon, `/^−0:(39|4\d)$/.test(`+seekWords+`)`)
	})
	t.Run("keys", func(t *testing.T) {
		p.Press("j")
		p.Wait(soon, playing+` && /^−0:(49|5\d)$/.test(`+seekWords+`)`)
		p.Do(seekLine + `.focus()`)
		p.Do(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true }))`)
		p.Wait(soon, playing+` && /^−0:4\d$/.test(`+seekWords+`)`)
	})
	t.Run("a short pause is no loss", func(t *testing.T) {
		p.Press("k")
		p.Wait(soon, video+`.paused`)
		p.Press("k")
		p.Wait(soon, playing+` && /^−0:(4|5)\d$/.test(`+seekWords+`)`)
	})
	t.Run("to now", func(t *testing.T) {
		p.Click(".edge")
		p.Wait(soon, playing+` && document.querySelector('.edge.at')`)
		before := r.requests("dvr.m3u8")
		advances(t, p, 3)
		if n := r.requests("dvr.m3u8"); n != before {
			t.Errorf("the recording is still asked for: %d times more", n-before)
		}
	})
	t.Run("who is back in time goes on in the replay", func(t *testing.T) {
		seek(p, seekLine+`.max - 30`)
		p.Wait(soon, playing+` && document.querySelector('.edge:not(.at)')`)
		advances(t, p, 1)
		at := browser.Eval[float64](p, seekLine+`.valueAsNumber`)
		r.becomesReplay(s, liveUUID)
		p.Wait(soon, `document.querySelector('.player.replaying') && document.querySelector('#badge').textContent === 'Replay' && `+playing)
		now := browser.Eval[float64](p, video+`.currentTime`)
		if now < at-12 || now > at+25 {
			t.Errorf("it goes on at %.1f s, and was at %.1f s", now, at)
		}
		advances(t, p, 1)
	})
}

// TestReplayAfterLive shows that the page of a live becomes that of its replay by itself.
func TestReplayAfterLive(t *testing.T) {
	s := newStand(t, some())
	r := newReel(t)
	r.screen(s, liveUUID)
	p := browser.Start(t).Open(t, browser.Look{Width: 360, Height: 740, Phone: true})
	p.Goto(s.URL + "/w/" + liveUUID)
	p.Wait(soon, playing)
	advances(t, p, 1)
	if browser.Eval[bool](p, `document.querySelector('#download') !== null`) {
		t.Error("a live can be downloaded")
	}

	r.becomesReplay(s, liveUUID)
	p.Wait(soon, `document.querySelector('.player[data-phase=offered]') && document.querySelector('.begin:not([hidden])') && document.querySelector('#download')`)
	p.Wait(soon, status("The live has ended"))
	look(t, p, "offered")
	if n := r.requests("vod.m3u8"); n != 0 {
		t.Error("the replay is loaded before anybody wants it")
	}
	p.Click(".begin")
	p.Wait(soon, playing+` && document.querySelector('.player.replaying')`)
	advances(t, p, 0.5)

	t.Run("seek", func(t *testing.T) {
		p.Wait(soon, `/^0:0\d \/ 1:\d\d$/.test(`+seekWords+`)`)
		seek(p, "50")
		p.Wait(soon, playing+` && `+video+`.currentTime >= 50 && /^0:5\d \/ /.test(`+seekWords+`)`)
		p.Do(`document.activeElement.blur()`)
		p.Press("j")
		p.Wait(soon, video+`.currentTime < 48`)
		p.Press("l")
		p.Wait(soon, video+`.currentTime >= 50`)
		look(t, p, "replay")
	})
	t.Run("speed", func(t *testing.T) {
		p.Press(">")
		p.Wait(soon, video+`.playbackRate === 1.25 && document.querySelector('#speed').value === '1.25'`)
		p.Do(`{ const s = document.querySelector('#speed'); s.value = '2'; s.dispatchEvent(new Event('change')); }`)
		p.Wait(soon, video+`.playbackRate === 2`)
	})
	t.Run("to its end, and again", func(t *testing.T) {
		seek(p, seekLine+`.max - 1`)
		p.Wait(soon, video+`.ended && document.querySelector('.begin:not([hidden])')`)
		p.Click(".begin")
		p.Wait(soon, playing+` && `+video+`.currentTime < 20`)
	})
	for _, f := range browser.Eval[[]string](p, audit) {
		t.Error(f)
	}
	if c := p.Complaints(); len(c) != 0 {
		t.Errorf("the browser complains: %q", c)
	}
}

func TestReplayOfPermanentLive(t *testing.T) {
	s := newStand(t, some())
	s.change(otherUUID, func(l *live) { l.State, l.NextRef = ended, replayUUID })
	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto(s.URL + "/w/" + otherUUID)
	p.Wait(soon, `!document.querySelector('#next').hidden && document.querySelector('#next-link').pathname === '/w/`+replayUUID+`'`)
}

// TestAudience shows that a page that plays tells so, under a name of its own, and one that does not plays no part.
func TestAudience(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as it shows")
	}
	s := newStand(t, some())
	s.publish(t)
	b := browser.Start(t)
	p := b.Open(t, browser.Look{})
	told := func() (names []string) {
		s.locked(func() { names = append(names, s.views[liveUUID]...) })
		return names
	}
	await := func(n int) []string {
		for deadline := time.Now().Add(soon); len(told()) < n; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the node was told %d times, not %d", len(told()), n)
			}
		}
		return told()
	}
	p.Goto(s.URL + "/w/" + liveUUID)
	p.Wait(soon, playing)
	names := await(2)
	if names[0] != names[1] || len(names[0]) < 16 {
		t.Errorf("the page is called %q", names)
	}
	p.Reload()
	if names = await(3); names[2] == names[0] {
		t.Error("a page has the same name when it is loaded again")
	}
	quiet := b.Open(t, browser.Look{Width: 480, Height: 270})
	before := len(told())
	p.Goto(s.URL + "/about")
	quiet.Goto(s.URL + "/videos/embed/" + liveUUID)
	quiet.Wait(soon, `document.querySelector('.begin:not([hidden])')`)
	if n := len(told()); n > before {
		t.Errorf("a player that nobody has begun counts as a viewer: %d", n-before)
	}
}

// TestGate shows what is not for everybody to those it is for.
func TestGate(t *testing.T) {
	w := some()
	s := newStand(t, w)
	s.publish(t)
	b := browser.Start(t)

	t.Run("password", func(t *testing.T) {
		s.change(liveUUID, func(l *live) { l.Privacy, l.passwords = protected, []string{"open sesame"} })
		p := b.Open(t, browser.Look{Width: 360, Height: 740, Phone: true})
		p.Goto(s.URL + "/w/" + liveUUID)
		p.Wait(soon, `document.querySelector('#gate-form') && document.querySelector('#player').hidden`)
		look(t, p, "gate")
		for _, f := range browser.Eval[[]string](p, audit) {
			t.Error(f)
		}
		if n := s.media.requests(); n != 0 {
			t.Errorf("media is asked for: %d times", n)
		}
		submit(p, "#gate-form")
		p.Wait(soon, outcome("#gate-form", "Please fill in this field."))
		p.Do(fill("#gate-form", map[string]string{"password": "open pumpkin"}))
		submit(p, "#gate-form")
		p.Wait(soon, outcome("#gate-form", "That is not the password. Check it and try again."))
		p.Do(fill("#gate-form", map[string]string{"password": "open sesame"}))
		submit(p, "#gate-form")
		p.Wait(soon, playing+` && document.querySelector('#gate').hidden && document.querySelector('#name').textContent === 'Harbour festival'`)
		for _, r := range p.Requests() {
			if strings.Contains(r, ".m3u8") && !strings.Contains(r, "main.m3u8?videoFileToken=opened") {
				t.Errorf("without the token: %s", r)
			}
		}
		p.Reload()
		p.Wait(soon, playing)
		embed := b.Open(t, browser.Look{Width: 480, Height: 400})
		embed.Goto(s.URL + "/videos/embed/" + liveUUID)
		embed.Wait(soon, `document.querySelector('#gate-form')`)
	})
	t.Run("internal", func(t *testing.T) {
		s.change(liveUUID, func(l *live) { l.Privacy = internal })
		p := b.Open(t, browser.Look{})
		p.Goto(s.URL + "/w/" + liveUUID)
		p.Wait(soon, `document.querySelector('#gate-login')`)
		arrives(t, p, s.URL+"/login?next=%2Fw%2F"+liveUUID, func() { p.Click("#gate-login") })
		p.Wait(soon, `document.querySelector('.reveal')`)
		p.Do(fill("#login-form", map[string]string{"username": "root", "password": rootPassword}))
		arrives(t, p, s.URL+"/w/"+liveUUID, func() { submit(p, "#login-form") })
		p.Wait(soon, playing)
	})
}
