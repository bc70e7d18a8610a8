package web_test

import (
	"strings"
	"testing"
	"time"

	"shoal/internal/testkit/browser"
)

// TestStudio makes a live, looks at its key, puts it on the air and ends it.
func TestStudio(t *testing.T) {
	w := some()
	s := newStand(t, w)
	b := browser.Start(t)
	p := b.Open(t, browser.Look{})
	logIn(t, p, s, "root", rootPassword)
	p.Wait(soon, `document.querySelectorAll('#lives .row').length === 3 && document.querySelector('#live-channel-row').hidden`)

	t.Run("create", func(t *testing.T) {
		p.Do(fill("#create-form", map[string]string{"name": "ab"}))
		submit(p, "#create-form")
		p.Wait(soon, outcome("#create-form", "Use at least 3 characters here."))
		p.Do(fill("#create-form", map[string]string{"name": "Evening on the pier", "privacy": "5"}))
		p.Wait(soon, `!document.querySelector('#live-passwords-row').hidden`)
		submit(p, "#create-form")
		p.Wait(soon, outcome("#create-form", "Please fill in this field.")+` && document.activeElement.id === 'live-passwords'`)
		p.Do(fill("#create-form", map[string]string{"passwords": "open sesame\nsecond one", "replayPrivacy": "2"}))
		p.Do(`document.querySelector('#live-permanent').click(); document.querySelector('#live-newest').click()`)
		arrives(t, p, s.URL+"/studio/00000000-0000-4000-8000-000000000004", func() { submit(p, "#create-form") })
		w.locked(func() {
			l := w.live("Evening on the pier")
			if l == nil || !l.Permanent || !l.save || l.takeover != 1 || l.replayPrivacy != 2 || l.Privacy != protected || strings.Join(l.passwords, "|") != "open sesame|second one" {
				t.Errorf("made: %+v", l)
			}
		})
	})
	const uuid = "00000000-0000-4000-8000-000000000004"
	key := `document.querySelector('#stream-key')`
	t.Run("the key is hidden until it is asked for", func(t *testing.T) {
		p.Wait(soon, `document.querySelector('#state').dataset.state === 'waiting' && `+key)
		if body := browser.Eval[string](p, `document.body.innerText`); strings.Contains(body, "key-of-4") {
			t.Error("the key is on the screen")
		}
		p.Do(`document.addEventListener('copy', () => window.copied = String(document.activeElement.value ?? getSelection()))`)
		p.Do(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`) // as on a page without https
		p.Click(".key-field .copy button")
		p.Wait(soon, `window.copied === 'key-of-4'`)
		p.Click("#show-key")
		p.Wait(soon, key+`.textContent === 'key-of-4'`)
		p.Click("#show-key")
		p.Wait(soon, key+`.textContent !== 'key-of-4'`)
	})
	t.Run("another key", func(t *testing.T) {
		p.Click("#rotate")
		p.Wait(soon, `document.querySelector('dialog.confirm[open]') && document.activeElement.id === 'confirm-no'`)
		look(t, p, "confirm")
		p.Click("#confirm-no")
		p.Wait(soon, `!document.querySelector('dialog.confirm')`)
		p.Click("#rotate")
		p.Click("#confirm-yes")
		p.Wait(soon, `document.querySelector('#rotated').textContent === 'The new key is in force.'`)
		p.Click("#show-key")
		p.Wait(soon, key+`.textContent === 'key-of-5'`)
	})
	t.Run("settings", func(t *testing.T) {
		p.Do(`document.querySelector('#live-refuse').click()`)
		submit(p, "#settings-form")
		p.Wait(soon, outcome("#settings-form", "Saved."))
		w.locked(func() {
			if l := w.live(uuid); l.takeover != 0 || !l.Permanent {
				t.Errorf("set: %+v", l)
			}
		})
	})
	s.publish(t)
	t.Run("on the air", func(t *testing.T) {
		now := time.Now()
		s.change(uuid, func(l *live) {
			l.State, l.StartedAt, l.Viewers = onAir, &now, 3
			l.LowLatencyURL, l.ClassicURL = "/hls/main.m3u8", "/hls/main.m3u8"
			l.Width, l.Height, l.VideoCodec, l.AudioCodec = 640, 360, "H.264", "AAC"
			l.Poster = "/lazy-static/previews/" + uuid + "-0.jpg"
			l.recording = recording{On: true, Bytes: 12_345_678, Seconds: 83}
		})
		p.Wait(soon, `document.querySelector('#state').dataset.state === 'live' && document.querySelector('#announce').textContent === 'Live'`)
		p.Wait(soon, `document.querySelector('#viewers').textContent === '3 viewers' && document.querySelector('#recording-state').textContent === 'Recording: 1 min 23 sec, 12.3 MB'`)
		p.Wait(soon, playing+` && `+video+`.muted`)
		p.Wait(soon, `document.querySelector('.chart-line').getAttribute('d').startsWith('M') && /^Bit rate over the last two minutes: now \d+ kbit\/s, between/.test(document.querySelector('.chart').getAttribute('aria-label'))`)
		p.Wait(soon, `document.querySelector('#health-none').textContent.startsWith('All is well')`)
		if !browser.Eval[bool](p, `document.querySelector('#live-short').closest('fieldset').disabled && !document.querySelector('#live-refuse').closest('fieldset').disabled`) {
			t.Error("what cannot be changed now can be")
		}
	})
	t.Run("a picture of it becomes its poster, once", func(t *testing.T) {
		poster := func() (data []byte) {
			w.locked(func() { data = w.posters[uuid] })
			return data
		}
		for deadline := time.Now().Add(soon); len(poster()) == 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no poster was sent")
			}
		}
		if data := poster(); len(data) < 2000 || string(data[:3]) != "\xff\xd8\xff" {
			t.Errorf("%d bytes that are no JPEG", len(data))
		}
	})
	t.Run("what is wrong, with the cure", func(t *testing.T) {
		s.change(uuid, func(l *live) {
			l.findings = []finding{
				{"no_keyframe", "error", time.Now(), map[string]float64{"seconds": 6.5}, "x"},
				{"from_the_future", "warning", time.Now(), nil, "What a later node may find, with its cure."},
			}
			l.recording.Error = "write segment 12: no space left on device"
		})
		p.Wait(soon, `document.querySelector('.finding[data-code=no_keyframe] h3').textContent === 'No keyframe for 6.5 s'`)
		p.Wait(soon, `document.querySelector('.finding[data-code=from_the_future] h3').textContent === 'What a later node may find, with its cure.'`)
		p.Wait(soon, `document.querySelector('#announce').textContent === 'No keyframe for 6.5 s' && document.querySelector('#health-none').hidden`)
		p.Wait(soon, `document.querySelector('#recording-error').textContent.startsWith('The disk is full: the recording has stopped, the live goes on.')`)
		look(t, p, "desk-troubles")
		p.Do(`{ const s = document.querySelector('#language'); s.value = 'fr'; s.dispatchEvent(new Event('change')); }`)
		p.Wait(soon, `document.querySelector('.finding[data-code=no_keyframe] h3').textContent === 'Pas d’image clé depuis 6,5 s'`)
		p.Do(`{ const s = document.querySelector('#language'); s.value = 'en'; s.dispatchEvent(new Event('change')); }`)
		for _, f := range browser.Eval[[]string](p, audit) {
			t.Error(f)
		}
	})
	t.Run("the node is away for a moment", func(t *testing.T) {
		p.Do(`window.trueFetch = fetch; window.fetch = () => Promise.reject(new TypeError('away'))`)
		p.Wait(soon, `!document.querySelector('#lost').hidden && !document.querySelector('#content').hidden`)
		p.Do(`window.fetch = trueFetch`)
		p.Wait(soon, `document.querySelector('#lost').hidden`)
	})
	t.Run("interrupted", func(t *testing.T) {
		s.change(uuid, func(l *live) { l.State, l.findings, l.recording.Error = interrupted, nil, "" })
		p.Wait(soon, `document.querySelector('#announce').textContent === 'Interrupted' && document.querySelector('#health-none').textContent.startsWith('The encoder was lost.')`)
	})
	t.Run("end", func(t *testing.T) {
		p.Click("#end")
		p.Wait(soon, `document.querySelector('#confirm-text').textContent.endsWith('You can begin again at any time.')`)
		p.Click("#confirm-yes")
		p.Wait(soon, `document.querySelector('#state').dataset.state === 'ended' && document.querySelector('#end').hidden`)
		s.change(uuid, func(l *live) { l.NextRef = replayUUID })
		p.Wait(soon, `!document.querySelector('#next').hidden && document.querySelector('#next a').pathname === '/w/`+replayUUID+`'`)
	})
	if c := p.Complaints(); len(c) != 0 {
		t.Errorf("the browser complains: %q", c)
	}
}

// TestStudioOfReplay shows that the desk of a short-lived live ends as the way to its replay.
func TestStudioOfReplay(t *testing.T) {
	s := newStand(t, some())
	s.publish(t)
	p := browser.Start(t).Open(t, browser.Look{})
	logIn(t, p, s, "root", rootPassword)
	p.Goto(s.URL + "/studio/" + liveUUID)
	p.Wait(soon, `document.querySelector('#state').dataset.state === 'live'`)
	s.change(liveUUID, func(l *live) { l.State, l.IsLive, l.VODURL, l.Duration = replay, false, "/hls/vod.m3u8", 60 })
	p.Wait(soon, `document.querySelector('#state').dataset.state === 'replay' && document.querySelector('#next a').pathname === '/w/`+liveUUID+`' && document.querySelector('#encoder').hidden`)
	look(t, p, "desk-replay")
	arrives(t, p, s.URL+"/my/videos/"+liveUUID, func() { p.Goto(s.URL + "/studio/" + liveUUID) })
}
