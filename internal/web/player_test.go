package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"shoal/internal/testkit/browser"
)

const (
	playing = `document.querySelector('.player[data-phase=playing]') && !document.querySelector('video').paused`
	video   = `document.querySelector('video')`
)

// status is what is written over the picture, and told to those who do not see it.
func status(words string) string {
	return `document.querySelector('.status[role=status]:not(.quiet) .status-title')?.textContent === ` + quote(words)
}

// advances waits until the picture has moved on by some seconds.
func advances(t *testing.T, p *browser.Page, seconds float64) {
	t.Helper()
	from := browser.Eval[float64](p, video+`.currentTime`)
	p.Wait(soon, fmt.Sprintf(`%s.currentTime > %g`, video, from+seconds))
}

func TestPlayer(t *testing.T) {
	s := newStand(t, some())
	s.publish(t)
	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto(s.URL + "/w/" + liveUUID)
	p.Wait(soon, playing)
	advances(t, p, 0.5)
	paused := video + `.paused`

	t.Run("keys", func(t *testing.T) {
		p.Press("k")
		p.Wait(soon, paused+` && document.querySelector('.begin:not([hidden])')`)
		look(t, p, "paused")
		p.Press(" ")
		p.Wait(soon, playing)
		p.Press("m")
		p.Wait(soon, video+`.muted && document.querySelector('.controls .control:nth-of-type(2)').getAttribute('aria-label') === 'Unmute'`)
		p.Press("m")
		p.Wait(soon, `!`+video+`.muted`)
		p.Press("i")
		p.Wait(soon, `!document.querySelector('.panel').hidden`)
		p.Press("i")
		p.Wait(soon, `document.querySelector('.panel').hidden`)
		p.Press("l")
		p.Wait(soon, `document.querySelector('.edge.at')`)
		p.Press("f")
		p.Wait(soon, `document.fullscreenElement?.id === 'player'`)
		p.Press("f")
		p.Wait(soon, `!document.fullscreenElement`)
	})
	t.Run("tab and volume", func(t *testing.T) {
		p.Do(`document.activeElement.blur()`)
		for range 10 {
			p.Press(kb.Tab)
			if browser.Eval[bool](p, `document.activeElement.matches('.volume')`) {
				break
			}
		}
		if got := browser.Eval[string](p, `document.activeElement.className`); got != "volume" {
			t.Fatalf("ten tabs led to %q", got)
		}
		if !browser.Eval[bool](p, `parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2`) {
			t.Error("the focus is not seen")
		}
		p.Press(kb.ArrowDown)
		p.Wait(soon, `Math.abs(`+video+`.volume - 0.95) < 0.001`)
		p.Press(kb.Tab)
		p.Press(kb.ArrowDown)
		p.Wait(soon, `Math.abs(`+video+`.volume - 0.9) < 0.001`)
	})
	t.Run("space presses the button that has the focus", func(t *testing.T) {
		p.Do(`document.querySelector('.controls .control').focus()`)
		p.Press(" ")
		p.Wait(soon, paused)
		p.Press(" ")
		p.Wait(soon, playing)
	})
	t.Run("panel", func(t *testing.T) {
		p.Click(`.control[aria-controls=player-panel]`)
		p.Wait(soon, `[...document.querySelectorAll('.panel dt')].length >= 9 && document.querySelector('.delay-line').getAttribute('points')`)
		figures := browser.Eval[map[string]string](p, `Object.fromEntries([...document.querySelectorAll('.panel dl > div')].map(d => [d.firstChild.textContent, d.lastChild.textContent]))`)
		for name, like := range map[string]string{"Delay": " s", "Buffer": " s", "Stalls": "", "Dropped frames": " of ", "Speed": "×", "Picture": "640 × 360", "Bit rate": "Mbit/s", "Codecs": "H.264 · AAC", "Way": "HLS"} {
			if !strings.Contains(figures[name], like) || figures[name] == "" {
				t.Errorf("%s: %q, want something like %q", name, figures[name], like)
			}
		}
		look(t, p, "panel")
		p.Click(`.panel .close`)
		p.Wait(soon, `document.activeElement.getAttribute('aria-controls') === 'player-panel'`)
	})
	t.Run("audio only", func(t *testing.T) {
		p.Press("a")
		p.Wait(soon, `document.querySelector('.player.listening')`)
		advances(t, p, 0.5)
		if w := browser.Eval[float64](p, video+`.videoWidth`); w != 0 {
			t.Errorf("a picture of %v pixels is loaded", w)
		}
		look(t, p, "audio-only")
		p.Press("a")
		p.Wait(soon, playing+` && `+video+`.videoWidth === 640`)
		advances(t, p, 0.5)
	})
	if c := p.Complaints(); len(c) != 0 {
		t.Errorf("the browser complains: %q", c)
	}
}

