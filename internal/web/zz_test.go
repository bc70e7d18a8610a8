package web_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/browser"
)

func TestZZ(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "shoal")
	if out, err := exec.Command("go", "build", "-o", binary, "shoal/cmd/shoal").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--data", dir, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "SHOAL_ROOT_PASSWORD="+rootPassword)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	var addresses struct{ HTTP, RTMP string }
	for {
		b, err := os.ReadFile(filepath.Join(dir, "addresses.json"))
		if err == nil && json.Unmarshal(b, &addresses) == nil && addresses.HTTP != "" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	url := "http://" + addresses.HTTP
	p := browser.Start(t).Open(t, browser.Look{Height: 2000, Width: 1280})
	defer func() { t.Log("complaints: ", strings.Join(p.Complaints(), "\n")) }()
	p.Goto(url)
	p.Wait(soon, `!document.querySelector('#none').hidden`)
	look(t, p, "r-home")
	p.Goto(url + "/login")
	p.Wait(soon, `document.querySelector('.reveal')`)
	p.Do(fill("#login-form", map[string]string{"username": "root", "password": rootPassword}))
	arrives(t, p, url+"/setup", func() { submit(p, "#login-form") })
	p.Wait(soon, `!document.querySelector('#content').hidden`)
	time.Sleep(time.Second)
	look(t, p, "r-setup")
	p.Do(fill("#setup-form", map[string]string{"instanceName": "Pier TV", "short": "The pier, live", "channelDisplay": "Fête du port"}))
	if browser.Eval[bool](p, `!document.querySelector('#setup-password').hidden`) {
		p.Do(fill("#setup-form", map[string]string{"password": "a password of my own"}))
	}
	arrives(t, p, url+"/studio", func() { submit(p, "#setup-form") })
	p.Wait(soon, `!document.querySelector('#lives-none').hidden`)
	p.Do(fill("#create-form", map[string]string{"name": "Evening on the pier"}))
	submit(p, "#create-form")
	time.Sleep(2 * time.Second)
	p.Wait(soon, `document.querySelector('#stream-key')`)
	p.Do(`document.querySelector('#show-key').click()`)
	key := browser.Eval[string](p, `document.querySelector('#stream-key').textContent`)
	uuid := browser.Eval[string](p, `location.pathname.split('/')[2]`)
	t.Log(key, uuid, browser.Eval[string](p, `document.querySelector('#encoder-fields').innerText`))
	demo, err := encoder.Demo()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	pub := encoder.Publisher{Source: demo.Loop(), URL: "rtmp://" + addresses.RTMP + "/live/" + key}
	go func() { ended <- pub.Run(ctx) }()
	p.Wait(soon, `document.querySelector('#state').dataset.state === 'live'`)
	p.Wait(soon, playing)
	time.Sleep(25 * time.Second)
	look(t, p, "r-desk")
	t.Log(browser.Eval[string](p, `document.querySelector('#recording').innerText + document.querySelector('#health').innerText`))
	p.Goto(url + "/w/" + uuid)
	p.Wait(soon, playing+` && !document.querySelector('.seek').hidden`)
	seek(p, seekLine+`.max - 25`)
	p.Wait(soon, playing+` && document.querySelector('.edge:not(.at)') && /^−0:2\d$/.test(`+seekWords+`)`)
	advances(t, p, 2)
	t.Log(browser.Eval[string](p, seekWords))
	look(t, p, "r-dvr")
	cancel()
	<-ended
	p.Wait(soon, `document.querySelector('.player.replaying')`)
	p.Wait(soon, playing)
	t.Log(browser.Eval[string](p, seekWords))
	advances(t, p, 2)
	look(t, p, "r-replay")
	for _, path := range []string{"/my/videos", "/my/videos/" + uuid, "/admin/users", "/admin/limits", "/admin/storage", "/admin/instance", "/c/root_channel", "/a/root", "/", "/about", "/studio/" + uuid, "/my/account"} {
		p.Goto(url + path)
		time.Sleep(1500 * time.Millisecond)
		look(t, p, "r"+strings.ReplaceAll(strings.ReplaceAll(path, uuid, "x"), "/", "-"))
		t.Log(path, browser.Eval[string](p, `document.querySelector('#failure')?.innerText ?? ''`))
	}
}
