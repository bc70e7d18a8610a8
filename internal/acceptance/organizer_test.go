package acceptance

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"syscall"
	"testing"
	"time"

	"shoal/internal/testkit/browser"
	"shoal/internal/testkit/node"
)

// TestOrganizer goes through an evening with Chromium: the first set-up, a live in the studio, an encoder that is set badly,
// a viewer who goes back and forth, the end, and the replay at the viewer's same page.
func TestOrganizer(t *testing.T) {
	need(t, time.Minute)
	t.Parallel() // it mostly waits
	clip(t, "30 10s")
	h := newHouse(t, node.Options{})
	b := browser.Start(t)
	p := b.Open(t, browser.Look{})
	press := func(selector, text string) {
		t.Helper()
		p.Click(selector)
		p.Do(`document.querySelector("` + selector + `").select?.()`)
		p.Press(text)
	}
	const soonEnough = 20 * time.Second

	p.Goto(h.node.URL("/studio"))
	p.Wait(soonEnough, `location.pathname === "/login" && document.querySelector("#login-form button")`)
	press("#username", "root")
	press("#password", "not-the-password\r")
	p.Wait(soonEnough, `[...document.querySelectorAll("#login-form [role=alert], #login-form .outcome")].some((e) => e.textContent.trim() !== "")`)
	press("#password", node.RootPassword+"\r")
	p.Wait(soonEnough, `location.pathname === "/setup" && !document.querySelector("#content").hidden`)
	press("#instance-name", "The Old Mill")
	press("#channel-display", "Evenings at the mill")
	kept(t, "setup.png", p.Screenshot())
	p.Click("#setup-form button[type=submit]")
	p.Wait(soonEnough, `location.pathname === "/studio" && !document.querySelector("#content").hidden`)
	press("#live-name", "Spring concert")
	kept(t, "studio.png", p.Screenshot())
	p.Click("#create-form button[type=submit]")
	p.Wait(soonEnough, `location.pathname.startsWith("/studio/") && document.querySelector("#name").textContent === "Spring concert"`)
	v := h.video(path.Base(browser.Eval[string](p, `location.pathname`)))
	in := h.wayIn(v.UUID)
	p.Wait(soonEnough, `[...document.querySelectorAll("#encoder-fields input, #encoder-fields code, #encoder-fields output")].some((e) => (e.value ?? e.textContent).startsWith("rtmp://"))`)
	if text := browser.Eval[string](p, `document.body.innerText`); strings.Contains(text, in.Key) {
		t.Error("the key is shown before somebody asks for it")
	}

	encoder, err := startFFmpeg(t, "30 10s", in.address())
	if err != nil {
		t.Fatal(err)
	}
	p.Wait(soonEnough, `document.querySelector("#preview video")?.currentTime > 0.5`)
	p.Wait(40*time.Second, `document.querySelector('#findings [data-code="keyframe_distance"], #findings [data-code="no_keyframe"]')`)
	t.Logf("the studio says: %s", browser.Eval[string](p, `document.querySelector("#findings").innerText.replaceAll("\n", " ")`))
	p.Wait(soonEnough, `document.querySelector("#charts svg, #charts canvas")`)
	kept(t, "live.png", p.Screenshot())

	phone := b.Open(t, browser.Look{Width: 360, Height: 720, Phone: true})
	phone.Goto(h.node.URL("/w/" + v.ShortUUID))
	phone.Wait(soonEnough, `document.querySelector("#player video")?.currentTime > 0.5`)
	h.becomes(v.UUID, "seen by a viewer", func(v video) bool { return v.Viewers >= 1 })
	phone.Wait(soonEnough, `document.querySelector("#seek") && Number(document.querySelector("#seek").max) - Number(document.querySelector("#seek").min) > 15`)
	back := func(p *browser.Page, to float64, what string) {
		t.Helper()
		p.Do(fmt.Sprintf(`(() => {
			const seek = document.querySelector("#seek");
			seek.value = String(Number(seek.min) + (Number(seek.max) - Number(seek.min)) * %v);
			seek.dispatchEvent(new Event("input", { bubbles: true }));
			seek.dispatchEvent(new Event("change", { bubbles: true }));
		})()`, to))
		p.Wait(soonEnough, `(() => { const v = document.querySelector("#player video"); return v.readyState > 2 && !v.seeking && !v.paused; })()`)
		kept(t, what+".png", p.Screenshot())
	}
	back(phone, 0.1, "gone-back")
	behind := browser.Eval[float64](phone, `Number(document.querySelector("#seek").max) - Number(document.querySelector("#seek").value)`)
	if behind < 5 {
		t.Errorf("the viewer went back, and is %.1f s behind", behind)
	}
	phone.Click(".edge")
	phone.Wait(soonEnough, `Number(document.querySelector("#seek").max) - Number(document.querySelector("#seek").value) < 5`)

	// The organizer ends it from the studio.
	p.Click("#end")
	p.Wait(soonEnough, `document.querySelector("dialog[open] .danger, dialog[open] button[value]")`)
	p.Click("dialog[open] .danger")
	replay, _ := h.becomes(v.UUID, "a replay", replayed)
	select {
	case <-encoder.ended:
	case <-time.After(patience):
		_ = encoder.stop(syscall.SIGKILL)
		t.Error("the encoder was not sent away")
	}
	// The viewer's page goes over to it by itself, or offers it.
	phone.Wait(40*time.Second, `document.querySelector("#badge")?.textContent.match(/replay/i) || !document.querySelector("#next").hidden`)
	phone.Goto(h.node.URL("/w/" + v.UUID))
	phone.Wait(soonEnough, fmt.Sprintf(`Math.abs(document.querySelector("#player video")?.duration - %d) < 2`, replay.Duration))
	phone.Do(`document.querySelector("#player video").muted = true, document.querySelector("#player video").play()`)
	back(phone, 0.6, "replay")
	at := browser.Eval[float64](phone, `document.querySelector("#player video").currentTime`)
	if want := 0.6 * float64(replay.Duration); at < want-2 || at > want+8 {
		t.Errorf("after the jump to %.1f s the replay is at %.1f s", want, at)
	}

	p.Goto(h.node.URL("/my/videos/" + v.UUID))
	p.Wait(soonEnough, `document.querySelector("#video-name")?.value === "Spring concert"`)
	press("#video-name", "Spring concert, recorded")
	p.Click("#video-form button[type=submit]")
	h.becomes(v.UUID, "renamed", func(v video) bool { return v.Name == "Spring concert, recorded" })
	for _, page := range []string{"/", "/my/videos", "/my/account", "/admin/users", "/admin/limits", "/admin/storage", "/admin/instance", "/about", "/c/root_channel", "/a/root"} {
		p.Goto(h.node.URL(page))
		p.Wait(soonEnough, `document.querySelector("#main") && !document.querySelector("#content")?.hidden`)
		if wide := browser.Eval[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
			t.Errorf("%s is %d pixels too wide", page, wide)
		}
		kept(t, "page"+strings.ReplaceAll(page, "/", "-")+".png", p.Screenshot())
	}
	h.does(http.MethodDelete, "/api/v1/videos/"+v.UUID, nil, nil)
	h.refused(h.Account, http.StatusNotFound, http.MethodGet, "/api/v1/videos/"+v.UUID, nil)
	phone.Goto(h.node.URL("/w/" + v.UUID))
	phone.Wait(soonEnough, `document.title !== ""`)
	for who, page := range map[string]*browser.Page{"organizer": p, "viewer": phone} {
		for _, c := range page.Complaints() {
			if !strings.Contains(c, "401") && !strings.Contains(c, "404") {
				t.Errorf("the %s's browser complains: %s", who, c)
			}
		}
	}
}