// TestPlayerOutlives goes through the life of a live with one page left open.
func TestPlayerOutlives(t *testing.T) {
	s := newStand(t, some())
	s.set(liveUUID, "waiting")
	p := browser.Start(t).Open(t, browser.Look{})
	p.Goto(s.URL + "/w/" + liveUUID)
	p.Wait(soon, status("This live has not started yet"))

	stop := s.publish(t)
	s.set(liveUUID, "live")
	p.Wait(soon, playing)
	advances(t, p, 1)

	t.Run("interrupted", func(t *testing.T) {
		dir := s.media.dir
		s.set(liveUUID, "interrupted")
		s.media.set(dir, true)
		p.Wait(soon, status("The stream is interrupted"))
		look(t, p, "interrupted")
		if !browser.Eval[bool](p, `document.querySelector('.player').classList.contains('pictured')`) {
			t.Error("the last picture is gone")
		}
		s.media.set(dir, false)
		s.set(liveUUID, "live")
		p.Wait(soon, playing)
		advances(t, p, 1)
	})
	t.Run("the node is away", func(t *testing.T) {
		dir := s.media.dir
		p.Do(`window.trueFetch = fetch; window.fetch = () => Promise.reject(new Error('away'))`)
		s.media.set(dir, true)
		p.Wait(soon, status("The node does not answer"))
		p.Do(`window.fetch = trueFetch`)
		s.media.set(dir, false)
		p.Wait(soon, playing)
		advances(t, p, 1)
	})
	t.Run("ended and begun again", func(t *testing.T) {
		stop()
		s.set(liveUUID, "ended")
		p.Wait(soon, status("The live has ended"))
		look(t, p, "ended")
		s.publish(t)
		s.set(liveUUID, "live")
		p.Wait(soon, playing)
		advances(t, p, 1)
	})
	t.Run("taken away", func(t *testing.T) {
		s.locked(func() { s.lives = nil })
		s.media.set("", true)
		p.Wait(soon, status("This live is no longer here"))
	})
}

// TestSilentStart shows that a browser that lets no sound begin by itself shows the picture, and a way to the sound.
func TestSilentStart(t *testing.T) {
	s := newStand(t, some())
	s.publish(t)
	p := browser.Start(t, "autoplay-policy=user-gesture-required").Open(t, browser.Look{Width: 360, Height: 640, Phone: true})
	p.Goto(s.URL + "/w/" + liveUUID)
	p.Wait(soon, playing+` && `+video+`.muted && document.querySelector('.sound-on:not([hidden])')`)
	look(t, p, "silent")
	p.Do(`document.querySelector('.control[aria-controls=player-panel]').click()`)
	p.Wait(soon, `document.querySelectorAll('.panel dt').length >= 9`)
	look(t, p, "panel-phone")
	if !browser.Eval[bool](p, `(b => b.scrollHeight <= b.clientHeight + 1)(document.querySelector('.panel'))`) {
		t.Error("the figures do not fit into the player of a phone")
	}
	p.Press("i")
	p.Click(".sound-on")
	p.Wait(soon, `!`+video+`.muted && document.querySelector('.sound-on[hidden]')`)
}

// TestEmbeddedPlayer waits for the viewer, as PeerTube's does.
func TestEmbeddedPlayer(t *testing.T) {
	s := newStand(t, some())
	s.publish(t)
	p := browser.Start(t).Open(t, browser.Look{Width: 480, Height: 270})
	p.Goto(s.URL + "/videos/embed/" + liveUUID + "?start=10&warningTitle=0&controls=1")
	p.Wait(soon, `document.querySelector('.begin:not([hidden])') && `+video+`.paused`)
	p.Click(".begin")
	p.Wait(soon, playing)
	p.Press(kb.ArrowDown)
	p.Wait(soon, video+`.volume < 1`)
	p.Goto(s.URL + "/videos/embed/" + liveUUID + "?autoplay=true&muted=1")
	p.Wait(soon, playing+` && `+video+`.muted`)
}
