package acceptance

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shoal/internal/encoder"
	"shoal/internal/testkit/hlscheck"
	"shoal/internal/testkit/node"
)

var longRun = flag.Duration("soak.for", time.Hour, "how long the long run of make soak is")

// settings are the files of an OBS that streams a coloured screen to us, without asking anybody anything.
var settings = map[string]string{
	"global.ini":                        "[General]\nFirstRun=true\nEnableAutoUpdates=false\n",
	"basic/profiles/shoal/basic.ini":    "[General]\nName=shoal\n[Output]\nMode=Simple\n[SimpleOutput]\nVBitrate=600\nABitrate=96\nStreamEncoder=x264\nPreset=ultrafast\n[Video]\nBaseCX=640\nBaseCY=360\nOutputCX=640\nOutputCY=360\nFPSType=0\nFPSCommon=30\n",
	"basic/profiles/shoal/service.json": `{"type":"rtmp_custom","settings":{"server":%q,"key":%q,"use_auth":false}}`,
	"basic/scenes/shoal.json": `{"name":"shoal","current_scene":"scene","current_program_scene":"scene","scene_order":[{"name":"scene"}],"sources":[
		{"id":"scene","name":"scene","settings":{"items":[{"name":"colour","id":1,"visible":true}],"id_counter":1}},
		{"id":"color_source","versioned_id":"color_source_v3","name":"colour","settings":{"color":4286611456,"width":640,"height":360}}]}`,
}

// TestOBS streams from a real OBS, on a screen that nobody sees.
func TestOBS(t *testing.T) {
	soak(t)
	s := &stage{t, node.Start(t, node.Options{Lives: []string{"stage"}}), "stage"}
	home := t.TempDir()
	for name, text := range settings {
		if strings.HasSuffix(name, "service.json") {
			text = fmt.Sprintf(text, s.node.Server(), s.node.Key(s.live))
		}
		path := filepath.Join(home, "obs-studio", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	obs, err := start(t, []string{"LIBGL_ALWAYS_SOFTWARE=1", "XDG_CONFIG_HOME=" + home, "XDG_RUNTIME_DIR=" + home, "HOME=" + home},
		"xvfb-run", "-a", "obs", "--startstreaming", "--multi", "--disable-updater", "--minimize-to-tray", "--profile", "shoal", "--collection", "shoal")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // it draws without a graphics card
	defer cancel()
	if _, err := s.node.AwaitFile(ctx, s.live, "master.m3u8"); err != nil {
		t.Fatalf("%v\nOBS says: %s\nthe node says: %s", err, obs.output(), s.node.Log())
	}
	report := s.follows(20 * time.Second)
	l, err := s.node.Live(soon(t), s.live)
	if err != nil {
		t.Fatal(err)
	}
	look{640, 360, 30, true}.holds(t, l)
	r := report()
	kept(t, "obs.txt", []byte(r.String()+"\n"+s.node.Log()))
	if main := r.Renditions["main.m3u8"]; r.Ended || main.Discontinuities > 1 || main.Parts < 60 {
		t.Errorf("followed:\n%v", r)
	}
	// As it is installed, OBS sends a keyframe every 250 pictures: a player may have to wait for one.
	played(t.Context(), t, s.node, input{name: s.live, look: look{640, 360, 30, true}, blind: noKey})
	// The signal ends its screen too, so it goes without a goodbye.
	if err := obs.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	s.becomes(node.Interrupted)
}

// TestLongRun follows one live for long, across the end of RTMP's 32-bit clock: the node's memory must not grow.
func TestLongRun(t *testing.T) {
	soak(t)
	half := longRun.Milliseconds() / 2
	n := node.Start(t, node.Options{Lives: []string{"stage"}})
	s := &stage{t, n, "stage"}
	pictures := clip(t, "30 10s")
	ctx, cancel := context.WithCancel(t.Context())
	published := make(chan error, 1)
	go func() {
		p := &encoder.Publisher{URL: n.Publish(s.live), Source: encoder.Apply(pictures.Loop(), encoder.StartAt(1<<32-half))}
		published <- p.Run(ctx)
	}()
	defer func() {
		cancel()
		if err := <-published; err != nil {
			t.Errorf("publish: %v", err)
		}
	}()
	if _, err := n.AwaitFile(soon(t), s.live, "master.m3u8"); err != nil {
		t.Fatal(err)
	}
	follow := func(length time.Duration) *hlscheck.Report {
		r, err := hlscheck.Follow(t.Context(), n.HLS(s.live, "master.m3u8"), hlscheck.Options{For: length, Tolerance: *tolerance})
		if err != nil || len(r.Violations) > 0 || r.Ended || r.Renditions["main.m3u8"].Discontinuities > 0 {
			t.Errorf("follow for %v: %v\n%v", length, err, r)
		}
		return r
	}
	// The window is full after a minute; the heap has found its size a little later.
	follow(min(2*time.Minute, *longRun/4))
	first := memory(t, n)
	r := follow(*longRun * 3 / 4)
	last := memory(t, n)
	t.Logf("RssAnon %.1f MB at first, %.1f MB in the end\n%v", mb(first), mb(last), r)
	if grown := last - first; grown > 8<<20 {
		t.Errorf("the node has grown by %.1f MB", mb(grown))
	}
}
